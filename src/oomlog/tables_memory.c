/*
 * The lists below Mem-Info: counters of the machine, of nodes and of zones, free blocks by size.
 *
 * Zones are known by name, so that prose ("Memory free: ...") and lines that lost their first
 * letters are not taken for one.
 */
#include "oomlog/lists.h"
#include "oomlog/tables.h"

#define MEM(id, word, key) {word, F_MEM, OOM_MEM_##id, UNIT_COUNT},
static const struct word mem_words[] = {
#include "oomlog/fields.def"
};
#undef MEM
static const struct vocabulary mem_vocabulary = {mem_words, ARRAY_SIZE(mem_words)};

/* Two rows of each list are no kilobytes: told here because fields.def is also a list of names. */
#define NODE(id, word) {word, F_NODE_KV, OOM_NODE_##id, UNIT_KB},
static const struct word node_words[] = {
	{"pages_scanned", F_NODE_KV, OOM_NODE_PAGES_SCANNED, UNIT_COUNT},
	{"all_unreclaimable", F_NODE_KV, OOM_NODE_ALL_UNRECLAIMABLE, UNIT_YES_NO},
#include "oomlog/fields.def"
};
#undef NODE
static const struct vocabulary node_vocabulary = {node_words, ARRAY_SIZE(node_words)};

#define ZONE(id, word) {word, F_ZONE_KV, OOM_ZONE_##id, UNIT_KB},
static const struct word zone_words[] = {
	{"pages_scanned", F_ZONE_KV, OOM_ZONE_PAGES_SCANNED, UNIT_COUNT},
	{"all_unreclaimable", F_ZONE_KV, OOM_ZONE_ALL_UNRECLAIMABLE, UNIT_YES_NO},
#include "oomlog/fields.def"
};
#undef ZONE
static const struct vocabulary zone_vocabulary = {zone_words, ARRAY_SIZE(zone_words)};

static const char *const zone_names[] = {"DMA32", "DMA", "Normal", "HighMem", "Movable", "Device"};

/* 1*4kB (UME): one size of a buddy list; its length. */
static size_t take_blocks(struct str t, struct parse *parse)
{
	s64 blocks, size;
	size_t n = str_number(t, &blocks);
	if (!n || blocks < 0 || str_at(t, n) != '*')
		return 0;
	size_t digits = str_number(str_from(t, n + 1), &size);
	n += 1 + digits;
	if (!digits || size <= 0 || !str_starts(str_from(t, n), STR("kB")))
		return 0;
	n += 2;
	struct capture *c = parse_add(parse, F_BUDDY, 0);
	c->number = true;
	c->n = blocks;
	c->more = size;
	struct str types = str_trim_left(str_from(t, n));
	size_t end = str_at(types, 0) == '(' ? str_find_char(str_head(types, 12), ')') : SIZE_MAX;
	if (end == SIZE_MAX)
		return n;
	c->text = (struct str){types.s + 1, end - 1};
	return (size_t)(types.s + end + 1 - t.s);
}

/* 0*4kB 1*8kB (U) ... = 12kB, or "empty". */
static void take_buddy(struct str t, struct parse *parse)
{
	s64 total;
	t = str_trim(t);
	if (str_starts(t, STR("empty"))) {
		parse_add_number(parse, F_EMPTY, 0, 1);
		return;
	}
	for (; t.len; t = str_trim_left(t)) {
		size_t n = take_blocks(t, parse);
		if (!n && t.s[0] == '=') {
			struct str value = str_trim_left(str_from(t, 1));
			size_t digits = str_number(value, &total);
			bool whole = digits && str_starts(str_from(value, digits), STR("kB"));
			if (whole)
				parse_add_number(parse, F_BUDDY_TOTAL, 0, total);
			if (!whole)
				parse_misfit(parse, str_word(value) == value.len);
			parse->garbage += whole && value.len > digits + 2;
			return;
		}
		if (!n) {
			n = str_word(t);
			parse_misfit(parse, n == t.len);
		}
		t = str_from(t, n);
	}
	parse->damaged = true; /* it ends with its sum */
}

static const struct word huge_words[] = {
	{"hugepages_total", F_HUGE_TOTAL, 0, UNIT_COUNT},
	{"hugepages_free", F_HUGE_FREE, 0, UNIT_COUNT},
	{"hugepages_surp", F_HUGE_SURPLUS, 0, UNIT_COUNT},
	{"hugepages_size", F_HUGE_SIZE, 0, UNIT_KB},
};

