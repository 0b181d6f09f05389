/* See join.h. */
#include "oomlog/join.h"

#include "base/mem.h"

enum { MOST_PIECES = 64, LONGEST_LINE = 16384, SHORTEST_WRAP = 40 };

void join_init(struct join *join, line_fn fn, line_context_fn context, bool (*idle)(void *),
	       void *arg)
{
	*join = (struct join){.fn = fn, .context = context, .idle = idle, .arg = arg};
}

void join_done(struct join *join)
{
	free(join->text.v);
	free(join->trial.v);
}

static struct str pending_text(const struct join *join)
{
	return (struct str){join->text.v ? join->text.v : "", join->text.n};
}

void join_flush(struct join *join)
{
	if (!join->pending)
		return;
	join->pending = false;
	join->line.text = pending_text(join);
	join->fn(join->arg, &join->line);
}

static bool digits_meet(const struct join *join, const struct piece *piece)
{
	struct str text = pending_text(join);
	return !piece->indented && text.len && is_digit(text.s[text.len - 1]) &&
	       is_digit(str_at(piece->text, 0));
}

/* The line before broke off in a number, perhaps, and this one begins with its other half. */
static bool begins_in_number(const struct join *join, const struct piece *piece)
{
	return join->started && !piece->begins && !piece->stamp.prefixed && !join->record &&
	       digits_meet(join, piece) && join->physical_len >= SHORTEST_WRAP &&
	       join->physical_len >= join->longest;
}

static void start(struct join *join, const struct piece *piece)
{
	bool torn = begins_in_number(join, piece);
	join->text.n = 0;
	bytes_add(&join->text, piece->text);
	join->line = (struct line){.stamp = piece->stamp,
				   .first = (!join->started || piece->cut_start || torn) &&
					    !piece->stamp.prefixed,
				   .cut_end = piece->cut_end,
				   .number = piece->line,
				   .last_number = piece->line,
				   .offset = piece->offset,
				   .end_offset = piece->end_offset};
	join->started = true;
	join->pending = true;
	join->record = piece->record;
	join->physical_len = piece->physical_len;
	join->pieces = 1;
}

static int value_of(struct join *join, struct str text, bool cut, struct parse *parse)
{
	struct line_context context = {0};
	join->context(join->arg, &join->line.stamp, &context);
	context.cut_end = cut;
	return grammar_parse(text, &context, parse) ? parse_value(parse) : 0;
}

/* What the two would be worth together, with `between` between them. */
static int trial(struct join *join, const struct piece *piece, struct str between)
{
	struct parse parse;
	join->trial.n = 0;
	bytes_add(&join->trial, pending_text(join));
	bytes_add(&join->trial, between);
	bytes_add(&join->trial, piece->text);
	return value_of(join, (struct str){join->trial.v, join->trial.n}, piece->cut_end, &parse);
}

static void extend(struct join *join, const struct piece *piece, struct str between)
{
	bytes_add(&join->text, between);
	bytes_add(&join->text, piece->text);
	join->line.cut_end = piece->cut_end;
	join->line.last_number = piece->line;
	join->line.end_offset = piece->end_offset;
	join->line.joined = true;
	join->physical_len = piece->physical_len;
	join->pieces++;
	join->joined++;
}

/* A line of its own, whatever stands before it. */
static bool stands_alone(const struct parse *parse)
{
	static const enum line_kind weak[] = {LINE_UNKNOWN, LINE_NOISE,		LINE_MEM,
					      LINE_STAT,    LINE_SLAB,		LINE_TASK,
					      LINE_TASK_IN, LINE_OOM_KILL_REST, LINE_NOTICE};
	for (size_t i = 0; i < ARRAY_SIZE(weak); i++)
		if (parse->kind == weak[i])
			return false;
	return !parse->partial && !parse->garbage && !parse->loose;
}

/* Where lines are broken at 72, one of 300 is not broken. */
static bool too_wide(const struct join *join)
{
	return join->joined >= 3 && join->widest && join->physical_len > 2 * join->widest + 20;
}

static void take(struct join *join, const struct piece *piece, bool glue)
{
	if (join->physical_len != SIZE_MAX && join->physical_len > join->widest)
		join->widest = join->physical_len;
	extend(join, piece, glue ? STR("") : STR(" "));
}

/* Has a word of those lines that begin a report. */
static bool promising(struct str text)
{
	static const char *const words[] = {"oom",   "OOM",	"illed", "emory",
					    "alloc", "invoked", "Mem-",	 "killing"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_contains(text, str_of(words[i])))
			return true;
	return false;
}

/* True when the piece has become a part of the pending line. */
static bool try_join(struct join *join, const struct piece *piece)
{
	struct parse parse, alone;
	if (join->pieces >= MOST_PIECES || join->text.n + piece->text.len > LONGEST_LINE)
		return false;
	int before = value_of(join, pending_text(join), join->line.cut_end, &parse);
	bool open = parse.open_number;
	if (!before && join->idle(join->arg) && !promising(pending_text(join)) &&
	    !promising(piece->text))
		return false;
	int apart = before + value_of(join, piece->text, piece->cut_end, &alone);
	if (stands_alone(&alone) || too_wide(join) ||
	    (!before && parse.kind == LINE_NOISE && alone.kind != LINE_UNKNOWN))
		return false;
	bool ends_blank = join->text.n && is_blank(join->text.v[join->text.n - 1]);
	int spaced = trial(join, piece, STR(" "));
	int glued = piece->indented || ends_blank ? -1000 : trial(join, piece, STR(""));
	bool meet = digits_meet(join, piece);
	bool hard = !piece->indented && join->hard_width && join->physical_len == join->hard_width;
	bool full =
		join->physical_len >= join->longest; /* a terminal may have broken it in a number */
	int best = spaced > glued ? spaced : glued;
	if (best > apart) {
		bool glue = glued > spaced || (glued == spaced && !meet) ||
			    (hard && meet && glued > apart);
		if (glued > spaced && !meet)
			join->hard_width = join->physical_len;
		if (meet && !glue && full)
			join->line.doubtful = true;
		take(join, piece, glue);
		return true;
	}
	if (alone.kind != LINE_UNKNOWN)
		return false;
	if (hard && before && glued >= apart) { /* the name at the end of a row */
		take(join, piece, true);
		return true;
	}
	if (open && meet && full && join->physical_len >= SHORTEST_WRAP)
		join->line.cut_end = true; /* its last number may go on in this piece */
	return false;
}

bool join_promising(const struct join *join)
{
	return join->pending && promising(pending_text(join));
}

void join_feed(struct join *join, const struct piece *piece)
{
	if (!str_trim(piece->text).len && !piece->stamp.prefixed) {
		join_flush(join);
		return;
	}
	bool own = piece->begins || piece->stamp.prefixed || join->record;
	if (piece->physical_len != SIZE_MAX && piece->physical_len > join->longest)
		join->longest = piece->physical_len;
	if (join->pending && !own && try_join(join, piece))
		return;
	join_flush(join);
	start(join, piece);
}
