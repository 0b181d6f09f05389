/*
 * One loop on several threads.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include "base/types.h"

enum { PARALLEL_MOST_THREADS = 64 };

/*
 * The threads that a request of nr_threads gets: 0 is one per CPU that we may run on; 64 at most.
 */
unsigned parallel_threads(unsigned nr_threads);

/* The items first..last-1.  worker < parallel_threads(nr_threads): index for state of one's own. */
typedef void (*parallel_fn)(void *arg, unsigned worker, u64 first, u64 last);

/*
 * Call fn for all items 0..nr_items-1, in chunks that are handed out as the workers get done (chunk
 * 0: chosen, eight per worker).  Chunks start at multiples of chunk.  Returns when all are done;
 * fn's writes are visible then.  The caller is worker 0.  One worker gets its chunks in order.
 */
void parallel_for(unsigned nr_threads, u64 nr_items, u64 chunk, parallel_fn fn, void *arg);

#endif
