/*
 * A kernel of a few pages for tests of readers: memory that the test writes, mapped one to one at
 * FAKE_BASE, and a schema whose data the test places by hand.  For what no real dump can be made to
 * show: loops, damage, old layouts.
 */
#ifndef TEST_SUPPORT_FAKEKERNEL_H
#define TEST_SUPPORT_FAKEKERNEL_H

#include "kernel/kernel.h"

#define FAKE_BASE 0xffff888000000000ull
enum { FAKE_BYTES = 1 << 16 };

struct fake_kernel {
	struct kernel k;
	u8 memory[FAKE_BYTES]; /* written before fake_kernel_start() */
	char path[64];
};

void fake_kernel_init(struct fake_kernel *fake);
/* Memory at FAKE_BASE + offset. */
void fake_write(struct fake_kernel *fake, u64 offset, const void *bytes, size_t len);
void fake_write_u64(struct fake_kernel *fake, u64 offset, u64 value);
/*
 * A member of `size` bytes at `offset`, a size, an enumerator's value, or a global's address: all
 * are put in by value.
 */
void fake_datum(struct fake_kernel *fake, enum datum_id id, u64 value, u64 size);
/* All pages from this one on are missing: the dump is cut off there.  0: none. */
void fake_kernel_start(struct fake_kernel *fake, u64 bytes_kept);
void fake_kernel_done(struct fake_kernel *fake);

#endif
