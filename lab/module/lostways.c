// SPDX-License-Identifier: GPL-2.0
/*
 * lostways - a module that holds and loses memory in every way that a leak search must tell apart,
 * for the lab.  Each way has a cache of its own, so that each number can be checked.
 *
 *	kept:	on a list; in a list by tagged pointers; by pointers into the middle; in an xarray;
 *		areas and pages by an array, pages by a chain through page->private
 *	lost:	back-pointers only (they point to something, nothing points to them); pairs that
 *		point to each other; large kmalloc, vmalloc areas, pages that were forgotten
 *	hidden:	by pointers that are XORed: look lost, and are not
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

static unsigned int count = 20000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "objects of each way; of areas, pages and large kmalloc a hundredth");

struct way {
	struct list_head list;
	void *other;
	unsigned long number;
	char payload[152];
};

static const char *const names[] = {"lost_list", "lost_tagged", "lost_middle", "lost_xarray",
				    "lost_back", "lost_pair",	"lost_hidden"};
enum { ON_LIST, TAGGED, MIDDLE, IN_XARRAY, BACK, PAIR, HIDDEN, NR_WAYS };

static struct kmem_cache *caches[NR_WAYS];
static LIST_HEAD(on_list);
static DEFINE_XARRAY(in_xarray);

/* What keeps the others.  Not static, so that the compiler cannot leave out what nobody reads. */
unsigned long lostways_tagged;
void **lostways_middle, **lostways_areas;
struct page **lostways_pages;
struct page *lostways_chain;
unsigned long *lostways_hidden;
struct way lostways_parent;

/* A cache with a constructor is never merged with others. */
static void construct(void *object)
{
	memset(object, 0, sizeof(struct way));
}

static noinline struct way *take(int way, unsigned long number)
{
	struct way *w = kmem_cache_alloc(caches[way], GFP_KERNEL);

	if (!w)
		return NULL;
	INIT_LIST_HEAD(&w->list);
	w->other = NULL;
	w->number = number;
	return w;
}

static noinline int take_objects(unsigned long i)
{
	struct way *w;

	w = take(ON_LIST, i);
	if (!w)
		return -ENOMEM;
	list_add_tail(&w->list, &on_list);

	w = take(TAGGED, i);
	if (!w)
		return -ENOMEM;
	w->other = (void *)lostways_tagged;
	lostways_tagged = (unsigned long)w | (i & 3);

	w = take(MIDDLE, i);
	if (!w)
		return -ENOMEM;
	lostways_middle[i] = &w->payload[100];

	w = take(IN_XARRAY, i);
	if (!w)
		return -ENOMEM;
	if (xa_err(xa_store(&in_xarray, i, w, GFP_KERNEL)))
		return -ENOMEM;

	w = take(BACK, i);
	if (!w)
		return -ENOMEM;
	w->other = &lostways_parent;

	w = take(HIDDEN, i);
	if (!w)
		return -ENOMEM;
	lostways_hidden[i] = ~(unsigned long)w;
	return 0;
}

static noinline int take_pair(unsigned long i)
{
	struct way *a = take(PAIR, i), *b = take(PAIR, i + 1);

	if (!a || !b)
		return -ENOMEM;
	a->other = b;
	b->other = a;
	return 0;
}

static noinline int take_lost_memory(void)
{
	void *large = kmalloc(32768, GFP_KERNEL), *area = vzalloc(3 * PAGE_SIZE);
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, 1);

	if (!large || !area || !pages)
		return -ENOMEM;
	memset(large, 0, 32768);
	return 0;
}

static noinline int take_kept_memory(unsigned long i)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, 2);
	struct page *link = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, 3);

	lostways_areas[i] = vzalloc(5 * PAGE_SIZE);
	if (!page || !link || !lostways_areas[i])
		return -ENOMEM;
	lostways_pages[i] = (struct page *)((unsigned long)page | 1);
	set_page_private(link, (unsigned long)lostways_chain);
	lostways_chain = link;
	return 0;
}

static int __init lostways_init(void)
{
	unsigned long i;
	int way;

	for (way = 0; way < NR_WAYS; way++) {
		caches[way] = kmem_cache_create(names[way], sizeof(struct way), 0, 0, construct);
		if (!caches[way])
			return -ENOMEM;
	}
	lostways_middle = vzalloc(count * sizeof(void *));
	lostways_hidden = vzalloc(count * sizeof(long));
	lostways_areas = vzalloc(count * sizeof(void *));
	lostways_pages = vzalloc(count * sizeof(void *));
	if (!lostways_middle || !lostways_hidden || !lostways_areas || !lostways_pages)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (take_objects(i) || (i % 2 == 0 && take_pair(i)))
			return -ENOMEM;
		if (i % 100 == 0 && (take_lost_memory() || take_kept_memory(i)))
			return -ENOMEM;
		if (i % 1024 == 0)
			cond_resched();
	}
	return 0;
}
module_init(lostways_init);

MODULE_DESCRIPTION("holds and loses memory in every way, for the lab");
MODULE_LICENSE("GPL");
