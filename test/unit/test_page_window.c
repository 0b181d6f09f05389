/*
 * Struct pages in a window: pieces that are read as they are asked for, that can't be read, and
 * struct pages that lie across two of them.  Struct page n begins with n + MARK and ends with n.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "analysis/page_window.h"
#include "support/fakekernel.h"

#define MARK 0x1000000ull
enum { PIECES = FAKE_BYTES / WINDOW_PIECE };

struct world {
	struct fake_kernel f;
	struct memmap map;
	struct page_window w;
};

/* Struct page 0 lies at FAKE_BASE. */
static struct world *world_new(u64 page_bytes, u64 bytes_kept)
{
	struct world *world = malloc(sizeof(*world));
	fake_kernel_init(&world->f);
	for (u64 i = 0; (i + 1) * page_bytes <= FAKE_BYTES; i++) {
		fake_write_u64(&world->f, i * page_bytes, i + MARK);
		fake_write_u64(&world->f, (i + 1) * page_bytes - 8, i);
	}
	fake_kernel_start(&world->f, bytes_kept);
	world->map = (struct memmap){.k = &world->f.k, .page_bytes = page_bytes};
	page_window_init(&world->w, &world->map);
	return world;
}

static void world_free(struct world *world)
{
	page_window_done(&world->w);
	fake_kernel_done(&world->f);
	free(world);
}

static u64 load(const u8 *bytes)
{
	u64 value;
	memcpy(&value, bytes, 8);
	return value;
}

static bool is_page(const u8 *bytes, u64 page_bytes, u64 n)
{
	return load(bytes) == n + MARK && load(bytes + page_bytes - 8) == n;
}

static bool is_zero(const u8 *bytes, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

/* In any order, each with the next one. */
static void any_order(void **state)
{
	static const u64 sizes[] = {56, 64, 72, 80};
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct world *world = world_new(sizes[i], 0);
		u64 n = FAKE_BYTES / sizes[i];
		enum read_status status;
		page_window_set(&world->w, 1000, n, FAKE_BASE);
		for (u64 j = 0; j < n; j++) {
			u64 page = j * 389 % n; /* a prime: all of them */
			const u8 *bytes = page_window_get(&world->w, 1000 + page, &status);
			assert_int_equal(status, READ_OK);
			if (!is_page(bytes, sizes[i], page))
				fail_msg("%llu bytes: page %llu", (unsigned long long)sizes[i],
					 (unsigned long long)page);
			if (page + 1 < n)
				assert_true(is_page(bytes + sizes[i], sizes[i], page + 1));
			else
				assert_true(is_zero(bytes + sizes[i], sizes[i]));
		}
		assert_true(world->w.bytes_read <= n * sizes[i]); /* each piece once */
		world_free(world);
	}
}

/* What lies between is not read. */
static void leaps(void **state)
{
	struct world *world = world_new(64, 0);
	enum read_status status;
	page_window_set(&world->w, 0, PIECES * 64, FAKE_BASE);
	assert_non_null(page_window_get(&world->w, 512, &status));
	assert_int_equal(world->w.bytes_read, WINDOW_PIECE);
	assert_non_null(page_window_get(&world->w, 513, &status));
	assert_int_equal(world->w.bytes_read, WINDOW_PIECE);
	assert_non_null(page_window_get(&world->w, 960, &status));
	assert_int_equal(world->w.bytes_read, 2 * WINDOW_PIECE);
	world_free(world);
}

/* In a row, more at once; and a new stretch knows nothing of the last one. */
static void stretches(void **state)
{
	struct world *world = world_new(64, 0);
	enum read_status status;
	for (u64 nr = PIECES * 64; nr; nr /= 3) {
		page_window_set(&world->w, 0, nr, FAKE_BASE);
		for (u64 i = 0; i < nr; i++) {
			const u8 *bytes = page_window_get(&world->w, i, &status);
			assert_true(bytes && is_page(bytes, 64, i));
			assert_true(i + 1 == nr ? is_zero(bytes + 64, 64)
						: is_page(bytes + 64, 64, i + 1));
		}
	}
	world_free(world);
}

/* The first piece is not mapped, the last three are cut off. */
static void unreadable(void **state)
{
	enum { KEPT = PIECES - 3, PER_PIECE = 64 };
	struct world *world = world_new(64, KEPT * WINDOW_PIECE);
	enum read_status status;
	for (int backward = 0; backward < 2; backward++) {
		u64 nr = (PIECES + 1) * PER_PIECE;
		page_window_set(&world->w, 0, nr, FAKE_BASE - WINDOW_PIECE);
		for (u64 i = 0; i < nr; i++) {
			u64 at = backward ? nr - 1 - i : i, piece = at / PER_PIECE;
			const u8 *bytes = page_window_get(&world->w, at, &status);
			enum read_status wanted = piece == 0	  ? READ_UNMAPPED
						  : piece <= KEPT ? READ_OK
								  : READ_TRUNCATED;
			assert_int_equal(status, wanted);
			assert_int_equal(bytes != NULL, wanted == READ_OK);
			if (!bytes)
				continue;
			assert_true(is_page(bytes, 64, at - PER_PIECE));
			/* The next one of the last that can be read is no second page of anything.
			 */
			if (piece == KEPT && at % PER_PIECE == PER_PIECE - 1)
				assert_true(is_zero(bytes + 64, 64));
			else
				assert_true(is_page(bytes + 64, 64, at - PER_PIECE + 1));
		}
	}
	world_free(world);
}

/* Struct pages of 56 bytes: page 73 begins in the first piece and ends in the second. */
static void across_pieces(void **state)
{
	struct world *world = world_new(56, WINDOW_PIECE);
	enum read_status status;
	page_window_set(&world->w, 0, 200, FAKE_BASE);
	const u8 *bytes = page_window_get(&world->w, 72, &status);
	assert_true(bytes && is_page(bytes, 56, 72));
	assert_true(is_zero(bytes + 56, 56)); /* all of it, not the half that is missing */
	assert_null(page_window_get(&world->w, 73, &status));
	assert_int_equal(status, READ_TRUNCATED);
	assert_null(page_window_get(&world->w, 74, &status));
	world_free(world);
	/* It is the last one of its window: there is no next to fetch the second piece for. */
	world = world_new(56, 0);
	page_window_set(&world->w, 0, 74, FAKE_BASE);
	bytes = page_window_get(&world->w, 73, &status);
	assert_true(bytes && is_page(bytes, 56, 73));
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),	 cmocka_unit_test(leaps),
		cmocka_unit_test(stretches),	 cmocka_unit_test(unreadable),
		cmocka_unit_test(across_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
