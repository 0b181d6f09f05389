/*
 * Opening what `memwho log` reads: plain and compressed files, pipes, journals.
 *
 * Nothing is unpacked to disk: a log is read once, from front to back.
 */
#ifndef COMMAND_LOG_INPUT_H
#define COMMAND_LOG_INPUT_H

#include "dump/unpack.h"
#include "oomlog/source.h"

enum { LOG_INPUT_HEAD = 4096 };

struct log_input {
	int fd;
	const char *name;   /* for messages */
	const char *packed; /* "gzip"; NULL: plain */
	bool journal;	    /* it is a journal file: journal_scan() */
	bool damaged;	    /* the compressed data break off or make no sense from here on */
	struct source source;
	/* Private. */
	u8 head[LOG_INPUT_HEAD];
	size_t head_len, head_at;
	const struct unpacker *unpacker;
	void *state;
	struct unpack_io io;
	u8 *in;
	bool ended;
};

/* path "-": standard input.  The input must not move in memory. */
int log_input_open(struct log_input *input, const char *path, struct error *error);
void log_input_close(struct log_input *input);

#endif
