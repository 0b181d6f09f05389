/* A mapped ELF file: every header is copied out before it is looked at, every range compared with
 * the file.
 */
#include "debuginfo/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"

static bool range_fits(const struct elf_file *file, u64 offset, u64 size)
{
	return offset <= file->size && size <= file->size - offset;
}

static int map_file(struct elf_file *file, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, EXIT_INPUT, "%s: %s", path, strerror(errno));
	struct stat st;
	void *map = MAP_FAILED;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= (off_t)sizeof(Elf64_Ehdr))
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return error_set(error, EXIT_INPUT,
				 "%s: not a regular file that could be an ELF file", path);
	*file = (struct elf_file){.bytes = map, .size = (size_t)st.st_size};
	return 0;
}

static bool is_ours(const Elf64_Ehdr *h)
{
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_ident[EI_DATA] == ELFDATA2LSB;
}

/* e_shnum 0 with a table: the number stands in section 0 (more than 65280 sections). */
static size_t count_sections(const struct elf_file *file)
{
	const Elf64_Ehdr *h = &file->header;
	Elf64_Shdr first;
	if (!h->e_shoff || h->e_shentsize != sizeof(first) ||
	    !range_fits(file, h->e_shoff, sizeof(first)))
		return 0;
	memcpy(&first, file->bytes + h->e_shoff, sizeof(first));
	u64 n = h->e_shnum ? h->e_shnum : first.sh_size;
	return (size_t)u64_min(n, (file->size - h->e_shoff) / sizeof(first));
}

int elf_file_open(struct elf_file *file, const char *path, struct error *error)
{
	if (map_file(file, path, error))
		return -1;
	memcpy(&file->header, file->bytes, sizeof(file->header));
	if (!is_ours(&file->header)) {
		elf_file_close(file);
		return error_set(error, EXIT_INPUT, "%s: not a 64-bit little-endian ELF file",
				 path);
	}
	file->nr_sections = count_sections(file);
	return 0;
}

void elf_file_close(struct elf_file *file)
{
	munmap((void *)file->bytes, file->size);
	*file = (struct elf_file){0};
}

Elf64_Shdr elf_file_section(const struct elf_file *file, size_t i)
{
	Elf64_Shdr section;
	memcpy(&section, file->bytes + file->header.e_shoff + i * sizeof(section), sizeof(section));
	return section;
}

const void *elf_file_data(const struct elf_file *file, const Elf64_Shdr *section)
{
	if (section->sh_type == SHT_NOBITS || !section->sh_size ||
	    section->sh_flags & SHF_COMPRESSED ||
	    !range_fits(file, section->sh_offset, section->sh_size))
		return NULL;
	return file->bytes + section->sh_offset;
}

bool elf_file_find(const struct elf_file *file, const char *name, Elf64_Shdr *section)
{
	size_t strings_at = file->header.e_shstrndx, len = strlen(name) + 1;
	if (strings_at == SHN_XINDEX && file->nr_sections)
		strings_at = elf_file_section(file, 0).sh_link;
	if (strings_at >= file->nr_sections)
		return false;
	Elf64_Shdr strings = elf_file_section(file, strings_at);
	const char *names = elf_file_data(file, &strings);
	for (size_t i = 1; names && i < file->nr_sections; i++) {
		*section = elf_file_section(file, i);
		if (section->sh_name < strings.sh_size &&
		    len <= strings.sh_size - section->sh_name &&
		    memcmp(names + section->sh_name, name, len) == 0)
			return true;
	}
	return false;
}

/* --- build id ------------------------------------------------------------------------------ */

static void put_hex(char *hex, const u8 *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		*hex++ = digits[bytes[i] >> 4];
		*hex++ = digits[bytes[i] & 15];
	}
	*hex = 0;
}

static bool build_id_in(const void *notes, size_t size, char *hex)
{
	struct cursor c = cursor_over(notes, size);
	while (cursor_left(&c) >= sizeof(Elf64_Nhdr)) {
		u32 name_size = cursor_u32(&c), id_size = cursor_u32(&c), type = cursor_u32(&c);
		const char *name = cursor_bytes(&c, name_size);
		cursor_align(&c, 4);
		const u8 *id = cursor_bytes(&c, id_size);
		if (!cursor_ok(&c))
			return false;
		if (type == NT_GNU_BUILD_ID && name_size == 4 && memcmp(name, "GNU", 4) == 0 &&
		    id_size && id_size <= ELF_BUILD_ID_HEX / 2) {
			put_hex(hex, id, id_size);
			return true;
		}
		cursor_align(&c, 4);
	}
	return false;
}

int elf_build_id(const char *path, char hex[static ELF_BUILD_ID_HEX], struct error *error)
{
	struct elf_file file;
	if (elf_file_open(&file, path, error))
		return -1;
	bool found = false;
	for (size_t i = 1; i < file.nr_sections && !found; i++) {
		Elf64_Shdr section = elf_file_section(&file, i);
		const void *notes =
			section.sh_type == SHT_NOTE ? elf_file_data(&file, &section) : NULL;
		found = notes && build_id_in(notes, section.sh_size, hex);
	}
	elf_file_close(&file);
	return found ? 0 : error_set(error, EXIT_INPUT, "%s: has no build id", path);
}
