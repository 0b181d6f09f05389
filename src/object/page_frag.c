/*
 * struct page_frag (a page by its struct) and struct page_frag_cache (by its address; since 6.13,
 * 0c3ce2f50261, with the block's order in the low bits): include/linux/mm_types.h,
 * mm/page_frag_cache.c, net/core/skbuff.c.
 */
#include "object/page_frag.h"

struct search {
	struct kernel *k;
	page_frag_fn fn;
	void *arg;
};

static bool give_task(void *arg, const struct task *t)
{
	struct search *s = arg;
	struct page_frag frag = {.owner = PAGE_FRAG_TASK, .pid = t->pid};
	enum read_status status = kernel_get(s->k, t->kva, task_frag_page, &frag.page);
	if (status)
		kernel_unreadable(s->k, "page fragment of a task", status, t->kva);
	else if (frag.page)
		s->fn(s->arg, &frag);
	return true;
}

static void give_memory(struct search *s, u64 kva, u32 cpu)
{
	struct page_frag frag = {.owner = PAGE_FRAG_CPU, .cpu = cpu};
	frag.kva = kva & ~(u64)(s->k->page_size - 1);
	if (frag.kva)
		s->fn(s->arg, &frag);
}

static void give_cache(struct search *s, u64 cache, u32 cpu)
{
	u64 kva;
	enum read_status status = kernel_get(s->k, cache, frag_cache_encoded, &kva);
	if (status == READ_ABSENT)
		status = kernel_get(s->k, cache, frag_cache_va, &kva);
	if (!status)
		give_memory(s, kva, cpu);
	else if (status != READ_ABSENT)
		kernel_unreadable(s->k, "page fragment of a CPU", status, cache);
}

static void give_cpus(struct search *s)
{
	u64 netdev = 0, napi = 0, small;
	kernel_global(s->k, netdev_alloc_cache, &netdev);
	kernel_global(s->k, napi_alloc_cache, &napi);
	kernel_for_each_cpu(s->k, cpu)
	{
		if (netdev)
			give_cache(s, kernel_percpu(s->k, netdev, cpu), cpu);
		if (!napi)
			continue;
		u64 of_cpu = kernel_percpu(s->k, napi, cpu);
		if (kernel_has(s->k, napi_cache_page))
			give_cache(s, kernel_member(s->k, of_cpu, napi_cache_page), cpu);
		if (kernel_get(s->k, of_cpu, napi_cache_small, &small) == READ_OK)
			give_memory(s, small, cpu);
	}
}

int page_frag_for_each(struct kernel *k, page_frag_fn fn, void *arg, struct error *error)
{
	struct search s = {k, fn, arg};
	if (!kernel_has_group(k, group_page_frag, error))
		return -1;
	give_cpus(&s);
	return task_for_each(k, true, give_task, &s, error);
}
