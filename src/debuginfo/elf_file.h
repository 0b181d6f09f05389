/*
 * ELF files on the user's side: a vmlinux, stripped or not.  64-bit little endian, nothing else.
 *
 * Own bounded code and no libelf: all that is needed is a section by its name, and it has to be
 * there in the static build too.
 */
#ifndef DEBUGINFO_ELF_FILE_H
#define DEBUGINFO_ELF_FILE_H

#include <elf.h>

#include "base/error.h"
#include "base/types.h"

struct elf_file {
	const u8 *bytes; /* mapped */
	size_t size;
	Elf64_Ehdr header;
	size_t nr_sections; /* section headers that lie within the file */
};

int elf_file_open(struct elf_file *file, const char *path, struct error *error);
void elf_file_close(struct elf_file *file);

/* i < nr_sections. */
Elf64_Shdr elf_file_section(const struct elf_file *file, size_t i);
/* The section's bytes; NULL when it has none in this file (NOBITS, outside, empty). */
const void *elf_file_data(const struct elf_file *file, const Elf64_Shdr *section);
/* By name, e.g. ".BTF"; false when there is none. */
bool elf_file_find(const struct elf_file *file, const char *name, Elf64_Shdr *section);

/* The GNU build id as lower-case hex, as VMCOREINFO's BUILD-ID= has it (since 5.9). */
enum { ELF_BUILD_ID_HEX = 2 * 64 + 1 };
int elf_build_id(const char *path, char hex[static ELF_BUILD_ID_HEX], struct error *error);

#endif
