/*
 * The bytes of one dump file, by offset, whatever lies between them and the disk.
 *
 *	plain		a regular file, block device or /proc/vmcore, read with pread()
 *	unpacked	a pipe or a compressed file, unpacked once into an unlinked temporary file
 *	flattened	makedumpfile -F's stream form, put in order by an index (dump/flat.h)
 *
 * dumpfile_open() finds out which of them apply, from the first bytes, and stacks them.  Containers
 * see only struct file.  Files are not mapped (but for /proc/vmcore): one that shrinks while it is
 *read gives an error, not a signal, and the memory used does not depend on the size of the dump.
 */
#ifndef DUMP_FILE_H
#define DUMP_FILE_H

#include "base/error.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/types.h"

struct file;

struct file_ops {
	/* offset and len lie within size. */
	enum read_status (*read)(struct file *file, u64 offset, void *buffer, size_t len);
	void (*close)(struct file *file);
};

struct file {
	const struct file_ops *ops;
	char *name;	/* for messages */
	u64 size;	/* bytes that can be asked for */
	u64 disk_bytes; /* size of what lies on disk: the compressed file, the stream that was read
			 */
	bool complete;	/* false: a compressed or flattened file stops in the middle */
	bool proc;	/* lies in /proc */
	bool flattened;
	const char *packed;  /* "gzip", "xz", "zstd"; NULL when it was not compressed as a whole */
	struct cache *cache; /* of file_read_cached */
};

/* path "-" is standard input.  Errors name the file.  progress may be NULL. */
int dumpfile_open(struct file **file, const char *path, struct progress *progress,
		  struct error *error);

/* The same over a file descriptor, which is taken over, also on failure. */
int dumpfile_open_fd(struct file **file, int fd, const char *name, struct progress *progress,
		     struct error *error);

void file_close(struct file *file); /* NULL is fine */

/* All len bytes, or READ_TRUNCATED (past the end) or READ_IO. */
enum read_status file_read(struct file *file, u64 offset, void *buffer, size_t len);

/* As much as there is, up to len; 0 when nothing could be read. */
size_t file_read_some(struct file *file, u64 offset, void *buffer, size_t len);

/* For small reads that come again nearby: keeps blocks of FILE_BLOCK bytes. */
enum { FILE_BLOCK = 4096 };
enum read_status file_read_cached(struct file *file, u64 offset, void *buffer, size_t len);

/* --- for the layers in between ------------------------------------------------------------- */

/* size bytes of a descriptor, which is taken over. */
struct file *file_over_fd(int fd, const char *name, u64 size);
void file_init(struct file *file, const struct file_ops *ops, const char *name, u64 size);

/*
 * Everything from fd (head was read from it before) into a temporary file, decompressing on the
 * way.
 */
int spool_open(struct file **file, int fd, const char *name, const void *head, size_t head_len,
	       struct progress *progress, struct error *error);

#endif
