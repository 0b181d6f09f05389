/* What is lost, and what it holds; between leak.c and its parts. */
#ifndef ANALYSIS_LEAK_SWEEP_H
#define ANALYSIS_LEAK_SWEEP_H

#include "analysis/leak.h"

/* Fills groups, contents, sums.  Objects in use are counted before the marking. */
void leak_count_objects(struct leak *leak);
void leak_sweep(struct leak *leak, const struct leak_options *options);

#endif
