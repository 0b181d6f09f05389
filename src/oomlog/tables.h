/*
 * Lines that are rows of tables: zones and their buddy lists, nodes, tasks, slab caches, allocation
 * tags.  Each function tells by the line's shape whether it is one of its own.
 */
#ifndef OOMLOG_TABLES_H
#define OOMLOG_TABLES_H

#include "oomlog/grammar.h"

/* "Node 0 DMA free:..", "DMA: 1*4kB ..", "Node 0 active_anon:..", "Node 0 hugepages_total=..",
 * "active_anon:1 inactive_anon:2": everything below Mem-Info that has lists. */
bool parse_memory_line(struct str t, const struct line_context *context, struct parse *parse);

/* "[ pid ]   uid  tgid total_vm ... name" and its rows. */
bool parse_task_line(struct str t, const struct line_context *context, struct parse *parse);

/* Rows that are believed inside of their own section only. */
bool parse_section_line(struct str t, const struct line_context *context, struct parse *parse);

#endif
