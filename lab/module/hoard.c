// SPDX-License-Identifier: GPL-2.0
/*
 * hoard - a module that takes kernel memory in every way there is, for the lab.
 *
 * Each function below is one way, and its name is what /proc/vmallocinfo shows of it.  What was
 * taken stands in the parameters, in pages or pieces.  Nothing is lost: blocks hang on a list,
 * pieces in a table.  Each page says whose it is.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#define NR_PIECES 4096

static void *volatile pieces[NR_PIECES]; /* else the compiler sees that nobody reads it, and drops it */
static unsigned int nr_pieces;
static LIST_HEAD(blocks);

/* What to take, and after loading what was taken; each in pieces of the size that its taker says.
 */
#define COUNT_PARAM(name)         \
	static unsigned int name; \
	module_param(name, uint, 0444)

COUNT_PARAM(order0);	    /* single pages */
COUNT_PARAM(order2);	    /* four pages, each on its own */
COUNT_PARAM(compound3);	    /* eight pages in one */
COUNT_PARAM(kmalloc16);	    /* 16 KiB */
COUNT_PARAM(kmalloc64);	    /* 64 KiB */
COUNT_PARAM(vmalloc_big);   /* 1 MiB */
COUNT_PARAM(vmalloc_small); /* 3 pages */
COUNT_PARAM(vmap_pages);    /* single pages, all mapped as one area */
COUNT_PARAM(percpu16);	    /* 16 KiB for each CPU */

static int keep(void *piece, size_t size)
{
	size_t at;

	if (!piece || nr_pieces == NR_PIECES)
		return -ENOMEM;
	for (at = 0; at + 64 <= size; at += PAGE_SIZE)
		snprintf((char *)piece + at, 64, "hoard piece %u at %zu", nr_pieces, at);
	pieces[nr_pieces++] = piece;
	return 0;
}

static int take_block(unsigned int order, gfp_t flags)
{
	struct page *page = alloc_pages(GFP_KERNEL | flags, order);
	unsigned long i;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < 1UL << order; i++)
		snprintf((char *)page_address(page) + i * PAGE_SIZE, 64, "hoard order %u page %lu",
			 order, i);
	list_add(&page->lru, &blocks);
	return 0;
}

static noinline int take_page(void)
{
	return take_block(0, 0);
}

static noinline int take_four(void)
{
	return take_block(2, 0);
}

static noinline int take_compound(void)
{
	return take_block(3, __GFP_COMP);
}

static noinline int take_kmalloc16(void)
{
	return keep(kmalloc(16384, GFP_KERNEL), 16384);
}

static noinline int take_kmalloc64(void)
{
	return keep(kmalloc(65536, GFP_KERNEL), 65536);
}

static noinline int take_ring(void)
{
	return keep(vmalloc(1 << 20), 1 << 20);
}

static noinline int take_table(void)
{
	return keep(vzalloc(3 * PAGE_SIZE), 3 * PAGE_SIZE);
}

static noinline int take_percpu(void)
{
	void __percpu *p = __alloc_percpu(16384, 64);

	if (!p || nr_pieces == NR_PIECES)
		return -ENOMEM;
	pieces[nr_pieces++] = (void __force *)p;
	return 0;
}

/* Pages of the page allocator that are seen through a mapping too. */
static noinline int take_vmap(unsigned int nr)
{
	struct page **pages = kcalloc(nr + 1, sizeof(*pages), GFP_KERNEL);
	unsigned int i;
	int ret = -ENOMEM;

	if (!pages)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		if (!pages[i])
			goto out;
	}
	ret = keep(vmap(pages, nr, VM_MAP, PAGE_KERNEL), nr * PAGE_SIZE);
out:
	kfree(pages);
	return ret;
}

static const struct {
	unsigned int *count;
	int (*take)(void);
} takers[] = {
	{&order0, take_page},	      {&order2, take_four},	    {&compound3, take_compound},
	{&kmalloc16, take_kmalloc16}, {&kmalloc64, take_kmalloc64}, {&vmalloc_big, take_ring},
	{&vmalloc_small, take_table}, {&percpu16, take_percpu},
};

static int __init hoard_init(void)
{
	unsigned int i, done;

	for (i = 0; i < ARRAY_SIZE(takers); i++) {
		for (done = 0; done < *takers[i].count && takers[i].take() == 0; done++)
			cond_resched();
		*takers[i].count = done;
	}
	if (vmap_pages && take_vmap(vmap_pages))
		vmap_pages = 0;
	pr_info("hoard: %u pieces\n", nr_pieces);
	return 0;
}
module_init(hoard_init);

MODULE_DESCRIPTION("takes kernel memory of every kind, for the lab");
MODULE_LICENSE("GPL");
