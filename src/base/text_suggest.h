/*
 * "did you mean": the candidate that a misspelt word is nearest to.
 *
 *	struct suggestion near = suggestion_for(word, len);
 *	for each candidate: suggestion_try(&near, candidate);
 *	if (near.best) ...
 */
#ifndef BASE_TEXT_SUGGEST_H
#define BASE_TEXT_SUGGEST_H

#include "base/types.h"

struct suggestion {
	const char *word;
	size_t len;
	const char *best;  /* NULL: none is near enough (a third of the letters may be wrong) */
	unsigned distance; /* of the best one */
};

struct suggestion suggestion_for(const char *word, size_t len);
void suggestion_try(struct suggestion *s, const char *candidate);

#endif
