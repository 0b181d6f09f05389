/*
 * Areas of vmalloc space as no dump of the lab has them: the flags of 5.3 and older, areas without
 * a vm_struct, and damage.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "object/vmalloc.h"
#include "support/fakekernel.h"

enum { HEAD = 0x100, AREAS = 0x1000, VMS = 0x2000, STEP = 0x100, ARRAY = 0x3000, NODES = 0x5000 };
enum { A_START = 0, A_END = 8, A_LIST = 16, A_VM = 32, A_FLAGS = 40 };
enum { V_ADDR = 0, V_SIZE = 8, V_FLAGS = 16, V_PAGES = 24, V_NR = 32, V_PHYS = 40, V_CALLER = 48 };
enum { NODE_BYTES = 0x80, N_BUSY = 0x20, N_LAZY = 0x40 };
#define VSTART 0xffffc90000000000ull
#define PERCPU_CALLER 0xffffffff81234560ull

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static void put_schema(struct fake_kernel *f)
{
	static const struct {
		enum datum_id id;
		u64 value, size;
	} rows[] = {
		{vmap_area_start, A_START, 8}, {vmap_area_end, A_END, 8},
		{vmap_area_node, A_LIST, 16},  {vmap_area_vm, A_VM, 8},
		{vm_addr, V_ADDR, 8},	       {vm_size, V_SIZE, 8},
		{vm_flags, V_FLAGS, 8},	       {vm_pages, V_PAGES, 8},
		{vm_nr_pages, V_NR, 4},	       {vm_phys_addr, V_PHYS, 8},
		{vm_caller, V_CALLER, 8},      {pcpu_get_vm_areas, PERCPU_CALLER, 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
}

/* A list of areas 0..nr-1 at `head`, each of two pages and a guard page. */
static void put_list(struct fake_kernel *f, u64 head, unsigned first, unsigned nr)
{
	u64 at = head;
	for (unsigned i = first; i < first + nr; i++) {
		u64 area = AREAS + i * STEP, start = VSTART + i * 0x10000ull;
		fake_write_u64(f, at, kva(area + A_LIST));
		fake_write_u64(f, area + A_LIST + 8, kva(at));
		at = area + A_LIST;
		fake_write_u64(f, area + A_START, start);
		fake_write_u64(f, area + A_END, start + 0x3000);
	}
	fake_write_u64(f, at, kva(head));
	fake_write_u64(f, head + 8, kva(at));
}

static void put_vm(struct fake_kernel *f, unsigned i, u64 flags, u32 nr_pages, u64 caller)
{
	u64 vm = VMS + i * STEP;
	fake_write_u64(f, AREAS + i * STEP + A_VM, kva(vm));
	fake_write_u64(f, vm + V_ADDR, VSTART + i * 0x10000ull);
	fake_write_u64(f, vm + V_SIZE, 0x3000);
	fake_write_u64(f, vm + V_FLAGS, flags);
	fake_write_u64(f, vm + V_PAGES, nr_pages ? kva(ARRAY) : 0);
	fake_write(f, vm + V_NR, &nr_pages, 4);
	fake_write_u64(f, vm + V_CALLER, caller);
}

struct seen {
	struct vmalloc_area areas[16];
	size_t n;
};

static bool keep(void *arg, const struct vmalloc_area *area)
{
	struct seen *s = arg;
	assert_true(s->n < ARRAY_SIZE(s->areas));
	s->areas[s->n++] = *area;
	return true;
}

