/* The tables within a row of oom_events; between oom_table.c and oom_parts.c. */
#ifndef ANALYSIS_OOM_PARTS_H
#define ANALYSIS_OOM_PARTS_H

#include "analysis/oom.h"

extern const struct table_spec oom_time_spec, oom_trigger_spec, oom_origin_spec, oom_memcg_spec,
	oom_memcg_stats_spec, oom_victims_spec, oom_chosen_spec, oom_reapers_spec,
	oom_accounted_spec, oom_tasks_spec, oom_nodes_spec, oom_zones_spec, oom_buddy_spec,
	oom_hugepages_spec, oom_slab_spec, oom_tags_spec;

/* Sets nothing when it is not known: the text does not show it. */
void set_known(struct table *table, unsigned column, struct known value);

/* NULL when there is nothing to tell. */
struct table *oom_time_table(const struct oom_time *time);
struct table *oom_trigger_table(const struct oom_origin *trigger);
struct table *oom_origin_table(const struct oom_origin *trigger);
struct table *oom_memcg_table(const struct oom_event *event);
struct table *oom_memcg_stats_table(const struct oom_event *event);
struct table *oom_victims_table(const struct oom_event *event);
struct table *oom_chosen_table(const char *comm, struct known pid, struct known score);
struct table *oom_reapers_table(const struct oom_event *event);
struct table *oom_accounted_table(const struct oom_account *account);
struct table *oom_tasks_table(const struct oom_analysis *analysis);
struct table *oom_nodes_table(const struct oom_meminfo *info);
/* checks may be NULL: no request was made of these zones. */
struct table *oom_zones_table(const struct oom_meminfo *info, const struct oom_failed *failed);
struct table *oom_buddy_table(const struct oom_meminfo *info);
struct table *oom_hugepages_table(const struct oom_meminfo *info);
struct table *oom_slab_table(const struct oom_meminfo *info);
struct table *oom_tags_table(const struct oom_meminfo *info);

#endif
