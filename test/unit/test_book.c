/*
 * Books of pages, whole and damaged: chains that don't end, rings that don't close, counts and
 * orders that can't be.  Offsets are ours; the structs' shapes are the kernel's of each comment.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "debuginfo/symbols.h"
#include "object/book.h"
#include "support/fakekernel.h"

enum { MAX_PFN = FAKE_BYTES / 4096, MEMORY = 0x8000 };

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static void put_variable(struct fake_kernel *f, enum datum_id id, u64 at, u64 value)
{
	fake_datum(f, id, kva(at), 8);
	fake_write_u64(f, at, value);
}

static void write_u32(struct fake_kernel *f, u64 at, u32 value)
{
	fake_write(f, at, &value, sizeof(value));
}

struct seen {
	struct book_range ranges[64];
	size_t n;
	u64 pages;
};

static void keep(void *arg, const struct book_range *range)
{
	struct seen *s = arg;
	assert_true(range->what && range->nr_pages && (range->page || range->kva));
	if (s->n < ARRAY_SIZE(s->ranges))
		s->ranges[s->n] = *range;
	s->n++;
	s->pages += range->nr_pages;
}

/* A kernel as `put` makes it with `value` spoilt or not; what is found, and how it ended. */
struct book_case {
	const char *name;
	void (*put)(struct fake_kernel *f, u64 value);
	u64 value;
	u64 n, pages; /* ranges, and pages in them; ~0: as many as there may be */
	enum read_status status;
};

static void check_case(const struct book_case *c)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct seen seen = {.n = 0};
	fake_kernel_init(f);
	f->k.max_pfn = MAX_PFN;
	c->put(f, c->value);
	fake_kernel_start(f, 0);
	book_for_each_range(&f->k, keep, &seen);
	if (c->n != ~0ull && (seen.n != c->n || seen.pages != c->pages))
		fail_msg("%s: %zu ranges, %llu pages", c->name, seen.n,
			 (unsigned long long)seen.pages);
	if (c->n == ~0ull && seen.n > MAX_PFN)
		fail_msg("%s: %zu ranges of %u page frames", c->name, seen.n, MAX_PFN);
	if (f->k.unreadable.n != (c->status != READ_OK))
		fail_msg("%s: %zu unreadable", c->name, f->k.unreadable.n);
	if (c->status && f->k.unreadable.v[0].why != c->status)
		fail_msg("%s: %s", c->name, read_status_name(f->k.unreadable.v[0].why));
	symbols_free(f->k.symbols);
	f->k.symbols = NULL;
	fake_kernel_done(f);
	free(f);
}

static void check_cases(const struct book_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_case(&cases[i]);
}

/* --- records of functions: kernel/trace/ftrace.c --------------------------------------------- */

/* Two groups: 4 pages and 1; the second one's successor is `next`. */
static void put_groups(struct fake_kernel *f, u64 next)
{
	put_variable(f, ftrace_pages_start, 0x100, kva(0x200));
	fake_datum(f, ftrace_page_next, 0, 8);
	fake_datum(f, ftrace_page_records, 8, 8);
	fake_write_u64(f, 0x200, kva(0x240));
	fake_write_u64(f, 0x208, kva(MEMORY));
	fake_write_u64(f, 0x240, next);
	fake_write_u64(f, 0x248, kva(MEMORY + 0x4000));
}

static void put_orders(struct fake_kernel *f, u64 next)
{
	put_groups(f, next);
	fake_datum(f, ftrace_page_order, 20, 4);
	write_u32(f, 0x214, 2);
}

static void put_bad_order(struct fake_kernel *f, u64 order)
{
	put_orders(f, 0);
	write_u32(f, 0x214, (u32)order);
}

/* Until 5.12: how many records fit, of 16 bytes. */
static void put_sizes(struct fake_kernel *f, u64 size)
{
	put_groups(f, 0);
	fake_datum(f, ftrace_page_size, 20, 4);
	fake_datum(f, dyn_ftrace_size, 16, 0);
	write_u32(f, 0x214, (u32)size);
	write_u32(f, 0x254, 256);
}

static void function_records(void **state)
{
	static const struct book_case cases[] = {
		{"whole", put_orders, 0, 2, 5, READ_OK},
		{"circle", put_orders, FAKE_BASE + 0x200, ~0ull, 0, READ_DAMAGED},
		{"into user memory", put_orders, 0x1000, 2, 5, READ_UNMAPPED},
		{"order of 5", put_bad_order, 5, 0, 0, READ_DAMAGED},
		{"order of 2^31", put_bad_order, 1u << 31, 0, 0, READ_DAMAGED},
		{"sizes", put_sizes, 1024, 2, 5, READ_OK},
		{"not a whole page", put_sizes, 1023, 2, 5, READ_OK},
		{"size of 0", put_sizes, 0, 0, 0, READ_DAMAGED},
		{"size of 2^32 - 1", put_sizes, UINT32_MAX, 0, 0, READ_DAMAGED},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* --- rings: kernel/trace/ring_buffer.c ------------------------------------------------------- */

enum { ARRAYS = 0x100, INSTANCE = 0x200, BUFFER = 0x300, RINGS = 0x340, RING = 0x400, B = 0x1000 };

static void put_buffer_page(struct fake_kernel *f, unsigned n, u64 next, u64 memory)
{
	fake_write_u64(f, B + n * 64, next);
	fake_write_u64(f, B + n * 64 + 48, memory);
}

/* One CPU with a ring of three pages, the head marked in its predecessor's pointer, and a reader's.
 */
static void put_ring(struct fake_kernel *f, u64 last_next)
{
	static u64 offsets[] = {0};
	f->k.nr_cpu_ids = 1;
	f->k.possible.bits[0] = 1;
	f->k.percpu_offset = offsets;
	fake_datum(f, ftrace_trace_arrays, kva(ARRAYS), 16);
	fake_datum(f, trace_array_list, 0, 16);
	fake_datum(f, trace_array_buffer, 16, 8);
	fake_datum(f, trace_buffer_rings, 8, 8);
	fake_datum(f, ring_cpu_buffer, 0, 8);
	fake_datum(f, ring_cpu_pages, 8, 8);
	fake_datum(f, ring_cpu_nr_pages, 16, 8);
	fake_datum(f, ring_cpu_reader_page, 24, 8);
	fake_datum(f, buffer_page_list, 0, 16);
	fake_datum(f, buffer_page_page, 48, 8);
	fake_write_u64(f, ARRAYS, kva(INSTANCE));
	fake_write_u64(f, INSTANCE, kva(ARRAYS));
	fake_write_u64(f, INSTANCE + 16, kva(BUFFER));
	fake_write_u64(f, BUFFER + 8, kva(RINGS));
	fake_write_u64(f, RINGS, kva(RING));
	fake_write_u64(f, RING, kva(BUFFER));
	fake_write_u64(f, RING + 8, kva(B));
	fake_write_u64(f, RING + 16, 3);
	fake_write_u64(f, RING + 24, kva(B + 3 * 64));
	put_buffer_page(f, 0, kva(B + 64) | 1, kva(MEMORY));
	put_buffer_page(f, 1, kva(B + 128), kva(MEMORY + 0x1000));
	put_buffer_page(f, 2, last_next, kva(MEMORY + 0x2000));
	put_buffer_page(f, 3, 0, kva(MEMORY + 0x3000));
}

static void put_ring_of_other(struct fake_kernel *f, u64 owner)
{
	put_ring(f, kva(B));
	fake_write_u64(f, RING, owner);
}

static void put_ring_of_pages(struct fake_kernel *f, u64 nr)
{
	put_ring(f, kva(B + 128) | 2); /* its own successor */
	fake_write_u64(f, RING + 16, nr);
}

static void put_ring_of_orders(struct fake_kernel *f, u64 order)
{
	put_ring(f, kva(B));
	fake_datum(f, buffer_page_order, 40, 4);
	for (unsigned i = 0; i < 4; i++)
		write_u32(f, B + i * 64 + 40, (u32)order);
}

static void rings(void **state)
{
	static const struct book_case cases[] = {
		{"whole", put_ring, FAKE_BASE + B, 4, 4, READ_OK},
		{"does not close", put_ring, FAKE_BASE + B + 64, 4, 4, READ_DAMAGED},
		{"into user memory", put_ring, 0x1000, 4, 4, READ_DAMAGED},
		{"longer than all memory", put_ring_of_pages, ~0ull, ~0ull, 0, READ_DAMAGED},
		{"of another buffer", put_ring_of_other, 0, 0, 0, READ_DAMAGED},
		{"of two pages each", put_ring_of_orders, 1, 4, 8, READ_OK},
		{"of 2^21 pages each", put_ring_of_orders, 21, 0, 0, READ_DAMAGED},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* --- names of tasks -------------------------------------------------------------------------- */

static void put_names(struct fake_kernel *f, u64 nr)
{
	put_variable(f, saved_cmdlines, 0x100, kva(MEMORY));
	fake_datum(f, saved_cmdlines_size, 0x1018, 0);
	fake_datum(f, saved_cmdlines_names, 0x1018, 0);
	fake_datum(f, saved_cmdlines_nr, 0x1010, 4);
	fake_datum(f, task_comm, 0, 16);
	write_u32(f, MEMORY + 0x1010, (u32)nr);
}

static void names(void **state)
{
	static const struct book_case cases[] = {
		{"two pages", put_names, 128, 1, 2, READ_OK},
		{"three make four", put_names, 400, 1, 4, READ_OK},
		{"more than all memory", put_names, UINT32_MAX, 0, 0, READ_DAMAGED},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* --- requests: block/blk-mq.c ---------------------------------------------------------------- */

enum { SUPER = 0x200, INODE = 0x240, DISK = 0x300, QUEUE = 0x340, SET = 0x380, TAGS = 0x400 };
enum { PAGES = 0x2000, LRU = 8, PRIVATE = 40 };

/* Two hardware queues share their tags, which have two blocks: 2 pages, and 1 << order. */
static void put_requests(struct fake_kernel *f, u64 order)
{
	static const struct {
		enum datum_id id;
		u64 at, size;
	} data[] = {
		{super_inodes, 0, 16},	     {inode_sb_list, 0, 16}, {bdev_inode_vfs, 32, 16},
		{bdev_inode_bdev, 0, 16},    {bdev_disk, 0, 8},	     {disk_queue, 0, 8},
		{queue_tag_set, 0, 8},	     {tag_set_tags, 0, 8},   {tag_set_nr_queues, 8, 4},
		{blk_tags_page_list, 0, 16}, {page_lru, LRU, 16},    {page_private, PRIVATE, 8},
	};
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		fake_datum(f, data[i].id, data[i].at, data[i].size);
	put_variable(f, blockdev_superblock, 0x100, kva(SUPER));
	fake_write_u64(f, SUPER, kva(INODE + 32));
	fake_write_u64(f, INODE + 32, kva(SUPER));
	fake_write_u64(f, INODE, kva(DISK));
	fake_write_u64(f, DISK, kva(QUEUE));
	fake_write_u64(f, QUEUE, kva(SET));
	fake_write_u64(f, SET, kva(SET + 32));
	write_u32(f, SET + 8, 2);
	fake_write_u64(f, SET + 32, kva(TAGS));
	fake_write_u64(f, SET + 40, kva(TAGS));
	fake_write_u64(f, TAGS, kva(PAGES + LRU));
	fake_write_u64(f, PAGES + LRU, kva(PAGES + 64 + LRU));
	fake_write_u64(f, PAGES + PRIVATE, 1);
	fake_write_u64(f, PAGES + 64 + LRU, kva(TAGS));
	fake_write_u64(f, PAGES + 64 + PRIVATE, order);
}

static void put_request_circle(struct fake_kernel *f, u64 next)
{
	put_requests(f, 0);
	fake_write_u64(f, PAGES + 64 + LRU, next);
}

static void put_queues(struct fake_kernel *f, u64 nr)
{
	put_requests(f, 0);
	write_u32(f, SET + 8, (u32)nr);
}

static void requests(void **state)
{
	static const struct book_case cases[] = {
		{"shared tags count once", put_requests, 3, 2, 10, READ_OK},
		{"order of 64", put_requests, 64, 1, 2, READ_DAMAGED},
		{"circle", put_request_circle, FAKE_BASE + PAGES + LRU, ~0ull, 0, READ_DAMAGED},
		{"too many queues", put_queues, UINT32_MAX, 0, 0, READ_DAMAGED},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* --- RAM disks, without types of their module ------------------------------------------------ */

enum { MODULE = 0x3000, OPERATIONS = 0x6100, DEVICE = 0x3200, NODE = 0x3400, INDEX = 32 };

/* The module owns 0x6000..0x6fff; its disk's struct has the tree at 40, of pages 0 and 1. */
static void put_ram_disk(struct fake_kernel *f, u64 second_index)
{
	static const struct {
		enum datum_id id;
		u64 at, size;
	} data[] = {
		{module_list, 0, 16},	    {module_name, 16, 56},	 {module_state, 80, 4},
		{module_core_base, 88, 8},  {module_core_size, 96, 4},	 {disk_fops, 8, 8},
		{disk_private_data, 16, 8}, {page_index, INDEX, 8},	 {xarray_head, 8, 8},
		{xarray_marker, 8, 8},	    {xa_node_shift, 0, 1},	 {xa_node_offset, 1, 1},
		{xa_node_parent, 8, 8},	    {xa_node_slots, 16, 64 * 8},
	};
	put_requests(f, 0);
	fake_write_u64(f, DISK, 0);
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		fake_datum(f, data[i].id, data[i].at, data[i].size);
	f->k.schema.datum[xa_node_slots].nr_elements = 64;
	f->k.schema.datum[xa_node_slots].stride = 8;
	f->k.symbols = symbols_new();
	symbols_seal(f->k.symbols);
	fake_datum(f, modules, kva(0x180), 16);
	fake_write_u64(f, 0x180, kva(MODULE));
	fake_write_u64(f, MODULE, kva(0x180));
	fake_write(f, MODULE + 16, "brd", 4);
	fake_write_u64(f, MODULE + 88, kva(0x6000));
	write_u32(f, MODULE + 96, 0x1000);
	fake_write_u64(f, DISK + 8, kva(OPERATIONS));
	fake_write_u64(f, DISK + 16, kva(DEVICE));
	fake_write_u64(f, DEVICE + 8, kva(QUEUE));
	fake_write_u64(f, DEVICE + 16, kva(DISK));
	fake_write_u64(f, DEVICE + 48, kva(NODE) | 2);
	fake_write_u64(f, NODE + 16, kva(PAGES));
	fake_write_u64(f, NODE + 24, kva(PAGES + 64));
	fake_write_u64(f, PAGES + 64 + INDEX, second_index);
}

static void put_disk_of_other(struct fake_kernel *f, u64 operations)
{
	put_ram_disk(f, 1);
	fake_write_u64(f, DISK + 8, operations);
}

static void put_empty_disk(struct fake_kernel *f, u64 head)
{
	put_ram_disk(f, 1);
	fake_write_u64(f, DEVICE + 48, head);
}

static void ram_disks(void **state)
{
	static const struct book_case cases[] = {
		{"two pages", put_ram_disk, 1, 2, 2, READ_OK},
		{"a page that belongs elsewhere", put_ram_disk, 7, 0, 0, READ_OK},
		{"of another driver", put_disk_of_other, FAKE_BASE + 0x7000, 0, 0, READ_OK},
		{"empty", put_empty_disk, 0, 0, 0, READ_OK},
		{"an object for a node", put_empty_disk, (FAKE_BASE + QUEUE) | 2, 0, 0, READ_OK},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* --- reserves: mm/mempool.c ------------------------------------------------------------------ */

enum { POOL = 0x200, ALLOC_PAGES = 0x5000 };

static void put_pool(struct fake_kernel *f, u64 nr)
{
	fake_datum(f, integrity_buf_pool, kva(POOL), 0);
	fake_datum(f, mempool_alloc_pages, kva(ALLOC_PAGES), 0);
	fake_datum(f, mempool_curr_nr, 0, 4);
	fake_datum(f, mempool_elements, 8, 8);
	fake_datum(f, mempool_pool_data, 16, 8);
	fake_datum(f, mempool_alloc, 24, 8);
	write_u32(f, POOL, (u32)nr);
	fake_write_u64(f, POOL + 8, kva(POOL + 64));
	fake_write_u64(f, POOL + 16, 2);
	fake_write_u64(f, POOL + 24, kva(ALLOC_PAGES));
	fake_write_u64(f, POOL + 64, kva(PAGES));
	fake_write_u64(f, POOL + 72, kva(PAGES + 64));
}

static void put_pool_of_objects(struct fake_kernel *f, u64 alloc)
{
	put_pool(f, 2);
	fake_write_u64(f, POOL + 24, alloc);
}

static void put_pool_of_order(struct fake_kernel *f, u64 order)
{
	put_pool(f, 2);
	fake_write_u64(f, POOL + 16, order);
}

static void reserves(void **state)
{
	static const struct book_case cases[] = {
		{"two blocks of 4 pages", put_pool, 2, 2, 8, READ_OK},
		{"one is lent", put_pool, 1, 1, 4, READ_OK},
		{"an element that is NULL", put_pool, 3, 2, 8, READ_DAMAGED},
		{"2^30 elements", put_pool, 1 << 30, 0, 0, READ_DAMAGED},
		{"of slab objects", put_pool_of_objects, FAKE_BASE + 0x6000, 0, 0, READ_OK},
		{"an order that is a pointer", put_pool_of_order, FAKE_BASE, 0, 0, READ_DAMAGED},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* --- hash tables ----------------------------------------------------------------------------- */

static void put_mounts(struct fake_kernel *f, u64 mask)
{
	fake_datum(f, hlist_head_size, 8, 0);
	put_variable(f, mount_hashtable, 0x100, kva(MEMORY));
	put_variable(f, mount_hash_mask, 0x108, mask);
}

static void put_quotas(struct fake_kernel *f, u64 bits)
{
	fake_datum(f, hlist_head_size, 8, 0);
	put_variable(f, dquot_hash, 0x100, kva(MEMORY));
	put_variable(f, dquot_hash_bits, 0x108, bits);
}

static void put_tcp(struct fake_kernel *f, u64 nr)
{
	fake_datum(f, hlist_head_size, 8, 0);
	fake_datum(f, tcp_hashinfo, kva(0x100), 0);
	fake_datum(f, inet_bhash, 0, 8);
	fake_datum(f, inet_bhash2, 8, 8);
	fake_datum(f, inet_bhash_size, 16, 4);
	fake_datum(f, inet_bind_bucket, 8, 0);
	fake_write_u64(f, 0x100, kva(MEMORY));
	fake_write_u64(f, 0x110, nr); /* no second table */
}

static void hash_tables(void **state)
{
	static const struct book_case cases[] = {
		{"mask", put_mounts, 1023, 1, 2, READ_OK},
		{"mask of one bucket", put_mounts, 0, 1, 1, READ_OK},
		{"mask of all bits", put_mounts, UINT32_MAX, 0, 0, READ_DAMAGED},
		{"bits", put_quotas, 9, 1, 1, READ_OK},
		{"64 bits", put_quotas, 64, 0, 0, READ_DAMAGED},
		{"number", put_tcp, 1536, 1, 3, READ_OK},
		{"number of 0", put_tcp, 0, 0, 0, READ_DAMAGED},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

static void put_futexes(struct fake_kernel *f, u64 nr)
{
	fake_datum(f, futex_bucket, 64, 0);
	fake_datum(f, futex_data, kva(0x100), 0);
	fake_write_u64(f, 0x100, kva(MEMORY));
	fake_write_u64(f, 0x108, nr);
}

/* 6.16: two nodes, of which one has no table. */
static void put_futexes_of_nodes(struct fake_kernel *f, u64 mask)
{
	fake_datum(f, futex_bucket, 64, 0);
	fake_datum(f, futex_data, kva(0x100), 0);
	fake_datum(f, futex_private_mask, 4, 4);
	put_variable(f, nr_node_ids, 0x200, 2);
	fake_write_u64(f, 0x100, mask);
	fake_write_u64(f, 0x110, kva(MEMORY));
}

static void futexes(void **state)
{
	static const struct book_case cases[] = {
		{"one table", put_futexes, 512, 1, 8, READ_OK},
		{"2^40 buckets", put_futexes, 1ull << 40, 0, 0, READ_DAMAGED},
		{"of nodes", put_futexes_of_nodes, 255, 1, 4, READ_OK},
		{"of nodes, all bits", put_futexes_of_nodes, ~0ull, 0, 0, READ_DAMAGED},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* --- pools, lists and swap ------------------------------------------------------------------- */

static void put_dma(struct fake_kernel *f, u64 last_byte)
{
	put_variable(f, atomic_pool_dma, 0x100, kva(0x200));
	fake_datum(f, gen_pool_chunks, 0, 16);
	fake_datum(f, gen_chunk_list, 0, 16);
	fake_datum(f, gen_chunk_start, 16, 8);
	fake_datum(f, gen_chunk_end, 24, 8);
	fake_write_u64(f, 0x200, kva(0x240));
	fake_write_u64(f, 0x240, kva(0x200));
	fake_write_u64(f, 0x250, kva(MEMORY));
	fake_write_u64(f, 0x258, last_byte);
}

static void put_kfree_rcu(struct fake_kernel *f, u64 next)
{
	static u64 offsets[] = {0};
	f->k.nr_cpu_ids = 1;
	f->k.possible.bits[0] = 1;
	f->k.percpu_offset = offsets;
	fake_datum(f, krc, kva(0x100), 0);
	fake_datum(f, krc_cached_pages, 8, 8);
	fake_write_u64(f, 0x108, kva(MEMORY));
	fake_write_u64(f, MEMORY, kva(MEMORY + 0x1000));
	fake_write_u64(f, MEMORY + 0x1000, next);
}

static void put_swap_cgroups(struct fake_kernel *f, u64 length)
{
	put_variable(f, nr_swapfiles, 0x100, 1);
	fake_datum(f, swap_cgroup_ctrl, kva(0x200), 0);
	fake_datum(f, swap_cgroup_size, 16, 0);
	fake_datum(f, swap_cgroup_map, 0, 8);
	fake_datum(f, swap_cgroup_length, 8, 8);
	fake_write_u64(f, 0x200, kva(0x240));
	fake_write_u64(f, 0x208, length);
	fake_write_u64(f, 0x240, kva(PAGES));
	fake_write_u64(f, 0x248, kva(PAGES + 64));
}

/* Clusters of 512 pages, of which the first and the third were used. */
static void put_swap_tables(struct fake_kernel *f, u64 size_pages)
{
	put_variable(f, nr_swapfiles, 0x100, 1);
	put_variable(f, swap_info, 0x108, kva(0x200));
	fake_datum(f, swap_table_size, 4096, 0);
	fake_datum(f, swap_table_entries, 0, 4096);
	f->k.schema.datum[swap_table_entries].nr_elements = 512;
	fake_datum(f, swap_cluster_size, 48, 0);
	fake_datum(f, swap_cluster_table, 8, 8);
	fake_datum(f, swap_area_clusters, 0, 8);
	fake_datum(f, swap_area_max, 8, 4);
	fake_write_u64(f, 0x200, kva(0x300));
	write_u32(f, 0x208, (u32)size_pages);
	fake_write_u64(f, 0x308, kva(MEMORY));
	fake_write_u64(f, 0x300 + 2 * 48 + 8, kva(MEMORY + 0x1000));
}

static void pools_and_lists(void **state)
{
	static const struct book_case cases[] = {
		{"DMA", put_dma, FAKE_BASE + MEMORY + 0x3fff, 1, 4, READ_OK},
		{"DMA that ends before it begins", put_dma, FAKE_BASE, 0, 0, READ_DAMAGED},
		{"DMA to the end of the world", put_dma, ~0ull, 0, 0, READ_DAMAGED},
		{"kfree_rcu", put_kfree_rcu, 0, 2, 2, READ_OK},
		{"kfree_rcu, circle", put_kfree_rcu, FAKE_BASE + MEMORY, ~0ull, 0, READ_DAMAGED},
		{"kfree_rcu, not a page", put_kfree_rcu, 8, 3, 3, READ_UNMAPPED},
		{"swap cgroups", put_swap_cgroups, 3, 2, 2, READ_OK},
		{"swap cgroups of 2^60", put_swap_cgroups, 1ull << 60, 0, 0, READ_DAMAGED},
		{"swap tables", put_swap_tables, 1025, 2, 2, READ_OK},
		{"swap tables, a cluster less", put_swap_tables, 1024, 1, 1, READ_OK},
	};
	check_cases(cases, ARRAY_SIZE(cases));
}

/* A kernel of which nothing is known keeps no books, and that is no damage. */
static void put_nothing(struct fake_kernel *f, u64 value)
{
	(void)f;
	(void)value;
}

static void nothing(void **state)
{
	check_case(&(struct book_case){"nothing", put_nothing, 0, 0, 0, READ_OK});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function_records),
		cmocka_unit_test(rings),
		cmocka_unit_test(names),
		cmocka_unit_test(requests),
		cmocka_unit_test(ram_disks),
		cmocka_unit_test(reserves),
		cmocka_unit_test(hash_tables),
		cmocka_unit_test(futexes),
		cmocka_unit_test(pools_and_lists),
		cmocka_unit_test(nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
