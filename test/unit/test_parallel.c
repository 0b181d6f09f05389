/* Every item exactly once, worker indices in range, chunks as promised. */
#include "support/cmocka_all.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"

struct seen {
	u64 nr_items, chunk;
	_Atomic u8 *times;
	_Atomic u64 in_worker[PARALLEL_MOST_THREADS];
	_Atomic u64 calls;
	_Atomic bool wrong;
	unsigned nr_workers;
};

static void see(void *arg, unsigned worker, u64 first, u64 last)
{
	struct seen *seen = arg;
	if (worker >= seen->nr_workers || first >= last || last > seen->nr_items ||
	    (seen->chunk && (first % seen->chunk || last - first > seen->chunk))) {
		seen->wrong = true;
		return;
	}
	/* A worker is in one call at a time. */
	if (atomic_fetch_add(&seen->in_worker[worker], 1))
		seen->wrong = true;
	seen->calls++;
	for (u64 i = first; i < last; i++)
		seen->times[i]++;
	atomic_fetch_sub(&seen->in_worker[worker], 1);
}

static void test_every_item_once(void **state)
{
	static const struct {
		unsigned nr_threads;
		u64 nr_items, chunk, calls; /* calls 0: as it comes */
	} cases[] = {
		{1, 0, 0, 0},	       {4, 0, 16, 0},	  {1, 1, 1, 1},	     {4, 1, 100, 1},
		{1, 1000, 7, 143},     {4, 1000, 7, 143}, {0, 100000, 0, 0}, {8, 100000, 1, 100000},
		{1000, 5000, 3, 1667}, {3, 64, 64, 1},	  {2, 65, 64, 2},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = {.nr_items = cases[i].nr_items, .chunk = cases[i].chunk};
		seen.times = calloc(cases[i].nr_items + 1, 1);
		seen.nr_workers = parallel_threads(cases[i].nr_threads);
		parallel_for(cases[i].nr_threads, cases[i].nr_items, cases[i].chunk, see, &seen);
		assert_false(seen.wrong);
		for (u64 item = 0; item < cases[i].nr_items; item++)
			assert_int_equal(seen.times[item], 1);
		if (cases[i].calls || !cases[i].nr_items)
			assert_int_equal(seen.calls, cases[i].calls);
		free((void *)seen.times);
	}
}

static void test_threads(void **state)
{
	assert_int_equal(parallel_threads(1), 1);
	assert_int_equal(parallel_threads(7), 7);
	assert_int_equal(parallel_threads(1000), PARALLEL_MOST_THREADS);
	assert_in_range(parallel_threads(0), 1, PARALLEL_MOST_THREADS);
}

static void check_inline(void *arg, unsigned worker, u64 first, u64 last)
{
	u64 *next = ((u64 **)arg)[0];
	pthread_t *caller = ((pthread_t **)arg)[1];
	assert_true(pthread_equal(*caller, pthread_self()));
	assert_int_equal(worker, 0);
	assert_int_equal(first, *next);
	*next = last;
}

static void test_one_thread_is_inline_and_in_order(void **state)
{
	u64 next = 0;
	pthread_t caller = pthread_self();
	void *arg[] = {&next, &caller};
	parallel_for(1, 1000, 10, check_inline, arg);
	assert_int_equal(next, 1000);
}

static void count_huge(void *arg, unsigned worker, u64 first, u64 last)
{
	atomic_fetch_add((_Atomic u64 *)arg, last - first);
}

/* The end of the number range: no wrap of the counter, no overlap. */
static void test_huge(void **state)
{
	_Atomic u64 items = 0;
	parallel_for(4, UINT64_MAX, UINT64_MAX / 3, count_huge, &items);
	assert_true(items == UINT64_MAX);
	items = 0;
	parallel_for(4, UINT64_MAX, 0, count_huge, &items);
	assert_true(items == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_item_once),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_one_thread_is_inline_and_in_order),
		cmocka_unit_test(test_huge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
