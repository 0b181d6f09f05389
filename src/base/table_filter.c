/*
 * Filters: "key op value" terms joined by commas, parsed once, then asked of every row.
 *
 * An operator is a set of outcomes of a comparison (or of a search), so that the terms of all types
 * share one table of operators.  Sizes given with a unit are compared in bytes: the row's pages or
 * KiB are scaled up, and never the user's size down.
 */
#include "base/table.h"

#include <ctype.h>

#include "base/table_private.h"
#include "base/text.h"

enum { LESS = 1, EQUAL = 2, MORE = 4, CONTAINS = 8, NEGATED = 16 };

struct operator
{
	const char *text;
	unsigned holds;
};

/* The longer ones first. */
static const struct operator operators[] = {
	{"!=", EQUAL | NEGATED},
	{"!~", CONTAINS | NEGATED},
	{"<=", LESS | EQUAL},
	{">=", MORE | EQUAL},
	{"==", EQUAL},
	{"=", EQUAL},
	{"<", LESS},
	{">", MORE},
	{"~", CONTAINS},
};

struct term {
	unsigned column;
	enum value_kind kind;
	const struct operator* op;
	bool asks_unknown; /* key=? */
	u64 scale;	   /* what a row's number is multiplied with before it is compared with u */
	u64 u;
	s64 s;
	double real;
	const char *text;
};

struct filter {
	const struct table_spec *spec;
	u32 page_size;
	struct arena arena;
	VEC(struct term) terms;
};

/* --- parsing ------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* A value in double quotes; p stands behind the opening one.  Returns what follows, NULL when it
 * never ends.
 */
static const char *parse_quoted(const char *p, char *value)
{
	while (*p && *p != '"') {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*value++ = *p++;
	}
	*value = '\0';
	return *p ? p + 1 : NULL;
}

static const char *parse_plain(const char *p, char *value)
{
	size_t len = strcspn(p, ",");
	const char *end = p + len;
	while (len && isspace((u8)p[len - 1]))
		len--;
	memcpy(value, p, len);
	value[len] = '\0';
	return end;
}

static const char *parse_operator(const char *p, const struct operator** op)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t len = strlen(operators[i].text);
		if (strncmp(p, operators[i].text, len))
			continue;
		*op = &operators[i];
		return p + len;
	}
	return NULL;
}

static bool parse_bool(const char *text, u64 *value)
{
	static const char *const words[] = {"no", "yes", "false", "true", "0", "1"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]))
			continue;
		*value = i & 1;
		return true;
	}
	return false;
}

/* "1.5s" or plain nanoseconds. */
static bool parse_time_ns(const char *text, u64 *value)
{
	char number[32];
	double seconds;
	size_t len = strlen(text);
	if (len < 2 || len > sizeof(number) || text[len - 1] != 's')
		return text_parse_u64(text, value);
	memcpy(number, text, len - 1);
	number[len - 1] = '\0';
	if (!text_parse_real(number, &seconds) || seconds < 0 || seconds > 1e10)
		return false;
	*value = (u64)(seconds * 1e9 + 0.5);
	return true;
}

static bool parse_percent(const char *text, double *value)
{
	char number[32];
	size_t len = strcspn(text, "%");
	if (len >= sizeof(number) || (text[len] && text[len + 1]))
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	return text_parse_real(number, value);
}

/* A size for a column whose plain numbers count units of `unit` bytes (0: not known). */
static int parse_scaled(struct term *term, const struct column *column, u64 unit,
			struct error *error)
{
	bool has_unit;
	if (!text_parse_size_unit(term->text, &term->u, &has_unit))
		return -1;
	if (has_unit && !unit)
		return error_set(
			error, EXIT_USAGE,
			"%s counts pages, and the size of a page is not known here: give a number without unit",
			column->key);
	term->scale = has_unit ? unit : 1;
	return 0;
}

