/* See lists.h.  A number counts only when a blank, a comma, its unit or the line's end follows it.
 */
#include "oomlog/lists.h"

struct capture *parse_add(struct parse *parse, enum field field, s32 index)
{
	static struct capture spill;
	if (parse->n == PARSE_MOST) {
		parse->garbage++;
		return &spill;
	}
	struct capture *c = &parse->c[parse->n++];
	*c = (struct capture){.field = field, .index = index};
	return c;
}

void parse_misfit(struct parse *parse, bool last)
{
	if (last)
		parse->loose++;
	else
		parse->garbage++;
}

void parse_add_number(struct parse *parse, enum field field, s32 index, s64 n)
{
	struct capture *c = parse_add(parse, field, index);
	c->number = true;
	c->n = n;
}

void parse_add_text(struct parse *parse, enum field field, struct str text)
{
	parse_add(parse, field, 0)->text = text;
}

static bool separator(char c)
{
	return is_blank(c) || c == ',';
}

static size_t token_length(struct str t)
{
	size_t n = 0;
	while (n < t.len && !separator(t.s[n]))
		n++;
	return n;
}

static const struct word *find_word(const struct vocabulary *words, struct str key)
{
	for (size_t i = 0; i < words->n; i++)
		if (str_is_nocase(key, str_of(words->words[i].word)))
			return &words->words[i];
	return NULL;
}

/* "kB", "KB", and 4.6's "lkB": the kernel's own slip in oom_reaper's line. */
static bool is_kb(struct str unit)
{
	return str_is(unit, STR("kB")) || str_is(unit, STR("KB")) || str_is(unit, STR("lkB"));
}

struct value {
	s64 n;
	bool ok, open; /* open: more digits could follow in another piece */
};

/* The value of a token, the unit as it must be. */
static struct value token_value(struct str t, enum unit unit, bool last, bool cut)
{
	struct value v = {0};
	if (unit == UNIT_YES_NO) {
		v.ok = str_starts(t, STR("yes")) || str_starts(t, STR("no"));
		v.n = str_starts(t, STR("yes"));
		return v;
	}
	size_t n = str_number(t, &v.n);
	struct str rest = str_from(t, n);
	if (!n)
		return v;
	while (rest.len && strchr(".;)<", rest.s[rest.len - 1])) /* ends of sentences and tags */
		rest.len--;
	bool bare = !str_from(t, n).len;
	if (unit == UNIT_KB) {
		v.ok = is_kb(rest);
	} else {
		v.ok = !rest.len && !(bare && last && cut);
		v.open = v.ok && bare && last;
	}
	return v;
}

static void take_pair(struct str key, struct str value, const struct vocabulary *words, bool last,
		      bool cut, struct parse *parse)
{
	const struct word *word = find_word(words, key);
	s64 number;
	if (!word) { /* a counter of another kernel: no harm, when it looks like one */
		if (!str_number(value, &number))
			parse_misfit(parse, last);
		return;
	}
	struct value v = token_value(value, word->unit, last, cut);
	if (!v.ok) {
		parse_misfit(parse, last);
		parse->damaged = true;
		return;
	}
	parse_add_number(parse, word->field, word->index, v.n);
	parse->open_number = v.open;
}

void list_colons(struct str t, const struct vocabulary *words, bool cut, struct parse *parse)
{
	while (t.len) {
		if (separator(t.s[0])) {
			t = str_from(t, 1);
			continue;
		}
		size_t n = token_length(t);
		struct str token = str_head(t, n);
		size_t colon = str_find_last(token, STR(":"));
		if (colon == SIZE_MAX)
			colon = str_find_char(token, '?'); /* all_unreclaimable? */
		t = str_from(t, n);
		parse->open_number = false;
		if (colon == SIZE_MAX || !colon) {
			parse_misfit(parse, !str_trim_left(t).len);
			continue;
		}
		struct str key = str_head(token, colon), value = str_from(token, colon + 1);
		if (!value.len) { /* "shmem_thp: 0kB" */
			struct str next = str_trim_left(t);
			n = token_length(next);
			value = str_head(next, n);
			t = str_from(next, n);
		}
		take_pair(key, value, words, !str_trim_left(t).len, cut, parse);
	}
}

/* Does a known key begin here, after a separator?  Returns the bytes up to its value. */
static size_t key_at(struct str t, const struct vocabulary *words, const struct word **word)
{
	for (size_t i = 0; i < words->n; i++) {
		struct str key = str_of(words->words[i].word);
		if (str_starts(t, key) &&
		    (str_at(t, key.len) == '=' || str_at(t, key.len) == ':')) {
			*word = &words->words[i];
			return key.len + 1;
		}
	}
	return 0;
}

/* How far a value reaches: to the separators before the next known key. */
static size_t value_length(struct str t, const struct vocabulary *words)
{
	const struct word *next;
	for (size_t i = 0; i < t.len; i++) {
		if (!separator(t.s[i]))
			continue;
		size_t after = i;
		while (after < t.len && separator(t.s[after]))
			after++;
		if (after == t.len || key_at(str_from(t, after), words, &next) ||
		    str_starts(str_from(t, after), STR("global_oom")))
			return i;
	}
	return t.len;
}

static void take_equal(const struct word *word, struct str value, bool last, bool cut,
		       struct parse *parse)
{
	if (word->unit == UNIT_COUNT) {
		/* "order=0 some words": the number ends at its own separator */
		struct value v =
			token_value(str_head(value, token_length(value)), UNIT_COUNT, last, cut);
		if (!v.ok) {
			parse_misfit(parse, last);
			parse->damaged = true;
			return;
		}
		parse_add_number(parse, word->field, word->index, v.n);
		parse->open_number = v.open;
		parse->garbage += token_length(value) < value.len;
		return;
	}
	if (!value.len || (last && cut)) { /* what is cut is no name */
		parse->damaged = true;
		return;
	}
	parse_add_text(parse, word->field, value);
}

void list_equals(struct str t, const struct vocabulary *words, bool cut, struct parse *parse)
{
	while (t.len) {
		const struct word *word = NULL;
		if (separator(t.s[0])) {
			t = str_from(t, 1);
			continue;
		}
		parse->open_number = false;
		size_t n = key_at(t, words, &word);
		if (!n) {
			if (str_starts(t, STR("global_oom")))
				parse_add_number(parse, F_GLOBAL_OOM, 0, 1);
			else
				parse_misfit(parse, token_length(t) == t.len);
			t = str_from(t, token_length(t));
			continue;
		}
		t = str_from(t, n);
		n = value_length(t, words);
		bool last = n == t.len;
		take_equal(word, str_trim_right(str_head(t, n)), last, cut, parse);
		t = str_from(t, n);
	}
}

void list_numbers(struct str t, enum field field, bool cut, struct parse *parse)
{
	for (t = str_trim_left(t); t.len; t = str_trim_left(t)) {
		s64 value;
		size_t n = str_word(t), digits = str_number(t, &value);
		bool last = n == t.len;
		if (digits == n && !(last && cut)) {
			parse_add_number(parse, field, 0, value);
			parse->open_number = last;
		} else {
			parse_misfit(parse, last);
			parse->damaged = true;
		}
		t = str_from(t, n);
	}
}
