/* The census as tables. */
#ifndef ANALYSIS_CENSUS_TABLES_H
#define ANALYSIS_CENSUS_TABLES_H

#include "analysis/census.h"
#include "analysis/tables.h"

/* One row: sums, classes, nodes.  findings may be NULL. */
struct table *census_record(const struct census *census, struct table *findings);

extern const struct table_spec census_zones_spec, census_nodes_spec, census_orders_spec,
	census_owners_spec, census_unknown_spec, census_files_spec, census_mounts_spec,
	census_cgroups_spec, census_tasks_spec, census_vmalloc_spec;

struct table *census_by_zone(const struct census *census);
struct table *census_by_node(const struct census *census);
struct table *census_by_order(const struct census *census);
struct table *census_by_owner(const struct census *census); /* callers of vmalloc(), drivers ... */
struct table *census_by_unknown(
	const struct census *census); /* kernel_unknown by what its pages look like */
struct table *census_by_caller(const struct census *census); /* vmalloc() alone */
/* most: rows, the largest first; 0: all. */
struct table *census_by_file(const struct census *census, size_t most);
struct table *census_by_mount(const struct census *census);
/* NULL: this kernel has no memory cgroups, or they can't be read. */
struct table *census_by_cgroup(const struct census *census, struct error *error);
/* Reads the page tables of all processes. */
struct table *census_by_task(const struct census *census, struct error *error);

#endif
