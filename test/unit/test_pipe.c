/* Pipes: rings of both layouts, pages of others, and rings that damage has bent. */
#include "support/cmocka_all.h"

#include "object/pipe.h"
#include "support/fakekernel.h"

/* One task with one FIFO open twice, and a private pipe for sendfile(). */
enum {
	T_TASKS = 0,
	T_PID = 16,
	T_TGID = 20,
	T_FLAGS = 24,
	T_STATE = 28,
	T_MM = 32,
	T_SIGNAL = 40,
	T_NODE = 48,
	T_COMM = 64,
	T_FILES = 80,
	T_SPLICE = 88
};
enum {
	P_BUFS = 0,
	P_HEAD = 8,
	P_TAIL = 12,
	P_SIZE = 16,
	P_READERS = 20,
	P_WRITERS = 24,
	P_TMP = 32
};
enum { B_PAGE = 0, B_LEN = 8, B_OPS = 16, B_BYTES = 40 };
enum {
	INIT = 0x100,
	TASK = 0x200,
	SIGNAL = 0x300,
	FILES = 0x400,
	TABLE = 0x440,
	FDS = 0x480,
	FILE_AT = 0x500,
	INODE = 0x600,
	PIPE = 0x800,
	PRIVATE = 0x880,
	BUFS = 0x1000,
	PRIVATE_BUFS = 0x2000,
	OPS = 0x3000,
	OTHER_OPS = 0x3040,
	PAGES = 0x8000,
};
#define RELEASE 0xffffffff81400000ull

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static void put_u32(struct fake_kernel *f, u64 at, u32 value)
{
	fake_write(f, at, &value, 4);
}