static bool parse_unsigned(enum column_type type, const char *text, u64 *value)
{
	switch (type) {
	case COL_ADDRESS:
		return text_parse_hex(text, value);
	case COL_BOOL:
		return parse_bool(text, value);
	case COL_TIME_NS:
		return parse_time_ns(text, value);
	case COL_UNIX_TIME:
		return text_parse_moment(text, value);
	case COL_BYTES:
		return text_parse_size(text, value);
	default:
		return text_parse_u64(text, value);
	}
}

static int parse_number(struct filter *f, struct term *term, const struct column *column,
			struct error *error)
{
	switch (column->type) {
	case COL_PAGES:
		return parse_scaled(term, column, f->page_size, error);
	case COL_KIB:
		return parse_scaled(term, column, 1024, error);
	case COL_SIGNED:
		return text_parse_s64(term->text, &term->s) ? 0 : -1;
	case COL_PERCENT:
		return parse_percent(term->text, &term->real) ? 0 : -1;
	case COL_SECONDS:
		return text_parse_real(term->text, &term->real) ? 0 : -1;
	default:
		return parse_unsigned(column->type, term->text, &term->u) ? 0 : -1;
	}
}

/* Which operators a kind of value takes. */
static unsigned allowed_operators(enum value_kind kind)
{
	switch (kind) {
	case KIND_TEXT:
		return LESS | EQUAL | MORE | CONTAINS | NEGATED;
	case KIND_LIST:
		return EQUAL | CONTAINS | NEGATED;
	case KIND_NUMBERS:
		return EQUAL | NEGATED;
	case KIND_TABLE:
		return 0;
	default:
		return LESS | EQUAL | MORE | NEGATED;
	}
}

static bool orders(unsigned holds)
{
	return holds & (LESS | MORE);
}

static int check_value(struct filter *f, struct term *term, struct error *error)
{
	const struct column *column = &f->spec->columns[term->column];
	const char *type = column_type_info(column->type)->name;
	term->kind = column_kind(column);
	unsigned allowed = allowed_operators(term->kind);
	if (term->op->holds & ~allowed)
		return error_set(error, EXIT_USAGE, "operator %s does not go with %s (type: %s)",
				 term->op->text, column->key, type);
	if (term->kind == KIND_TEXT || term->kind == KIND_LIST)
		return 0;
	struct error why = ERROR_INIT;
	if (!parse_number(f, term, column, &why))
		return 0;
	if (*why.text)
		return error_set(error, EXIT_USAGE, "%s", why.text);
	return error_set(error, EXIT_USAGE,
			 "\"%.60s\" is no value for %s (type: %s; for example: %s)", term->text,
			 column->key, type, column_type_info(column->type)->help);
}

/* One term; returns what follows it, or NULL. */
static const char *parse_term(struct filter *f, const char *p, struct error *error)
{
	struct term term = {.scale = 1};
	p = skip_blanks(p);
	size_t key_len = 0;
	while (isalnum((u8)p[key_len]) || p[key_len] == '_')
		key_len++;
	if (!key_len) {
		error_set(error, EXIT_USAGE, "a column's key is expected at \"%.40s\"", p);
		return NULL;
	}
	if (table_spec_column(f->spec, p, key_len, &term.column, error))
		return NULL;
	const char *after = parse_operator(skip_blanks(p + key_len), &term.op);
	if (!after) {
		error_set(error, EXIT_USAGE,
			  "after \"%.*s\" one of = != < <= > >= ~ !~ is expected",
			  (int)u64_min(key_len, 60), p);
		return NULL;
	}
	after = skip_blanks(after);
	char *value = arena_alloc(&f->arena, strlen(after) + 1);
	term.text = value;
	bool quoted = *after == '"';
	const char *rest = quoted ? parse_quoted(after + 1, value) : parse_plain(after, value);
	if (!rest) {
		error_set(error, EXIT_USAGE, "the quotes at \"%.40s\" never close", after + 1);
		return NULL;
	}
	term.asks_unknown = !quoted && !strcmp(value, "?") && (term.op->holds & EQUAL) &&
			    !orders(term.op->holds);
	if (!term.asks_unknown && check_value(f, &term, error))
		return NULL;
	*vec_push(&f->terms) = term;
	return skip_blanks(rest);
}

static int parse_filter(struct filter *f, const char *expression, struct error *error)
{
	const char *p = skip_blanks(expression);
	while (*p) {
		p = parse_term(f, p, error);
		if (!p)
			return -1;
		if (!*p)
			return 0;
		if (*p != ',')
			return error_set(error, EXIT_USAGE, "a comma is expected at \"%.40s\"", p);
		p++;
		if (!*skip_blanks(p))
			return error_set(error, EXIT_USAGE,
					 "a term is expected after the last comma");
	}
	return 0;
}

/* --- asking -------------------------------------------------------------------------------- */

static unsigned outcome(bool less, bool more)
{
	return less ? LESS : more ? MORE : EQUAL;
}

static unsigned compare_scaled(u64 value, u64 scale, u64 wanted)
{
	u64 bytes;
	if (__builtin_mul_overflow(value, scale, &bytes))
		return MORE;
	return outcome(bytes<wanted, bytes> wanted);
}

static unsigned compare_text(const char *text, const struct term *term)
{
	if (term->op->holds & CONTAINS)
		return text_contains(text, term->text) ? CONTAINS : 0;
	int order = strcmp(text, term->text);
	return outcome(order<0, order> 0);
}

static unsigned compare_list(const struct value *value, const struct term *term)
{
	for (size_t i = 0; i < value->list.n; i++) {
		unsigned found = compare_text(value->list.texts[i], term) & (EQUAL | CONTAINS);
		if (found)
			return found;
	}
	return 0;
}

static unsigned compare_numbers(const struct value *value, const struct term *term)
{
	for (size_t i = 0; i < value->numbers.n; i++)
		if (value->numbers.v[i] == term->u)
			return EQUAL;
	return 0;
}

static unsigned compare_value(const struct value *value, const struct term *term)
{
	switch (term->kind) {
	case KIND_UNSIGNED:
		return compare_scaled(value->u, term->scale, term->u);
	case KIND_SIGNED:
		return outcome(value->s<term->s, value->s> term->s);
	case KIND_REAL:
		return outcome(value->real<term->real, value->real> term->real);
	case KIND_TEXT:
		return compare_text(value->text, term);
	case KIND_LIST:
		return compare_list(value, term);
	case KIND_NUMBERS:
		return compare_numbers(value, term);
	case KIND_TABLE:
		break;
	}
	return 0;
}

static bool term_holds(const struct term *term, const struct value *value)
{
	bool negated = term->op->holds & NEGATED;
	if (term->asks_unknown)
		return (value->state != VALUE_KNOWN) != negated;
	if (value->state != VALUE_KNOWN)
		return negated;
	return !!(compare_value(value, term) & term->op->holds) != negated;
}

static bool row_holds(const struct filter *f, const struct value *row)
{
	for (size_t i = 0; i < f->terms.n; i++)
		if (!term_holds(&f->terms.v[i], &row[f->terms.v[i].column]))
			return false;
	return true;
}

int table_filter(struct table *table, const char *expression, u32 page_size, struct error *error)
{
	struct filter f = {.spec = table->spec, .page_size = page_size};
	int result = parse_filter(&f, expression, error);
	if (result) {
		error_add(error, "--filter");
	} else {
		size_t kept = 0;
		for (size_t i = 0; i < table->rows.n; i++)
			if (row_holds(&f, table->rows.v[i]))
				table->rows.v[kept++] = table->rows.v[i];
		table->rows.n = kept;
	}
	vec_done(&f.terms);
	arena_done(&f.arena);
	return result;
}