/* "hugepages_size=2048kB" has a unit, so the list is one of pairs with = instead of a colon. */
static void take_huge(struct str t, struct parse *parse)
{
	for (t = str_trim_left(t); t.len; t = str_trim_left(t)) {
		size_t n = str_word(t), equals = str_find_char(str_head(t, n), '=');
		s64 value;
		bool taken = false;
		for (size_t i = 0; equals != SIZE_MAX && i < ARRAY_SIZE(huge_words); i++) {
			struct str rest = {t.s + equals + 1, n - equals - 1};
			size_t digits = str_number(rest, &value);
			bool kb = huge_words[i].unit == UNIT_KB;
			if (!str_is(str_head(t, equals), str_of(huge_words[i].word)) || !digits ||
			    !str_is(str_from(rest, digits), kb ? STR("kB") : STR("")))
				continue;
			parse_add_number(parse, huge_words[i].field, 0, value);
			taken = true;
		}
		if (!taken)
			parse_misfit(parse, n == t.len);
		t = str_from(t, n);
	}
}

static size_t zone_name(struct str t)
{
	for (size_t i = 0; i < ARRAY_SIZE(zone_names); i++) {
		struct str name = str_of(zone_names[i]);
		char after = str_at(t, name.len);
		if (str_starts(t, name) && (!after || is_blank(after) || after == ':'))
			return name.len;
	}
	return 0;
}

static bool parse_zone(struct str t, const struct line_context *context, struct parse *parse)
{
	size_t n = zone_name(t);
	if (!n)
		return false;
	struct str name = str_head(t, n), rest = str_trim(str_from(t, n));
	if (str_starts(rest, STR("per-cpu"))) {
		parse->kind = LINE_NOISE;
		return true;
	}
	parse_add_text(parse, F_ZONE, name);
	if (!rest.len) {
		parse->partial = true;
		parse->kind = LINE_ZONE;
		return true;
	}
	if (str_starts(rest, STR(":")) &&
	    (str_trim_left(str_from(rest, 1)).len == 0 ||
	     is_digit(str_at(str_trim_left(str_from(rest, 1)), 0)) ||
	     str_starts(str_trim_left(str_from(rest, 1)), STR("empty")))) {
		parse->kind = LINE_BUDDY;
		take_buddy(str_from(rest, 1), parse);
		return true;
	}
	if (!str_starts(rest, STR("free:")) && !str_starts(rest, STR("fr")))
		return false;
	parse->kind = LINE_ZONE;
	list_colons(rest, &zone_vocabulary, context->cut_end, parse);
	return true;
}

static bool parse_node(struct str t, const struct line_context *context, struct parse *parse)
{
	s64 node;
	if (!str_starts(t, STR("Node ")))
		return false;
	struct str rest = str_trim_left(str_from(t, 5));
	size_t n = str_number(rest, &node);
	if (!n || node < 0 || node > 65535 || (!is_blank(str_at(rest, n)) && rest.len > n))
		return false;
	parse_add_number(parse, F_NODE, 0, node);
	rest = str_trim_left(str_from(rest, n));
	if (!rest.len) {
		parse->partial = true;
		parse->kind = LINE_NODE;
		return true;
	}
	if (parse_zone(rest, context, parse))
		return true;
	if (str_starts(rest, STR("hugepages_"))) {
		parse->kind = LINE_HUGEPAGES;
		take_huge(rest, parse);
		return true;
	}
	size_t colon = str_find_char(str_head(rest, str_word(rest)), ':');
	if (colon == SIZE_MAX || str_at(rest, 0) < 'a')
		return false;
	parse->kind = LINE_NODE;
	list_colons(rest, &node_vocabulary, context->cut_end, parse);
	return parse->n > 1;
}

/* Counters in pages: the first word must be one, and its number without a unit. */
static bool parse_mem(struct str t, const struct line_context *context, struct parse *parse)
{
	struct str first = str_head(t, str_word(t));
	size_t colon = str_find_char(first, ':');
	if (colon == SIZE_MAX || !colon || !is_digit(str_at(first, colon + 1)))
		return false;
	size_t digits = str_digits(str_from(first, colon + 1));
	if (colon + 1 + digits != first.len)
		return false;
	bool known = false;
	for (size_t i = 0; i < ARRAY_SIZE(mem_words) && !known; i++)
		known = mem_words[i].word[0] &&
			str_is_nocase(str_head(first, colon), str_of(mem_words[i].word));
	if (!known)
		return false;
	parse->kind = LINE_MEM;
	list_colons(t, &mem_vocabulary, context->cut_end, parse);
	return parse->n > 0;
}

bool parse_memory_line(struct str t, const struct line_context *context, struct parse *parse)
{
	/* 2.6.8 to 2.6.13 count the zone's own watermarks in: another quantity */
	if (str_starts(t, STR("protections[]:"))) {
		parse->kind = LINE_NOISE;
		return true;
	}
	if (str_starts(t, STR("lowmem_reserve[]:"))) {
		parse->kind = LINE_RESERVE;
		list_numbers(str_from(t, str_find_char(t, ':') + 1), F_RESERVE, context->cut_end,
			     parse);
		return true;
	}
	if (str_starts(t, STR("hugepages_total="))) {
		parse->kind = LINE_HUGEPAGES;
		take_huge(t, parse);
		return true;
	}
	return parse_node(t, context, parse) || parse_zone(t, context, parse) ||
	       parse_mem(t, context, parse);
}
