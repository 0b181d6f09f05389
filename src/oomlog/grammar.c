/*
 * Reading one line by the rows of lines.def: a pattern, what its captures are, and how the rest of
 * the line is read.
 *
 * Rows are tried in order and the first that fits whole wins; one that fits as far as the text goes
 * is kept as partial, for lines that are still to be joined.  Lines with lists (zones, tasks ...)
 * are known by their shape, in tables_*.c, and come first because there are so many of them.
 */
#include "oomlog/grammar.h"

#include "oomlog/lists.h"
#include "oomlog/pattern.h"
#include "oomlog/tables.h"

enum tail {
	TAIL_NONE,
	TAIL_ANY,
	TAIL_HEADER,
	TAIL_FAILURE,
	TAIL_OOM_KILL,
	TAIL_KILLED,
	TAIL_VERSION,
	TAIL_STATS,
	TAIL_REASON
};

struct row {
	enum line_kind kind;
	const char *pattern;
	enum field fields[7];
	enum tail tail;
	s32 which;
};

/* --- vocabularies of lists --- */

static const struct word header_words[] = {
	{"gfp_mask", F_GFP, 0, UNIT_TEXT},     {"nodemask", F_NODEMASK, 0, UNIT_TEXT},
	{"order", F_ORDER, 0, UNIT_COUNT},     {"oom_score_adj", F_OOM_SCORE_ADJ, 0, UNIT_COUNT},
	{"oom_adj", F_OOM_ADJ, 0, UNIT_COUNT}, {"oomkilladj", F_OOMKILLADJ, 0, UNIT_COUNT},
	{"cpuset", F_CPUSET, 0, UNIT_TEXT},    {"mems_allowed", F_MEMS_ALLOWED, 0, UNIT_TEXT},
};

static const struct word failure_words[] = {
	{"order", F_ORDER, 0, UNIT_COUNT},
	{"mode", F_MODE, 0, UNIT_TEXT},
	{"nodemask", F_NODEMASK, 0, UNIT_TEXT},
	{"cpuset", F_CPUSET, 0, UNIT_TEXT},
	{"mems_allowed", F_MEMS_ALLOWED, 0, UNIT_TEXT},
};

static const struct word oom_kill_words[] = {
	{"constraint", F_CONSTRAINT, 0, UNIT_TEXT},
	{"nodemask", F_CONSTRAINT_NODEMASK, 0, UNIT_TEXT},
	{"cpuset", F_CPUSET, 0, UNIT_TEXT},
	{"mems_allowed", F_MEMS_ALLOWED, 0, UNIT_TEXT},
	{"oom_memcg", F_OOM_MEMCG, 0, UNIT_TEXT},
	{"task_memcg", F_TASK_MEMCG, 0, UNIT_TEXT},
	{"task", F_TASK, 0, UNIT_TEXT},
	{"pid", F_TASK_PID, 0, UNIT_COUNT},
	{"uid", F_TASK_UID, 0, UNIT_COUNT},
};

static const struct word killed_words[] = {
	{"total-vm", F_TOTAL_VM, 0, UNIT_KB}, {"vsz", F_TOTAL_VM, 0, UNIT_KB},
	{"vm", F_TOTAL_VM, 0, UNIT_KB},	      {"anon-rss", F_ANON_RSS, 0, UNIT_KB},
	{"file-rss", F_FILE_RSS, 0, UNIT_KB}, {"shmem-rss", F_SHMEM_RSS, 0, UNIT_KB},
	{"swap", F_SWAP, 0, UNIT_KB},	      {"UID", F_UID, 0, UNIT_COUNT},
	{"pgtables", F_PGTABLES, 0, UNIT_KB}, {"oom_score_adj", F_OOM_SCORE_ADJ, 0, UNIT_COUNT},
};

#define VOCABULARY(words)                \
	&(const struct vocabulary)       \
	{                                \
		words, ARRAY_SIZE(words) \
	}

/* --- the rows --- */

