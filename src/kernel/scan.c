/* Searching the image; the work is boot_scan()'s. */
#include "kernel/scan.h"

#include "kernel/boot.h"

bool kernel_scan_image(struct kernel *k, size_t overlap, image_scan_fn fn, void *arg)
{
	struct kernel_range range = boot_image_range(k);
	return range.end && boot_scan(k, range.start, range.end, overlap, fn, arg);
}