static void kinds(void **state)
{
	static const struct {
		u64 flags, caller;
		u32 nr_pages;
		enum vmalloc_kind kind;
		bool owns, user;
		u64 mapped_bytes;
	} cases[] = {
		{0x02, 0, 2, VMALLOC_ALLOC, true, false, 0x2000},
		{0x0a, 0, 2, VMALLOC_ALLOC, true, true, 0x2000},
		{0x42, 0, 3, VMALLOC_ALLOC, true, false, 0x3000}, /* no guard page */
		{0x02, PERCPU_CALLER, 0, VMALLOC_PERCPU, false, false, 0x2000},
		{0x01, 0, 0, VMALLOC_IOREMAP, false, false, 0x2000},
		{0x04, 0, 0, VMALLOC_MAP, false, false, 0x2000},
		{0x204, 0, 2, VMALLOC_MAP, true, false, 0x2000},
		{0x14, 0, 0, VMALLOC_DMA_COHERENT, false, false, 0x2000},
		{0x1000, 0, 0, VMALLOC_SPARSE, false, false, 0x2000},
		{0, 0, 0, VMALLOC_OTHER, false, false, 0x2000},
	};
	struct fake_kernel *f = malloc(sizeof(*f));
	struct seen seen = {.n = 0};
	fake_kernel_init(f);
	put_schema(f);
	fake_datum(f, vmap_area_list, kva(HEAD), 16);
	put_list(f, HEAD, 0, ARRAY_SIZE(cases));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		put_vm(f, i, cases[i].flags, cases[i].nr_pages, cases[i].caller);
	fake_kernel_start(f, 0);
	assert_int_equal(vmalloc_for_each(&f->k, keep, &seen, NULL), 0);
	assert_int_equal(seen.n, ARRAY_SIZE(cases));
	for (size_t i = 0; i < seen.n; i++) {
		const struct vmalloc_area *a = &seen.areas[i];
		assert_int_equal(a->kva, VSTART + i * 0x10000);
		assert_int_equal(a->size_bytes, 0x3000);
		if (a->kind != cases[i].kind || a->owns_pages != cases[i].owns ||
		    a->usermap != cases[i].user || a->mapped_bytes != cases[i].mapped_bytes ||
		    a->nr_pages != cases[i].nr_pages)
			fail_msg("case %zu: %s %d %d %llu", i, vmalloc_kind_name(a->kind),
				 a->owns_pages, a->usermap, (unsigned long long)a->mapped_bytes);
	}
	assert_int_equal(f->k.unreadable.n, 0);
	fake_kernel_done(f);
	free(f);
}

/* Areas without vm_struct: freed ones stay on the list until 5.3; blocks are marked since 6.3. */
static void without_vm(void **state)
{
	enum { OLD, MIDDLE, NEW };
	static const struct {
		int age;
		u64 flags;
		size_t seen;
		enum vmalloc_kind kind;
	} cases[] = {
		{OLD, 2, 0, 0},
		{OLD, 0, 1, VMALLOC_MAP_RAM},
		{MIDDLE, 0, 1, VMALLOC_MAP_RAM},
		{NEW, 1, 1, VMALLOC_MAP_RAM},
		{NEW, 3, 1, VMALLOC_MAP_RAM},
		{NEW, 0, 1, VMALLOC_OTHER},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct seen seen = {.n = 0};
		fake_kernel_init(f);
		put_schema(f);
		fake_datum(f, vmap_area_list, kva(HEAD), 16);
		if (cases[i].age != MIDDLE)
			fake_datum(f, vmap_area_flags, A_FLAGS, 8);
		if (cases[i].age == NEW)
			fake_datum(f, vm_page_order, 60, 4);
		put_list(f, HEAD, 0, 1);
		fake_write_u64(f, AREAS + A_FLAGS, cases[i].flags);
		fake_kernel_start(f, 0);
		assert_int_equal(vmalloc_for_each(&f->k, keep, &seen, NULL), 0);
		assert_int_equal(seen.n, cases[i].seen);
		if (seen.n)
			assert_int_equal(seen.areas[0].kind, cases[i].kind);
		fake_kernel_done(f);
		free(f);
	}
}

static void nodes(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct seen seen = {.n = 0};
	const u32 nr = 3;
	fake_kernel_init(f);
	put_schema(f);
	fake_datum(f, vmap_nodes, kva(0x200), 8);
	fake_datum(f, nr_vmap_nodes, kva(0x208), 4);
	fake_datum(f, vmap_node_size, NODE_BYTES, 0);
	fake_datum(f, vmap_node_busy, N_BUSY, 16);
	fake_write_u64(f, 0x200, kva(NODES));
	fake_write(f, 0x208, &nr, 4);
	put_list(f, NODES + N_BUSY, 0, 2);
	put_list(f, NODES + NODE_BYTES + N_BUSY, 2, 0);
	put_list(f, NODES + 2 * NODE_BYTES + N_BUSY, 2, 3);
	fake_kernel_start(f, 0);
	assert_int_equal(vmalloc_for_each(&f->k, keep, &seen, NULL), 0);
	assert_int_equal(seen.n, 5);
	fake_kernel_done(f);
	free(f);
}

/*
 * The same without symbols: a word of the image points to the array, another one into its middle,
 * and a third to two empty lists that are none of it.
 */