#define LINE(kind, pattern, tail, which, ...) \
	{LINE_##kind, pattern, {__VA_ARGS__}, TAIL_##tail, which},
static const struct row rows[] = {
#include "oomlog/lines.def"
};
#undef LINE

/* --- tails --- */

/*
 * Where the name of "Killed process 12 (name) ..." ends: names have brackets of their own, so it is
 * the bracket before what the kernel prints next, or the last one.
 */
static size_t comm_end(struct str t)
{
	static const char *const next[] = {") total-vm:", ") vsz:", "), UID", ") vm:"};
	for (size_t i = 0; i < ARRAY_SIZE(next); i++) {
		size_t at = str_find(t, str_of(next[i]));
		if (at != SIZE_MAX)
			return at;
	}
	return str_find_last(t, STR(")"));
}

/* ", UID 48, (comm) total-vm:..", " (comm), UID 48, total-vm:..", " (comm)." */
static void tail_killed(struct str t, bool cut, bool has_comm, struct parse *parse)
{
	s64 uid;
	if (!has_comm) {
		size_t open = str_find_char(t, '(');
		struct str before = str_trim(str_head(t, open));
		if (open == SIZE_MAX || open > 24) {
			parse->partial = true;
			parse->garbage += before.len > 0;
			return;
		}
		if (str_starts(before, STR(", UID "))) {
			size_t n = str_number(str_from(before, 6), &uid);
			if (n && str_is(str_from(before, 6 + n), STR(",")))
				parse_add_number(parse, F_UID, 0, uid);
		} else if (before.len) { /* more digits of the pid, perhaps */
			parse->n = 0;
			parse->partial = true;
			parse->garbage += 3;
			return;
		}
		t = str_from(t, open + 1);
		size_t end = comm_end(t);
		if (end == SIZE_MAX || !end) {
			parse->partial = true;
			return;
		}
		parse_add_text(parse, F_COMM, str_head(t, end));
		t = str_from(t, end + 1);
	}
	if (str_at(t, 0) == '.')
		return;
	/* the RHEL spelling without a colon */
	struct str rest = str_trim_left(t);
	if (str_starts(rest, STR(", UID ")) || str_starts(rest, STR(", UID:"))) {
		size_t n = str_number(str_from(rest, 6), &uid);
		char after = str_at(rest, 6 + n);
		if (n && (after == ',' || is_blank(after) || (!after && !cut))) {
			parse_add_number(parse, F_UID, 0, uid);
			t = str_from(rest, 6 + n);
		}
	}
	list_colons(t, VOCABULARY(killed_words), cut, parse);
}

/* Words that begin with a letter after "Tainted:": flags are single capitals, the release is not.
 */
static void tail_version(struct str t, bool cut, struct parse *parse)
{
	static const char *const marks[] = {" Not tainted", " Tainted:", " Kdump: loaded"};
	size_t end = SIZE_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		size_t at = str_find(t, str_of(marks[i]));
		end = at < end ? at : end;
	}
	if (end == SIZE_MAX || !end) {
		parse->partial = true;
		return;
	}
	parse_add_text(parse, F_COMM, str_head(t, end));
	t = str_from(t, end);
	size_t taint = str_find(t, STR("ainted"));
	if (taint == SIZE_MAX) {
		parse->partial = true;
		return;
	}
	t = str_from(t, taint + 6);
	struct str flags = str_trim_left(str_from(t, str_at(t, 0) == ':')), from = flags;
	/* the release is the first word with a digit or a bracket and a digit in front */
	while (from.len && !is_digit(from.s[0]) && !(from.s[0] == '(' && is_digit(str_at(from, 1))))
		from = str_trim_left(str_from(from, str_word(from)));
	struct capture *c = parse_add(parse, F_TAINTED, 0);
	c->text = str_trim((struct str){flags.s, (size_t)(from.s - flags.s)});
	size_t n = str_word(from);
	if (!from.len || (n == from.len && cut)) {
		parse->partial = true;
		return;
	}
	struct str release = str_head(from, n);
	if (release.s[0] == '(')
		release = str_from(release, 1); /* "(2.6.26-2-686 #1)" */
	if (release.len && release.s[release.len - 1] == ')')
		release.len--;
	parse_add_text(parse, F_KERNEL, release);
	struct str version = str_trim(str_from(from, n));
	if (version.len)
		parse_add_text(parse, F_VERSION, version);
}

/* "cache:844KB rss:521136KB ..." behind the head, to 5.2. */
static void tail_stats(struct str t, struct parse *parse)
{
	for (t = str_trim_left(t); t.len; t = str_trim_left(t)) {
		size_t n = str_word(t), colon = str_find_char(str_head(t, n), ':');
		s64 value;
		struct str amount =
			colon == SIZE_MAX ? (struct str){0} : str_from(str_head(t, n), colon + 1);
		size_t digits = str_number(amount, &value);
		struct str unit = str_from(amount, digits);
		if (digits && (str_is(unit, STR("KB")) || str_is(unit, STR("kB")))) {
			struct capture *c = parse_add(parse, F_STAT, 1);
			c->number = true;
			c->n = value;
			c->text = str_head(t, colon);
		} else {
			parse->garbage++;
		}
		t = str_from(t, n);
	}
}

