/* A share as a bar of cells, for screens. */
#ifndef SINK_BAR_H
#define SINK_BAR_H

#include <stdio.h>

#include "base/types.h"

/*
 * Write exactly `cells` columns: share (0-1, cut to that) of them filled, the rest blank.  With
 * utf8 to an eighth of a cell, else with '#'.  What is not zero is seen: at least an eighth, or a
 * '.'.
 */
void bar_put(FILE *out, double share, unsigned cells, bool utf8);

#endif
