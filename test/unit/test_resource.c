/* The tree of physical addresses: its order, and damage that would make a walk endless. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "object/resource.h"
#include "support/fakekernel.h"

enum { START = 0, END = 8, NAME = 16, FLAGS = 24, PARENT = 32, SIBLING = 40, CHILD = 48 };
enum { ROOT = 0x100, NODES = 0x1000, NODE_BYTES = 0x80, NAMES = 0x4000 };
#define RAM 0x01000200ull

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static u64 node_at(int i)
{
	return i < 0 ? ROOT : (u64)(NODES + i * NODE_BYTES);
}

struct node {
	u64 start, end, flags;
	int parent, sibling, child; /* -1: parent is the root, none */
};

static void put_schema(struct fake_kernel *f)
{
	fake_datum(f, iomem_resource, kva(ROOT), 64);
	fake_datum(f, resource_start, START, 8);
	fake_datum(f, resource_end, END, 8);
	fake_datum(f, resource_name, NAME, 8);
	fake_datum(f, resource_flags, FLAGS, 8);
	fake_datum(f, resource_parent, PARENT, 8);
	fake_datum(f, resource_sibling, SIBLING, 8);
	fake_datum(f, resource_child, CHILD, 8);
}

static void put_nodes(struct fake_kernel *f, const struct node *nodes, int nr)
{
	fake_write_u64(f, ROOT + CHILD, kva(NODES));
	for (int i = 0; i < nr; i++) {
		char name[8];
		int len = snprintf(name, sizeof(name), "r%d", i);
		u64 at = node_at(i), text = NAMES + (u64)i * 16;
		fake_write(f, text, name, (size_t)len + 1);
		fake_write_u64(f, at + START, nodes[i].start);
		fake_write_u64(f, at + END, nodes[i].end);
		fake_write_u64(f, at + NAME, kva(text));
		fake_write_u64(f, at + FLAGS, nodes[i].flags);
		fake_write_u64(f, at + PARENT, kva(node_at(nodes[i].parent)));
		fake_write_u64(f, at + SIBLING,
			       nodes[i].sibling < 0 ? 0 : kva(node_at(nodes[i].sibling)));
		fake_write_u64(f, at + CHILD,
			       nodes[i].child < 0 ? 0 : kva(node_at(nodes[i].child)));
	}
}

static bool add_text(void *arg, const struct resource *r)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 256 - len, "%*s%s:%llx-%llx ", (int)r->depth, "", r->name,
		 (unsigned long long)r->start, (unsigned long long)r->end);
	return true;
}

static bool add_ram(void *arg, u64 start_paddr, u64 nr_bytes)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 256 - len, "%llx+%llx ", (unsigned long long)start_paddr,
		 (unsigned long long)nr_bytes);
	return true;
}

static void trees(void **state)
{
	static const struct {
		const char *name;
		struct node nodes[5];
		int nr;
		const char *all, *ram;
		size_t nr_unreadable;
	} cases[] = {
		{"two levels",
		 {{0, 0xfff, 0x200, -1, 1, -1},
		  {0x1000, 0x9fff, RAM, -1, 2, 3},
		  {0xa000, 0xafff, RAM, -1, -1, -1},
		  {0x2000, 0x2fff, RAM, 1, 4, -1},
		  {0x4000, 0x4fff, 0x200, 1, -1, -1}},
		 5,
		 "r0:0-fff r1:1000-9fff  r3:2000-2fff  r4:4000-4fff r2:a000-afff ",
		 "1000+9000 a000+1000 ",
		 0},
		{"sibling is itself", {{0, 0xfff, RAM, -1, 0, -1}}, 1, "r0:0-fff ", "0+1000 ", 1},
		{"child is its parent's sibling",
		 {{0, 0xfff, RAM, -1, 1, 1}, {0x1000, 0x1fff, RAM, -1, -1, -1}},
		 2,
		 "r0:0-fff r1:1000-1fff ",
		 "0+1000 1000+1000 ",
		 1},
		{"not in order",
		 {{0x1000, 0x1fff, RAM, -1, 1, -1}, {0, 0xfff, RAM, -1, -1, -1}},
		 2,
		 "r0:1000-1fff ",
		 "1000+1000 ",
		 1},
		{"ends before it starts, second of two",
		 {{0, 0xfff, RAM, -1, 1, -1}, {0x3000, 0x2fff, RAM, -1, -1, -1}},
		 2,
		 "r0:0-fff ",
		 "0+1000 ",
		 1},
		{"up to the last address",
		 {{0x1000, UINT64_MAX, 0x200, -1, 0, -1}},
		 1,
		 "r0:1000-ffffffffffffffff ",
		 "",
		 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		char all[256] = "", ram[256] = "";
		fake_kernel_init(f);
		put_schema(f);
		put_nodes(f, cases[i].nodes, cases[i].nr);
		fake_kernel_start(f, 0);
		assert_int_equal(resource_for_each(&f->k, add_text, all, NULL), 0);
		size_t nr_unreadable = f->k.unreadable.n ? f->k.unreadable.v[0].count : 0;
		assert_int_equal(resource_for_each_ram(&f->k, add_ram, ram, NULL), 0);
		if (strcmp(all, cases[i].all) || strcmp(ram, cases[i].ram) ||
		    nr_unreadable != cases[i].nr_unreadable)
			fail_msg("%s: '%s' '%s' %zu", cases[i].name, all, ram, nr_unreadable);
		fake_kernel_done(f);
		free(f);
	}
}

static void nothing_there(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct error error = ERROR_INIT;
	char all[256] = "";
	fake_kernel_init(f);
	put_schema(f);
	fake_write_u64(f, ROOT + CHILD, 0x1234);
	fake_kernel_start(f, 0);
	assert_int_equal(resource_for_each(&f->k, add_text, all, &error), -1);
	assert_non_null(strstr(error.text, "map of physical addresses"));
	assert_string_equal(all, "");
	fake_kernel_done(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees),
		cmocka_unit_test(nothing_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
