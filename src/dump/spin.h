/*
 * The lock of this layer: held for a lookup and a copy of at most one block, so that waiting in the
 * kernel would cost more than the wait itself.  Yields when the holder seems to have been
 * preempted.
 */
#ifndef DUMP_SPIN_H
#define DUMP_SPIN_H

#include <sched.h>

#include "base/types.h"

static inline void spin_lock(u32 *lock)
{
	unsigned tries = 0;
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
			if (++tries % 64 == 0)
				sched_yield();
		}
	}
}

static inline void spin_unlock(u32 *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif
