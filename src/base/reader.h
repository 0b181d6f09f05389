/*
 * Something that bytes can be read from by address: the kernel's virtual memory, physical memory,
 * or a buffer in a test.  Parsers that follow pointers (kallsyms, BTF, module symbols) take one of
 * these, so that they can be tested and fuzzed without a dump.
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include "base/status.h"
#include "base/types.h"

struct reader {
	/*
	 * All len bytes or none that count: on any status but READ_OK the buffer's content is
	 * undefined.
	 */
	enum read_status (*read)(void *context, u64 address, void *buffer, size_t len);
	void *context;
};

static inline enum read_status reader_read(const struct reader *r, u64 address, void *buffer,
					   size_t len)
{
	return r->read(r->context, address, buffer, len);
}

#endif
