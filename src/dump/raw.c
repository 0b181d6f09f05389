/*
 * Raw memory: byte n of the file is physical address n, and nothing else (QEMU's pmemsave, LiME
 * with format=raw and padding).  Without a signature it takes proof to believe it: the kernel's
 * VMCOREINFO text, which has a page of its own and begins with "OSRELEASE=".
 *
 * Files that leave out the hole below 4 GiB (QEMU's memory-backend-file) can't be told from these
 * and are wrong from there on.
 */
#include <string.h>

#include "dump/container.h"

enum { PAGE = 4096, CHUNK = 1 << 20 };
/* The kernel allocates it at boot: it does not lie far up, but nothing promises that. */
static const u64 SEARCH_BYTES = (u64)16 << 30;

static bool is_vmcoreinfo(const char *page)
{
	return !memcmp(page, "OSRELEASE=", 10) && memmem(page, PAGE, "PAGESIZE=", 9) &&
	       memmem(page, PAGE, "SYMBOL(", 7);
}

/* The page in len bytes that holds VMCOREINFO; NULL when there is none. */
static const char *find_in(const char *bytes, size_t len)
{
	for (size_t i = 0; i + PAGE <= len; i += PAGE) {
		if (bytes[i] == 'O' && is_vmcoreinfo(bytes + i))
			return bytes + i;
	}
	return NULL;
}

static bool find_vmcoreinfo(struct image *image, struct file *file)
{
	char *chunk = mem_alloc(CHUNK);
	u64 end = u64_min(file->size, SEARCH_BYTES);
	bool found = false;
	for (u64 at = 0; at < end && !found; at += CHUNK) {
		size_t n = (size_t)u64_min(CHUNK, end - at);
		const char *page = file_read(file, at, chunk, n) ? NULL : find_in(chunk, n);
		if (page)
			found = notes_add_vmcoreinfo(&image->notes, file, at + (u64)(page - chunk),
						     PAGE);
	}
	free(chunk);
	return found;
}

static int raw_open(struct image *image, struct error *error)
{
	struct file *file = image->files[0];
	bool possible =
		file->size >= PAGE && file->size % PAGE == 0 && !file->proc && !guess_known(file);
	if (!possible || !find_vmcoreinfo(image, file))
		return guess_error(file, error);
	image->info.kind = "raw";
	image->info.description =
		arena_printf(&image->arena, "raw memory%s", image_wrapping(image));
	image->info.max_pfn = file->size / PAGE;
	return 0;
}

static enum read_status raw_read(struct image *image, u64 paddr, void *buffer, size_t len,
				 u64 *fault)
{
	struct file *file = image->files[0];
	*fault = u64_max(paddr, u64_min(file->size, paddr + len)) & ~(u64)(PAGE - 1);
	enum read_status status = len < PAGE ? file_read_cached(file, paddr, buffer, len)
					     : file_read(file, paddr, buffer, len);
	return status == READ_TRUNCATED && file->complete ? READ_UNMAPPED : status;
}

static enum read_status raw_state(struct image *image, u64 paddr, u64 *run_bytes)
{
	struct file *file = image->files[0];
	bool inside = paddr < file->size;
	*run_bytes = (inside ? file->size : UINT64_MAX) - paddr;
	return inside ? READ_OK : file->complete ? READ_UNMAPPED : READ_TRUNCATED;
}

static void raw_close(struct image *image)
{
}

const struct container raw_container = {
	.kind = "raw",
	.open = raw_open,
	.read = raw_read,
	.state = raw_state,
	.close = raw_close,
};
