/*
 * The kernel's image searched by content: for variables that no symbol names (a kernel without
 * CONFIG_KALLSYMS_ALL) and that can be told by what they hold.
 */
#ifndef KERNEL_SCAN_H
#define KERNEL_SCAN_H

#include "kernel/kernel.h"

/*
 * Call fn on pieces of the image (text and data) that are readable, in order; pieces overlap by
 * `overlap` bytes, so that what lies across a border is seen whole once.  Stops when fn returns
 * true, and returns that; false also when it is not known where the image is.
 */
typedef bool (*image_scan_fn)(void *arg, u64 kva, const u8 *bytes, size_t len);
bool kernel_scan_image(struct kernel *k, size_t overlap, image_scan_fn fn, void *arg);

#endif
