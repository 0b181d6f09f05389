/*
 * The public face of the layer: opens files, asks the containers whose format it is, and counts
 * what could not be read.
 */
#include "dump/image.h"

#include <string.h>

#include "dump/container.h"

static const struct container *const containers[] = {&kdump_container, &elf_container,
						     &raw_container};

enum { HEAD_BYTES = 4096 };

static const struct container *probe(struct file *file)
{
	u8 head[HEAD_BYTES];
	size_t n = file_read_some(file, 0, head, sizeof(head));
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		if (containers[i]->probe && containers[i]->probe(head, n))
			return containers[i];
	}
	return NULL;
}

/* All files of a set must be of one format, and of one that can be split. */
static int choose(struct image *image, struct error *error)
{
	for (size_t i = 0; i < image->nr_files; i++) {
		const struct container *container = probe(image->files[i]);
		if (!container && image->nr_files == 1)
			container = &raw_container; /* has no signature; refuses what it does not
						       know */
		if (!container)
			return guess_error(image->files[i], error);
		if (image->nr_files > 1 && !container->many_files)
			return error_set(
				error, EXIT_INPUT,
				"%s is not part of a split dump (makedumpfile --split): give one dump at a time",
				image->files[i]->name);
		image->container = container;
	}
	return 0;
}

static int open_container(struct image *image, struct error *error)
{
	image->info.kind = "";
	image->info.description = "";
	image->info.dump_level = -1;
	image->info.complete = true;
	for (size_t i = 0; i < image->nr_files; i++) {
		image->info.file_bytes += image->files[i]->disk_bytes;
		image->info.complete &= image->files[i]->complete;
	}
	return choose(image, error) || image->container->open(image, error) ? -1 : 0;
}

int image_open_files(struct image **image, struct file **files, size_t n, struct error *error)
{
	struct image *new = mem_alloc(sizeof(*new));
	new->files = files;
	new->nr_files = n;
	if (open_container(new, error)) {
		image_close(new);
		return -1;
	}
	*image = new;
	return 0;
}

int image_open(struct image **image, const char *const paths[], size_t n, struct progress *progress,
	       struct error *error)
{
	if (n == 0)
		return error_set(error, EXIT_USAGE, "no dump was named");
	struct file **files = mem_calloc(n, sizeof(struct file *));
	for (size_t i = 0; i < n; i++) {
		if (!dumpfile_open(&files[i], paths[i], progress, error))
			continue;
		while (i--)
			file_close(files[i]);
		free(files);
		return -1;
	}
	return image_open_files(image, files, n, error);
}

void image_close(struct image *image)
{
	if (!image)
		return;
	if (image->container)
		image->container->close(image);
	for (size_t i = 0; i < image->nr_files; i++)
		file_close(image->files[i]);
	free(image->files);
	notes_done(&image->notes);
	arena_done(&image->arena);
	free(image);
}

const struct image_info *image_info(const struct image *image)
{
	return &image->info;
}

static void count_fault(struct image *image, enum read_status status, u64 paddr)
{
	if (!__atomic_fetch_add(&image->faults.pages[status], 1, __ATOMIC_RELAXED))
		__atomic_store_n(&image->faults.first_paddr[status], paddr, __ATOMIC_RELAXED);
}

enum read_status image_read(struct image *image, u64 paddr, void *buffer, size_t len)
{
	u64 fault = paddr;
	enum read_status status = READ_UNMAPPED;
	if (len <= UINT64_MAX - paddr)
		status = image->container->read(image, paddr, buffer, len, &fault);
	if (status)
		count_fault(image, status, fault);
	return status;
}

enum read_status image_state(struct image *image, u64 paddr, u64 *run_bytes)
{
	return image->container->state(image, paddr, run_bytes);
}

void image_faults(const struct image *image, struct image_fault *faults)
{
	for (unsigned i = 0; i < NR_READ_STATUS; i++) {
		faults->pages[i] = __atomic_load_n(&image->faults.pages[i], __ATOMIC_RELAXED);
		faults->first_paddr[i] =
			__atomic_load_n(&image->faults.first_paddr[i], __ATOMIC_RELAXED);
	}
}

const char *image_vmcoreinfo(const struct image *image, size_t *len)
{
	*len = image->notes.vmcoreinfo_len;
	return image->notes.vmcoreinfo;
}

void image_for_each_note(const struct image *image, image_note_fn fn, void *arg)
{
	notes_for_each(&image->notes, fn, arg);
}

const char *image_wrapping(struct image *image)
{
	const struct file *file = image->files[0];
	return arena_printf(&image->arena, "%s%s%s", file->flattened ? ", flattened" : "",
			    file->packed ? ", " : "", file->packed ? file->packed : "");
}
