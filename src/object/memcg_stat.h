/* Figures of the cgroups of a tree: a part of memcg_tree_load(). */
#ifndef OBJECT_MEMCG_STAT_H
#define OBJECT_MEMCG_STAT_H

#include "object/cgroup.h"

/* Fill local and total of each cgroup, or tree->stats_why. */
void memcg_stats_load(struct memcg_tree *tree);

#endif
