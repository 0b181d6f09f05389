/*
 * The report: everything that memwho knows of one dump, as tables.
 *
 * report_build() never fails as a whole: a part that this dump does not give is NULL, and a finding
 * says why.
 */
#ifndef ANALYSIS_REPORT_H
#define ANALYSIS_REPORT_H

#include "analysis/oom.h"
#include "base/table.h"
#include "kernel/kernel.h"

struct missing_part {
	const char *key, *why;
};

struct report {
	struct table *source, *system, *census, *zones, *tasks, *slabs, *modules, *swaps, *hugetlb,
		*mounts, *log, *files, *cgroups, *vmalloc;
	struct oom_tables oom; /* the log's OOM reports, read as `memwho log` does; NULL: no log */
	struct table *events; /* the log's lines about memory running out, oldest first */
	struct table *findings, *unreadable;
	struct arena arena;
	VEC(struct missing_part) missing;
};

enum event_column { EVENT_TIME, EVENT_KIND, EVENT_TEXT };
extern const struct table_spec events_spec;

/* Why a part is NULL: the reason of the first that failed with this key; NULL when it is there. */
const char *report_why_missing(const struct report *report, const char *key);

struct report_options {
	unsigned nr_threads; /* 0: one for each CPU */
	struct progress *progress;
};

/* k NULL: the dump's kernel could not be found; boot_error says why. */
void report_build(struct report *report, struct image *image, struct kernel *k,
		  const char *const *paths, size_t nr_paths, const struct report_options *options,
		  const char *boot_error);
void report_done(struct report *report);

#endif
