/*
 * Where bytes go in the end: standard output or a file, with the first error of writing remembered.
 *
 * stdio forgets why a write failed by the time that anybody asks; this keeps it, so that a closed
 * pipe can be told from a full disk.
 */
#ifndef SINK_OUTPUT_H
#define SINK_OUTPUT_H

#include <stdio.h>

#include "base/error.h"
#include "base/types.h"

struct output {
	FILE *file;
	const char *name; /* for messages */
	int fd;
	int failed_errno; /* of the first write that failed; 0 */
};

/*
 * path "-" is standard output; another file is created or emptied.  The output must not move in
 * memory.
 */
int output_open(struct output *output, const char *path, struct error *error);

/*
 * Write what is left and close.  On failure -1 with an error that names the file; a pipe that
 * nobody reads any more is EXIT_REPORT with an empty text: the reader had what it wanted.
 */
int output_close(struct output *output, struct error *error);

#endif
