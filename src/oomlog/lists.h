/*
 * Lists of keys and values, and of numbers: what follows the fixed words of a line.
 *
 * Every scanner puts what it understands into the parse and counts what it does not as garbage; a
 * value that the end of a cut line may have shortened is left out.
 */
#ifndef OOMLOG_LISTS_H
#define OOMLOG_LISTS_H

#include "oomlog/grammar.h"

enum unit { UNIT_KB, UNIT_COUNT, UNIT_YES_NO, UNIT_TEXT };

struct word {
	const char *word;
	enum field field;
	s32 index;
	enum unit unit;
};

struct vocabulary {
	const struct word *words;
	size_t n;
};

/* A word that fits nothing: at the end of a line it may be the beginning of one that does. */
void parse_misfit(struct parse *parse, bool last);

/* One more capture, unless the parse is full. */
struct capture *parse_add(struct parse *parse, enum field field, s32 index);
void parse_add_number(struct parse *parse, enum field field, s32 index, s64 n);
void parse_add_text(struct parse *parse, enum field field, struct str text);

/* "free:12kB min:34kB ... all_unreclaimable? no", blanks or commas between. */
void list_colons(struct str t, const struct vocabulary *words, bool cut, struct parse *parse);
/*
 * "gfp_mask=0x1(A|B), order=0": a value ends where the next known key begins.  Texts may have
 * blanks and commas in them.
 */
void list_equals(struct str t, const struct vocabulary *words, bool cut, struct parse *parse);
/* " 0 3444 15930" */
void list_numbers(struct str t, enum field field, bool cut, struct parse *parse);

#endif
