/*
 * Plain files, the block cache over any file, and the decision what to stack.
 */
#include "dump/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "dump/cache.h"
#include "dump/flat.h"
#include "dump/unpack.h"

enum { HEAD_BYTES = 4096, MAP_FROM = 32 << 10, MAP_ALIGN = 64 << 10 };
static const size_t CACHE_BYTES = 4 << 20;

struct plain {
	struct file file;
	int fd;
};

/*
 * Large reads of /proc/vmcore: read() makes the kernel map and unmap each page of the old kernel by
 * itself, mmap() takes them in one go (since Linux 3.11).  Where it refuses, read() will do.
 * Never for other files: one that shrinks would end the program with SIGBUS.
 */
static bool read_mapped(const struct plain *plain, u64 offset, void *buffer, size_t len)
{
	u64 start = offset & ~(u64)(MAP_ALIGN - 1);
	size_t size = (size_t)(align_up(offset + len, MAP_ALIGN) - start);
	u8 *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, plain->fd, (off_t)start);
	if (map == MAP_FAILED)
		return false;
	memcpy(buffer, map + (offset - start), len);
	munmap(map, size);
	return true;
}

static enum read_status plain_read(struct file *file, u64 offset, void *buffer, size_t len)
{
	const struct plain *plain = (const struct plain *)file;
	u8 *to = buffer;
	if (file->proc && len >= MAP_FROM && read_mapped(plain, offset, buffer, len))
		return READ_OK;
	while (len) {
		ssize_t n = pread(plain->fd, to, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return READ_IO;
		if (n == 0) /* shrunk since it was opened */
			return READ_TRUNCATED;
		to += n;
		offset += (u64)n;
		len -= (size_t)n;
	}
	return READ_OK;
}

static void plain_close(struct file *file)
{
	close(((struct plain *)file)->fd);
}

static const struct file_ops plain_ops = {.read = plain_read, .close = plain_close};

void file_init(struct file *file, const struct file_ops *ops, const char *name, u64 size)
{
	file->ops = ops;
	file->name = mem_strdup(name);
	file->size = file->disk_bytes = size;
	file->complete = true;
	file->cache = cache_new(FILE_BLOCK, CACHE_BYTES);
}

struct file *file_over_fd(int fd, const char *name, u64 size)
{
	struct plain *plain = mem_alloc(sizeof(*plain));
	file_init(&plain->file, &plain_ops, name, size);
	plain->fd = fd;
	return &plain->file;
}

void file_close(struct file *file)
{
	if (!file)
		return;
	file->ops->close(file);
	cache_free(file->cache);
	free(file->name);
	free(file);
}

enum read_status file_read(struct file *file, u64 offset, void *buffer, size_t len)
{
	if (offset > file->size || len > file->size - offset)
		return READ_TRUNCATED;
	return file->ops->read(file, offset, buffer, len);
}

size_t file_read_some(struct file *file, u64 offset, void *buffer, size_t len)
{
	if (offset >= file->size)
		return 0;
	len = (size_t)u64_min(len, file->size - offset);
	return file->ops->read(file, offset, buffer, len) ? 0 : len;
}

static enum read_status read_piece(struct file *file, u64 block, size_t skip, void *buffer,
				   size_t len)
{
	if (cache_get(file->cache, block, skip, buffer, len))
		return READ_OK;
	u8 bytes[FILE_BLOCK];
	u64 start = block * FILE_BLOCK;
	size_t there = (size_t)u64_min(FILE_BLOCK, file->size - start);
	enum read_status status = file->ops->read(file, start, bytes, there);
	if (status) /* the block may be bad elsewhere than in the part that was asked for */
		return file->ops->read(file, start + skip, buffer, len);
	memset(bytes + there, 0, FILE_BLOCK - there);
	cache_put(file->cache, block, bytes);
	memcpy(buffer, bytes + skip, len);
	return READ_OK;
}

enum read_status file_read_cached(struct file *file, u64 offset, void *buffer, size_t len)
{
	if (offset > file->size || len > file->size - offset)
		return READ_TRUNCATED;
	u8 *to = buffer;
	while (len) {
		size_t skip = offset % FILE_BLOCK;
		size_t n = (size_t)u64_min(len, FILE_BLOCK - skip);
		enum read_status status = read_piece(file, offset / FILE_BLOCK, skip, to, n);
		if (status)
			return status;
		to += n;
		offset += n;
		len -= n;
	}
	return READ_OK;
}

static bool in_proc(int fd)
{
	struct statfs fs;
	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Fill head from where fd stands; for files that can seek it is put back to the start. */
static ssize_t read_head(int fd, void *head, size_t len, bool seekable)
{
	size_t have = 0;
	while (have < len) {
		ssize_t n = seekable ? pread(fd, (u8 *)head + have, len - have, (off_t)have)
				     : read(fd, (u8 *)head + have, len - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* What cannot be a dump, told by the kind of file alone. */
static int check_type(const char *name, mode_t mode, struct error *error)
{
	if (S_ISDIR(mode))
		return error_set(
			error, EXIT_INPUT,
			"%s is a directory: name the dump in it (often called vmcore or dump.*)",
			name);
	if (S_ISCHR(mode))
		return error_set(error, EXIT_INPUT, "%s is a device, not a dump", name);
	return 0;
}

/* Flattened on top, when the bytes say so.  Takes base over. */
static int stack_flat(struct file **file, struct file *base, struct progress *progress,
		      struct error *error)
{
	if (!flat_probe(base)) {
		*file = base;
		return 0;
	}
	return flat_open(file, base, progress, error);
}

static u64 size_of(int fd, const struct stat *st)
{
	if (!S_ISBLK(st->st_mode))
		return (u64)st->st_size;
	off_t end = lseek(fd, 0, SEEK_END);
	return end < 0 ? 0 : (u64)end;
}

static int open_checked(struct file **file, int fd, const char *name, const struct stat *st,
			struct progress *progress, struct error *error)
{
	bool seekable = S_ISREG(st->st_mode) || S_ISBLK(st->st_mode);
	u8 head[HEAD_BYTES];
	ssize_t n = read_head(fd, head, sizeof(head), seekable);
	if (n <= 0) {
		if (n < 0)
			error_set(error, EXIT_INPUT, "%s: reading failed: %s", name,
				  strerror(errno));
		else
			error_set(error, EXIT_INPUT,
				  "%s is empty: the dump was not written (disk full?), or not here",
				  name);
		close(fd);
		return -1;
	}
	struct file *base;
	if (!seekable || unpacker_for(head, (size_t)n)) {
		if (seekable)
			lseek(fd, n, SEEK_SET);
		if (spool_open(&base, fd, name, head, (size_t)n, progress, error))
			return -1;
	} else {
		base = file_over_fd(fd, name, size_of(fd, st));
		base->proc = in_proc(fd);
	}
	return stack_flat(file, base, progress, error);
}

int dumpfile_open_fd(struct file **file, int fd, const char *name, struct progress *progress,
		     struct error *error)
{
	struct stat st;
	if (fstat(fd, &st)) {
		error_set(error, EXIT_INPUT, "%s: %s", name, strerror(errno));
		close(fd);
		return -1;
	}
	if (check_type(name, st.st_mode, error)) {
		close(fd);
		return -1;
	}
	return open_checked(file, fd, name, &st, progress, error);
}

int dumpfile_open(struct file **file, const char *path, struct progress *progress,
		  struct error *error)
{
	if (!strcmp(path, "-"))
		return dumpfile_open_fd(file, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0),
					"standard input", progress, error);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		return dumpfile_open_fd(file, fd, path, progress, error);
	if (errno == EACCES || errno == EPERM)
		return error_set(
			error, EXIT_INPUT,
			"%s: no permission to read it: dumps usually belong to root, try with sudo",
			path);
	return error_set(error, EXIT_INPUT, "%s: %s", path, strerror(errno));
}
