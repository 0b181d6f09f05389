/*
 * Undoing escapes.
 *
 * rsyslog writes a control byte as # and three octal digits (#012), /dev/kmsg and some syslogs as
 * \xNN.  Both are undone for the bytes that are controls only: "#1200" in a version is none.
 * Forums left [COLOR="Red"] and <b> in pastes; call traces have <TASK> and <41>, which stay.
 */
#include "oomlog/unescape.h"

#include "base/mem.h"

void bytes_add(struct bytes *to, struct str text)
{
	if (!text.len)
		return;
	while (text.len > to->room - to->n)
		to->v = vec_grow(to->v, &to->room, to->room, 1);
	memcpy(to->v + to->n, text.s, text.len);
	to->n += text.len;
}

void bytes_add_char(struct bytes *to, char c)
{
	bytes_add(to, (struct str){&c, 1});
}

/* --- terminal and forum noise --- */

/* Lower case; those that forums and web archives leave behind. */
static const char *const tags[] = {
	"b",	"i",	 "u",	  "s",	"br", "p",   "pre",	"code",	     "span",
	"font", "div",	 "em",	  "tt", "li", "ul",  "quote",	"url",	     "strong",
	"size", "color", "table", "td", "tr", "img", "noparse", "blockquote"};

struct entity {
	const char *name, *text;
};
static const struct entity entities[] = {
	{"&lt;", "<"},	 {"&gt;", ">"},	  {"&amp;", "&"},  {"&quot;", "\""}, {"&#39;", "'"},
	{"&#x27;", "'"}, {"&nbsp;", " "}, {"&#x2F;", "/"}, {"&#160;", " "},  {"&apos;", "'"},
};

/* "<b>", "</span>", "[COLOR=\"Red\"]": the length of a known tag, 0: none. */
static size_t tag_length(struct str t)
{
	char close = str_at(t, 0) == '<' ? '>' : ']';
	size_t end = str_find_char(str_head(t, 160), close), n = 1 + (str_at(t, 1) == '/');
	if (end == SIZE_MAX)
		return 0;
	size_t name = n;
	while (is_alpha(str_at(t, name)))
		name++;
	char after = str_at(t, name);
	/* "[T]" of BBCode would be a caller; "<P>" is fine */
	if (name == n || (after != close && after != '=' && !is_blank(after) && after != '/'))
		return 0;
	if (close == ']' && is_blank(after)) /* "[i 12]" is no BBCode */
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (str_is_nocase((struct str){t.s + n, name - n}, str_of(tags[i])))
			return end + 1;
	return 0;
}

/* ESC [ ... letter, ESC ] ... BEL, ESC x. */
static size_t escape_length(struct str t)
{
	size_t n = 2;
	if (str_at(t, 1) == '[') {
		while (n < t.len && n < 32 && !(t.s[n] >= 0x40 && t.s[n] <= 0x7e))
			n++;
		return n < t.len ? n + 1 : t.len;
	}
	if (str_at(t, 1) == ']') {
		while (n < t.len && n < 128 && t.s[n] != '\a')
			n++;
		return n < t.len ? n + 1 : t.len;
	}
	return t.len < 2 ? t.len : 2;
}

static size_t entity_length(struct str t, const char **text)
{
	for (size_t i = 0; i < ARRAY_SIZE(entities); i++)
		if (str_starts(t, str_of(entities[i].name))) {
			*text = entities[i].text;
			return strlen(entities[i].name);
		}
	return 0;
}

static size_t noise_length(struct str t, const char **instead)
{
	u8 c = (u8)t.s[0];
	*instead = "";
	if (c == 0x1b)
		return escape_length(t);
	if (c < 0x20 && c != '\t' && c != '\n')
		return 1; /* CR, NUL, bells, RS of json-seq */
	if (c == 0xc2 && (u8)str_at(t, 1) == 0xa0) {
		*instead = " ";
		return 2;
	}
	if (c == 0xef && (u8)str_at(t, 1) == 0xbb && (u8)str_at(t, 2) == 0xbf)
		return 3; /* byte order mark */
	if (c == '&')
		return entity_length(t, instead);
	if (c == '<' || c == '[')
		return tag_length(t);
	return 0;
}

