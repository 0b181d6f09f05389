/*
 * A line is looked at once: is it part of an entry with fields (JSON over many lines, journal
 * export or verbose)?  A JSON object of its own?  Else it is text with a prefix.
 *
 * An entry is collected until its end is seen and then given out as one message, because the fields
 * that tell its time may come after the message.  A collected entry is bounded (ENTRY_MOST).
 */
#include "oomlog/envelope.h"

#include "base/mem.h"
#include "oomlog/unescape.h"

enum { ENTRY_MOST = 1 << 20, LINE_MOST = 1 << 20 };

enum mode { MODE_TEXT, MODE_JSON, MODE_EXPORT, MODE_VERBOSE };

/* Fields of a journal entry or of a JSON object. */
struct entry {
	enum mode mode;
	struct bytes message;
	bool has_message, in_message; /* in_message: more lines of it follow (verbose, export) */
	struct stamp stamp;
	bool kernel, other; /* what the transport or the identifier said */
	u64 first_line, offset;
	bool cut_start;
};

struct envelope {
	piece_fn fn;
	void *arg;
	struct entry entry;
	/* A binary field of the export format: eight bytes of length, then so many bytes. */
	bool binary;
	bool binary_is_message;
	struct bytes field;
	struct bytes clean, plain; /* scratch */
	struct bytes fragment;	   /* netconsole's parts so far */
	struct stamp fragment_stamp;
	struct prefix_memory memory;
	u64 counted;  /* lines, when the caller gave no numbers */
	bool cut_end; /* the last line lacked its end, perhaps */
};

struct envelope *envelope_new(piece_fn fn, void *arg)
{
	struct envelope *e = mem_alloc(sizeof(*e));
	e->fn = fn;
	e->arg = arg;
	return e;
}

void envelope_free(struct envelope *e)
{
	free(e->entry.message.v);
	free(e->field.v);
	free(e->clean.v);
	free(e->plain.v);
	free(e->fragment.v);
	free(e);
}

static struct str bytes_str(const struct bytes *b)
{
	return (struct str){b->v ? b->v : "", b->n};
}

/* --- giving out --- */

/* Every line of the text; those after the first inherit the stamp. */
static void give(struct envelope *e, struct piece piece)
{
	bool cut_end = piece.cut_end, record = piece.record;
	struct str rest = piece.text;
	for (;;) {
		size_t end = str_find_char(rest, '\n');
		piece.text = str_head(rest, end);
		piece.record = record || end != SIZE_MAX;
		piece.cut_end = cut_end && end == SIZE_MAX;
		e->fn(e->arg, &piece);
		if (end == SIZE_MAX)
			return;
		rest = str_from(rest, end + 1);
		piece.cut_start = false;
		piece.begins = true;
		if (!rest.len)
			return;
	}
}

/* netconsole's parts of one long message, each with the same header, joined by their offsets. */
static bool collect_fragment(struct envelope *e, struct piece *piece)
{
	const struct stamp *s = &piece->stamp;
	bool follows = s->fragment_at == e->fragment.n && s->fragment_at &&
		       strcmp(s->kmsg_usec, e->fragment_stamp.kmsg_usec) == 0;
	if (!follows)
		e->fragment.n = 0;
	if (s->fragment_at != e->fragment.n)
		return true; /* its beginning was lost: nothing of it can be trusted */
	if (!follows)
		e->fragment_stamp = *s;
	bytes_add(&e->fragment, piece->text);
	if (e->fragment.n < s->fragment_of)
		return true;
	piece->text = bytes_str(&e->fragment);
	e->fragment.n = 0;
	return false;
}

static void give_text(struct envelope *e, struct piece piece)
{
	if (piece.stamp.fragment && collect_fragment(e, &piece))
		return;
	if (has_controls(piece.text)) {
		e->plain.n = 0;
		unescape_controls(&e->plain, piece.text);
		piece.text = bytes_str(&e->plain);
	}
	/* what /dev/kmsg prints below a message: " SUBSYSTEM=pci" */
	give(e, piece);
}

