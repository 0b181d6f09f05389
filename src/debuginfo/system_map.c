/*
 * System.map, and copies of /proc/kallsyms, which look the same:
 *
 *	ffffffff81000000 T _text
 *	ffffffffc0401000 t lc_get	[lru_cache]
 *
 * A map with no good line in it is an error: Debian puts one line of prose into /boot/System.map,
 *and /proc/kallsyms shows zeros to those who may not know.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "debuginfo/symbols.h"

enum { MAX_MAP = 256 << 20, MAX_NAME = 1024, MAX_MODULE_NAME = 64 };

struct map_file {
	char *text;
	size_t size;
};

static int read_all(int fd, struct map_file *map)
{
	struct stat st;
	if (fstat(fd, &st) || (S_ISREG(st.st_mode) && st.st_size > MAX_MAP))
		return -1;
	size_t room = 0; /* files in /proc have size 0 */
	for (;;) {
		if (map->size == room) {
			room = room ? room * 2 : u64_max((u64)st.st_size + 1, KIB(64));
			map->text = mem_realloc(map->text, room);
		}
		ssize_t n = read(fd, map->text + map->size, room - map->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : 0;
		map->size += (size_t)n;
		if (map->size > MAX_MAP)
			return -1;
	}
}

static int map_open(struct map_file *map, const char *path, struct error *error)
{
	*map = (struct map_file){0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, EXIT_INPUT, "%s: %s", path, strerror(errno));
	errno = 0;
	int result = read_all(fd, map);
	if (result)
		error_set(error, EXIT_INPUT, "%s: %s", path,
			  errno ? strerror(errno) : "too large for a System.map");
	close(fd);
	if (result)
		free(map->text);
	return result;
}

struct map_line {
	u64 address;
	char type;
	const char *name, *module; /* module: NULL or the name within [] */
	size_t name_len, module_len;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static const char *skip_word(const char *p, const char *end)
{
	while (p < end && !is_blank(*p))
		p++;
	return p;
}

/* What follows the name: nothing, or "[module]". */
static bool parse_module(struct map_line *line, const char *p, const char *end)
{
	line->module = NULL;
	line->module_len = 0;
	if (p == end)
		return true;
	if (end - p < 3 || *p != '[' || end[-1] != ']' || end - p - 2 >= MAX_MODULE_NAME)
		return false;
	line->module = p + 1;
	line->module_len = (size_t)(end - p - 2);
	return true;
}

static bool parse_line(struct map_line *line, const char *p, const char *end)
{
	int digits = 0;
	line->address = 0;
	for (; p < end && hex_digit(*p) >= 0 && digits < 17; p++, digits++)
		line->address = line->address << 4 | (unsigned)hex_digit(*p);
	if (digits == 0 || digits > 16 || end - p < 4 || *p != ' ' || p[2] != ' ')
		return false;
	line->type = p[1];
	line->name = p + 3;
	const char *name_end = skip_word(line->name, end);
	line->name_len = (size_t)(name_end - line->name);
	while (end > name_end && (is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	return line->name_len > 0 && line->name_len <= MAX_NAME &&
	       parse_module(line, skip_blanks(name_end, end), end);
}

/* The next good line at or after *pos; moves *pos behind it. */
static bool next_line(const struct map_file *map, size_t *pos, struct map_line *line)
{
	while (*pos < map->size) {
		const char *start = map->text + *pos,
			   *newline = memchr(start, '\n', map->size - *pos);
		const char *end = newline ? newline : map->text + map->size;
		*pos = (size_t)(end - map->text) + 1;
		if (end > start && end[-1] == '\r')
			end--;
		if (parse_line(line, start, end))
			return true;
	}
	return false;
}

u64 symbols_relocate(u64 address, u64 offset)
{
	return address >> 63 ? address + offset : address;
}

static void add_line(struct symbols *symbols, const struct map_line *line, u64 offset)
{
	char module[MAX_MODULE_NAME];
	if (line->module) {
		memcpy(module, line->module, line->module_len);
		module[line->module_len] = 0;
	}
	symbols_add(symbols, line->name, line->name_len, symbols_relocate(line->address, offset),
		    line->type, line->module ? module : NULL);
}

/* One look beforehand: without any address in the kernel's half nothing may be added. */
static bool has_addresses(const struct map_file *map)
{
	struct map_line line;
	for (size_t pos = 0; next_line(map, &pos, &line);)
		if (line.address >> 63)
			return true;
	return false;
}

int symbols_add_map(struct symbols *symbols, const char *path, u64 offset, struct error *error)
{
	struct map_file map;
	struct map_line line;
	if (map_open(&map, path, error))
		return -1;
	int result = 0;
	if (has_addresses(&map))
		for (size_t pos = 0; next_line(&map, &pos, &line);)
			add_line(symbols, &line, offset);
	else
		result = error_set(error, EXIT_INPUT,
				   "%s: no line of it is a kernel address, a letter and a name",
				   path);
	free(map.text);
	return result;
}

bool symbols_map_lookup(const char *path, const char *name, u64 *address)
{
	struct map_file map;
	struct map_line line;
	if (map_open(&map, path, NULL))
		return false;
	bool found = false;
	size_t len = strlen(name);
	for (size_t pos = 0; !found && next_line(&map, &pos, &line);)
		found = !line.module && line.name_len == len && memcmp(line.name, name, len) == 0;
	if (found)
		*address = line.address;
	free(map.text);
	return found;
}
