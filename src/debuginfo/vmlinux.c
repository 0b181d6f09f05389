/* Types of a vmlinux: its .BTF is a hundredth of its DWARF, and says the same about what we ask. */
#include "debuginfo/elf_file.h"
#include "debuginfo/typeinfo.h"

int typeinfo_from_vmlinux(struct typeinfo **types, const char *path, struct error *error)
{
	struct elf_file file;
	Elf64_Shdr section;
	if (elf_file_open(&file, path, error))
		return -1;
	const void *btf =
		elf_file_find(&file, ".BTF", &section) ? elf_file_data(&file, &section) : NULL;
	int result = btf ? typeinfo_from_btf(types, btf, section.sh_size, true, NULL, error) : -1;
	elf_file_close(&file);
	if (btf)
		return result ? error_add(error, "%s", path) : 0;
	return typeinfo_from_dwarf(types, path, error);
}
