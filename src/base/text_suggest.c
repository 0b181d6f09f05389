/*
 * Edit distance with neighbours swapped counted as one (optimal string alignment), in three rows.
 * A word that a candidate begins with counts as one mistake: people abbreviate.
 */
#include "base/text_suggest.h"

#include <string.h>

enum { LONGEST_WORD = 40 };

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][LONGEST_WORD + 1];
	for (unsigned j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3],
			 *above2 = rows[(i + 1) % 3];
		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned change = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = smaller(change, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], above2[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

struct suggestion suggestion_for(const char *word, size_t len)
{
	return (struct suggestion){
		.word = word, .len = len, .distance = (unsigned)(len < 3 ? 1 : len / 3) + 1};
}

void suggestion_try(struct suggestion *s, const char *candidate)
{
	size_t len = strlen(candidate);
	if (!s->len || s->len > LONGEST_WORD || len > LONGEST_WORD)
		return;
	bool begins = s->len > 1 && s->len < len && !memcmp(s->word, candidate, s->len);
	unsigned d = begins ? 1 : distance(s->word, s->len, candidate, len);
	if (d >= s->distance || d >= len)
		return;
	s->best = candidate;
	s->distance = d;
}
