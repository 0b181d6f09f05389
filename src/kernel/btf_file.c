/*
 * BTF from a file instead of the dump: /sys/kernel/btf/vmlinux of the same machine, running the
 * same kernel again.
 *
 * When the dump is damaged or cut off where its BTF lies, that file has what is missing, and is on
 * every machine with BTF at all.  It has neither release nor build-id, so it is compared with what
 * the dump still has: the size by the symbols that bound it, and every page of it that can be read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/boot.h"

enum { LARGEST_BTF = 64 << 20 };

bool boot_is_btf_file(const char *path)
{
	u8 magic[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && magic[0] == 0x9f &&
		  magic[1] == 0xeb && magic[2] == 1;
	if (fd >= 0)
		close(fd);
	return is;
}

/* sysfs tells no size before it is read: until there is no more. */
static u8 *read_whole(const char *path, size_t *size)
{
	VEC(u8) bytes = {0};
	FILE *in = fopen(path, "re");
	if (!in)
		return NULL;
	u8 piece[1 << 16];
	size_t n;
	while ((n = fread(piece, 1, sizeof(piece), in)) > 0 && bytes.n + n <= LARGEST_BTF) {
		while (bytes.n + n > bytes.room)
			bytes.v = vec_grow(bytes.v, &bytes.room, bytes.room, 1);
		memcpy(bytes.v + bytes.n, piece, n);
		bytes.n += n;
	}
	bool failed = ferror(in) || n > 0;
	fclose(in);
	if (failed) {
		vec_done(&bytes);
		return NULL;
	}
	*size = bytes.n;
	return bytes.v;
}

struct comparison {
	u64 same, different; /* pages */
};

static struct comparison compare_pages(struct kernel *k, u64 kva, const u8 *bytes, size_t size)
{
	struct comparison c = {0};
	u8 page[4096];
	for (size_t at = 0; at < size; at += sizeof(page)) {
		size_t n = u64_min(sizeof(page), size - at);
		if (kernel_read(k, kva + at, page, n) == READ_OK) {
			bool same = !memcmp(page, bytes + at, n);
			c.same += same;
			c.different += !same;
		}
	}
	return c;
}

/* Single damaged pages may differ; of another build, nearly all do. */
static int check_against_dump(struct kernel *k, const char *path, const u8 *bytes, size_t size,
			      struct error *error)
{
	struct symbol start, stop;
	if (!symbols_find(k->symbols, "__start_BTF", NULL, &start) ||
	    !symbols_find(k->symbols, "__stop_BTF", NULL, &stop))
		return error_set(
			error, EXIT_INPUT,
			"%s can't be checked: the dump does not tell where its own BTF is; give the vmlinux",
			path);
	if (stop.address - start.address != size)
		return error_set(
			error, EXIT_INPUT,
			"%s is not of the dump's kernel (%s): it has %zu bytes, that kernel's BTF %llu",
			path, k->release, size, (unsigned long long)(stop.address - start.address));
	struct comparison c = compare_pages(k, start.address, bytes, size);
	if (c.different > c.same)
		return error_set(
			error, EXIT_INPUT,
			"%s is not of the dump's kernel (%s): %llu pages of it differ from the dump's, %llu are the same",
			path, k->release, (unsigned long long)c.different,
			(unsigned long long)c.same);
	return 0;
}

int boot_types_from_btf_file(struct kernel *k, const char *path, struct error *error)
{
	size_t size = 0;
	u8 *bytes = read_whole(path, &size);
	if (!bytes)
		return error_set(error, EXIT_INPUT, "%s can't be read, or is no BTF", path);
	int failed = check_against_dump(k, path, bytes, size, error);
	if (!failed && typeinfo_from_btf(&k->types, bytes, size, true, NULL, error))
		failed = error_add(error, "%s", path);
	free(bytes);
	return failed;
}