/* Bytes that any noise begins with. */
static bool suspicious(u8 c)
{
	return (c < 0x20 && c != '\t' && c != '\n') || c == 0xc2 || c == 0xef || c == '&' ||
	       c == '<' || c == '[';
}

/* Bytes up to the next piece of noise. */
static size_t clean_length(struct str t)
{
	const char *instead;
	size_t n = 0;
	while (n < t.len && !(suspicious((u8)t.s[n]) && noise_length(str_from(t, n), &instead)))
		n++;
	return n;
}

bool has_noise(struct str t)
{
	return clean_length(t) < t.len;
}

void unescape_noise(struct bytes *to, struct str t)
{
	while (t.len) {
		const char *instead;
		size_t n = clean_length(t);
		bytes_add(to, str_head(t, n));
		t = str_from(t, n);
		if (!t.len)
			break;
		n = noise_length(t, &instead);
		bytes_add(to, str_of(instead));
		t = str_from(t, n);
	}
}

/* --- escaped controls --- */

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "012" after # or \: the control byte, or -1. */
static int octal_control(struct str t)
{
	for (size_t i = 0; i < 3; i++)
		if (str_at(t, i) < '0' || str_at(t, i) > '7')
			return -1;
	int value = (t.s[0] - '0') * 64 + (t.s[1] - '0') * 8 + (t.s[2] - '0');
	return value < 0x20 ? value : -1;
}

/* Bytes that an escape at the front takes; the byte that it means. */
static size_t control_length(struct str t, char *c)
{
	int value = -1;
	size_t n = 4;
	if (str_at(t, 0) == '#') {
		value = octal_control(str_from(t, 1));
	} else if (str_at(t, 1) == 'x' && hex_digit(str_at(t, 2)) >= 0 &&
		   hex_digit(str_at(t, 3)) >= 0) {
		value = hex_digit(t.s[2]) * 16 + hex_digit(t.s[3]);
		if (value >= 0x20 && value != '\\' && value < 0x7f)
			value = -1;
	} else if (str_at(t, 1) == 'n' && is_blank(str_at(t, 2))) {
		value = '\n'; /* JSON inside of a shipper's plain text; "\n active_file" */
		n = 2;
	} else {
		value = octal_control(str_from(t, 1));
	}
	if (value < 0)
		return 0;
	*c = (char)(value ? value : ' ');
	return n;
}

bool has_controls(struct str t)
{
	return str_find_char(t, '#') != SIZE_MAX || str_find_char(t, '\\') != SIZE_MAX;
}

void unescape_controls(struct bytes *to, struct str t)
{
	while (t.len) {
		char c = t.s[0];
		size_t n = c == '#' || c == '\\' ? control_length(t, &c) : 0;
		bytes_add_char(to, c);
		t = str_from(t, n ? n : 1);
	}
}

/* --- JSON --- */

static size_t json_escape(struct str t, struct bytes *to)
{
	static const char from[] = "nrtbf", plain[] = "\n\r\t\b\f";
	const char *at = str_at(t, 1) ? strchr(from, t.s[1]) : NULL;
	if (at) {
		bytes_add_char(to, plain[at - from]);
		return 2;
	}
	if (str_at(t, 1) != 'u' || t.len < 6) {
		bytes_add(to, str_head(str_from(t, 1), 1));
		return 2;
	}
	u32 code = 0;
	for (size_t i = 2; i < 6; i++)
		code = code * 16 + (u32)(hex_digit(t.s[i]) < 0 ? 0 : hex_digit(t.s[i]));
	if (code < 0x80) {
		bytes_add_char(to, (char)code);
	} else if (code < 0x800) {
		bytes_add_char(to, (char)(0xc0 | code >> 6));
		bytes_add_char(to, (char)(0x80 | (code & 0x3f)));
	} else {
		bytes_add_char(to, (char)(0xe0 | code >> 12));
		bytes_add_char(to, (char)(0x80 | (code >> 6 & 0x3f)));
		bytes_add_char(to, (char)(0x80 | (code & 0x3f)));
	}
	return 6;
}

void unescape_json(struct bytes *to, struct str t)
{
	while (t.len) {
		size_t n = 1;
		if (t.s[0] == '\\')
			n = json_escape(t, to);
		else
			bytes_add_char(to, t.s[0]);
		t = str_from(t, n);
	}
}