/* Fields know the times better than a prefix inside of the message, which is looked for too. */
static void give_entry(struct envelope *e, u64 line, u64 end_offset, bool cut_end)
{
	struct entry *entry = &e->entry;
	if (entry->has_message && entry->message.n) {
		struct stamp inner;
		struct piece piece = {.begins = true,
				      .record = true,
				      .cut_end = cut_end,
				      .cut_start = entry->cut_start,
				      .line = entry->first_line,
				      .offset = entry->offset,
				      .end_offset = end_offset,
				      .physical_len = SIZE_MAX};
		e->clean.n = 0;
		unescape_noise(&e->clean, bytes_str(&entry->message));
		piece.text = prefix_strip(bytes_str(&e->clean), &inner, &e->memory);
		piece.stamp = entry->stamp;
		if (inner.uptime[0] && !piece.stamp.uptime[0]) {
			memcpy(piece.stamp.uptime, inner.uptime, sizeof(inner.uptime));
			piece.stamp.uptime_us = inner.uptime_us;
		}
		if (inner.wall[0] && !piece.stamp.wall[0]) {
			memcpy(piece.stamp.wall, inner.wall, sizeof(inner.wall));
			piece.stamp.wall_us = inner.wall_us;
		}
		if (inner.caller[0] && !piece.stamp.caller[0])
			memcpy(piece.stamp.caller, inner.caller, sizeof(inner.caller));
		piece.stamp.prefixed = true;
		piece.stamp.shape = 1u << 16;
		piece.stamp.foreign = entry->other && !entry->kernel && !inner.uptime[0];
		give_text(e, piece);
	}
	struct bytes message = entry->message;
	message.n = 0;
	enum mode mode = entry->mode;
	*entry = (struct entry){.mode = mode, .message = message, .first_line = line + 1};
}

/* --- fields --- */

enum field_kind {
	FIELD_MESSAGE,
	FIELD_REALTIME,
	FIELD_MONOTONIC,
	FIELD_UPTIME,
	FIELD_WALL,
	FIELD_CALLER,
	FIELD_WHO,
	FIELD_HOST
};

struct field {
	const char *name;
	enum field_kind kind;
};

/* Names that the journal, dmesg -J, docker and the usual shippers use. */
static const struct field fields[] = {
	{"MESSAGE", FIELD_MESSAGE},
	{"msg", FIELD_MESSAGE},
	{"message", FIELD_MESSAGE},
	{"log", FIELD_MESSAGE},
	{"line", FIELD_MESSAGE},
	{"@message", FIELD_MESSAGE},
	{"_SOURCE_REALTIME_TIMESTAMP", FIELD_REALTIME},
	{"__REALTIME_TIMESTAMP", FIELD_REALTIME},
	{"_SOURCE_MONOTONIC_TIMESTAMP", FIELD_MONOTONIC},
	{"__MONOTONIC_TIMESTAMP", FIELD_MONOTONIC},
	{"timestamp", FIELD_WALL},
	{"@timestamp", FIELD_WALL},
	{"caller", FIELD_CALLER},
	{"_TRANSPORT", FIELD_WHO},
	{"SYSLOG_IDENTIFIER", FIELD_WHO},
	{"_HOSTNAME", FIELD_HOST},
};

static void keep_text(char *to, size_t size, struct str text)
{
	size_t n = text.len < size - 1 ? text.len : size - 1;
	memcpy(to, text.s, n);
	to[n] = 0;
}

/* dmesg -J's and docker's "time": an uptime in seconds, or a date. */
static void take_time_field(struct stamp *stamp, struct str value)
{
	value = str_trim(value);
	size_t digits = str_digits(value);
	s64 seconds;
	if (digits && digits < 9 && str_at(value, digits) == '.' && str_number(value, &seconds)) {
		char text[64];
		keep_text(stamp->uptime, sizeof(stamp->uptime), value);
		snprintf(text, sizeof(text), "[%s] ", stamp->uptime);
		struct stamp inner;
		struct prefix_memory nothing = {{0}};
		prefix_strip(str_of(text), &inner, &nothing);
		stamp->uptime_us = inner.uptime_us;
	} else if (!stamp->wall[0]) {
		keep_text(stamp->wall, sizeof(stamp->wall), value);
		wall_parse(stamp->wall, stamp);
	}
}

