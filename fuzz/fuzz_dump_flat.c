/*
 * The index of the flattened form against its definition: records written one after the other into
 * memory must read back the same.  Input: pairs of bytes, each one record {offset * 3, size}.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "dump/file.h"

enum { ROOM = 256 * 3 + 256, MOST_RECORDS = 500 };

static void add(u8 *stream, size_t *n, u64 offset, u64 size, const u8 *bytes)
{
	u64 header[2] = {__builtin_bswap64(offset), __builtin_bswap64(size)};
	memcpy(stream + *n, header, sizeof(header));
	*n += sizeof(header);
	if (bytes) {
		memcpy(stream + *n, bytes, size);
		*n += size;
	}
}

static void check(struct file *file, const u8 *wanted, size_t len)
{
	u8 got[ROOM];
	if (file->size != len || !file->complete)
		abort();
	if (len && (file_read(file, 0, got, len) || memcmp(got, wanted, len)))
		abort();
	for (size_t at = 0; at < len; at += 5) {
		size_t n = (size_t)u64_min(at % 23 + 1, len - at);
		if (!file_read(file, at, got, n) && memcmp(got, wanted + at, n))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 header[32] = {'m', 'a', 'k', 'e', 'd', 'u',	 'm',
				      'p', 'f', 'i', 'l', 'e', [23] = 1, [31] = 1};
	size_t nr = u64_min(size / 2, MOST_RECORDS), n = 4096, end = 0;
	u8 *stream = mem_alloc(n + (nr + 1) * 16 + nr * 256);
	u8 wanted[ROOM] = {0}, bytes[256];
	memcpy(stream, header, sizeof(header));
	for (size_t i = 0; i < nr; i++) {
		size_t offset = data[2 * i] * 3, len = data[2 * i + 1];
		memset(bytes, (int)(i % 255) + 1, len);
		memcpy(wanted + offset, bytes, len);
		add(stream, &n, offset, len, bytes);
		if (len)
			end = u64_max(end, offset + len);
	}
	add(stream, &n, UINT64_MAX, UINT64_MAX, NULL);
	int fd = memfd_create("flat", MFD_CLOEXEC);
	if (fd < 0 || write(fd, stream, n) != (ssize_t)n)
		abort();
	struct file *file;
	if (dumpfile_open_fd(&file, fd, "input", NULL, NULL))
		abort();
	check(file, wanted, end);
	file_close(file);
	free(stream);
	return 0;
}
