/*
 * Maple trees and xarrays of more than one level, and what damage can make of them; sets of
 * addresses.  Layouts by include/linux/maple_tree.h and include/linux/xarray.h of 6.1.
 */
#include "support/cmocka_all.h"

#include "kernel/maple.h"
#include "kernel/xarray.h"
#include "object/kva_set.h"
#include "support/fakekernel.h"

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static void array_datum(struct fake_kernel *f, enum datum_id id, u64 at, u64 n)
{
	fake_datum(f, id, at, n * 8);
	f->k.schema.datum[id].stride = 8;
	f->k.schema.datum[id].nr_elements = n;
}

/* --- maple ---------------------------------------------------------------------------------- */

enum { LEAF = 1, RANGE = 2, ARANGE = 3 };
enum { ROOT = 0x1000, LEFT = 0x1100, MIDDLE = 0x1200, RIGHT = 0x1300 };
enum { RANGE_PIVOTS = 8, RANGE_SLOTS = 128, ARANGE_SLOTS = 80 };

static u64 encoded(u64 node, u64 type)
{
	return kva(node) | type << 3 | 2;
}

static void put_slot(struct fake_kernel *f, u64 node, u64 slots_at, u64 i, u64 slot, u64 pivot)
{
	fake_write_u64(f, node + slots_at + i * 8, slot);
	if (pivot)
		fake_write_u64(f, node + RANGE_PIVOTS + i * 8, pivot);
}

/* Three leaves under one node: [10,19] [20,29], a hole, [50,59]; [1000,1999]; the last to the end.
 */
static struct fake_kernel *make_maple(void)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	fake_kernel_init(f);
	array_datum(f, maple_range_pivots, RANGE_PIVOTS, 15);
	array_datum(f, maple_range_slots, RANGE_SLOTS, 16);
	array_datum(f, maple_arange_pivots, RANGE_PIVOTS, 9);
	array_datum(f, maple_arange_slots, ARANGE_SLOTS, 10);
	fake_write_u64(f, ROOT, kva(0x100) | 1);
	put_slot(f, ROOT, ARANGE_SLOTS, 0, encoded(LEFT, LEAF), 99);
	put_slot(f, ROOT, ARANGE_SLOTS, 1, encoded(MIDDLE, LEAF), 1999);
	put_slot(f, ROOT, ARANGE_SLOTS, 2, encoded(RIGHT, LEAF), 0);
	fake_write_u64(f, LEFT, kva(ROOT) | 6);
	put_slot(f, LEFT, RANGE_SLOTS, 0, 0, 9);
	put_slot(f, LEFT, RANGE_SLOTS, 1, kva(0x2010), 19);
	put_slot(f, LEFT, RANGE_SLOTS, 2, kva(0x2020), 29);
	put_slot(f, LEFT, RANGE_SLOTS, 3, 1030 /* reserved */, 49);
	put_slot(f, LEFT, RANGE_SLOTS, 4, kva(0x2050), 59);
	put_slot(f, LEFT, RANGE_SLOTS, 5, 0, 99);
	put_slot(f, LEFT, RANGE_SLOTS, 6, kva(0x2999) /* behind the end */, 0);
	fake_write_u64(f, MIDDLE, kva(ROOT) | 6 | 1 << 3);
	put_slot(f, MIDDLE, RANGE_SLOTS, 0, 0, 999);
	put_slot(f, MIDDLE, RANGE_SLOTS, 1, kva(0x2100), 0);
	fake_write_u64(f, RIGHT, kva(ROOT) | 6 | 2 << 3);
	put_slot(f, RIGHT, RANGE_SLOTS, 0, 0, 2999);
	put_slot(f, RIGHT, RANGE_SLOTS, 1, kva(0x2300), 0);
	return f;
}

static const struct entry {
	u64 entry, first, last;
} whole_maple[] = {
	{0x2010, 10, 19},     {0x2020, 20, 29},		  {0x2050, 50, 59},
	{0x2100, 1000, 1999}, {0x2300, 3000, UINT64_MAX},
};

static void check_maple(struct fake_kernel *f, u64 root, const struct entry *want, size_t n,
			enum read_status status)
{
	struct maple_walk walk;
	u64 entry, first, last;
	size_t i = 0;
	fake_kernel_start(f, 0);
	for (maple_walk_init(&walk, &f->k, root); maple_walk_next(&walk, &entry, &first, &last);
	     i++) {
		assert_true(i < n);
		assert_int_equal(entry, kva(want[i].entry));
		assert_int_equal(first, want[i].first);
		assert_int_equal(last, want[i].last);
	}
	assert_int_equal(i, n);
	assert_int_equal(walk.status, status);
	fake_kernel_done(f);
	free(f);
}

static void maple_whole(void **state)
{
	check_maple(make_maple(), encoded(ROOT, ARANGE), whole_maple, ARRAY_SIZE(whole_maple),
		    READ_OK);
	check_maple(make_maple(), 0, NULL, 0, READ_OK);
	static const struct entry single[] = {{0x2010, 0, 0}};
	check_maple(make_maple(), kva(0x2010), single, 1, READ_OK);
}

