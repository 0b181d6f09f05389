/*
 * The task table, the slab dump, allocation tags and memory.stat.
 *
 * A task row is read by the columns of the table's head.  Without a head (a log that was cut, or
 * grepped for a name) only what all column sets have in common is read: pid, uid, tgid, total_vm
 * and rss come first and oom_score_adj last in every one since 2.6.36; what stands between can be
 * three different things, and vendors have their own, so it stays unknown.
 */
#include "oomlog/lists.h"
#include "oomlog/tables.h"

#define TASK(id, word) [OOM_TASK_##id] = word,
static const char *const task_columns[OOM_TASK_N] = {
#include "oomlog/fields.def"
};
#undef TASK

enum { MOST_COLUMNS = 24 };

static s32 column_of(struct str word)
{
	for (s32 i = 0; i < OOM_TASK_N; i++)
		if (str_is_nocase(word, str_of(task_columns[i])))
			return i;
	return -1;
}

/* "[ pid ]   uid  tgid total_vm ... name" */
static bool parse_head(struct str t, struct parse *parse)
{
	size_t n = 1 + str_blanks(str_from(t, 1));
	if (!str_starts(str_from(t, n), STR("pid")))
		return false;
	n += 3 + str_blanks(str_from(t, n + 3));
	if (str_at(t, n) != ']')
		return false;
	parse->kind = LINE_TASKS_HEAD;
	parse->partial = true;
	parse_add_number(parse, F_COLUMN, OOM_TASK_PID, (s64)n - 1); /* the bracket's width */
	for (t = str_trim(str_from(t, n + 1)); t.len; t = str_trim_left(t)) {
		n = str_word(t);
		struct str word = str_head(t, n);
		if (str_is(word, STR("name"))) {
			parse->partial = false;
			parse->garbage += n < t.len;
			return true;
		}
		struct capture *c = parse_add(parse, F_COLUMN, column_of(word));
		c->text = word;
		parse->garbage += c->index < 0;
		t = str_from(t, n);
	}
	return true;
}

void grammar_columns(const struct parse *head, struct columns *columns)
{
	*columns =
		(struct columns){.known = !head->partial, .width = head->n ? (u32)head->c[0].n : 0};
	for (size_t i = 0; i < head->n && columns->n < MOST_COLUMNS; i++)
		columns->index[columns->n++] = head->c[i].index;
}

/* Up to `most` numbers at the front of a row; what stands after them is the name. */
static size_t row_numbers(struct str *t, size_t most, s64 *numbers)
{
	size_t count = 0;
	while (count < most) {
		struct str next = str_trim_left(*t);
		size_t n = str_number(next, &numbers[count]);
		if (!n || (!is_blank(str_at(next, n)) && next.len > n))
			break;
		count++;
		*t = str_from(next, n);
	}
	return count;
}

/*
 * Without a head: the first five columns, and oom_score_adj, which is the last one since 2.6.36 and
 * makes eight numbers or more (2.6.25 to 2.6.35 have seven).
 */
static struct columns usual_columns(size_t count)
{
	enum { SHARED = 5, FEWEST_WITH_ADJ = 8 };
	struct columns columns = {.known = true, .n = (u32)count};
	for (size_t i = 0; i < count; i++)
		columns.index[i] = i < SHARED ? (s32)i : -1;
	if (count >= FEWEST_WITH_ADJ)
		columns.index[count - 1] = OOM_TASK_OOM_SCORE_ADJ;
	return columns;
}

/*
 * "[ pid ]" stands over "[%5d]", "[  pid  ]" (4.19+) over "[%7d]": a row of the other width is of
 * another table, whose columns are not known.
 */
static bool same_table(const struct columns *columns, size_t width, bool padded)
{
	if (columns->width == 5 && width == 7)
		return !padded;
	return !(columns->width == 7 && width == 5);
}

/* "[ 1234]  1000  1234     5678      123       4        0             0 name" */
static bool parse_row(struct str t, const struct line_context *context, struct parse *parse)
{
	s64 numbers[MOST_COLUMNS + 1];
	size_t n = 1 + str_blanks(str_from(t, 1)), digits = str_number(str_from(t, n), &numbers[0]);
	if (!digits || numbers[0] < 0 || str_at(t, n + digits) != ']' ||
	    !is_blank(str_at(t, n + digits + 1)))
		return false;
	struct str rest = str_from(t, n + digits + 1);
	const struct columns *columns = context->columns;
	bool known = columns && columns->known &&
		     same_table(columns, n + digits - 1, str_at(t, 2) == ' ');
	size_t most = known ? columns->n - 1 : MOST_COLUMNS - 1;
	size_t count = 1 + row_numbers(&rest, most, numbers + 1);
	if (count < 4)
		return false;
	parse->kind = LINE_TASK;
	struct str name = str_trim(rest);
	/* more numbers than columns: another table's row, or one that was glued wrongly */
	if (known && is_digit(str_at(name, 0)) && str_word(name) < name.len) {
		known = false;
		count += row_numbers(&rest, MOST_COLUMNS - count, numbers + count);
		name = str_trim(rest);
	}
	struct columns usual = usual_columns(count);
	if (!known)
		columns = &usual;
	if (columns->n != count || count < 7 || !name.len || context->cut_end) {
		parse->partial = parse->damaged = true;
		parse->score = (int)count;
		return true;
	}
	for (size_t i = 0; i < count; i++)
		if (columns->index[i] >= 0)
			parse_add_number(parse, F_CELL, columns->index[i], numbers[i]);
	parse_add_text(parse, F_NAME, name);
	parse->score = (int)count;
	return true;
}