static void put_schema(struct fake_kernel *f, bool ring)
{
	const struct {
		enum datum_id id;
		u64 value, size;
	} rows[] = {
		{init_task, FAKE_BASE + INIT, 0},
		{task_size, 0x80, 0},
		{task_tasks, T_TASKS, 16},
		{task_pid, T_PID, 4},
		{task_tgid, T_TGID, 4},
		{task_comm, T_COMM, 16},
		{task_state, T_STATE, 4},
		{task_flags, T_FLAGS, 4},
		{task_mm, T_MM, 8},
		{task_signal, T_SIGNAL, 8},
		{task_thread_node, T_NODE, 16},
		{signal_thread_head, 0, 16},
		{task_files, T_FILES, 8},
		{files_fdt, 0, 8},
		{fdtable_max_fds, 0, 4},
		{fdtable_fd, 8, 8},
		{file_inode, 0, 8},
		{file_mapping, 8, 8},
		{inode_mode, 0, 2},
		{inode_ino, 8, 8},
		{inode_pipe, 16, 8},
		{pipe_bufs, P_BUFS, 8},
		{ring ? pipe_ring_head : pipe_nr_used, P_HEAD, 4},
		{ring ? pipe_ring_tail : pipe_first_buffer, P_TAIL, 4},
		{ring ? pipe_ring_size : pipe_nr_buffers, P_SIZE, 4},
		{pipe_readers, P_READERS, 4},
		{pipe_writers, P_WRITERS, 4},
		{pipe_buffer_size, B_BYTES, 0},
		{pipe_buffer_page, B_PAGE, 8},
		{pipe_buffer_len, B_LEN, 4},
		{pipe_buffer_ops, B_OPS, 8},
		{pipe_ops_release, 8, 8},
		{anon_pipe_buf_release, RELEASE, 0},
		{task_splice_pipe, T_SPLICE, 8},
		{pipe_tmp_page, P_TMP, 8},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
}

static void put_task(struct fake_kernel *f)
{
	const u16 fifo = 0010600;
	fake_write_u64(f, INIT + T_TASKS, kva(TASK + T_TASKS));
	fake_write_u64(f, TASK + T_TASKS, kva(INIT + T_TASKS));
	put_u32(f, TASK + T_PID, 42);
	put_u32(f, TASK + T_TGID, 42);
	fake_write_u64(f, TASK + T_SIGNAL, kva(SIGNAL));
	fake_write_u64(f, SIGNAL, kva(TASK + T_NODE));
	fake_write_u64(f, TASK + T_NODE, kva(SIGNAL));
	fake_write(f, TASK + T_COMM, "writer", 7);
	fake_write_u64(f, TASK + T_FILES, kva(FILES));
	fake_write_u64(f, TASK + T_SPLICE, kva(PRIVATE));
	fake_write_u64(f, FILES, kva(TABLE));
	put_u32(f, TABLE, 4);
	fake_write_u64(f, TABLE + 8, kva(FDS));
	fake_write_u64(f, FDS, kva(FILE_AT));
	fake_write_u64(f, FDS + 16, kva(FILE_AT));
	fake_write_u64(f, FILE_AT, kva(INODE));
	fake_write(f, INODE, &fifo, 2);
	fake_write_u64(f, INODE + 8, 777);
	fake_write_u64(f, INODE + 16, kva(PIPE));
	fake_write_u64(f, OPS + 8, RELEASE);
	fake_write_u64(f, OTHER_OPS + 8, RELEASE + 0x100);
}

/* Slots numbered 0, 1, ... hold page PAGES + 0x40 * slot, of `slot` bytes. */
static void put_pipe(struct fake_kernel *f, u64 at, u64 bufs, u32 head, u32 tail, u32 size)
{
	fake_write_u64(f, at + P_BUFS, kva(bufs));
	put_u32(f, at + P_HEAD, head);
	put_u32(f, at + P_TAIL, tail);
	put_u32(f, at + P_SIZE, size);
	put_u32(f, at + P_READERS, 1);
	put_u32(f, at + P_WRITERS, 2);
	for (u32 i = 0; i < size && i < 16; i++) {
		u64 buffer = bufs + i * B_BYTES;
		fake_write_u64(f, buffer + B_PAGE, kva(PAGES + i * 0x40));
		put_u32(f, buffer + B_LEN, i);
		fake_write_u64(f, buffer + B_OPS, kva(i % 4 == 3 ? OTHER_OPS : OPS));
	}
}

struct seen {
	struct pipe pipes[4];
	size_t n;
	u64 slots; /* bit for each page given */
	unsigned nr_anon, nr_spare;
};

static bool keep_pipe(void *arg, const struct pipe *pipe)
{
	struct seen *s = arg;
	assert_true(s->n < ARRAY_SIZE(s->pipes));
	s->pipes[s->n++] = *pipe;
	return true;
}

static bool keep_page(void *arg, const struct pipe *pipe, const struct pipe_page *page)
{
	struct seen *s = arg;
	if (page->spare)
		s->nr_spare++;
	else
		s->slots |= 1ull << (page->page_kva - kva(PAGES)) / 0x40;
	s->nr_anon += page->anon;
	return true;
}

static void rings(void **state)
{
	static const struct {
		bool ring;
		u32 head, tail, size; /* slots: how many, first, size */
		u64 slots, bytes;
		unsigned nr_used, nr_anon;
	} cases[] = {
		{true, 0, 0, 16, 0, 0, 0, 0},
		{true, 5, 2, 16, 0x1c, 2 + 3 + 4, 3, 2},
		{true, 18, 14, 16, 0xc003, 14 + 15 + 0 + 1, 4, 3},
		{true, 2, 0xfffffffe, 8, 0xc3, 6 + 7 + 0 + 1, 4, 3},
		{true, 16, 0, 16, 0xffff, 120, 16, 12},
		{false, 3, 15, 16, 0x8003, 15 + 0 + 1, 3, 2},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct seen s = {.n = 0};
		fake_kernel_init(f);
		put_schema(f, cases[i].ring);
		put_task(f);
		put_pipe(f, PIPE, BUFS, cases[i].head, cases[i].tail, cases[i].size);
		put_pipe(f, PRIVATE, PRIVATE_BUFS, 0, 0, 16);
		fake_write_u64(f, PIPE + P_TMP, kva(PAGES + 0x1000));
		fake_kernel_start(f, 0);
		assert_int_equal(pipe_for_each(&f->k, keep_pipe, &s, NULL), 0);
		assert_int_equal(pipe_for_each_page(&f->k, keep_page, &s, NULL), 0);
		assert_int_equal(s.n, 2);
		const struct pipe *p = &s.pipes[0];
		assert_int_equal(p->ino, 777);
		assert_int_equal(p->pid, 42);
		assert_string_equal(p->comm, "writer");
		assert_int_equal(p->readers, 1);
		assert_int_equal(p->writers, 2);
		assert_int_equal(p->nr_spare_pages, 1);
		assert_true(p->anon_known);
		if (p->nr_used != cases[i].nr_used || p->nr_anon_pages != cases[i].nr_anon ||
		    p->bytes != cases[i].bytes || s.slots != cases[i].slots)
			fail_msg("case %zu: %u used, %llu anon, %llu bytes, 0x%llx", i, p->nr_used,
				 (unsigned long long)p->nr_anon_pages, (unsigned long long)p->bytes,
				 (unsigned long long)s.slots);
		assert_int_equal(s.nr_anon, cases[i].nr_anon + 1);
		assert_int_equal(s.nr_spare, 1);
		assert_int_equal(s.pipes[1].inode, 0);
		assert_int_equal(f->k.unreadable.n, 0);
		fake_kernel_done(f);
		free(f);
	}
}

/* The damaged pipe is left out, the other one is told. */
static void damage(void **state)
{
	static const struct {
		const char *name;
		u32 head, tail, size;
		size_t nr_pipes;
		u64 nr_pages;
	} cases[] = {
		{"no power of two", 3, 0, 12, 1, 0},
		{"no slots", 0, 0, 0, 1, 0},
		{"more used than there are", 17, 0, 16, 1, 0},
		{"far too many slots", 1, 0, 1u << 31, 1, 0},
		{"buffers behind the end of the dump", 0x2000, 0, 0x2000, 2, 1400},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct seen s = {.n = 0};
		fake_kernel_init(f);
		put_schema(f, true);
		put_task(f);
		put_pipe(f, PIPE, BUFS, cases[i].head, cases[i].tail, cases[i].size);
		put_pipe(f, PRIVATE, PRIVATE_BUFS, 0, 0, 16);
		fake_kernel_start(f, 0);
		assert_int_equal(pipe_for_each(&f->k, keep_pipe, &s, NULL), 0);
		if (s.n != cases[i].nr_pipes || f->k.unreadable.n != 1 ||
		    (s.n == 2 && s.pipes[0].nr_pages > cases[i].nr_pages))
			fail_msg("%s: %zu pipes", cases[i].name, s.n);
		fake_kernel_done(f);
		free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings),
		cmocka_unit_test(damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