static void take_field(struct entry *entry, struct str name, struct str value)
{
	struct stamp *stamp = &entry->stamp;
	s64 number;
	enum field_kind kind = FIELD_UPTIME;
	size_t i = 0;
	for (; i < ARRAY_SIZE(fields); i++)
		if (str_is(name, str_of(fields[i].name)))
			break;
	if (i < ARRAY_SIZE(fields))
		kind = fields[i].kind;
	else if (!str_is(name, STR("time")))
		return;
	switch (kind) {
	case FIELD_MESSAGE:
		if (!entry->message.n)
			bytes_add(&entry->message, str_head(value, ENTRY_MOST));
		entry->has_message = true;
		break;
	case FIELD_REALTIME: /* the entry's own stamp is what journalctl shows */
		if (!str_number(value, &number) ||
		    (stamp->realtime_usec[0] && str_starts(name, STR("_S"))))
			break;
		keep_text(stamp->realtime_usec, sizeof(stamp->realtime_usec), value);
		stamp->wall_us = (struct known){number, true};
		stamp->wall_has_year = stamp->wall_has_zone = true;
		break;
	case FIELD_MONOTONIC: /* _SOURCE_: the kernel's own clock, better than the journal's */
		if (str_number(value, &number) &&
		    (!stamp->uptime_us.known || str_starts(name, STR("_S"))))
			stamp->uptime_us = (struct known){number, true};
		break;
	case FIELD_UPTIME:
	case FIELD_WALL:
		take_time_field(stamp, value);
		break;
	case FIELD_CALLER:
		keep_text(stamp->caller, sizeof(stamp->caller), value);
		break;
	case FIELD_WHO:
		if (str_is(value, STR("kernel")))
			entry->kernel = true;
		else
			entry->other = true;
		break;
	case FIELD_HOST:
		keep_text(stamp->host, sizeof(stamp->host), value);
		break;
	}
}

/* --- JSON --- */

/* The inside of a string that begins at t[0] == '"'; its length with quotes, 0: no end. */
static size_t json_string(struct str t, struct str *inside)
{
	for (size_t i = 1; i < t.len; i++) {
		if (t.s[i] == '\\')
			i++;
		else if (t.s[i] == '"') {
			*inside = (struct str){t.s + 1, i - 1};
			return i + 1;
		}
	}
	return 0;
}

/* [77,101,...]: a message of the journal that is no UTF-8, or too long a line. */
static void json_byte_array(struct str t, struct bytes *to)
{
	while (t.len && t.s[0] != ']') {
		s64 byte;
		size_t n = str_number(t, &byte);
		if (n && byte >= 0 && byte < 256)
			bytes_add_char(to, (char)byte);
		t = str_from(t, n ? n : 1);
	}
}

/* "name": value at the front, after blanks and commas; returns its length, 0 when it is none. */
static size_t json_member(struct envelope *e, struct str t)
{
	size_t start = 0;
	while (start < t.len && (is_blank(t.s[start]) || strchr(",{}[]", t.s[start])))
		start++;
	struct str name, value;
	size_t n = str_at(t, start) == '"' ? json_string(str_from(t, start), &name) : 0;
	if (!n)
		return 0;
	n += start;
	n += str_blanks(str_from(t, n));
	if (str_at(t, n) != ':')
		return 0;
	n++;
	n += str_blanks(str_from(t, n));
	e->field.n = 0;
	if (str_at(t, n) == '"') {
		size_t string = json_string(str_from(t, n), &value);
		if (!string)
			return 0;
		unescape_json(&e->field, value);
		n += string;
	} else if (str_at(t, n) == '[' &&
		   is_digit(str_at(t, n + 1 + str_blanks(str_from(t, n + 1))))) {
		size_t end = str_find_char(str_from(t, n), ']');
		if (end == SIZE_MAX)
			return 0;
		json_byte_array((struct str){t.s + n + 1, end}, &e->field);
		n += end + 1;
	} else {
		size_t end = n;
		while (end < t.len && t.s[end] != ',' && t.s[end] != '}')
			end++;
		bytes_add(&e->field, str_trim((struct str){t.s + n, end - n}));
		n = end;
	}
	/* docker's "time" is a date, dmesg's a number: take_time_field tells them apart */
	take_field(&e->entry, name, bytes_str(&e->field));
	return n;
}

static void json_members(struct envelope *e, struct str t)
{
	for (size_t n; (n = json_member(e, t));)
		t = str_from(t, n);
}

/* An object in one line: {"MESSAGE":"...", ...}; "data: " of server-sent events may stand before.
 */
static bool take_json_line(struct envelope *e, struct str t, const struct oomlog_line *line)
{
	size_t brace = str_find_char(str_head(t, 200), '{');
	if (brace == SIZE_MAX || str_at(t, brace + 1 + str_blanks(str_from(t, brace + 1))) != '"' ||
	    !str_ends(str_trim_right(t), STR("}")))
		return false;
	e->entry.first_line = line->number;
	e->entry.offset = line->offset;
	json_members(e, str_from(t, brace + 1));
	if (!e->entry.has_message) {
		give_entry(e, line->number, line->offset + line->len, false);
		return false;
	}
	give_entry(e, line->number, line->offset + line->len, line->cut_end);
	return true;
}

