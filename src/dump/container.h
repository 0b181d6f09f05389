/*
 * Inside of the dump layer: what an open image consists of, and what a container must offer.
 *
 * A container is one const record.  To add one: write its file, list its record in image.c.
 *	probe	tells from the first bytes alone whether this is its format; must not say yes to
 *others' open	reads headers, fills image->info and image->notes, sets image->private. Whatever a
 *header counts is compared with the size of the file before it sizes memory or a loop read	any
 *range; on failure *fault is the address of the page that decided state	as image_state()
 *	close	frees private; called also when open failed, then private may be NULL
 */
#ifndef DUMP_CONTAINER_H
#define DUMP_CONTAINER_H

#include "base/mem.h"
#include "dump/file.h"
#include "dump/image.h"
#include "dump/notes.h"

struct container {
	const char *kind; /* image_info.kind */
	bool many_files;  /* split sets */
	bool (*probe)(const u8 *head, size_t len);
	int (*open)(struct image *image, struct error *error);
	enum read_status (*read)(struct image *image, u64 paddr, void *buffer, size_t len,
				 u64 *fault);
	enum read_status (*state)(struct image *image, u64 paddr, u64 *run_bytes);
	void (*close)(struct image *image);
};

struct image {
	const struct container *container;
	void *private;
	struct file **files;
	size_t nr_files;
	struct image_info info;
	struct notes notes;
	struct image_fault faults; /* atomically */
	struct arena arena;
};

extern const struct container elf_container, kdump_container, raw_container;

/* ", gzip, flattened" as it applies to a file; for image_info.description. */
const char *image_wrapping(struct image *image);

/*
 * What the file is, when a signature tells, or that it is text: the end of "FILE is ..."; else
 * NULL.
 */
const char *guess_known(struct file *file);

/* Say what a file that no container knows seems to be.  Returns -1. */
int guess_error(struct file *file, struct error *error);

/* Open over files, which are taken over, also on failure. */
int image_open_files(struct image **image, struct file **files, size_t n, struct error *error);

#endif
