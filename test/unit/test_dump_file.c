/*
 * What lies between a container and the disk: flattened form, whole-file compression, pipes, and
 * the block cache and bitmap index below the containers.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dump/cache.h"
#include "dump/file.h"
#include "dump/image.h"
#include "dump/pagemap.h"
#include "support/dumpmake.h"

enum { NR_PFNS = 2000 };

static struct bytes some_dump(void)
{
	u32 codec = 0;
#ifdef HAVE_ZLIB
	codec = 0x1;
#endif
	return dumpmake_kdump(&(struct kdump_spec){.codec = codec, .nr_pfns = NR_PFNS});
}

static struct file *open_file(const struct bytes *b, size_t len)
{
	struct file *file;
	struct error error = ERROR_INIT;
	char *path = dumpmake_write(b, len);
	if (dumpfile_open(&file, path, NULL, &error))
		fail_msg("%s", error.text);
	dumpmake_remove(path);
	return file;
}

static void check_image(const char *path, const char *kind, const char *description)
{
	struct image *image;
	struct error error = ERROR_INIT;
	u8 page[4096], wanted[4096];
	if (image_open(&image, &path, 1, NULL, &error))
		fail_msg("%s", error.text);
	assert_string_equal(image_info(image)->kind, kind);
	assert_true(image_info(image)->complete);
	if (!strstr(image_info(image)->description, description))
		fail_msg("%s: %s", image_info(image)->description, description);
	for (u64 pfn = 0; pfn < NR_PFNS; pfn++) {
		assert_int_equal(image_read(image, pfn * 4096, page, 4096), dumpmake_status(pfn));
		dumpmake_page(pfn, wanted, 4096);
		if (!dumpmake_status(pfn))
			assert_memory_equal(page, wanted, 4096);
	}
	image_close(image);
}

/* --- flattened ----------------------------------------------------------------------------- */

static void check_bytes(struct file *file, const struct bytes *b, u64 from, u64 to)
{
	u8 got[5000];
	for (u64 at = from; at < to; at += 777) {
		size_t n = (size_t)u64_min(at * 13 % sizeof(got) + 1, to - at);
		assert_int_equal(file_read(file, at, got, n), READ_OK);
		assert_memory_equal(got, b->v + at, n);
		n = n % 300 + 1;
		if (n > to - at)
			continue;
		assert_int_equal(file_read_cached(file, at, got, n), READ_OK);
		assert_memory_equal(got, b->v + at, n);
	}
	assert_int_equal(file_read(file, file->size, got, 1), READ_TRUNCATED);
	assert_int_equal(file_read(file, UINT64_MAX, got, 2), READ_TRUNCATED);
}

static void flattened_forms(void **state)
{
	static const size_t records[] = {100, 4096, 16384, 100000};
	struct bytes b = some_dump();
	for (size_t r = 0; r < ARRAY_SIZE(records); r++) {
		for (unsigned flags = 0; flags < 8; flags++) {
			struct bytes flat = dumpmake_flatten(&b, records[r], flags);
			struct file *file = open_file(&flat, flat.n);
			assert_true(file->flattened);
			assert_int_equal(file->size, b.n);
			assert_int_equal(file->complete, !(flags & FLATTEN_NO_END));
			check_bytes(file, &b, 0, b.n);
			file_close(file);
			bytes_done(&flat);
		}
	}
	struct bytes flat = dumpmake_flatten(&b, 4096, FLATTEN_OVERLAP);
	char *path = dumpmake_write(&flat, flat.n);
	check_image(path, "flattened", "flattened");
	dumpmake_remove(path);
	bytes_done(&flat);
	bytes_done(&b);
}

static void flattened_cut_off(void **state)
{
	struct bytes b = some_dump(), flat = dumpmake_flatten(&b, 4096, 0);
	for (size_t cut = 0; cut < 60; cut++) {
		size_t len = 4096 + 16 + 4096 * cut + cut * 300;
		if (len > flat.n)
			break;
		struct file *file = open_file(&flat, len);
		assert_false(file->complete);
		assert_true(file->size <= len - 4096);
		check_bytes(file, &b, 0, file->size);
		file_close(file);
	}
	bytes_done(&flat);
	bytes_done(&b);
}

