/*
 * Errors of cold calls: a chain of sentences, innermost last.
 *
 * A function that can fail takes a `struct error *` as its last parameter and returns 0 or -1.  The
 * one that notices says what was being done and which value was wrong (error_set); each caller may
 * put what it was doing in front (error_add), so that the user reads
 *	reading vmcore: page descriptor of pfn 0x1234: offset 0x9000 lies past the end of the file
 * The error pointer may be NULL everywhere: then only the return value tells.
 * Hot reads do not use this, see base/status.h.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/types.h"

/* Exit statuses of the program (doc/report.md). */
enum exit_status {
	EXIT_REPORT = 0,  /* a report was made */
	EXIT_FINDING = 1, /* kept for --fail-on (doc/report.md): nothing exits with it yet */
	EXIT_USAGE = 2,
	EXIT_INPUT = 3,	   /* input unreadable or unsupported */
	EXIT_PARTIAL = 4,  /* something needed was excluded, truncated or damaged */
	EXIT_INTERNAL = 5, /* our own fault */
};

struct error {
	enum exit_status
		exit_status; /* what main should exit with, when this error ends the program */
	char text[1024];     /* always terminated; cut at the end when too long */
};

#define ERROR_INIT             \
	{                      \
		EXIT_INPUT, "" \
	}

/* Start the chain.  Returns -1, for `return error_set(...)`. */
int error_set(struct error *error, enum exit_status status, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Put "what: " in front.  Returns -1. */
int error_add(struct error *error, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