static void unnamed_nodes(void **state)
{
	static const char vmcoreinfo[] = "SYMBOL(_stext)=ffff888000000000\n";
	struct fake_kernel *f = malloc(sizeof(*f));
	struct seen seen = {.n = 0};
	fake_kernel_init(f);
	put_schema(f);
	vmcoreinfo_parse(&f->k.vmcoreinfo, vmcoreinfo, sizeof(vmcoreinfo) - 1);
	fake_datum(f, vmap_node_size, NODE_BYTES, 0);
	fake_datum(f, vmap_node_busy, N_BUSY, 16);
	fake_datum(f, vmap_node_lazy, N_LAZY, 16);
	for (u64 i = 0; i < 3; i++) {
		put_list(f, NODES + i * NODE_BYTES + N_BUSY, (unsigned)i * 2, i == 1 ? 0 : 2);
		put_list(f, NODES + i * NODE_BYTES + N_LAZY, 8, 0);
	}
	put_list(f, 0x6000 + N_BUSY, 0, 0);
	put_list(f, 0x6000 + N_LAZY, 0, 0);
	fake_write_u64(f, 0x7000, kva(0x6000));
	fake_write_u64(f, 0x7008, kva(NODES + 2 * NODE_BYTES));
	fake_write_u64(f, 0x7010, kva(NODES));
	fake_kernel_start(f, 0);
	assert_int_equal(vmalloc_for_each(&f->k, keep, &seen, NULL), 0);
	assert_int_equal(seen.n, 4);
	vmcoreinfo_done(&f->k.vmcoreinfo);
	fake_kernel_done(f);
	free(f);
}

/* One area after another is spoilt; the rest is still told. */
static void damage(void **state)
{
	static const struct {
		const char *name;
		u64 at, value;
		size_t seen, nr_unreadable;
	} cases[] = {
		{"ends before its start", AREAS + A_END, VSTART - 1, 3, 1},
		{"starts in the middle of a page", AREAS + A_START, VSTART + 1, 3, 1},
		{"a user address", AREAS + A_START, 0x1000, 3, 1},
		{"a vm_struct elsewhere", VMS + V_ADDR, VSTART + 0x100000, 3, 1},
		{"larger than its area", VMS + V_SIZE, 0x4000, 3, 1},
		{"more pages than fit", VMS + V_NR, 1000, 3, 1},
		{"a vm_struct that can't be read", AREAS + A_VM, 0x1234, 3, 1},
		{"list ends in NULL", AREAS + STEP + A_LIST, 0, 2, 1},
		{"list comes back", AREAS + STEP + A_LIST, FAKE_BASE + AREAS + A_LIST, 2, 2},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct seen seen = {.n = 0};
		fake_kernel_init(f);
		put_schema(f);
		fake_datum(f, vmap_area_list, kva(HEAD), 16);
		put_list(f, HEAD, 0, 4);
		for (unsigned j = 0; j < 4; j++)
			put_vm(f, j, 2, 2, 0);
		fake_write_u64(f, cases[i].at, cases[i].value);
		fake_kernel_start(f, 0);
		assert_int_equal(vmalloc_for_each(&f->k, keep, &seen, NULL), 0);
		if (seen.n != cases[i].seen || f->k.unreadable.n != cases[i].nr_unreadable)
			fail_msg("%s: %zu areas", cases[i].name, seen.n);
		fake_kernel_done(f);
		free(f);
	}
}

static bool sum_pages(void *arg, u64 index, u64 page_kva)
{
	*(u64 *)arg += index * 0x10000 + page_kva;
	return true;
}

static void pages(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct vmalloc_area area = {.pages = kva(ARRAY), .nr_pages = 1025};
	u64 sum = 0, expected = 0;
	fake_kernel_init(f);
	for (u64 i = 0; i < 1024; i++) { /* the last one is not there yet */
		fake_write_u64(f, ARRAY + i * 8, i % 7 ? i : 0);
		expected += i % 7 ? i * 0x10000 + i : 0;
	}
	fake_kernel_start(f, 0);
	vmalloc_for_each_page(&f->k, &area, sum_pages, &sum);
	assert_int_equal(sum, expected);
	fake_kernel_done(f);
	free(f);
}

static void no_symbols(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct error error = ERROR_INIT;
	struct seen seen = {.n = 0};
	fake_kernel_init(f);
	put_schema(f);
	fake_kernel_start(f, 0);
	assert_int_equal(vmalloc_for_each(&f->k, keep, &seen, &error), -1);
	assert_non_null(strstr(error.text, "vmap_area_list"));
	fake_kernel_done(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),      cmocka_unit_test(without_vm),
		cmocka_unit_test(nodes),      cmocka_unit_test(unnamed_nodes),
		cmocka_unit_test(damage),     cmocka_unit_test(pages),
		cmocka_unit_test(no_symbols),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