static void flattened_nonsense(void **state)
{
	struct bytes b = {0}, flat;
	struct file *file;
	struct error error = ERROR_INIT;
	bytes_put(&b, 0, "some bytes", 10);
	flat = dumpmake_flatten(&b, 4096, 0);
	static const struct {
		size_t offset;
		const char *says;
	} rows[] = {
		{16, "type"}, {24, "version"}, {4096, "makes no sense"}, {4104, "makes no sense"}};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		flat.v[rows[i].offset] ^= 0x80;
		char *path = dumpmake_write(&flat, flat.n);
		assert_int_equal(dumpfile_open(&file, path, NULL, &error), -1);
		assert_non_null(strstr(error.text, rows[i].says));
		dumpmake_remove(path);
		flat.v[rows[i].offset] ^= 0x80;
	}
	/* a hole of the size of a disk reads as nothing, at once */
	flat.v[4096] = 0x10;
	file = open_file(&flat, flat.n);
	u8 got[64];
	assert_int_equal(file->size, ((u64)0x10 << 56) + 10);
	assert_int_equal(file_read(file, 0, got, 64), READ_TRUNCATED);
	assert_int_equal(file_read(file, file->size - 12, got, 12), READ_OK);
	assert_memory_equal(got, "\0\0some bytes", 12);
	file_close(file);
	bytes_done(&flat);
	bytes_done(&b);
}

/* Large reads of files in /proc go through mmap; any file will do to try that. */
static void proc_files_are_mapped(void **state)
{
	struct bytes b = some_dump();
	struct file *file = open_file(&b, b.n);
	u8 *got = mem_alloc(b.n);
	file->proc = true;
	for (size_t at = 0; at + 40000 < b.n; at += 12345) {
		size_t n = (size_t)u64_min(b.n - at, 40000 + at / 2);
		assert_int_equal(file_read(file, at, got, n), READ_OK);
		assert_memory_equal(got, b.v + at, n);
	}
	free(got);
	file_close(file);
	bytes_done(&b);
}

/* --- compressed, pipes --------------------------------------------------------------------- */

static const char *const packers[] = {"gzip", "xz", "zstd"};

static void compressed_files(void **state)
{
	struct bytes b = some_dump(), flat = dumpmake_flatten(&b, 16384, 0);
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct bytes packed = dumpmake_pack(&flat, packers[i]);
		if (!packed.n)
			continue;
		char *path = dumpmake_write(&packed, packed.n);
		check_image(path, "flattened", packers[i]);
		dumpmake_remove(path);
		/* two members in a row are one stream */
		struct bytes two = dumpmake_pack(&b, packers[i]);
		bytes_put(&two, two.n, packed.v, packed.n);
		struct file *file = open_file(&two, two.n);
		assert_int_equal(file->size, b.n + flat.n);
		assert_true(file->complete);
		check_bytes(file, &b, 0, b.n);
		file_close(file);
		bytes_done(&two);
		bytes_done(&packed);
	}
	bytes_done(&flat);
	bytes_done(&b);
}

static void compressed_and_cut_off(void **state)
{
	struct bytes b = some_dump();
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct bytes packed = dumpmake_pack(&b, packers[i]);
		if (!packed.n)
			continue;
		struct file *file = open_file(&packed, packed.n * 6 / 10);
		assert_false(file->complete);
		assert_true(file->size > b.n / 10 && file->size < b.n);
		check_bytes(file, &b, 0, file->size);
		file_close(file);
		packed.v[packed.n / 2] ^= 0x55;
		packed.v[packed.n / 2 + 1] ^= 0x55;
		file = open_file(&packed, packed.n);
		assert_false(file->complete);
		file_close(file);
		bytes_done(&packed);
	}
	bytes_done(&b);
}

/* Run check_image("-") with b on a pipe as standard input. */
static void check_stdin(const struct bytes *b, const char *kind)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		close(fds[0]);
		for (size_t at = 0; at < b->n;) {
			ssize_t n = write(fds[1], b->v + at, u64_min(b->n - at, 10007));
			if (n <= 0)
				_exit(1);
			at += (size_t)n;
		}
		_exit(0);
	}
	close(fds[1]);
	int old = dup(STDIN_FILENO);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	check_image("-", kind, "");
	if (old >= 0) {
		dup2(old, STDIN_FILENO);
		close(old);
	}
	int status;
	waitpid(writer, &status, 0);
	assert_int_equal(status, 0);
}

static void standard_input(void **state)
{
	struct bytes b = some_dump(), flat = dumpmake_flatten(&b, 16384, FLATTEN_BACKWARD);
	check_stdin(&b, "kdump");
	check_stdin(&flat, "flattened");
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct bytes packed = dumpmake_pack(&b, packers[i]);
		if (packed.n)
			check_stdin(&packed, "kdump");
		bytes_done(&packed);
	}
	bytes_done(&flat);
	bytes_done(&b);
}

