/*
 * Any bytes as a dump: open it, follow its states, read some of what it claims to have.
 *
 * Besides not crashing it checks that image_state always moves on and agrees with reading in one
 * direction: what it calls unmapped or excluded can't be read.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/container.h"

enum { MOST_STEPS = 200, SOME_PAGES = 70 };

static struct file *file_of(const u8 *data, size_t size)
{
	struct file *file;
	int fd = memfd_create("dump", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return dumpfile_open_fd(&file, fd, "input", NULL, NULL) ? NULL : file;
}

static void read_around(struct image *image, u64 paddr)
{
	static u8 buffer[SOME_PAGES * 4096];
	u64 word;
	image_read(image, paddr, &word, sizeof(word));
	image_read(image, paddr, buffer, 4096);
	image_read(image, paddr & ~(u64)0xffff, buffer, sizeof(buffer));
	image_read(image, paddr + 4090, buffer, 5000);
}

static void walk(struct image *image)
{
	u64 end = image_info(image)->max_pfn *
		  (image_info(image)->page_size ? image_info(image)->page_size : 4096);
	u64 paddr = 0;
	for (unsigned i = 0; i < MOST_STEPS && paddr < end; i++) {
		u64 run, word;
		enum read_status status = image_state(image, paddr, &run);
		if (!run || run > UINT64_MAX - paddr)
			abort();
		if ((status == READ_UNMAPPED || status == READ_EXCLUDED) &&
		    !image_read(image, paddr + run - 1, &word, 1) && paddr % 4096 == 0 &&
		    run > 4096)
			abort();
		read_around(image, paddr);
		paddr += run;
	}
	read_around(image, end - 4096);
	read_around(image, UINT64_MAX - 100);
}

static bool touch_note(void *arg, const char *name, size_t name_len, u32 type, const void *desc,
		       size_t desc_len)
{
	*(u32 *)arg += type;
	for (size_t i = 0; i < name_len; i++)
		*(u32 *)arg += (u8)name[i];
	for (size_t i = 0; i < desc_len; i++)
		*(u32 *)arg += ((const u8 *)desc)[i];
	return true;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct image *image;
	struct error error = ERROR_INIT;
	u32 sum = 0;
	struct file *file = file_of(data, size);
	if (!file)
		return 0;
	struct file **files = mem_calloc(1, sizeof(struct file *));
	files[0] = file;
	if (image_open_files(&image, files, 1, &error)) {
		if (!error.text[0])
			abort();
		return 0;
	}
	image_for_each_note(image, touch_note, &sum);
	walk(image);
	image_close(image);
	return 0;
}