/* "0kB, file-rss:4kB, shmem-rss:0kB" behind "anon-rss:", whose length is given back. */
static void tail_reaped(struct str t, bool cut, struct parse *parse)
{
	static const struct word words[] = {{"anon-rss", F_ANON_RSS, 0, UNIT_KB},
					    {"file-rss", F_FILE_RSS, 0, UNIT_KB},
					    {"shmem-rss", F_SHMEM_RSS, 0, UNIT_KB}};
	struct str key = STR("anon-rss:");
	list_colons((struct str){t.s - key.len, t.len + key.len}, VOCABULARY(words), cut, parse);
}

/* The list begins with a key that the pattern has already eaten: back to it. */
static struct str with_key(struct str rest, struct str whole, const char *key)
{
	size_t at = str_find(whole, str_of(key));
	return at == SIZE_MAX ? rest : str_from(whole, at);
}

/* gfp masks have no blanks inside of their names: one there is a wrong join. */
static void check_names(struct parse *parse)
{
	for (size_t i = 0; i < parse->n; i++)
		if ((parse->c[i].field == F_GFP || parse->c[i].field == F_MODE) &&
		    str_find_char(parse->c[i].text, ' ') != SIZE_MAX)
			parse->garbage += 2;
}

static void read_tail(const struct row *row, struct str rest, struct str whole,
		      const struct line_context *context, struct parse *parse)
{
	bool cut = context->cut_end;
	switch (row->tail) {
	case TAIL_HEADER:
		list_equals(with_key(rest, rest.len ? rest : whole, "gfp_mask="),
			    VOCABULARY(header_words), cut, parse);
		if (row->fields[0] == F_NONE && !parse_find(parse, F_GFP))
			list_equals(with_key(rest, whole, "gfp_mask="), VOCABULARY(header_words),
				    cut, parse);
		check_names(parse);
		/* prose quotes the first words of a report: what follows them must be its list */
		if (parse->n <= (row->fields[0] != F_NONE) && str_trim(rest).len)
			parse->partial = true;
		break;
	case TAIL_FAILURE:
		list_equals(rest,
			    &(const struct vocabulary){failure_words, ARRAY_SIZE(failure_words)},
			    cut, parse);
		check_names(parse);
		break;
	case TAIL_OOM_KILL:
		list_equals(row->kind == LINE_OOM_KILL ? with_key(rest, whole, "constraint=")
						       : str_from(whole, 1),
			    VOCABULARY(oom_kill_words), cut, parse);
		break;
	case TAIL_KILLED:
		tail_killed(rest, cut, row->which == 1, parse);
		break;
	case TAIL_VERSION:
		tail_version(rest, cut, parse);
		break;
	case TAIL_STATS:
		tail_stats(with_key(rest, whole, "cache:"), parse);
		break;
	case TAIL_REASON:
		tail_reaped(rest, cut, parse);
		break;
	case TAIL_NONE:
		parse->garbage += str_trim(rest).len > 0;
		parse->open_number = !rest.len && parse->n && parse->c[parse->n - 1].number;
		break;
	case TAIL_ANY:
		parse->open_number = !rest.len && parse->n && parse->c[parse->n - 1].number;
		break;
	}
}

/* --- one line --- */

/* The end of a cut line may have taken digits or letters from its last capture. */
static void drop_cut(struct pattern_match *m, struct str whole, const struct line_context *context)
{
	const char *end = str_trim_right(whole).s + str_trim_right(whole).len;
	if (context->cut_end && m->n) {
		struct str last = m->c[m->n - 1].text;
		if (last.s + last.len == end)
			m->n--;
	}
}

static bool parse_with(const struct row *row, struct str t, const struct line_context *context,
		       struct parse *parse)
{
	struct pattern_match m;
	if (!pattern_match(row->pattern, t, &m) || (m.partial && !m.literals))
		return false;
	bool starts_with_capture = row->pattern[0] == '%';
	if (context->cut_start && starts_with_capture && row->kind == LINE_TOTAL)
		return false;
	/* 3.x can break the line after the first path: only there */
	if (row->kind == LINE_TASK_IN && m.n == 1 && str_contains(m.c[0].text, STR(" killed")))
		return false;
	parse_reset(parse);
	parse->kind = row->kind;
	parse->which = row->which;
	parse->partial = m.partial;
	drop_cut(&m, t, context);
	for (size_t i = 0; i < m.n && i < ARRAY_SIZE(row->fields); i++) {
		if (row->fields[i] == F_NONE)
			continue;
		struct capture *c = parse_add(parse, row->fields[i], 0);
		enum field field = c->field;
		*c = m.c[i];
		c->field = field;
		/* consecutive counters in one line: their ids follow one another */
		c->index = field == F_MEM ? row->which + (s32)i : 0;
	}
	if (!m.partial)
		read_tail(row, m.rest, t, context, parse);
	/* what is longer is more certain */
	parse->score = (int)(parse->n * 2 + m.literals / 4);
	return true;
}

