/*
 * Pipes and compressed files: everything goes once into a temporary file without a name, in $TMPDIR
 * or /var/tmp (not /tmp, which is often memory), and is then read like a plain file.  Blocks of
 * zeros become holes: a dump of a mostly idle machine takes a fraction of its size.
 *
 * A stream that breaks off or turns bad leaves what could be unpacked, marked as not complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "dump/file.h"
#include "dump/unpack.h"

enum { IN_BYTES = 256 << 10, OUT_BYTES = 1 << 20, HOLE_BYTES = 64 << 10 };

struct spool {
	const char *name;
	int in, out;
	u64 read, total; /* of the input; total 0 when not known */
	u64 written;
	const char *directory;
	struct progress *progress;
	struct error *error;
	u8 in_bytes[IN_BYTES], out_bytes[OUT_BYTES];
};

static const char *temporary_directory(void)
{
	const char *directory = getenv("TMPDIR");
	return directory && *directory ? directory : "/var/tmp";
}

static int temporary_file(const char *directory, struct error *error)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/memwho-XXXXXX", directory);
	if (n > 0 && (size_t)n < sizeof(path))
		fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return error_set(
			error, EXIT_INPUT,
			"no temporary file in %s (%s): set TMPDIR to a directory with room for the dump",
			directory, strerror(errno));
	unlink(path);
	return fd;
}

static bool all_zero(const u8 *bytes, size_t len)
{
	return bytes[0] == 0 && !memcmp(bytes, bytes + 1, len - 1);
}

static int write_error(const struct spool *s)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return error_set(
			s->error, EXIT_INPUT,
			"%s: no space left in %s after %llu MiB of the unpacked dump: set TMPDIR to a "
			"directory with more room",
			s->name, s->directory, (unsigned long long)(s->written >> 20));
	return error_set(s->error, EXIT_INPUT, "%s: writing a temporary file in %s: %s", s->name,
			 s->directory, strerror(errno));
}

static int put_piece(struct spool *s, const u8 *bytes, size_t len)
{
	if (len && all_zero(bytes, len)) {
		s->written += len;
		return 0;
	}
	while (len) {
		ssize_t n = pwrite(s->out, bytes, len, (off_t)s->written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return write_error(s);
		bytes += n;
		len -= (size_t)n;
		s->written += (u64)n;
	}
	return 0;
}

static int put(struct spool *s, const u8 *bytes, size_t len)
{
	while (len) {
		size_t n = (size_t)u64_min(len, HOLE_BYTES - s->written % HOLE_BYTES);
		if (put_piece(s, bytes, n))
			return -1;
		bytes += n;
		len -= n;
	}
	return 0;
}

/* The next input; 0 at the end, -1 when the system fails. */
static ssize_t get(struct spool *s)
{
	ssize_t n;
	do
		n = read(s->in, s->in_bytes, IN_BYTES);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		s->read += (u64)n;
	progress_step(s->progress, "unpacking the dump", s->read, s->total);
	return n;
}

static int read_error(const struct spool *s)
{
	return error_set(s->error, EXIT_INPUT, "%s: reading failed after %llu bytes: %s", s->name,
			 (unsigned long long)s->read, strerror(errno));
}

static int copy_all(struct spool *s, const u8 *head, size_t head_len)
{
	if (put(s, head, head_len))
		return -1;
	for (ssize_t n; (n = get(s)) != 0;) {
		if (n < 0)
			return read_error(s);
		if (put(s, s->in_bytes, (size_t)n))
			return -1;
	}
	return 0;
}

/*
 * One round of the unpacker.  *status tells how it went on; -1 when the output cannot be written.
 */
static int unpack_once(struct spool *s, const struct unpacker *u, void *state, struct unpack_io *io,
		       enum unpack_status *status, bool *moved)
{
	size_t in_len = io->in_len;
	io->out = s->out_bytes;
	io->out_room = OUT_BYTES;
	*status = u->step(state, io);
	size_t n = OUT_BYTES - io->out_room;
	*moved = n || io->in_len != in_len;
	return put(s, s->out_bytes, n);
}

/* Unpack until the data end.  *complete: whether they ended where their format says. */
static int unpack_all(struct spool *s, const struct unpacker *u, void *state, const u8 *head,
		      size_t head_len, bool *complete)
{
	struct unpack_io io = {.in = head, .in_len = head_len};
	for (;;) {
		enum unpack_status status;
		bool moved;
		if (unpack_once(s, u, state, &io, &status, &moved))
			return -1;
		*complete = status == UNPACK_END;
		if (status != UNPACK_MORE || (io.last && !moved))
			return 0;
		if (io.in_len && moved)
			continue;
		if (!io.in_len && !io.last) {
			ssize_t n = get(s);
			if (n < 0)
				return read_error(s);
			io.in = s->in_bytes;
			io.in_len = (size_t)n;
			io.last = n == 0;
		} else if (!moved) {
			return 0;
		}
	}
}

static int unpack(struct spool *s, const struct unpacker *u, const u8 *head, size_t head_len,
		  bool *complete)
{
	void *state = u->start ? u->start() : NULL;
	if (!state)
		return error_set(
			s->error, EXIT_INPUT,
			"%s is compressed with %s, which this memwho cannot unpack: unpack it first (%s)",
			s->name, u->name, u->hint);
	int result = unpack_all(s, u, state, head, head_len, complete);
	u->finish(state);
	if (!result && !s->written)
		return error_set(s->error, EXIT_INPUT,
				 "%s is compressed with %s, and nothing of it can be unpacked: "
				 "it is damaged or cut off",
				 s->name, u->name);
	return result;
}

static int fill(struct spool *s, const struct unpacker *u, const u8 *head, size_t head_len,
		bool *complete)
{
	*complete = true;
	if (u ? unpack(s, u, head, head_len, complete) : copy_all(s, head, head_len))
		return -1;
	if (ftruncate(s->out, (off_t)s->written))
		return write_error(s);
	progress_step(s->progress, "unpacking the dump", s->read, s->read);
	return 0;
}

int spool_open(struct file **file, int fd, const char *name, const void *head, size_t head_len,
	       struct progress *progress, struct error *error)
{
	struct spool *s = mem_alloc(sizeof(*s));
	struct stat st;
	s->name = name;
	s->in = fd;
	s->read = head_len;
	s->total = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (u64)st.st_size : 0;
	s->directory = temporary_directory();
	s->progress = progress;
	s->error = error;
	s->out = temporary_file(s->directory, error);
	const struct unpacker *u = unpacker_for(head, head_len);
	bool complete;
	int result = s->out < 0 ? -1 : fill(s, u, head, head_len, &complete);
	if (result == 0) {
		*file = file_over_fd(s->out, name, s->written);
		(*file)->disk_bytes = s->read;
		(*file)->complete = complete;
		(*file)->packed = u ? u->name : NULL;
	} else if (s->out >= 0) {
		close(s->out);
	}
	close(fd);
	free(s);
	return result;
}
