/*
 * Readers of what owns pages, over memory that anybody wrote: vmalloc areas, per-cpu chunks, the
 * map of physical addresses, memory cgroups, pipes.
 *
 * The schema is fixed, the memory is the input: pointers in it that point into it are followed. The
 * first byte chooses between layouts.
 */
#include <string.h>

#include "object/cgroup.h"
#include "object/percpu.h"
#include "object/pipe.h"
#include "object/resource.h"
#include "object/vmalloc.h"
#include "support/fakekernel.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct place {
	enum datum_id id;
	u64 value, size;
	u64 stride, nr_elements; /* arrays */
};

static const struct place places[] = {
	/* vmalloc: the list's head at 0x10 */
	{vmap_area_start, 0, 8},
	{vmap_area_end, 8, 8},
	{vmap_area_node, 16, 16},
	{vmap_area_vm, 32, 8},
	{vmap_area_flags, 40, 8},
	{vm_addr, 0, 8},
	{vm_size, 8, 8},
	{vm_flags, 16, 8},
	{vm_pages, 24, 8},
	{vm_nr_pages, 32, 4},
	{vm_caller, 40, 8},
	/* per-cpu chunks: variables from 0x40 on */
	{pcpu_chunk_node, 0, 16},
	{pcpu_chunk_base, 16, 8},
	{pcpu_chunk_nr_pages, 24, 4},
	{pcpu_chunk_pages_populated, 28, 4},
	{pcpu_chunk_end_offset, 32, 4},
	{pcpu_chunk_populated, 40, 0},
	{pcpu_chunk_lists, FAKE_BASE + 0x40, 8},
	{pcpu_nr_slots, FAKE_BASE + 0x48, 4},
	{pcpu_first_chunk, FAKE_BASE + 0x50, 8},
	{pcpu_base_addr, FAKE_BASE + 0x58, 8},
	/* resources: the root at 0x80 */
	{iomem_resource, FAKE_BASE + 0x80, 64},
	{resource_start, 0, 8},
	{resource_end, 8, 8},
	{resource_name, 16, 8},
	{resource_flags, 24, 8},
	{resource_parent, 32, 8},
	{resource_sibling, 40, 8},
	{resource_child, 48, 8},
	/* cgroups: the first task at 0x100 */
	{init_task, FAKE_BASE + 0x100, 0},
	{memory_cgrp_id, 0, 0},
	{task_cgroups, 8, 8},
	{css_set_subsys, 0, 8, 8, 1},
	{css_cgroup, 48, 8},
	{cgroup_kn, 0x48, 8},
	{kernfs_name, 0, 8},
	{memcg_css, 0, 80},
	{css_parent, 0, 8},
	{css_children, 8, 16},
	{css_sibling, 24, 16},
	{css_flags, 40, 4},
	{css_online, 2, 0},
	{memcg_memory, 80, 16},
	{page_counter_usage, 0, 8},
	{page_counter_max, 8, 8},
	{objcg_memcg, 16, 8},
	{memcg_percpu, 144, 8},
	{memcg_nr_stat, 6, 0},
	{memcg_item_anon, 1, 0},
	{memcg_stats_index, FAKE_BASE + 0x180, 0},
	{memcg_vmstats_pointer, 112, 8},
	{vmstats_state, 0, 32, 8, 4},
	{vmstats_pending, 32, 32, 8, 4},
	{vmstats_percpu_state, 0, 32, 8, 4},
	{vmstats_percpu_prev, 32, 32, 8, 4},
	/* pipes: through the files of tasks */
	{task_size, 0x80, 0},
	{task_tasks, 16, 16},
	{task_pid, 32, 4},
	{task_tgid, 36, 4},
	{task_comm, 40, 16},
	{task_state, 56, 4},
	{task_flags, 60, 4},
	{task_mm, 64, 8},
	{task_signal, 72, 8},
	{task_thread_node, 80, 16},
	{signal_thread_head, 0, 16},
	{task_files, 96, 8},
	{task_splice_pipe, 104, 8},
	{files_fdt, 0, 8},
	{fdtable_max_fds, 0, 4},
	{fdtable_fd, 8, 8},
	{file_inode, 0, 8},
	{file_mapping, 8, 8},
	{inode_mode, 0, 2},
	{inode_ino, 8, 8},
	{inode_pipe, 16, 8},
	{pipe_bufs, 0, 8},
	{pipe_ring_head, 8, 4},
	{pipe_ring_tail, 12, 4},
	{pipe_ring_size, 16, 4},
	{pipe_tmp_pages, 24, 16, 8, 2},
	{pipe_buffer_size, 40, 0},
	{pipe_buffer_page, 0, 8},
	{pipe_buffer_len, 8, 4},
	{pipe_buffer_ops, 16, 8},
};

