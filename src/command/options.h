/*
 * Options as rows: what is read from the command line, and what help, man page and completions
 * tell.
 *
 * Long options are written --name VALUE or --name=VALUE, never abbreviated; letters may be joined
 * (-vq). Options and operands may be mixed; "--" ends the options.
 */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include "base/error.h"
#include "base/types.h"

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_COUNT,  /* u64 */
	OPTION_SIZE,   /* u64; 10M, 1.5G */
	OPTION_CHOICE, /* unsigned: index into choices; 0, also when not given, may be an empty text
			  that nobody can give */
	/*
	 * const char *: a file to write; alone it means "-", standard output.  --json=FILE, or FILE
	 * as the next word when that is "-", ends in ".json" (the option's name), or follows a dump
	 * and can't be a dump: there is no such file, or it begins with { or < as an earlier result
	 * does.  So `memwho ps
	 * --json vmcore` reads vmcore, and no dump is ever written over.
	 */
	OPTION_OUTPUT,
};

struct command_option {
	const char *name;     /* without "--" */
	char letter;	      /* 0: none */
	const char *argument; /* "FILE", for help; NULL with OPTION_FLAG */
	const char *help;     /* a sentence without full stop */
	enum option_kind kind;
	size_t offset;		    /* of the target in the options block */
	const char *const *choices; /* OPTION_CHOICE; ends with NULL */
};

/* Groups of common options; a command's `common` tells which it takes besides OPTIONS_GENERAL. */
enum {
	OPTIONS_GENERAL = 1, /* every command takes them */
	OPTIONS_OUTPUT = 2,
	OPTIONS_LIST = 4,
	OPTIONS_DUMP = 8,
	OPTIONS_OF_LIST =
		OPTIONS_OUTPUT | OPTIONS_LIST | OPTIONS_DUMP, /* what a list from a dump takes */
};

enum colour_choice { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct common_options {
	bool help, version, verbose, quiet;
	unsigned colour; /* enum colour_choice */
	const char *json, *output;
	bool bytes, no_header;
	const char *sort, *columns, *filter;
	u64 limit; /* 0: none */
	const char *map, *vmlinux;
};

struct option_group {
	unsigned bit;
	const char *title;
	const struct command_option *options;
	size_t n;
};

extern const struct option_group option_groups[]; /* targets lie in struct common_options */
extern const size_t nr_option_groups;

/* --- reading a command line ---------------------------------------------------------------- */

struct option_source {
	const struct command_option *options;
	size_t n;
	void *target;
};

struct option_reader {
	const struct option_source *sources;
	size_t nr_sources;
	int argc, at; /* the next word; starts at 1 */
	char *const *argv;
	const char *letters; /* the rest of -abc */
	bool operands_only;  /* after -- */
	bool input_seen;     /* set by the caller once an operand named an input */
	bool lenient;	     /* unknown options are passed over, for a first look at the line */
};

struct option_word {
	const char *operand;		     /* or: */
	const struct command_option *option; /* NULL with neither: passed over */
	void *target;
	const char *value; /* NULL for flags */
	int index;	   /* in argv */
};

/* The next option or operand: 1, at the end 0, -1 with error. */
int option_next(struct option_reader *reader, struct option_word *word, struct error *error);
/* Parse the word's value and put it into its target. */
int option_store(const struct option_word *word, struct error *error);

#endif
