/*
 * makedumpfile's flattened form (-F; also what QEMU writes for its kdump formats): a stream of
 * {offset, size, bytes} records that a pipe can carry, to be put in order by whoever reads it.
 * Here it is put in order by an index, without a copy.
 */
#ifndef DUMP_FLAT_H
#define DUMP_FLAT_H

#include "dump/file.h"

bool flat_probe(struct file *base);

/* Index base, which is taken over, also on failure. */
int flat_open(struct file **file, struct file *base, struct progress *progress,
	      struct error *error);

#endif