/*
 * What a call trace is made of.  By its first word or its shape; a line that only looks like one is
 * merely counted as known.
 */
static bool is_noise(struct str t)
{
	static const char *const starts[] = {
		"Call Trace:",
		"Call trace:",
		"Backtrace",
		"Code:",
		"RIP:",
		"RSP:",
		"RAX:",
		"RBX:",
		"RCX:",
		"RDX:",
		"RBP:",
		"R08:",
		"R10:",
		"R13:",
		"R12:",
		"CR2:",
		"FS:",
		"CS:",
		"DS:",
		"EIP:",
		"EAX:",
		"ESI:",
		"EDI:",
		"ESP:",
		"EFLAGS",
		"[<",
		"([<",
		"<TASK>",
		"</TASK>",
		"<IRQ>",
		"</IRQ>",
		"<EOI>",
		"<#",
		"</#",
		"? ",
		"Workqueue:",
		"Modules linked in",
		"Tainted:",
		"pc :",
		"lr :",
		"sp :",
		"pstate:",
		"x0",
		"x1",
		"x2",
		"Stack",
		"NIP",
		"LR ",
		"GPR",
		"MSR",
		"--- ",
		"---[",
		"Instruction dump",
		"PSW",
		"Krnl",
		"Last Breaking",
		"CPU ",
		"cpu ",
		"====",
		"Exception stack",
		"INFO: ",
		"Process ",
		"task: ",
		"ra :",
		"epc :",
		"gp :",
		"status:",
		"s0",
		"unwind",
		"epc",
		"Sending NMI",
		"NMI backtrace",
		"Kernel Offset",
		"ORIG_RAX",
		"EFLAGS:",
		"DR0",
		"DR3",
		"Hardware name",
		"[out_of_memory",
		"dump_stack",
		"show_stack",
		"sysrq: ",
		"SysRq",
	};
	if (!t.len)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (str_starts(t, str_of(starts[i])))
			return true;
	/* "name+0x12/0x34": a frame */
	size_t plus = str_find(t, STR("+0x"));
	return plus != SIZE_MAX && str_find_char(str_from(t, plus), '/') != SIZE_MAX;
}

static void copy_parse(struct parse *to, const struct parse *from)
{
	memcpy(to, from, offsetof(struct parse, c) + from->n * sizeof(from->c[0]));
}

int parse_value(const struct parse *parse)
{
	return parse->score - 4 * parse->garbage - parse->loose - (parse->partial ? 3 : 0);
}

bool grammar_parse(struct str text, const struct line_context *context, struct parse *parse)
{
	struct str t = str_trim(text);
	struct parse partial;
	parse_reset(parse);
	if (t.len) {
		if (parse_memory_line(t, context, parse)) {
			parse->score += (int)parse->n * 2;
			return true;
		}
		parse_reset(parse);
		if (parse_task_line(t, context, parse)) {
			parse->score += (int)parse->n;
			return true;
		}
	}
	bool has_partial = false;
	for (size_t i = 0; i < ARRAY_SIZE(rows) && t.len; i++) {
		if (!parse_with(&rows[i], t, context, parse))
			continue;
		if (!parse->partial)
			return true;
		if (!has_partial || parse->score > partial.score)
			copy_parse(&partial, parse);
		has_partial = true;
	}
	parse_reset(parse);
	if (parse_section_line(t, context, parse)) {
		parse->score = (int)parse->n * 2;
		return true;
	}
	parse_reset(parse);
	if (has_partial) {
		copy_parse(parse, &partial);
		return true;
	}
	if (is_noise(t)) {
		parse->kind = LINE_NOISE;
		return true;
	}
	return false;
}

const struct capture *parse_find(const struct parse *parse, enum field field)
{
	for (size_t i = 0; i < parse->n; i++)
		if (parse->c[i].field == field)
			return &parse->c[i];
	return NULL;
}