static void maple_damaged(void **state)
{
	static const struct entry without_middle[] = {
		{0x2010, 10, 19}, {0x2020, 20, 29}, {0x2050, 50, 59}, {0x2300, 3000, UINT64_MAX}};
	struct fake_kernel *f = make_maple();
	fake_write_u64(f, MIDDLE, kva(LEFT) | 6); /* another's child */
	check_maple(f, encoded(ROOT, ARANGE), without_middle, 4, READ_DAMAGED);
	f = make_maple();
	put_slot(f, ROOT, ARANGE_SLOTS, 1, encoded(ROOT, ARANGE), 0); /* its own child */
	check_maple(f, encoded(ROOT, ARANGE), without_middle, 4, READ_DAMAGED);
	f = make_maple();
	put_slot(f, ROOT, ARANGE_SLOTS, 1, 0x4242, 0); /* no node at all */
	check_maple(f, encoded(ROOT, ARANGE), without_middle, 4, READ_DAMAGED);
}

/* --- xarray --------------------------------------------------------------------------------- */

enum { X_SHIFT = 0, X_OFFSET = 1, X_PARENT = 8, X_SLOTS = 40, X_NR = 64 };
enum { HEAD = 0x100, TOP = 0x1000, LOW = 0x1400, HIGH = 0x1800 };

static void put_node(struct fake_kernel *f, u64 node, u8 shift, u8 offset, u64 parent)
{
	fake_write(f, node + X_SHIFT, &shift, 1);
	fake_write(f, node + X_OFFSET, &offset, 1);
	fake_write_u64(f, node + X_PARENT, parent ? kva(parent) : 0);
}

/* tag: what the low bits of an entry are that leads to a node. */
static struct fake_kernel *make_xarray(u64 tag)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	fake_kernel_init(f);
	fake_datum(f, xarray_head, 8, 8);
	fake_datum(f, xa_node_shift, X_SHIFT, 1);
	fake_datum(f, xa_node_offset, X_OFFSET, 1);
	fake_datum(f, xa_node_parent, X_PARENT, 8);
	array_datum(f, xa_node_slots, X_SLOTS, X_NR);
	if (tag == 2)
		fake_datum(f, xarray_marker, 8, 8);
	fake_write_u64(f, HEAD + 8, kva(TOP) | tag);
	put_node(f, TOP, 6, 0, 0);
	fake_write_u64(f, TOP + X_SLOTS, kva(LOW) | tag);
	fake_write_u64(f, TOP + X_SLOTS + 5 * 8, kva(HIGH) | tag);
	put_node(f, LOW, 0, 0, TOP);
	fake_write_u64(f, LOW + X_SLOTS + 3 * 8, kva(0x3000));
	fake_write_u64(f, LOW + X_SLOTS + 4 * 8, 0x100 | tag); /* one of the tree's own marks */
	put_node(f, HIGH, 0, 5, TOP);
	fake_write_u64(f, HIGH + X_SLOTS, kva(0x3100));
	fake_write_u64(f, HIGH + X_SLOTS + 63 * 8, kva(0x3200));
	return f;
}

static void check_xarray(struct fake_kernel *f, const u64 *indexes, size_t n,
			 enum read_status status)
{
	struct xarray_walk walk;
	u64 index, entry;
	size_t i = 0;
	fake_kernel_start(f, 0);
	for (xarray_walk_init(&walk, &f->k, kva(HEAD)); xarray_walk_next(&walk, &index, &entry);
	     i++) {
		assert_true(i < n);
		assert_int_equal(index, indexes[i]);
	}
	assert_int_equal(i, n);
	assert_int_equal(walk.status, status);
	fake_kernel_done(f);
	free(f);
}

static void xarrays(void **state)
{
	static const u64 whole[] = {3, 320, 383}, low[] = {3}, zero[] = {0};
	check_xarray(make_xarray(2), whole, 3, READ_OK);
	check_xarray(make_xarray(1), whole, 3, READ_OK);
	struct fake_kernel *f = make_xarray(2);
	put_node(f, HIGH, 0, 4, TOP); /* not where its parent has it */
	check_xarray(f, low, 1, READ_DAMAGED);
	f = make_xarray(2);
	fake_write_u64(f, TOP + X_SLOTS + 5 * 8, kva(TOP) | 2); /* its own child */
	check_xarray(f, low, 1, READ_DAMAGED);
	f = make_xarray(2);
	put_node(f, TOP, 200, 0, 0);
	check_xarray(f, NULL, 0, READ_DAMAGED);
	f = make_xarray(2);
	fake_write_u64(f, HEAD + 8, kva(0x3000)); /* one entry, no node */
	check_xarray(f, zero, 1, READ_OK);
}

/* --- sets ----------------------------------------------------------------------------------- */

static void sets(void **state)
{
	struct kva_set set = {0};
	assert_false(kva_set_has(&set, kva(0)));
	assert_false(kva_set_add(&set, 0));
	for (u64 i = 0; i < 10000; i++)
		assert_true(kva_set_add(&set, kva(i * 64)));
	for (u64 i = 0; i < 10000; i++) {
		assert_false(kva_set_add(&set, kva(i * 64)));
		assert_true(kva_set_has(&set, kva(i * 64)));
		assert_false(kva_set_has(&set, kva(i * 64 + 8)));
	}
	assert_int_equal(set.n, 10000);
	kva_set_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maple_whole),
		cmocka_unit_test(maple_damaged),
		cmocka_unit_test(xarrays),
		cmocka_unit_test(sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
