/*
 * Text of any size into the parser: what is read is read once, in a window of fixed size, and only
 * what lies around a needle is parsed.
 *
 *	source.c		windows, lines, the scan
 *	source_utf16.c		UTF-16 (PowerShell, Windows' editors) as UTF-8
 *	source_journal.c	journal files and the running journal, through libsystemd
 *
 * Opening files and unpacking them is the caller's: a source is something that gives bytes.
 */
#ifndef OOMLOG_SOURCE_H
#define OOMLOG_SOURCE_H

#include "base/error.h"
#include "base/progress.h"
#include "oomlog/oomlog.h"

struct source {
	/* Up to room bytes into buffer; 0: the end; -1 with error: reading failed. */
	s64 (*read)(void *context, void *buffer, size_t room, struct error *error);
	void *context;
	u64 total; /* bytes to come, for progress; 0: not known */
};

struct source_stats {
	u64 bytes;
	u64 parsed_bytes; /* of them, given to the parser */
	u64 lines;
	bool utf16;
	bool any_text; /* some byte was neither NUL nor white space */
};

/*
 * Everything of the source into log, up to the end of its text (oomlog_finish).  Returns 0, or -1
 * when reading failed; what came before has been parsed then, and stats tell how much that was.
 */
int source_scan(struct oomlog *log, const struct source *source, struct progress *progress,
		struct source_stats *stats, struct error *error);

/* --- UTF-16 -------------------------------------------------------------------------------- */

struct source_utf16 {
	struct source inner;
	bool big_endian;
	u8 *raw;
	size_t at, len;
};

/* Does the text begin as UTF-16 does: with its mark, or with ASCII in every other byte? */
bool source_is_utf16(const u8 *head, size_t len, bool *big_endian);
/* head: what was read from inner already. */
struct source source_utf16_open(struct source_utf16 *utf16, const struct source *inner,
				bool big_endian, const u8 *head, size_t len);
void source_utf16_close(struct source_utf16 *utf16);

/* --- journals ------------------------------------------------------------------------------ */

struct journal_query {
	const char *const *files; /* journal files; none, and no directory: the running journal */
	size_t nr_files;
	const char *directory;
	const char *boot; /* "0" this one, "-1" the one before, or an id; NULL: all */
	bool has_since;
	u64 since_us; /* since 1970 */
};

/* Whether this build has libsystemd. */
bool journal_supported(void);

/* Records of the kernel and of the killers in user space; like source_scan. */
int journal_scan(struct oomlog *log, const struct journal_query *query, struct progress *progress,
		 struct source_stats *stats, struct error *error);

#endif
