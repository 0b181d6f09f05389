/* Walks over lists, chains and trees that are whole, cut off, or bent into loops by damage. */
#include "support/cmocka_all.h"

#include "kernel/walk.h"
#include "support/fakekernel.h"

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

/* Nodes at 0x1000, 0x1100, ...; the last points to `end`. */
static void make_list(struct fake_kernel *f, u64 head, unsigned nr, u64 end)
{
	u64 at = head;
	for (unsigned i = 0; i < nr; i++) {
		fake_write_u64(f, at, kva(0x1000 + i * 0x100));
		at = 0x1000 + i * 0x100;
	}
	fake_write_u64(f, at, end);
}

static unsigned count_list(struct fake_kernel *f, u64 head, enum read_status *status)
{
	struct list_walk walk;
	u64 node;
	unsigned n = 0;
	for (list_walk_init(&walk, &f->k, kva(head)); list_walk_next(&walk, &node); n++)
		assert_int_equal(node, kva(0x1000 + n % 64 * 0x100));
	*status = walk.status;
	return n;
}

static void lists(void **state)
{
	static const struct {
		const char *name;
		unsigned nr;
		u64 end; /* what the last node points to; the head is at 0x800 */
		u64 kept;
		unsigned seen_min, seen_max;
		enum read_status status;
	} cases[] = {
		{"empty", 0, FAKE_BASE + 0x800, 0, 0, 0, READ_OK},
		{"whole", 50, FAKE_BASE + 0x800, 0, 50, 50, READ_OK},
		{"ends in NULL", 10, 0, 0, 10, 10, READ_DAMAGED},
		{"points into user memory", 10, 0x400000, 0, 10, 10, READ_UNMAPPED},
		{"loop without the head", 20, FAKE_BASE + 0x1300, 0, 20, 80, READ_DAMAGED},
		{"last points to itself", 20, FAKE_BASE + 0x1000 + 19 * 0x100, 0, 20, 60,
		 READ_DAMAGED},
		{"cut off", 50, FAKE_BASE + 0x800, 0x2000, 16, 16, READ_TRUNCATED},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		enum read_status status;
		struct list_walk walk;
		u64 node;
		unsigned n = 0;
		fake_kernel_init(f);
		make_list(f, 0x800, cases[i].nr, cases[i].end);
		fake_kernel_start(f, cases[i].kept);
		if (cases[i].status == READ_OK) {
			n = count_list(f, 0x800, &status);
		} else {
			for (list_walk_init(&walk, &f->k, kva(0x800)); list_walk_next(&walk, &node);
			     n++)
				assert_true(n < 1000);
			status = walk.status;
		}
		if (status != cases[i].status || n < cases[i].seen_min || n > cases[i].seen_max)
			fail_msg("%s: %u nodes, %s", cases[i].name, n, read_status_name(status));
		fake_kernel_done(f);
		free(f);
	}
}

static void chains(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct chain_walk walk;
	u64 object;
	unsigned n = 0;
	fake_kernel_init(f);
	fake_datum(f, slab_next, 8, 8);
	for (unsigned i = 0; i < 5; i++)
		fake_write_u64(f, 0x1000 + i * 0x40 + 8, i == 4 ? 0 : kva(0x1000 + (i + 1) * 0x40));
	fake_write_u64(f, 0x2008, kva(0x2000)); /* a chain of one that never ends */
	fake_kernel_start(f, 0);
	for (chain_walk_init(&walk, &f->k, kva(0x1000), slab_next, 100);
	     chain_walk_next(&walk, &object); n++)
		assert_int_equal(object, kva(0x1000 + n * 0x40));
	assert_int_equal(n, 5);
	assert_int_equal(walk.status, READ_OK);
	n = 0;
	for (chain_walk_init(&walk, &f->k, kva(0x2000), slab_next, 100);
	     chain_walk_next(&walk, &object); n++)
		;
	assert_int_equal(n, 100);
	assert_int_equal(walk.status, READ_DAMAGED);
	fake_kernel_done(f);
	free(f);
}

static void tree_node(struct fake_kernel *f, u64 at, u64 left, u64 right)
{
	fake_write_u64(f, at + 8, right ? kva(right) : 0);
	fake_write_u64(f, at + 16, left ? kva(left) : 0);
}

static void trees(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct rb_walk walk;
	u64 node;
	unsigned n = 0;
	fake_kernel_init(f);
	fake_datum(f, rb_right, 8, 8);
	fake_datum(f, rb_left, 16, 8);
	fake_datum(f, rb_root_node, 0, 8);
	fake_write_u64(f, 0x100, kva(0x1000));
	tree_node(f, 0x1000, 0x1100, 0x1200);
	tree_node(f, 0x1100, 0x1300, 0);
	tree_node(f, 0x1200, 0, 0x9100); /* a child in the page that is cut off */
	tree_node(f, 0x1300, 0, 0);
	fake_write_u64(f, 0x108, kva(0x2000));
	tree_node(f, 0x2000, 0x2000, 0x2000); /* its own children */
	fake_kernel_start(f, 0x8000);
	for (rb_walk_init(&walk, &f->k, kva(0x100)); rb_walk_next(&walk, &node); n++)
		;
	assert_int_equal(n, 4);
	assert_int_equal(walk.status, READ_TRUNCATED);
	n = 0;
	for (rb_walk_init(&walk, &f->k, kva(0x108)); rb_walk_next(&walk, &node); n++)
		assert_true(n < RB_LIMIT + 1);
	assert_int_equal(walk.status, READ_DAMAGED);
	fake_kernel_done(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(chains),
		cmocka_unit_test(trees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
