/* Roots that are found by their owner: modules and per-cpu memory.  The pass finds the others. */
#include "analysis/leak_root.h"

#include "analysis/leak_map.h"
#include "object/module.h"
#include "object/percpu.h"

void leak_root_add(struct leak_roots *roots, enum leak_root_kind kind, u64 kva, u64 bytes,
		   u64 names_at)
{
	struct leak_root *last = roots->list.n ? &roots->list.v[roots->list.n - 1] : NULL;
	if (last && last->kind == kind && last->kva + last->bytes == kva &&
	    last->names_at + last->bytes == names_at) {
		last->bytes += bytes;
		return;
	}
	*vec_push(&roots->list) =
		(struct leak_root){.kva = kva, .bytes = bytes, .names_at = names_at, .kind = kind};
}

static bool add_module(void *arg, const struct module *m)
{
	struct leak_map *map = arg;
	for (u32 i = 0; i < m->nr_ranges; i++) {
		if (m->ranges[i].bytes <= GIB(1))
			leak_root_add(&map->roots, ROOT_DATA, m->ranges[i].kva, m->ranges[i].bytes,
				      m->ranges[i].kva);
	}
	return true;
}

static bool add_percpu(void *arg, const struct percpu_range *r)
{
	struct leak_map *map = arg;
	struct kernel *k = map->k;
	u64 offset = r->cpu < k->nr_cpu_ids ? k->percpu_offset[r->cpu] : 0;
	leak_root_add(&map->roots, ROOT_PERCPU, r->kva, r->nr_pages << k->page_shift,
		      r->kva - offset);
	return true;
}

void leak_roots_by_owner(struct leak_map *map)
{
	struct error error;
	module_for_each(map->k, add_module, map, &error);
	percpu_for_each_page_range(map->k, add_percpu, map, NULL, &error);
}
