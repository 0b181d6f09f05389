// SPDX-License-Identifier: GPL-2.0
/*
 * pageleak - a module that takes memory no slab counter shows, for the lab.
 *
 * At load it takes `count` blocks of 2^order pages straight from the page allocator and forgets
 * them: they are in no counter of /proc/meminfo.  It also takes `vmalloc_mb` megabytes with
 * vmalloc, in pieces of one, and keeps the pieces in a table.  Each page says whose it is.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static unsigned long count, taken, vmalloc_mb, vmalloc_taken;
static unsigned int order;
module_param(count, ulong, 0444);
module_param(order, uint, 0444);
module_param(vmalloc_mb, ulong, 0444);
module_param(taken, ulong, 0444);
module_param(vmalloc_taken, ulong, 0444);

static void **pieces;

static noinline int take_block(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);
	unsigned long i;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < 1UL << order; i++)
		snprintf((char *)page_address(page) + i * PAGE_SIZE, 64, "pageleak block %lu page %lu",
			 taken, i);
	taken++;
	return 0;
}

static noinline int take_piece(void)
{
	char *piece = vmalloc(1 << 20);

	if (!piece)
		return -ENOMEM;
	memset(piece, 'v', 1 << 20);
	pieces[vmalloc_taken++] = piece;
	return 0;
}

static int __init pageleak_init(void)
{
	unsigned long i;

	pieces = kcalloc(vmalloc_mb + 1, sizeof(*pieces), GFP_KERNEL);
	if (!pieces)
		return -ENOMEM;
	for (i = 0; i < count && take_block() == 0; i++)
		cond_resched();
	for (i = 0; i < vmalloc_mb && take_piece() == 0; i++)
		cond_resched();
	pr_info("pageleak: %lu blocks of order %u, %lu MB by vmalloc\n", taken, order, vmalloc_taken);
	return 0;
}
module_init(pageleak_init);

static void __exit pageleak_exit(void)
{
	while (vmalloc_taken > 0)
		vfree(pieces[--vmalloc_taken]);
	kfree(pieces);
}
module_exit(pageleak_exit);

MODULE_DESCRIPTION("leaks pages on purpose, for the lab");
MODULE_LICENSE("GPL");
