/* Matching one pattern: one pass, and one search for each %s. */
#include "oomlog/pattern.h"

static bool literal_char(char p)
{
	return p && p != '%' && p != '~' && p != '$' && p != ' ';
}

/* The literal that follows a %s: up to the next directive, blanks included. */
static struct str next_literal(const char *p)
{
	size_t n = 0;
	while (literal_char(p[n]) || p[n] == ' ')
		n++;
	return (struct str){p, n};
}

/* %s: ends before the literal that comes next, or at the end of the line. */
static bool take_text(const char *p, bool greedy, struct str *t, struct pattern_match *m)
{
	struct str literal = next_literal(p);
	size_t n = t->len;
	if (literal.len) {
		n = greedy ? str_find_last(*t, literal) : str_find(*t, literal);
		if (n == SIZE_MAX) { /* a piece may still bring it */
			m->partial = true;
			return t->len > 0;
		}
	}
	if (!n)
		return false;
	m->c[m->n++] = (struct capture){.text = str_head(*t, n)};
	*t = str_from(*t, n);
	return true;
}

static bool take_number(struct str *t, struct pattern_match *m)
{
	s64 value = 0;
	size_t n = str_number(*t, &value);
	char after = str_at(*t, n);
	if (!n) {
		m->partial = !t->len;
		return m->partial;
	}
	if (is_alpha(after) && after != 'k' && after != 'K' && after != 'm' && after != 'l')
		return false;
	m->c[m->n++] = (struct capture){.number = true, .n = value, .text = str_head(*t, n)};
	*t = str_from(*t, n);
	return true;
}

static bool take_word(struct str *t, struct pattern_match *m)
{
	size_t n = str_word(*t);
	if (!n) {
		m->partial = !t->len;
		return m->partial;
	}
	m->c[m->n++] = (struct capture){.text = str_head(*t, n)};
	*t = str_from(*t, n);
	return true;
}

bool pattern_match(const char *p, struct str t, struct pattern_match *m)
{
	bool ok;
	if (literal_char(*p) && t.len && t.s[0] != *p) /* most rows, most lines */
		return false;
	m->n = m->literals = 0;
	m->partial = false;
	for (; *p && !m->partial; p++) {
		if (*p == '%') {
			p++;
			ok = *p == 'd'	 ? take_number(&t, m)
			     : *p == 'w' ? take_word(&t, m)
					 : take_text(p + 1, *p == 'S', &t, m);
			if (!ok)
				return false;
		} else if (*p == ' ' || *p == '~') {
			size_t n = str_blanks(t);
			if (!n && *p == ' ' && t.len)
				return false;
			t = str_from(t, n);
		} else if (*p == '$') {
			if (str_trim_left(t).len)
				return false;
		} else if (!t.len) {
			m->partial = true;
		} else if (t.s[0] != *p) {
			return false;
		} else {
			m->literals++;
			t = str_from(t, 1);
		}
	}
	m->rest = t;
	return true;
}
