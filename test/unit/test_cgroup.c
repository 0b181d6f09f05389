/*
 * Memory cgroups: the tree with dead and damaged parts, who is charged, and the figures in each of
 * the ways that kernels kept them.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "object/cgroup.h"
#include "support/fakekernel.h"

/* struct mem_cgroup, its css first; then struct cgroup and kernfs_node of the same index. */
enum {
	M_PARENT = 0,
	M_CHILDREN = 8,
	M_SIBLING = 24,
	M_FLAGS = 40,
	M_CGROUP = 48,
	M_REFCNT = 56, /* percpu_count_ptr, data */
	M_ID = 72,
	M_MEMORY = 80, /* usage, max */
	M_SWAP = 96,
	M_STATS = 112, /* pointer, or an array of four */
	M_PERCPU = 144,
	M_PERCPU_LOCAL = 152,
	M_BYTES = 0x100,
};
enum { G_SELF = 0, G_ROOT = 0x40, G_KN = 0x48, K_NAME = 0, K_ID = 8 };
enum {
	TASK = 0x100,
	CSS_SET = 0x140,
	UNIFIED = 0x180,
	INDEX = 0x1c0,
	MEMCGS = 0x1000,
	CGROUPS = 0x2000,
	NODES = 0x3000,
	NAMES = 0x3800,
	REFS = 0x3c00,
	STATS = 0x4000,	 /* 0x100 for each cgroup: state, pending */
	PERCPU = 0x8000, /* 0x100 for each cgroup: state, prev; next CPU 0x2000 later */
};
enum { NR_ITEMS = 4, CPU_DISTANCE = 0x2000 };

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static u64 memcg_at(int i)
{
	return MEMCGS + (u64)i * M_BYTES;
}

