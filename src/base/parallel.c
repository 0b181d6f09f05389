/*
 * Chunks by an atomic counter, threads by pthreads.
 *
 * What is counted is chunks and not items, so that the counter can't wrap: each worker passes the
 * end once.  A thread that can't be started is not missed: the others take its chunks, and the
 * caller works too.
 */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

struct parallel_work {
	parallel_fn fn;
	void *arg;
	u64 nr_items, chunk, nr_chunks;
	_Atomic u64 next_chunk;
};

struct parallel_worker {
	struct parallel_work *work;
	unsigned index;
	pthread_t thread;
};

static unsigned usable_cpus(void)
{
	cpu_set_t set;
	if (!sched_getaffinity(0, sizeof(set), &set))
		return (unsigned)CPU_COUNT(&set);
	/* More than 1024 CPUs: the fixed set is too small. */
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (unsigned)n : 1;
}

unsigned parallel_threads(unsigned nr_threads)
{
	unsigned n = nr_threads ? nr_threads : usable_cpus();
	return n > PARALLEL_MOST_THREADS ? PARALLEL_MOST_THREADS : n;
}

static void *work_on(void *arg)
{
	const struct parallel_worker *worker = arg;
	struct parallel_work *work = worker->work;
	for (;;) {
		u64 chunk = atomic_fetch_add_explicit(&work->next_chunk, 1, memory_order_relaxed);
		if (chunk >= work->nr_chunks)
			return NULL;
		u64 first = chunk * work->chunk;
		u64 last = first + u64_min(work->chunk, work->nr_items - first);
		work->fn(work->arg, worker->index, first, last);
	}
}

void parallel_for(unsigned nr_threads, u64 nr_items, u64 chunk, parallel_fn fn, void *arg)
{
	unsigned n = parallel_threads(nr_threads);
	if (!chunk)
		chunk = u64_max(nr_items / (n * 8), 1);
	struct parallel_work work = {
		.fn = fn,
		.arg = arg,
		.nr_items = nr_items,
		.chunk = chunk,
		.nr_chunks = nr_items / chunk + !!(nr_items % chunk),
	};
	if (n > work.nr_chunks)
		n = work.nr_chunks ? (unsigned)work.nr_chunks : 1;
	struct parallel_worker workers[PARALLEL_MOST_THREADS];
	for (unsigned i = 0; i < n; i++)
		workers[i] = (struct parallel_worker){.work = &work, .index = i};
	unsigned started = 1;
	while (started < n &&
	       !pthread_create(&workers[started].thread, NULL, work_on, &workers[started]))
		started++;
	work_on(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
}
