/*
 * Symbols of an ELF vmlinux: .symtab, with the letters that nm prints, less what kallsyms leaves
 * out as well (files, sections, the assembler's local labels and arm64's mapping symbols).
 */
#include <string.h>

#include "debuginfo/elf_file.h"
#include "debuginfo/symbols.h"

struct symtab {
	const struct elf_file *file;
	const u8 *symbols;
	size_t n;
	const char *strings;
	size_t strings_size;
};

static int find_symtab(struct symtab *t, const struct elf_file *file, const char *path,
		       struct error *error)
{
	Elf64_Shdr symtab, strtab;
	if (!elf_file_find(file, ".symtab", &symtab) || symtab.sh_link >= file->nr_sections)
		return error_set(error, EXIT_INPUT, "%s: has no symbol table (stripped?)", path);
	strtab = elf_file_section(file, symtab.sh_link);
	*t = (struct symtab){
		.file = file,
		.symbols = elf_file_data(file, &symtab),
		.n = symtab.sh_size / sizeof(Elf64_Sym),
		.strings = elf_file_data(file, &strtab),
		.strings_size = strtab.sh_size,
	};
	if (!t->symbols || !t->strings || t->strings[t->strings_size - 1])
		return error_set(error, EXIT_PARTIAL, "%s: symbol table is cut off", path);
	return 0;
}

static bool is_wanted(const Elf64_Sym *symbol, const char *name)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	return *name && symbol->st_shndx != SHN_UNDEF && type != STT_FILE && type != STT_SECTION &&
	       *name != '$' && strncmp(name, ".L", 2) != 0;
}

/* Lower case; the letter of the section that the symbol lies in. */
static char section_letter(const struct symtab *t, const Elf64_Sym *symbol)
{
	if (symbol->st_shndx == SHN_ABS)
		return 'a';
	if (symbol->st_shndx >= t->file->nr_sections)
		return '?';
	Elf64_Shdr section = elf_file_section(t->file, symbol->st_shndx);
	if (section.sh_flags & SHF_EXECINSTR)
		return 't';
	if (section.sh_type == SHT_NOBITS)
		return 'b';
	return section.sh_flags & SHF_WRITE ? 'd' : section.sh_flags & SHF_ALLOC ? 'r' : 'n';
}

static char letter_of(const struct symtab *t, const Elf64_Sym *symbol)
{
	unsigned bind = ELF64_ST_BIND(symbol->st_info);
	char letter = section_letter(t, symbol);
	if (bind == STB_WEAK)
		return ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT ? 'V' : 'W';
	return bind == STB_LOCAL || letter == '?' ? letter : (char)(letter - 'a' + 'A');
}

static size_t add_all(struct symbols *symbols, const struct symtab *t, u64 offset)
{
	size_t added = 0;
	for (size_t i = 1; i < t->n; i++) {
		Elf64_Sym symbol;
		memcpy(&symbol, t->symbols + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_name >= t->strings_size)
			continue;
		const char *name = t->strings + symbol.st_name;
		if (!is_wanted(&symbol, name))
			continue;
		u64 address = symbols_relocate(symbol.st_value, offset);
		symbols_add(symbols, name, strlen(name), address, letter_of(t, &symbol), NULL);
		added++;
	}
	return added;
}

int symbols_add_elf(struct symbols *symbols, const char *path, u64 offset, struct error *error)
{
	struct elf_file file;
	struct symtab symtab = {0};
	if (elf_file_open(&file, path, error))
		return -1;
	int result = find_symtab(&symtab, &file, path, error);
	if (result == 0 && add_all(symbols, &symtab, offset) == 0)
		result = error_set(error, EXIT_INPUT, "%s: its symbol table is empty", path);
	elf_file_close(&file);
	return result;
}