static void put_schema(struct fake_kernel *f)
{
	static const struct {
		enum datum_id id;
		u64 value, size;
	} rows[] = {
		{init_task, FAKE_BASE + TASK, 0},
		{memory_cgrp_id, 2, 0},
		{task_cgroups, 8, 8},
		{css_set_subsys, 0, 0},
		{css_cgroup, M_CGROUP, 8},
		{cgroup_kn, G_KN, 8},
		{kernfs_name, K_NAME, 8},
		{kernfs_ino, K_ID, 8},
		{memcg_css, 0, 80},
		{cgrp_dfl_root, FAKE_BASE + UNIFIED, 0},
		{css_parent, M_PARENT, 8},
		{css_children, M_CHILDREN, 16},
		{css_sibling, M_SIBLING, 16},
		{css_flags, M_FLAGS, 4},
		{css_refcnt, M_REFCNT, 16},
		{css_online, 2, 0},
		{percpu_ref_pointer, 0, 8},
		{percpu_ref_data, 8, 8},
		{percpu_ref_data_count, 0, 8},
		{cgroup_self, G_SELF, 64},
		{cgroup_root, G_ROOT, 8},
		{memcg_id, M_ID, 4},
		{memcg_memory, M_MEMORY, 16},
		{memcg_swap, M_SWAP, 16},
		{memcg_memsw, M_SWAP, 16},
		{page_counter_usage, 0, 8},
		{page_counter_max, 8, 8},
		{objcg_memcg, 16, 8},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
	f->k.schema.datum[css_set_subsys].stride = 8;
	fake_write_u64(f, TASK + 8, kva(CSS_SET));
	fake_write_u64(f, CSS_SET + 2 * 8, kva(memcg_at(0)));
}

static void put_memcg(struct fake_kernel *f, int i, const char *name, u32 flags, bool unified,
		      u64 usage)
{
	u64 m = memcg_at(i), cgroup = CGROUPS + (u64)i * 0x80, node = NODES + (u64)i * 0x20,
	    text = NAMES + (u64)i * 0x20, ref = REFS + (u64)i * 8;
	u32 id = (u32)i + 1;
	fake_write_u64(f, m + M_CHILDREN, kva(m + M_CHILDREN));
	fake_write(f, m + M_FLAGS, &flags, 4);
	fake_write_u64(f, m + M_CGROUP, kva(cgroup));
	fake_write_u64(f, m + M_REFCNT, flags & 2 ? 0x1000 : 0x1001);
	fake_write_u64(f, m + M_REFCNT + 8, kva(ref));
	fake_write_u64(f, ref, 7);
	fake_write(f, m + M_ID, &id, 4);
	fake_write_u64(f, m + M_MEMORY, usage);
	fake_write_u64(f, m + M_MEMORY + 8, INT64_MAX / 4096);
	fake_write_u64(f, m + M_SWAP, 5);
	fake_write_u64(f, m + M_SWAP + 8, 100);
	fake_write(f, cgroup + G_SELF + M_FLAGS, &flags, 4);
	fake_write_u64(f, cgroup + G_ROOT, unified ? kva(UNIFIED) : kva(UNIFIED + 8));
	fake_write_u64(f, cgroup + G_KN, kva(node));
	fake_write_u64(f, node + K_NAME, kva(text));
	fake_write_u64(f, node + K_ID, 1000 + (u64)i);
	fake_write(f, text, name, strlen(name) + 1);
}

/* As the kernel does it: behind the parent's head. */
static void link_memcg(struct fake_kernel *f, int i, int parent)
{
	u64 head = memcg_at(parent) + M_CHILDREN, node = memcg_at(i) + M_SIBLING, next;
	memcpy(&next, f->memory + head, 8);
	fake_write_u64(f, node, next);
	fake_write_u64(f, head, kva(node));
	fake_write_u64(f, memcg_at(i) + M_PARENT, kva(memcg_at(parent)));
}

/* / { a { b (dead) { c (dead) } }, d } */
static void put_tree(struct fake_kernel *f, bool unified)
{
	put_schema(f);
	put_memcg(f, 0, "", 2, unified, 100);
	put_memcg(f, 1, "a", 2, unified, 50);
	put_memcg(f, 2, "b", 0, unified, 20);
	put_memcg(f, 3, "c", 0, unified, 10);
	put_memcg(f, 4, "d", 2, unified, (u64)-3);
	link_memcg(f, 4, 0);
	link_memcg(f, 1, 0);
	link_memcg(f, 2, 1);
	link_memcg(f, 3, 2);
}

static void tree_as_text(const struct memcg_tree *tree, char *text, size_t size)
{
	*text = '\0';
	for (size_t i = 0; i < tree->n; i++) {
		const struct memcg *m = &tree->v[i];
		size_t len = strlen(text);
		snprintf(text + len, size - len, "%s%s:%u:%u ", m->path, m->online ? "" : "!",
			 m->nr_children, m->nr_dead_below);
	}
}

static void trees(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct memcg_tree tree;
	char text[256];
	fake_kernel_init(f);
	put_tree(f, true);
	fake_kernel_start(f, 0);
	assert_int_equal(memcg_tree_load(&tree, &f->k, false, NULL), 0);
	tree_as_text(&tree, text, sizeof(text));
	assert_string_equal(text, "/:2:2 /a:1:2 /d:0:0 /a/b!:1:1 /a/b/c!:0:0 ");
	const struct memcg *c = memcg_find(&tree, kva(memcg_at(3)));
	assert_non_null(c);
	assert_string_equal(c->path, "/a/b/c");
	assert_int_equal(c->id, 4);
	assert_int_equal(c->inode, 1003);
	assert_int_equal(c->depth, 3);
	assert_true(c->has_references && c->references == 7);
	assert_true(c->memory.known && c->memory.usage == 10 && c->memory.max == MEMCG_NO_LIMIT);
	assert_true(c->swap.known && c->swap.usage == 5 && c->swap.max == 100);
	assert_false(c->memsw.known);
	assert_false(tree.v[0].has_references);
	assert_int_equal(memcg_find(&tree, kva(memcg_at(4)))->memory.usage, 0);
	assert_null(memcg_find(&tree, kva(memcg_at(5))));
	assert_null(memcg_find(&tree, 0));
	assert_true(tree.whole);
	assert_int_equal(f->k.unreadable.n, 0);
	memcg_tree_done(&tree);
	fake_kernel_done(f);
	free(f);
}

static void version_1(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct memcg_tree tree;
	fake_kernel_init(f);
	put_tree(f, false);
	fake_kernel_start(f, 0);
	assert_int_equal(memcg_tree_load(&tree, &f->k, false, NULL), 0);
	assert_false(tree.v[0].unified);
	assert_false(tree.v[0].swap.known);
	assert_true(tree.v[0].memsw.known);
	memcg_tree_done(&tree);
	fake_kernel_done(f);
	free(f);
}

static void charges(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct memcg_tree tree;
	const u64 objcg = 0xa000, lost = 0xa100;
	fake_kernel_init(f);
	put_tree(f, true);
	fake_write_u64(f, objcg + 16, kva(memcg_at(1)));
	fake_write_u64(f, lost + 16, kva(0xb000));
	fake_kernel_start(f, 0);
	assert_int_equal(memcg_tree_load(&tree, &f->k, false, NULL), 0);
	assert_ptr_equal(memcg_of_charge(&tree, kva(memcg_at(1))),
			 memcg_find(&tree, kva(memcg_at(1))));
	assert_ptr_equal(memcg_of_charge(&tree, kva(objcg) | 2),
			 memcg_find(&tree, kva(memcg_at(1))));
	assert_null(memcg_of_charge(&tree, kva(lost)));
	assert_null(memcg_of_charge(&tree, 0x1230));
	assert_null(memcg_of_charge(&tree, 0));
	memcg_tree_done(&tree);
	fake_kernel_done(f);
	free(f);
}

static void damage(void **state)
{
	static const struct {
		const char *name;
		u64 at, value, kept;
		const char *tree;
		bool whole;
	} cases[] = {
		{"a child of somebody else", MEMCGS + 2 * M_BYTES + M_PARENT, FAKE_BASE + MEMCGS, 0,
		 "/:2:0 /a:0:0 /d:0:0 ", false},
		{"list of children ends in NULL", MEMCGS + M_BYTES + M_SIBLING, 0, 0,
		 "/:1:2 /a:1:2 /a/b!:1:1 /a/b/c!:0:0 ", false},
		{"its own sibling", MEMCGS + 2 * M_BYTES + M_SIBLING,
		 FAKE_BASE + MEMCGS + 2 * M_BYTES + M_SIBLING, 0,
		 "/:2:2 /a:1:2 /d:0:0 /a/b!:1:1 /a/b/c!:0:0 ", false},
		{"a name that can't be read", NODES + 0x20, 0x1234, 0,
		 "/:2:2 /?:1:2 /d:0:0 /?/b!:1:1 /?/b/c!:0:0 ", true},
		{"a cgroup that can't be read", MEMCGS + M_BYTES + M_CGROUP, 0x1234, 0,
		 "/:2:2 /?:1:2 /d:0:0 /?/b!:1:1 /?/b/c!:0:0 ", true},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct memcg_tree tree;
		char text[256];
		fake_kernel_init(f);
		put_tree(f, true);
		fake_write_u64(f, cases[i].at, cases[i].value);
		fake_kernel_start(f, cases[i].kept);
		assert_int_equal(memcg_tree_load(&tree, &f->k, false, NULL), 0);
		tree_as_text(&tree, text, sizeof(text));
		if (strcmp(text, cases[i].tree) || tree.whole != cases[i].whole)
			fail_msg("%s: '%s' %d", cases[i].name, text, tree.whole);
		memcg_tree_done(&tree);
		fake_kernel_done(f);
		free(f);
	}
}

/* The parents of the first task's css go round in a circle. */
static void no_root(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct memcg_tree tree;
	struct error error = ERROR_INIT;
	fake_kernel_init(f);
	put_tree(f, true);
	fake_write_u64(f, memcg_at(0) + M_PARENT, kva(memcg_at(1)));
	fake_kernel_start(f, 0);
	assert_int_equal(memcg_tree_load(&tree, &f->k, false, &error), -1);
	assert_non_null(strstr(error.text, "root of the memory cgroups"));
	fake_kernel_done(f);
	free(f);
}

/* --- figures --------------------------------------------------------------------------------- */

static void put_array(struct fake_kernel *f, enum datum_id id, u64 at)
{
	fake_datum(f, id, at, NR_ITEMS * 8);
	f->k.schema.datum[id].nr_elements = NR_ITEMS;
	f->k.schema.datum[id].stride = 8;
}

/* Arrays of each cgroup: item n of array a of cgroup i is 1000 * a + 100 * i + n. */
static void put_values(struct fake_kernel *f, u64 at, u64 array, u64 i)
{
	for (u64 n = 0; n < NR_ITEMS; n++)
		fake_write_u64(f, at + n * 8, 1000 * array + 100 * i + n);
}

static void put_stats(struct fake_kernel *f, enum variant_choice choice)
{
	static u64 offsets[] = {0, CPU_DISTANCE};
	f->k.nr_cpu_ids = 2;
	f->k.possible.bits[0] = 3;
	f->k.percpu_offset = offsets;
	fake_datum(f, memcg_percpu, M_PERCPU, 8);
	fake_datum(f, memcg_nr_stat, NR_ITEMS, 0);
	fake_datum(f, memcg_item_anon, 1, 0);
	fake_datum(f, memcg_item_kernel_stack_kb, 3, 0);
	put_array(f, vmstats_percpu_state, 0);
	if (choice == MEMCG_STATS_POINTER) {
		fake_datum(f, memcg_vmstats_pointer, M_STATS, 8);
		put_array(f, vmstats_state, 0);
		put_array(f, vmstats_pending, 32);
		put_array(f, vmstats_percpu_prev, 32);
	} else if (choice == MEMCG_STATS_BATCH) {
		put_array(f, memcg_vmstats_array, M_STATS);
		fake_datum(f, memcg_percpu_local, M_PERCPU_LOCAL, 8);
	} else {
		put_array(f, memcg_stat_array, M_STATS);
	}
	for (u64 i = 0; i < 5; i++) {
		u64 m = memcg_at((int)i);
		if (choice == MEMCG_STATS_POINTER)
			fake_write_u64(f, m + M_STATS, kva(STATS + i * 0x100));
		else
			put_values(f, m + M_STATS, 1, i);
		fake_write_u64(f, m + M_PERCPU, kva(PERCPU + i * 0x100));
		fake_write_u64(f, m + M_PERCPU_LOCAL, kva(PERCPU + i * 0x100 + 64));
		put_values(f, STATS + i * 0x100, 1, i);
		put_values(f, STATS + i * 0x100 + 32, 2, i);
		for (u64 cpu = 0; cpu < 2; cpu++) {
			u64 at = PERCPU + cpu * CPU_DISTANCE + i * 0x100;
			put_values(f, at, 5, i);
			put_values(f, at + 32, 3, i);
			put_values(f, at + 64, 4, i);
		}
	}
}

/*
 * Cgroup 2 (b) has child 3 (c).  anon is item 1, in pages.
 *	rstat: local = both CPUs' state; total = state + (pending + both CPUs' state - prev) of b
 *and c batch: local = both CPUs' local and batch; total = sum + both CPUs' batches of b and c
 *	local: local = the array and both CPUs'; total = those of b and c
 */
static void figures(void **state)
{
	static const struct {
		enum variant_choice choice;
		s64 local, total;
	} cases[] = {
		{MEMCG_STATS_POINTER, 2 * 5201, 1201 + 2201 + 2 * 2000 + 2301 + 2 * 2000},
		{MEMCG_STATS_BATCH, 2 * 4201 + 2 * 5201, 1201 + 2 * 5201 + 2 * 5301},
		{MEMCG_STATS_LOCAL, 1201 + 2 * 5201, 1201 + 2 * 5201 + 1301 + 2 * 5301},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct memcg_tree tree;
		fake_kernel_init(f);
		put_tree(f, true);
		put_stats(f, cases[i].choice);
		fake_kernel_start(f, 0);
		assert_int_equal(f->k.schema.variant[variant_memcg_stats], cases[i].choice);
		assert_int_equal(memcg_tree_load(&tree, &f->k, true, NULL), 0);
		if (tree.stats_why)
			fail_msg("%s", tree.stats_why);
		const struct memcg *b = memcg_find(&tree, kva(memcg_at(2)));
		assert_true(b->has_local[MEMCG_STAT_ANON] && b->has_total[MEMCG_STAT_ANON]);
		assert_int_equal(b->local[MEMCG_STAT_ANON], cases[i].local * 4096);
		assert_int_equal(b->total[MEMCG_STAT_ANON], cases[i].total * 4096);
		assert_true(b->has_local[MEMCG_STAT_KERNEL_STACK]);
		assert_int_equal(b->local[MEMCG_STAT_KERNEL_STACK] % 1024, 0);
		assert_false(b->has_local[MEMCG_STAT_FILE]);
		memcg_tree_done(&tree);
		fake_kernel_done(f);
		free(f);
	}
}

/* Fewer places than items: the kernel's table, in both encodings, or nothing. */
static void few_places(void **state)
{
	static const struct {
		bool table;
		u8 bytes[6];
		bool anon, stack;
		s64 anon_local;
	} cases[] = {
		{true, {0, 3, 1, 0, 2, 0}, true, false, 2 * 5202},	    /* from 1: 6.10 */
		{true, {0xff, 2, 0, 0xff, 1, 0xff}, true, false, 2 * 5202}, /* from 0: 6.12 */
		{true, {0xff, 200, 0, 1, 2, 0xff}, false, true, 0},	    /* outside */
		{false, {0}, false, false, 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct memcg_tree tree;
		fake_kernel_init(f);
		put_tree(f, true);
		put_stats(f, MEMCG_STATS_POINTER);
		fake_datum(f, memcg_nr_stat, 6, 0);
		if (cases[i].table)
			fake_datum(f, memcg_stats_index, kva(INDEX), 0);
		fake_write(f, INDEX, cases[i].bytes, 6);
		fake_kernel_start(f, 0);
		assert_int_equal(memcg_tree_load(&tree, &f->k, true, NULL), 0);
		const struct memcg *b = memcg_find(&tree, kva(memcg_at(2)));
		assert_int_equal(tree.stats_why == NULL, cases[i].table);
		assert_int_equal(b->has_local[MEMCG_STAT_ANON], cases[i].anon);
		assert_int_equal(b->has_local[MEMCG_STAT_KERNEL_STACK], cases[i].stack);
		if (cases[i].anon)
			assert_int_equal(b->local[MEMCG_STAT_ANON], cases[i].anon_local * 4096);
		memcg_tree_done(&tree);
		fake_kernel_done(f);
		free(f);
	}
}

/* A cgroup's figures are lost: those of the ones above it are no sums any more, others are. */
static void lost_figures(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct memcg_tree tree;
	fake_kernel_init(f);
	put_tree(f, true);
	put_stats(f, MEMCG_STATS_POINTER);
	fake_write_u64(f, memcg_at(2) + M_PERCPU, 0x1234);
	fake_kernel_start(f, 0);
	assert_int_equal(memcg_tree_load(&tree, &f->k, true, NULL), 0);
	for (int i = 0; i < 5; i++) {
		const struct memcg *m = memcg_find(&tree, kva(memcg_at(i)));
		assert_int_equal(m->has_local[MEMCG_STAT_ANON], i != 2);
		assert_int_equal(m->has_total[MEMCG_STAT_ANON], i >= 3);
	}
	memcg_tree_done(&tree);
	fake_kernel_done(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees),      cmocka_unit_test(version_1),
		cmocka_unit_test(charges),    cmocka_unit_test(damage),
		cmocka_unit_test(no_root),    cmocka_unit_test(figures),
		cmocka_unit_test(few_places), cmocka_unit_test(lost_figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
