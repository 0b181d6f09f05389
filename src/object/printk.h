/*
 * The kernel log: records of the lockless ring buffer (5.10 and later) or of the record buffer (3.5
 * to 5.9).
 */
#ifndef OBJECT_PRINTK_H
#define OBJECT_PRINTK_H

#include "kernel/kernel.h"

struct log_record {
	u64 seq;
	u64 time_ns;	  /* since boot */
	const char *text; /* text_len bytes, not terminated; may hold newlines and any byte */
	size_t text_len;
	int level, facility; /* -1: not known */
	bool has_caller;     /* CONFIG_PRINTK_CALLER */
	bool caller_is_cpu;
	u32 caller; /* thread id or CPU number */
};

typedef bool (*log_record_fn)(void *arg, const struct log_record *record);

/*
 * All records, oldest first; stops when fn returns false.  Records whose text is lost (overwritten,
 * unreadable) are skipped and counted in *nr_lost (may be NULL).  -1 with a sentence when this
 * kernel's log can't be read at all.
 */
int printk_for_each(struct kernel *k, log_record_fn fn, void *arg, u64 *nr_lost,
		    struct error *error);

#endif
