/*
 * VMCOREINFO: split the note into lines once, answer by linear search.
 *
 * The note is a page or two (it is built in one buffer of VMCOREINFO_BYTES, a page, on most
 * machines) and holds a few hundred lines, and each is asked for once; a hash would cost more than
 * it saves.  The note ends with padding of NULs when it comes out of an ELF note or straight out of
 * the kernel's buffer.
 *
 * Keys and values reach messages for people, so a line with a control character in it is dropped.
 */
#include "debuginfo/vmcoreinfo.h"

#include <errno.h>
#include <string.h>

/* vmcoreinfo_append_str() can't write more than a page; 64 K pages exist, and room to grow. */
enum { MAX_NOTE = 1 << 20, MAX_KEY = 256 };

static bool line_is_printable(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return false;
	return true;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 1;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static void add_line(struct vmcoreinfo *info, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);
	if (!equals || equals == line || !line_is_printable(line, len))
		return;
	size_t key_len = (size_t)(equals - line);
	info->lines[info->nr_lines++] = (struct vmcoreinfo_line){
		.key = arena_strndup(&info->arena, line, key_len),
		.value = arena_strndup(&info->arena, equals + 1, len - key_len - 1),
	};
}

void vmcoreinfo_parse(struct vmcoreinfo *info, const char *text, size_t len)
{
	*info = (struct vmcoreinfo){.arena = ARENA_INIT};
	if (!text)
		return;
	len = strnlen(text, u64_min(len, MAX_NOTE));
	info->lines = arena_alloc(&info->arena, count_lines(text, len) * sizeof(*info->lines));

	for (const char *end = text + len; text < end;) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((newline ? newline : end) - text);
		add_line(info, text, line_len);
		text += line_len + 1;
	}
}

void vmcoreinfo_done(struct vmcoreinfo *info)
{
	arena_done(&info->arena);
	*info = (struct vmcoreinfo){.arena = ARENA_INIT};
}

/*
 * The first one counts: what is appended later (the hypervisor's, a module's) can't shadow the
 * kernel's.
 */
const char *vmcoreinfo_text(const struct vmcoreinfo *info, const char *key)
{
	for (size_t i = 0; i < info->nr_lines; i++)
		if (strcmp(info->lines[i].key, key) == 0)
			return info->lines[i].value;
	return NULL;
}

static const char *text_of(const struct vmcoreinfo *info, const char *kind, const char *name)
{
	char key[MAX_KEY];
	int n = snprintf(key, sizeof(key), "%s(%s)", kind, name);
	return n > 0 && (size_t)n < sizeof(key) ? vmcoreinfo_text(info, key) : NULL;
}

/* strtoull takes blanks and signs, and wraps "-1": only a digit may start a number here. */
static bool starts_with_digit(const char *text, int base)
{
	char c = *text;
	return (c >= '0' && c <= '9') ||
	       (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

static bool parse_unsigned(const char *text, int base, u64 *value)
{
	if (!text || !starts_with_digit(text, base))
		return false;
	char *end;
	errno = 0;
	u64 v = strtoull(text, &end, base);
	if (errno || *end)
		return false;
	*value = v;
	return true;
}

/* Decimal with sign, or 0x (arm64's TCR_EL1_T1SZ and kimage_voffset): all 64 bits of it then. */
static bool parse_number(const char *text, s64 *value)
{
	if (!text)
		return false;
	bool negative = *text == '-';
	u64 v;
	if (strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0) {
		if (!parse_unsigned(text + 2, 16, &v))
			return false;
	} else if (!parse_unsigned(text + negative, 10, &v)) {
		return false;
	}
	*value = (s64)(negative ? 0 - v : v);
	return true;
}

static bool unsigned_of(const struct vmcoreinfo *info, const char *kind, const char *name, int base,
			u64 *value)
{
	return parse_unsigned(text_of(info, kind, name), base, value);
}

bool vmcoreinfo_symbol(const struct vmcoreinfo *info, const char *name, u64 *value)
{
	return unsigned_of(info, "SYMBOL", name, 16, value);
}

bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *name, s64 *value)
{
	return parse_number(text_of(info, "NUMBER", name), value);
}

bool vmcoreinfo_size(const struct vmcoreinfo *info, const char *name, u64 *value)
{
	return unsigned_of(info, "SIZE", name, 10, value);
}

bool vmcoreinfo_offset(const struct vmcoreinfo *info, const char *name, u64 *value)
{
	return unsigned_of(info, "OFFSET", name, 10, value);
}

bool vmcoreinfo_length(const struct vmcoreinfo *info, const char *name, u64 *value)
{
	return unsigned_of(info, "LENGTH", name, 10, value);
}

bool vmcoreinfo_hex(const struct vmcoreinfo *info, const char *key, u64 *value)
{
	return parse_unsigned(vmcoreinfo_text(info, key), 16, value);
}