/* Objects over many lines: begun by a line that ends with {, ended by one that begins with }. */
static bool take_json_part(struct envelope *e, struct str t, const struct oomlog_line *line)
{
	t = str_trim(t);
	bool opens = str_ends(t, STR("{")) && t.len <= 8, closes = str_at(t, 0) == '}';
	if (e->entry.mode != MODE_JSON) {
		if (!opens || closes)
			return false;
		e->entry.mode = MODE_JSON;
		e->entry.first_line = line->number;
		e->entry.offset = line->offset;
		return true;
	}
	if (closes || opens) {
		give_entry(e, line->number, line->offset + line->len, false);
		if (t.len == 1 && closes)
			e->entry.mode = MODE_TEXT;
		return true;
	}
	if (json_member(e, t))
		return true;
	if (str_at(t, 0) == ']' || str_at(t, 0) == '"' || str_ends(t, STR("[")) || !t.len)
		return true;
	e->entry.mode = MODE_TEXT; /* no JSON after all */
	return false;
}

/* --- journal export and verbose --- */

static size_t field_name(struct str t)
{
	size_t n = 0;
	while (n < t.len && n < 64 &&
	       (t.s[n] == '_' || is_digit(t.s[n]) || (t.s[n] >= 'A' && t.s[n] <= 'Z')))
		n++;
	return n;
}

/* A binary field's bytes, whatever line feeds they have; false: this line is no part of it. */
static bool take_binary(struct envelope *e, struct str raw)
{
	if (!e->binary)
		return false;
	bytes_add(&e->field, raw);
	bytes_add_char(&e->field, '\n');
	u64 length = 0;
	if (e->field.n < 8)
		return true;
	for (int i = 7; i >= 0; i--)
		length = length << 8 | (u8)e->field.v[i];
	if (length > ENTRY_MOST) { /* no field after all */
		e->binary = false;
		return true;
	}
	if (e->field.n - 8 < length)
		return true;
	if (e->binary_is_message)
		take_field(&e->entry, STR("MESSAGE"), (struct str){e->field.v + 8, (size_t)length});
	e->binary = false;
	return true;
}

static bool take_export(struct envelope *e, struct str raw, const struct oomlog_line *line)
{
	struct entry *entry = &e->entry;
	bool begins =
		str_starts(raw, STR("__CURSOR=")) || str_starts(raw, STR("__REALTIME_TIMESTAMP="));
	if (entry->mode != MODE_EXPORT) {
		if (!begins)
			return false;
		entry->mode = MODE_EXPORT;
		entry->first_line = line->number;
		entry->offset = line->offset;
	}
	if (take_binary(e, raw))
		return true;
	if (!raw.len || str_starts(raw, STR("__CURSOR="))) {
		give_entry(e, line->number, line->offset + line->len, false);
		return true;
	}
	size_t n = field_name(raw);
	if (n && str_at(raw, n) == '=') {
		take_field(entry, str_head(raw, n), str_from(raw, n + 1));
		return true;
	}
	if (n && n == raw.len) {
		e->binary = true;
		e->binary_is_message = str_is(raw, STR("MESSAGE"));
		e->field.n = 0;
		return true;
	}
	give_entry(e, line->number, line->offset, false);
	entry->mode = MODE_TEXT;
	return false;
}

/* "Sat 2026-11-21 02:35:41.486469 UTC [s=3a77...;i=1;...]" */
static bool verbose_head(struct envelope *e, struct str t, const struct oomlog_line *line)
{
	struct stamp stamp;
	size_t cursor = str_find(t, STR(" [s="));
	if (cursor == SIZE_MAX || cursor > STAMP_TEXT ||
	    str_at(str_trim_right(t), str_trim_right(t).len - 1) != ']')
		return false;
	prefix_strip(str_head(t, cursor + 1), &stamp, &e->memory);
	if (!stamp.wall[0])
		return false;
	if (e->entry.mode == MODE_VERBOSE)
		give_entry(e, line->number, line->offset, false);
	e->entry.mode = MODE_VERBOSE;
	e->entry.first_line = line->number;
	e->entry.offset = line->offset;
	e->entry.stamp = stamp;
	return true;
}

static bool take_verbose(struct envelope *e, struct str t, const struct oomlog_line *line)
{
	struct entry *entry = &e->entry;
	if (verbose_head(e, t, line))
		return true;
	if (entry->mode != MODE_VERBOSE)
		return false;
	size_t indent = str_blanks(t);
	struct str field = str_from(t, indent);
	size_t n = field_name(field);
	if (!indent && t.len) {
		give_entry(e, line->number, line->offset, false);
		entry->mode = MODE_TEXT;
		return false;
	}
	if (n && str_at(field, n) == '=' && indent <= 8) {
		struct str name = str_head(field, n);
		entry->in_message = str_is(name, STR("MESSAGE"));
		/* the head's time is what is printed; the fields would add a second one */
		if (!str_contains(name, STR("REALTIME")))
			take_field(entry, name, str_from(field, n + 1));
	} else if (entry->in_message && entry->message.n < ENTRY_MOST) {
		bytes_add_char(&entry->message, '\n');
		bytes_add(&entry->message, field);
	}
	return true;
}