bool parse_task_line(struct str t, const struct line_context *context, struct parse *parse)
{
	if (str_at(t, 0) != '[')
		return false;
	return parse_head(t, parse) || parse_row(t, context, parse);
}

/* "kmalloc-64              1360KB       1360KB": the last two words are sizes. */
static bool parse_slab(struct str t, struct parse *parse)
{
	s64 sizes[2];
	struct str rest = str_trim(t);
	for (int i = 1; i >= 0; i--) {
		size_t n = rest.len;
		while (n && !is_blank(rest.s[n - 1]))
			n--;
		struct str word = str_from(rest, n);
		size_t digits = str_number(word, &sizes[i]);
		if (!n || !digits || !str_is(str_from(word, digits), STR("KB")))
			return false;
		rest = str_trim(str_head(rest, n));
	}
	parse->kind = LINE_SLAB;
	parse_add_text(parse, F_NAME, rest);
	parse_add_number(parse, F_USED, 0, sizes[0]);
	parse_add_number(parse, F_TOTAL, 0, sizes[1]);
	return true;
}

/* "3176243200   247900 mm/slub.c:2264 [module] func:alloc_slab_page"; 7.x: "512 MiB" in front. */
static bool parse_tag(struct str t, struct parse *parse)
{
	s64 size, calls;
	struct str file, rest = str_trim(t);
	size_t func = str_find(rest, STR(" func:")), n = str_number(rest, &size);
	if (func == SIZE_MAX || !n)
		return false;
	struct str function = str_from(rest, func + 6), amount = str_head(rest, n);
	struct str left = str_head(rest, func), after = str_from(left, n);
	if (str_at(after, 0) == '.') { /* "1.50 GiB" */
		n += 1 + str_digits(str_from(after, 1));
		amount = str_head(rest, n);
		after = str_from(left, n);
	}
	struct str unit = str_trim_left(after);
	if (is_alpha(str_at(unit, 0))) {
		size_t word = str_word(unit);
		amount = (struct str){rest.s, (size_t)(unit.s + word - rest.s)};
		after = str_from(unit, word);
	}
	after = str_trim_left(after);
	n = str_number(after, &calls);
	if (!n || !is_blank(str_at(after, n)))
		return false;
	file = str_trim(str_from(after, n));
	parse->kind = LINE_TAG;
	parse_add_text(parse, F_SIZE, amount);
	parse_add_number(parse, F_CALLS, 0, calls);
	size_t word = str_word(file);
	parse_add_text(parse, F_FILE, str_head(file, word));
	struct str module = str_trim(str_from(file, word));
	if (module.len > 2 && module.s[0] == '[')
		parse_add_text(parse, F_MODULE, (struct str){module.s + 1, module.len - 2});
	parse_add_text(parse, F_FUNCTION, str_trim(function));
	return true;
}

/* One row of memory.stat: "anon 5222400". */
static bool parse_stat(struct str t, const struct line_context *context, struct parse *parse)
{
	size_t n = 0;
	s64 value;
	while (n < t.len && (is_alpha(t.s[n]) || is_digit(t.s[n]) || strchr("_.()", t.s[n])))
		n++;
	struct str rest = str_trim(str_from(t, n));
	if (!n || !is_alpha(t.s[0]) || n == t.len || str_number(rest, &value) != rest.len ||
	    context->cut_end)
		return false;
	parse->kind = LINE_STAT;
	parse->open_number = true;
	parse_add_text(parse, F_NAME, str_head(t, n));
	parse_add_number(parse, F_STAT, 0, value);
	return true;
}

bool parse_section_line(struct str t, const struct line_context *context, struct parse *parse)
{
	if (context->in_slabs && parse_slab(t, parse))
		return true;
	if (context->in_tags && parse_tag(t, parse))
		return true;
	return context->in_stats && parse_stat(t, context, parse);
}
