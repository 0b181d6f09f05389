/* An ELF file with one segment, and a struct kernel around it. */
#include "support/fakekernel.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DATA_AT = 4096 };

void fake_kernel_init(struct fake_kernel *fake)
{
	memset(fake, 0, sizeof(*fake));
	struct kernel *k = &fake->k;
	pthread_mutex_init(&k->unreadable_lock, NULL);
	k->arch = &arch_x86_64;
	k->page_size = 4096;
	k->page_shift = 12;
	schema_resolve(&k->schema, NULL, NULL, NULL);
}

void fake_write(struct fake_kernel *fake, u64 offset, const void *bytes, size_t len)
{
	memcpy(fake->memory + offset, bytes, len);
}

void fake_write_u64(struct fake_kernel *fake, u64 offset, u64 value)
{
	fake_write(fake, offset, &value, sizeof(value));
}

void fake_datum(struct fake_kernel *fake, enum datum_id id, u64 value, u64 size)
{
	struct datum *d = &fake->k.schema.datum[id];
	schema_set_global(&fake->k.schema, id, value);
	d->size = size;
}

void fake_kernel_start(struct fake_kernel *fake, u64 bytes_kept)
{
	struct kernel *k = &fake->k;
	Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT},
			     .e_type = ET_CORE,
			     .e_machine = EM_X86_64,
			     .e_version = EV_CURRENT,
			     .e_phoff = sizeof(header),
			     .e_ehsize = sizeof(header),
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = 1};
	Elf64_Phdr load = {.p_type = PT_LOAD,
			   .p_offset = DATA_AT,
			   .p_filesz = FAKE_BYTES,
			   .p_memsz = FAKE_BYTES};
	u8 head[DATA_AT] = {0};
	memcpy(head, &header, sizeof(header));
	memcpy(head + sizeof(header), &load, sizeof(load));
	snprintf(fake->path, sizeof(fake->path), "/tmp/memwho-fake-XXXXXX");
	int fd = mkstemp(fake->path);
	size_t kept = bytes_kept ? bytes_kept : FAKE_BYTES;
	if (fd < 0 || write(fd, head, sizeof(head)) != (ssize_t)sizeof(head) ||
	    write(fd, fake->memory, kept) != (ssize_t)kept)
		abort();
	close(fd);
	struct error error = ERROR_INIT;
	const char *paths[] = {fake->path};
	if (image_open(&k->image, paths, 1, NULL, &error)) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
	unlink(fake->path);
	k->vspace.image = k->image;
	k->vspace.arch = k->arch;
	k->vspace.direct_map = (struct linear_map){FAKE_BASE, FAKE_BASE + FAKE_BYTES, 0};
	k->vspace.paging =
		(struct paging){.page_shift = 12, .nr_levels = 0, .va_bits = 48, .signed_va = 1};
}

void fake_kernel_done(struct fake_kernel *fake)
{
	image_close(fake->k.image);
	vec_done(&fake->k.unreadable);
	arena_done(&fake->k.arena);
	pthread_mutex_destroy(&fake->k.unreadable_lock);
}
