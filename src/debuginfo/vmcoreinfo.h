/*
 * VMCOREINFO: the kernel's own KEY=VALUE notes for dump tools (kernel/vmcore_info.c;
 * kernel/crash_core.c before 6.9).  OSRELEASE and friends are text, SYMBOL(x) and KERNELOFFSET
 * hexadecimal, SIZE(x), OFFSET(x.y), LENGTH(x), NUMBER(x) decimal (NUMBER may be negative, and
 * hexadecimal with 0x).
 */
#ifndef DEBUGINFO_VMCOREINFO_H
#define DEBUGINFO_VMCOREINFO_H

#include "base/mem.h"
#include "base/types.h"

struct vmcoreinfo {
	struct arena arena;
	struct vmcoreinfo_line {
		const char *key, *value;
	} * lines; /* in the order of the note */
	size_t nr_lines;
};

/*
 * Parse; lines without '=' and control characters are skipped.  Never fails: an empty table is one
 * too.
 */
void vmcoreinfo_parse(struct vmcoreinfo *info, const char *text, size_t len);
void vmcoreinfo_done(struct vmcoreinfo *info);

const char *vmcoreinfo_text(const struct vmcoreinfo *info,
			    const char *key); /* NULL when not there */

/*
 * One value, by the kind's own base.  false when not there or not a number; *value untouched then.
 */
bool vmcoreinfo_symbol(const struct vmcoreinfo *info, const char *name,
		       u64 *value); /* SYMBOL(name) */
bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *name,
		       s64 *value); /* NUMBER(name) */
bool vmcoreinfo_size(const struct vmcoreinfo *info, const char *name, u64 *value); /* SIZE(name) */
bool vmcoreinfo_offset(const struct vmcoreinfo *info, const char *name,
		       u64 *value); /* OFFSET(name) */
bool vmcoreinfo_length(const struct vmcoreinfo *info, const char *name,
		       u64 *value); /* LENGTH(name) */
bool vmcoreinfo_hex(const struct vmcoreinfo *info, const char *key,
		    u64 *value); /* KERNELOFFSET=... */

#endif
