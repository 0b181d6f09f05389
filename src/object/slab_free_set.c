/*
 * Collected once, over possible CPUs: a CPU that went offline leaves its sheaves behind.  What
 * cannot be read is told; its objects then look allocated.  mm/slub.c.
 */
#include "object/slab_free_set.h"

#include "kernel/walk.h"

enum { LARGEST_SHEAF = 1 << 16, MOST_NODES = 1024, MOST_BARN_SHEAVES = 1 << 16 };

static void add_sheaf(struct slab_free_set *set, struct kernel *k, u64 sheaf)
{
	u64 size, object, at = kernel_member(k, sheaf, sheaf_objects);
	enum read_status status = kernel_get(k, sheaf, sheaf_size, &size);
	if (!status && size > LARGEST_SHEAF)
		status = READ_DAMAGED;
	for (u64 i = 0; !status && i < size; i++) {
		status = kernel_read_u64(k, at + i * 8, &object);
		if (!status)
			*vec_push(&set->objects) = object;
	}
	if (status)
		kernel_unreadable(k, "sheaf", status, sheaf);
}

static void add_cpu_sheaves(struct slab_free_set *set, struct kernel *k, u64 cache)
{
	static const enum datum_id places[] = {sheaves_main, sheaves_spare, sheaves_rcu_free};
	u64 base;
	if (!k->schema.group_usable[group_slab_sheaf] ||
	    kernel_get(k, cache, cache_sheaves, &base) || !base)
		return;
	kernel_for_each_cpu(k, cpu)
	{
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			u64 sheaf;
			if (kernel_get(k, kernel_percpu(k, base, cpu), places[i], &sheaf) ==
				    READ_OK &&
			    sheaf)
				add_sheaf(set, k, sheaf);
		}
	}
}

/* The barn of a node: full sheaves that any CPU may take. */
static u64 barn_of_node(struct kernel *k, u64 cache, u64 index)
{
	u64 barn = 0, node, at = kernel_element(k, cache, cache_node, index);
	if (!at)
		return 0;
	if (kernel_has(k, cache_per_node_barn))
		kernel_get(k, at, cache_per_node_barn, &barn);
	else if (kernel_read_u64(k, at, &node) == READ_OK && node)
		kernel_get(k, node, cache_node_barn, &barn);
	return barn;
}

static void add_barns(struct slab_free_set *set, struct kernel *k, u64 cache)
{
	u64 nr = 1, link;
	if (!k->schema.group_usable[group_slab_sheaf])
		return;
	kernel_variable(k, nr_node_ids, 4, &nr);
	for (u64 i = 0; i < u64_min(nr, MOST_NODES); i++) {
		struct list_walk walk;
		u64 barn = barn_of_node(k, cache, i);
		if (!barn)
			continue;
		for (list_walk_init(&walk, k, kernel_member(k, barn, barn_full));
		     walk.nr < MOST_BARN_SHEAVES && list_walk_next(&walk, &link);)
			add_sheaf(set, k, kernel_container(k, link, sheaf_barn_list));
		if (walk.status)
			kernel_unreadable(k, "list of sheaves", walk.status, walk.at);
	}
}

static void add_cpu_slabs(struct slab_free_set *set, struct kernel *k, u64 cache)
{
	u64 base;
	if (!k->schema.group_usable[group_slab_cpu] ||
	    kernel_get(k, cache, cache_cpu_slab, &base) || !base)
		return;
	kernel_for_each_cpu(k, cpu)
	{
		struct slab_cpu_list list;
		u64 cpu_slab = kernel_percpu(k, base, cpu);
		enum read_status status = kernel_get(k, cpu_slab, cpu_slab_freelist, &list.object);
		if (!status)
			status = kernel_get(k, cpu_slab, cpu_slab_slab, &list.slab);
		if (status)
			kernel_unreadable(k, "per-cpu slab", status, cpu_slab);
		else if (list.slab && list.object)
			*vec_push(&set->cpu_lists) = list;
	}
}

void slab_free_set_add(struct slab_free_set *set, struct kernel *k, u64 cache)
{
	add_cpu_slabs(set, k, cache);
	add_cpu_sheaves(set, k, cache);
	add_barns(set, k, cache);
}

static int by_slab(const void *a, const void *b)
{
	const struct slab_cpu_list *x = a, *y = b;
	return x->slab < y->slab ? -1 : x->slab > y->slab;
}

static int by_address(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;
	return x < y ? -1 : x > y;
}

void slab_free_set_sort(struct slab_free_set *set)
{
	if (set->cpu_lists.n)
		qsort(set->cpu_lists.v, set->cpu_lists.n, sizeof(*set->cpu_lists.v), by_slab);
	if (set->objects.n)
		qsort(set->objects.v, set->objects.n, sizeof(*set->objects.v), by_address);
}

void slab_free_set_done(struct slab_free_set *set)
{
	vec_done(&set->cpu_lists);
	vec_done(&set->objects);
}

u64 slab_free_set_cpu_list(const struct slab_free_set *set, u64 slab)
{
	size_t low = 0, high = set->cpu_lists.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->cpu_lists.v[middle].slab < slab)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->cpu_lists.n && set->cpu_lists.v[low].slab == slab
		       ? set->cpu_lists.v[low].object
		       : 0;
}

size_t slab_free_set_from(const struct slab_free_set *set, u64 kva)
{
	size_t low = 0, high = set->objects.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->objects.v[middle] < kva)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