/* --- plain text --- */

/* What pagers write over the right end of a line: "[7/972]" of tmux, ">" of less. */
static struct str right_margin(struct str t, bool *cut)
{
	t = str_trim_right(t);
	if (t.len > 60 && t.s[t.len - 1] == '>' && t.s[t.len - 2] != '-' &&
	    str_find_last(t, STR("<")) == SIZE_MAX) {
		*cut = true;
		t.len--;
	}
	size_t open = str_find_last(t, STR("["));
	if (open != SIZE_MAX && t.len - open < 16 && str_ends(t, STR("]"))) {
		struct str mark = str_from(t, open + 1);
		size_t a = str_digits(mark), b = str_digits(str_from(mark, a + 1));
		if (a && str_at(mark, a) == '/' && b && a + b + 2 == mark.len) {
			*cut = true;
			t.len = open;
		}
	}
	return t;
}

static void take_text(struct envelope *e, struct str t, const struct oomlog_line *line)
{
	struct piece piece = {.cut_start = line->cut_start,
			      .cut_end = line->cut_end,
			      .line = line->number,
			      .offset = line->offset,
			      .end_offset = line->offset + line->len,
			      .physical_len = line->len};
	piece.indented = str_blanks(t) > 0;
	piece.text = prefix_strip(t, &piece.stamp, &e->memory);
	if (!piece.stamp.fragment) /* whose blanks count */
		piece.text = right_margin(piece.text, &piece.cut_end);
	if (piece.stamp.prefixed)
		piece.indented = false;
	give_text(e, piece);
}

void envelope_feed(struct envelope *e, const struct oomlog_line *given)
{
	struct oomlog_line line = *given;
	if (!line.number)
		line.number = e->counted + 1;
	e->counted = line.number;
	e->cut_end = line.cut_end;
	struct str raw = {line.text, line.len < LINE_MOST ? line.len : LINE_MOST};
	struct str bare = raw; /* noise is still in it: a cursor looks like a tag of a forum */
	while (bare.len && bare.s[bare.len - 1] == '\r')
		bare.len--;
	if (take_export(e, raw, &line) || take_verbose(e, bare, &line))
		return;
	struct str t = raw;
	if (has_noise(raw)) {
		e->clean.n = 0;
		unescape_noise(&e->clean, raw);
		t = bytes_str(&e->clean);
	}
	if (take_json_part(e, t, &line) || take_json_line(e, t, &line))
		return;
	take_text(e, t, &line);
}

void envelope_feed_record(struct envelope *e, const struct oomlog_record *record)
{
	struct piece piece = {.begins = true,
			      .record = true,
			      .cut_end = record->cut_end,
			      .physical_len = SIZE_MAX};
	struct stamp inner;
	e->counted++;
	piece.line = record->number ? record->number : e->counted;
	e->clean.n = 0;
	unescape_noise(&e->clean, (struct str){record->text, record->len});
	piece.text = prefix_strip(bytes_str(&e->clean), &inner, &e->memory);
	piece.stamp = inner;
	if (record->uptime_us.known) {
		s64 us = record->uptime_us.value;
		piece.stamp.uptime_us = record->uptime_us;
		snprintf(piece.stamp.uptime, sizeof(piece.stamp.uptime), "%lld.%06lld",
			 (long long)us / 1000000, (long long)us % 1000000);
	}
	if (record->realtime_us.known) {
		piece.stamp.wall_us = record->realtime_us;
		piece.stamp.wall_has_year = piece.stamp.wall_has_zone = true;
		snprintf(piece.stamp.realtime_usec, sizeof(piece.stamp.realtime_usec), "%lld",
			 (long long)record->realtime_us.value);
	}
	if (record->caller)
		keep_text(piece.stamp.caller, sizeof(piece.stamp.caller), str_of(record->caller));
	piece.stamp.prefixed = true;
	piece.stamp.shape = 1u << 17;
	give_text(e, piece);
}

void envelope_finish(struct envelope *e)
{
	give_entry(e, e->counted, 0, e->cut_end);
	e->entry.mode = MODE_TEXT;
	e->binary = false;
	e->fragment.n = 0;
}

void envelope_reset(struct envelope *e)
{
	struct bytes message = e->entry.message;
	message.n = 0;
	e->entry = (struct entry){.message = message};
	e->binary = false;
	e->fragment.n = 0;
}