static const struct place list_of_areas = {vmap_area_list, FAKE_BASE + 0x10, 16};
static const struct place nodes_of_areas[] = {
	{vmap_nodes, FAKE_BASE + 0x10, 8},
	{nr_vmap_nodes, FAKE_BASE + 0x18, 4},
	{vmap_node_size, 0x40, 0},
	{vmap_node_busy, 0, 16},
};

static bool take_page(void *arg, u64 index, u64 page_kva)
{
	*(u64 *)arg += page_kva;
	return true;
}

struct sum {
	struct kernel *k;
	u64 value;
};

static bool take_area(void *arg, const struct vmalloc_area *area)
{
	struct sum *s = arg;
	vmalloc_for_each_page(s->k, area, take_page, &s->value);
	return true;
}

static bool take_range(void *arg, const struct percpu_range *range)
{
	((struct sum *)arg)->value += range->nr_pages;
	return true;
}

static bool take_resource(void *arg, const struct resource *r)
{
	((struct sum *)arg)->value += strlen(r->name);
	return true;
}

static bool take_pipe_page(void *arg, const struct pipe *pipe, const struct pipe_page *page)
{
	((struct sum *)arg)->value += page->page_kva;
	return true;
}

static void read_all(struct kernel *k)
{
	struct sum s = {.k = k};
	struct memcg_tree tree;
	vmalloc_for_each(k, take_area, &s, NULL);
	percpu_for_each_page_range(k, take_range, &s, NULL, NULL);
	resource_for_each(k, take_resource, &s, NULL);
	pipe_for_each_page(k, take_pipe_page, &s, NULL);
	if (memcg_tree_load(&tree, k, true, NULL))
		return;
	for (size_t i = 0; i < tree.n; i++)
		memcg_of_charge(&tree, tree.v[i].kva + 0x100);
	memcg_tree_done(&tree);
}

static void put(struct fake_kernel *f, const struct place *p)
{
	f->k.schema.datum[p->id] = (struct datum){
		.state = DATUM_PRESENT,
		.group = f->k.schema.datum[p->id].group,
		.value = p->value,
		.size = p->size,
		.stride = p->stride,
		.nr_elements = p->nr_elements,
	};
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u64 offsets[] = {0, 0x4000};
	struct fake_kernel *f = malloc(sizeof(*f));
	if (!size)
		return free(f), 0;
	fake_kernel_init(f);
	memcpy(f->memory, data + 1, size - 1 < FAKE_BYTES ? size - 1 : FAKE_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		put(f, &places[i]);
	if (data[0] & 1)
		put(f, &list_of_areas);
	for (size_t i = 0; !(data[0] & 1) && i < ARRAY_SIZE(nodes_of_areas); i++)
		put(f, &nodes_of_areas[i]);
	fake_datum(f, pipe_ops_release, 8, 8); /* the last one: groups and variants are judged */
	f->k.nr_cpu_ids = 2;
	f->k.possible.bits[0] = 3;
	f->k.cpus_known = true;
	f->k.percpu_offset = offsets;
	fake_kernel_start(f, 0);
	read_all(&f->k);
	fake_kernel_done(f);
	free(f);
	return 0;
}
