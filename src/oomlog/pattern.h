/*
 * Patterns of one line: small, anchored at the start, without alternatives.
 *
 *	%d	a decimal number, perhaps negative; nothing alphanumeric may follow it
 *	%s	text up to the next literal of the pattern (not empty); greedy with %S
 *	%w	one word
 *	blank	one blank or more; at the end of a line none
 *	~	blanks or none
 *	$	the end of the line
 *	else	itself
 */
#ifndef OOMLOG_PATTERN_H
#define OOMLOG_PATTERN_H

#include "oomlog/grammar.h"

struct pattern_match {
	struct capture c[10];
	size_t n;
	struct str rest;
	bool partial;	 /* the text ended first; what was captured is in c */
	size_t literals; /* bytes of the pattern's literals that were there */
};

/* False: it does not fit, also not as the beginning of something longer. */
bool pattern_match(const char *pattern, struct str text, struct pattern_match *match);

#endif