static void no_temporary_directory(void **state)
{
	struct bytes b = some_dump(), packed = dumpmake_pack(&b, packers[0]);
	struct file *file;
	struct error error = ERROR_INIT;
	char *path = dumpmake_write(&packed, packed.n);
	setenv("TMPDIR", "/nonexistent", 1);
	if (packed.n) {
		assert_int_equal(dumpfile_open(&file, path, NULL, &error), -1);
		assert_non_null(strstr(error.text, "set TMPDIR"));
	}
	unsetenv("TMPDIR");
	dumpmake_remove(path);
	bytes_done(&packed);
	bytes_done(&b);
}

static u64 told;
static void tell(struct progress *progress, const char *what, u64 done, u64 total)
{
	assert_true(done >= told && done <= total);
	told = done;
}

static void progress_is_told(void **state)
{
	struct bytes b = some_dump(), packed = dumpmake_pack(&b, packers[0]);
	struct file *file;
	struct progress progress = {.show = tell};
	char *path = dumpmake_write(&packed, packed.n);
	if (packed.n) {
		told = 0;
		assert_int_equal(dumpfile_open(&file, path, &progress, NULL), 0);
		assert_int_equal(told, packed.n);
		file_close(file);
	}
	dumpmake_remove(path);
	bytes_done(&packed);
	bytes_done(&b);
}

/* --- below --------------------------------------------------------------------------------- */

static void cache_keeps_what_is_used(void **state)
{
	struct cache *cache = cache_new(4096, 64 << 10);
	u8 block[4096], got[16];
	assert_false(cache_get(cache, 0, 0, got, 16));
	memset(block, 0, sizeof(block));
	cache_put(cache, 0, block);
	for (u64 key = 1; key < 1000; key++) {
		memset(block, (int)key, sizeof(block));
		cache_put(cache, key, block);
		assert_true(cache_get(cache, key, 4080, got, 16));
		assert_int_equal(got[15], (u8)key);
		assert_true(cache_get(cache, 0, 0, got, 16)); /* in use all the time */
		assert_int_equal(got[0], 0);
	}
	unsigned kept = 0;
	for (u64 key = 0; key < 1000; key++)
		kept += cache_get(cache, key, 0, got, 16);
	assert_true(kept <= 16);
	cache_free(cache);
}

static bool bit(u64 n)
{
	return n % 3 == 0 || (n >= 5000 && n < 90000) || n == 199999;
}

static void pagemap_counts(void **state)
{
	enum { BITS = 200001 };
	struct bytes b = {0};
	bytes_put(&b, 100 + (BITS + 7) / 8 + 50, NULL, 0);
	memset(b.v, 0xff, b.n);
	for (u64 i = 0; i < BITS; i++) {
		if (!bit(i))
			b.v[100 + i / 8] &= (u8) ~(1 << i % 8);
	}
	struct file *file = open_file(&b, b.n);
	struct pagemap map;
	pagemap_init(&map, file, 100, BITS);
	pagemap_index(&map);
	u64 rank = 0;
	for (u64 i = 0; i < BITS; i++) {
		u64 got, run, expected = 1;
		bool set;
		assert_int_equal(pagemap_rank(&map, i, &got), READ_OK);
		assert_int_equal(got, rank);
		rank += bit(i);
		if (i > 4000 && i < 90100 && i % 97 && i < 89990)
			continue;
		while (expected < 100000 && i + expected < BITS && bit(i + expected) == bit(i))
			expected++;
		assert_int_equal(pagemap_run(&map, i, 100000, &set, &run), READ_OK);
		assert_int_equal(set, bit(i));
		assert_int_equal(run, expected);
	}
	bool set;
	u64 run, got;
	assert_int_equal(map.nr_set, rank);
	assert_int_equal(pagemap_rank(&map, BITS, &got), READ_OK);
	assert_int_equal(got, rank);
	assert_int_equal(pagemap_run(&map, BITS, 1, &set, &run), READ_TRUNCATED);
	assert_int_equal(pagemap_run(&map, 6000, 5, &set, &run), READ_OK);
	assert_int_equal(run, 5);
	pagemap_done(&map);
	file_close(file);
	bytes_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flattened_forms),    cmocka_unit_test(flattened_cut_off),
		cmocka_unit_test(flattened_nonsense), cmocka_unit_test(proc_files_are_mapped),
		cmocka_unit_test(compressed_files),   cmocka_unit_test(compressed_and_cut_off),
		cmocka_unit_test(standard_input),     cmocka_unit_test(no_temporary_directory),
		cmocka_unit_test(progress_is_told),   cmocka_unit_test(cache_keeps_what_is_used),
		cmocka_unit_test(pagemap_counts),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
