/*
 * Stripping prefixes: a table of shapes that can stand in front of a line, tried one after the
 * other until none fits any more.  So "Oct  9 21:46:16 lotus kernel: [135404.331945] " takes two
 * rounds and
 * "<4>[  1.2][ T17] " takes three, and combinations that nobody has seen yet work as well.
 *
 * A row gets the rest of the line and returns how many bytes it takes; 0: it is something else.
 * Shapes of rows that took part make the stream (two programs that log the same machine into one
 * file have different shapes); levels and quote marks do not.
 *
 * Left out on purpose: free text before a message.  Only when no row fits, an uptime in brackets
 * further to the right is believed (a console where a program had begun a line).
 */
#include "oomlog/prefix.h"

struct prefix_row {
	const char *name;
	u32 shape; /* one bit, 0: no part of the stream's identity */
	size_t (*take)(struct str t, struct stamp *stamp, struct prefix_memory *memory);
};

static void keep(char *to, size_t size, struct str text)
{
	size_t n = text.len < size - 1 ? text.len : size - 1;
	memcpy(to, text.s, n);
	to[n] = 0;
}

static size_t skip_blank(struct str t, size_t n)
{
	return n + (is_blank(str_at(t, n)) ? 1 : 0);
}

/* "12.345678" seconds to microseconds. */
static struct known seconds_us(struct str t)
{
	s64 seconds, usec = 0;
	size_t n = str_number(t, &seconds);
	if (!n || seconds < 0 || seconds > INT64_MAX / 2000000)
		return (struct known){0};
	struct str fraction = str_from(t, n + 1);
	for (size_t i = 0; i < 6; i++)
		usec = usec * 10 + (is_digit(str_at(fraction, i)) ? fraction.s[i] - '0' : 0);
	return (struct known){seconds * 1000000 + usec, true};
}

/* "> > " of mails, "| " of tickets; not "<4>". */
static size_t take_quote(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	char c = str_at(t, 0);
	return (c == '>' || c == '|') && !stamp->prefixed ? skip_blank(t, 1) : 0;
}

static size_t take_level(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = str_digits(str_from(t, 1));
	if (str_at(t, 0) != '<' || !n || n > 3 || str_at(t, n + 1) != '>')
		return 0;
	stamp->prefixed = true;
	n += 2;
	/* RFC 5424's version: "<4>1 2026-..." */
	if (str_at(t, n) == '1' && str_at(t, n + 1) == ' ' && is_digit(str_at(t, n + 2)))
		n += 2;
	return n;
}

/* "[   12.345678] ", with the deltas of dmesg -d and of short-delta inside of the brackets. */
static size_t uptime_length(struct str t, struct str *digits)
{
	size_t n = str_at(t, 0) == '[' ? 1 + str_blanks(str_from(t, 1)) : 0;
	size_t whole = n ? str_digits(str_from(t, n)) : 0;
	size_t fraction =
		whole && str_at(t, n + whole) == '.' ? str_digits(str_from(t, n + whole + 1)) : 0;
	if (!whole || whole > 10 || fraction < 3 || fraction > 9)
		return 0;
	*digits = (struct str){t.s + n, whole + 1 + fraction};
	n += whole + 1 + fraction;
	struct str rest = str_from(t, n);
	size_t delta = str_blanks(rest);
	if (delta && str_at(rest, delta) == '<') {
		size_t end = str_find_char(str_head(rest, 40), '>');
		if (end == SIZE_MAX)
			return 0;
		n += end + 1;
		n += str_blanks(str_from(t, n));
	}
	return str_at(t, n) == ']' ? n + 1 : 0;
}

static size_t take_uptime(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	struct str digits;
	size_t n = uptime_length(t, &digits);
	if (!n)
		return 0;
	if (!stamp->uptime[0]) { /* RHEL 7's rsyslog writes it twice */
		keep(stamp->uptime, sizeof(stamp->uptime), digits);
		stamp->uptime_us = seconds_us(digits);
	}
	stamp->prefixed = true;
	return skip_blank(t, n);
}

/* dmesg -e and -d: "[  +0.000693] ", "[<    0.000123>] ": time since the line before, no time. */
static size_t take_delta(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = str_at(t, 0) == '[' ? 1 + str_blanks(str_from(t, 1)) : 0;
	char mark = str_at(t, n);
	if (!n || (mark != '+' && mark != '<'))
		return 0;
	n += 1 + str_blanks(str_from(t, n + 1));
	size_t whole = str_digits(str_from(t, n));
	if (!whole || str_at(t, n + whole) != '.')
		return 0;
	n += whole + 1 + str_digits(str_from(t, n + whole + 1));
	n += mark == '<' && str_at(t, n) == '>';
	if (str_at(t, n) != ']')
		return 0;
	stamp->prefixed = true;
	return skip_blank(t, n + 1);
}

/* "[T6736]", "[   C1]" (CONFIG_PRINTK_CALLER, 5.1+). */
static size_t take_caller(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = str_at(t, 0) == '[' ? 1 + str_blanks(str_from(t, 1)) : 0;
	if (!n || (str_at(t, n) != 'T' && str_at(t, n) != 'C') || stamp->caller[0])
		return 0;
	size_t digits = str_digits(str_from(t, n + 1));
	if (!digits || str_at(t, n + 1 + digits) != ']')
		return 0;
	keep(stamp->caller, sizeof(stamp->caller), (struct str){t.s + n, 1 + digits});
	stamp->prefixed = true;
	return skip_blank(t, n + digits + 2);
}

/* Phone vendors after the uptime: "[1:   kworker/1:1:   45] ", "<0> (0)[123:kworker/0:1] ". */
static size_t take_vendor(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = 0;
	if (!stamp->uptime[0])
		return 0;
	if (str_at(t, 0) == '(' && is_digit(str_at(t, 1)) && str_at(t, 2) == ')' &&
	    str_at(t, 3) == '[')
		n = 3;
	size_t digits = str_at(t, n) == '[' ? str_digits(str_from(t, n + 1)) : 0;
	size_t end = str_find_char(str_head(t, 48), ']');
	if (!digits || str_at(t, n + 1 + digits) != ':' || end == SIZE_MAX || end < n + digits + 3)
		return 0;
	return skip_blank(t, end + 1);
}

/* dmesg -x: "kern  :warn  : ". */
static size_t take_facility(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = 0;
	for (int part = 0; part < 2; part++) {
		size_t from = n;
		while (n < t.len && (is_digit(t.s[n]) || (t.s[n] >= 'a' && t.s[n] <= 'z')))
			n++;
		if (n - from < 3 || n - from > 8)
			return 0;
		n += str_blanks(str_from(t, n));
		if (n - from != 6 || str_at(t, n) != ':')
			return 0;
		n++;
	}
	stamp->prefixed = true;
	return skip_blank(t, n);
}

static bool clock_at(struct str t, size_t n)
{
	return is_digit(str_at(t, n)) && is_digit(str_at(t, n + 1)) && str_at(t, n + 2) == ':' &&
	       is_digit(str_at(t, n + 3)) && is_digit(str_at(t, n + 4));
}

/* "21:46:16", "21:46:16.123456", "21:46:16,861147+00:00", "21:46:16Z": its length. */
static size_t clock_length(struct str t)
{
	if (!clock_at(t, 0) || str_at(t, 5) != ':' || !is_digit(str_at(t, 6)) ||
	    !is_digit(str_at(t, 7)))
		return 0;
	size_t n = 8;
	if ((str_at(t, n) == '.' || str_at(t, n) == ',') && is_digit(str_at(t, n + 1)))
		n += 1 + str_digits(str_from(t, n + 1));
	if (str_at(t, n) == 'Z')
		return n + 1;
	if (str_at(t, n) == '+' || str_at(t, n) == '-') {
		size_t zone = n + 1 + str_digits(str_from(t, n + 1));
		if (zone > n + 2 && str_at(t, zone) == ':' && zone == n + 3)
			zone += 1 + str_digits(str_from(t, zone + 1));
		if (zone >= n + 3)
			n = zone;
	}
	return n;
}

static size_t take_wall(struct str t, size_t n, struct stamp *stamp)
{
	if (!stamp->wall[0]) { /* a relay may have put its own in front: the first one counts */
		keep(stamp->wall, sizeof(stamp->wall), str_trim(str_head(t, n)));
		wall_parse(stamp->wall, stamp);
	}
	stamp->prefixed = true;
	return n;
}

/* dmesg -T "[Tue May 16 19:45:20 2017] ", in any language; dmesg -e "[Nov21 03:50] ". */
static size_t take_bracket_wall(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t end = str_at(t, 0) == '[' ? str_find_char(str_head(t, 48), ']') : SIZE_MAX;
	if (end == SIZE_MAX || stamp->wall[0])
		return 0;
	struct str inside = {t.s + 1, end - 1};
	for (size_t i = 1; i + 5 <= inside.len; i++)
		if (clock_at(inside, i) && is_blank(inside.s[i - 1]) && !is_digit(inside.s[0])) {
			take_wall(inside, inside.len, stamp);
			return skip_blank(t, end + 1);
		}
	return 0;
}

/* A word of letters (also beyond ASCII) and perhaps a dot: the name of a month or a day. */
static size_t name_length(struct str t)
{
	size_t n = 0;
	while (n < t.len && n < 12 && (is_alpha(t.s[n]) || (u8)t.s[n] >= 0x80))
		n++;
	if (n < 2)
		return 0;
	return n + (str_at(t, n) == '.');
}

/*
 * syslog "Oct  9 21:46:16", "2017 Oct  9 21:46:16", "Oct  9 2017 21:46:16", "Sat Oct  9 21:46:16
 * 2017": a name, a day, a time.
 */
static size_t take_syslog(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = 0;
	if (str_digits(t) == 4 && is_blank(str_at(t, 4)))
		n = 4 + str_blanks(str_from(t, 4));
	size_t start = n, name = name_length(str_from(t, n));
	if (!name)
		return 0;
	n += name + str_blanks(str_from(t, n + name));
	size_t second = name_length(str_from(t, n)); /* the day of the week stood first */
	if (second)
		n += second + str_blanks(str_from(t, n + second));
	size_t day = str_digits(str_from(t, n));
	if (!day || day > 2 || !is_blank(str_at(t, n + day)))
		return 0;
	n += day + str_blanks(str_from(t, n + day));
	if (start == 0 && str_digits(str_from(t, n)) == 4 && is_blank(str_at(t, n + 4)))
		n += 4 + str_blanks(str_from(t, n + 4));
	size_t clock = clock_length(str_from(t, n));
	if (!clock)
		return 0;
	n += clock;
	if (second && is_blank(str_at(t, n)) && str_digits(str_from(t, n + 1)) == 4)
		n += 5;
	if (!take_wall(t, n, stamp))
		return 0;
	n += str_at(t, n) == ':'; /* Cisco and some collectors */
	return skip_blank(t, n);
}

/* ISO 8601, with or without T; journalctl short-full "Sat 2026-11-21 02:35:41 UTC". */
static size_t take_iso(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = 0;
	size_t name = name_length(t);
	if (name && is_blank(str_at(t, name)))
		n = name + 1;
	struct str date = str_from(t, n);
	if (str_digits(date) != 4 || str_at(date, 4) != '-' || str_digits(str_from(date, 5)) != 2 ||
	    str_at(date, 7) != '-' || str_digits(str_from(date, 8)) != 2)
		return 0;
	char between = str_at(date, 10);
	size_t clock = between == 'T' || between == ' ' || between == '_'
			       ? clock_length(str_from(date, 11))
			       : 0;
	if (!clock)
		return 0;
	n += 11 + clock;
	if (name) { /* the zone's name: UTC, CEST, -03 */
		size_t zone = is_blank(str_at(t, n)) ? str_word(str_from(t, n + 1)) : 0;
		bool fits = zone >= 2 && zone <= 6;
		for (size_t i = 0; i < zone; i++)
			fits = fits && !(t.s[n + 1 + i] >= 'a' && t.s[n + 1 + i] <= 'z');
		if (fits)
			n += 1 + zone;
	}
	if (!take_wall(t, n, stamp))
		return 0;
	return skip_blank(t, n);
}

/* journalctl short-unix: "1795228541.486469 ". */
static size_t take_unix(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t whole = str_digits(t);
	size_t fraction = str_at(t, whole) == '.' ? str_digits(str_from(t, whole + 1)) : 0;
	size_t n = whole + 1 + fraction;
	if (whole < 9 || whole > 10 || fraction < 3 || !is_blank(str_at(t, n)) || stamp->prefixed)
		return 0;
	return take_wall(t, n, stamp) ? n + 1 : 0;
}

/* Android's logcat: "01-31 12:00:00.000   123   124 W tag  : ". */
static size_t take_logcat(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	if (str_digits(t) != 2 || str_at(t, 2) != '-' || str_digits(str_from(t, 3)) != 2 ||
	    str_at(t, 5) != ' ')
		return 0;
	size_t clock = clock_length(str_from(t, 6)), n = 6 + clock;
	if (!clock)
		return 0;
	for (int i = 0; i < 2; i++) {
		n += str_blanks(str_from(t, n));
		size_t digits = str_digits(str_from(t, n));
		if (!digits)
			return 0;
		n += digits;
	}
	n += str_blanks(str_from(t, n));
	size_t colon = str_find(str_head(str_from(t, n), 40), STR(": "));
	if (!is_alpha(str_at(t, n)) || str_at(t, n + 1) != ' ' || colon == SIZE_MAX)
		return 0;
	take_wall(t, 6 + clock, stamp);
	return n + colon + 2;
}

/* "flags,ncfrag=0/512" and "caller=T1" between the third comma and the semicolon. */
static void kmsg_rest(struct str t, struct stamp *stamp)
{
	size_t at = str_find(t, STR("ncfrag="));
	s64 offset, whole;
	if (at != SIZE_MAX) {
		struct str f = str_from(t, at + 7);
		size_t n = str_number(f, &offset);
		if (n && str_at(f, n) == '/' && str_number(str_from(f, n + 1), &whole) &&
		    offset >= 0 && whole > offset && whole < 65536) {
			stamp->fragment = true;
			stamp->fragment_at = (u32)offset;
			stamp->fragment_of = (u32)whole;
		}
	}
	at = str_find(t, STR("caller="));
	if (at != SIZE_MAX) {
		struct str caller = str_from(t, at + 7);
		keep(stamp->caller, sizeof(stamp->caller),
		     str_head(caller, str_find_char(caller, ',')));
	}
}

/* /dev/kmsg and extended netconsole: "[6.12.0,]4,1234,5678,-[,more];message". */
static size_t take_kmsg(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t end = str_find_char(str_head(t, 160), ';');
	if (end == SIZE_MAX || stamp->kmsg_usec[0])
		return 0;
	struct str head = str_head(t, end), part[6];
	size_t parts = 0;
	while (parts < 6) {
		size_t comma = str_find_char(head, ',');
		part[parts++] = str_head(head, comma);
		if (comma == SIZE_MAX)
			break;
		head = str_from(head, comma + 1);
	}
	size_t first = parts > 4 && str_digits(part[0]) != part[0].len; /* netconsole's release */
	for (size_t i = first; i < first + 3; i++)
		if (i >= parts || !part[i].len || str_digits(part[i]) != part[i].len)
			return 0;
	struct str usec = part[first + 2], flags = first + 3 < parts ? part[first + 3] : STR("-");
	if (flags.len != 1 || !str_contains(STR("-c+"), flags))
		return 0;
	keep(stamp->kmsg_usec, sizeof(stamp->kmsg_usec), usec);
	s64 value;
	if (str_number(usec, &value))
		stamp->uptime_us = (struct known){value, true};
	kmsg_rest(str_from(str_head(t, end), (size_t)(usec.s + usec.len - t.s)), stamp);
	stamp->prefixed = true;
	return end + 1;
}

/* containers (CRI): "stdout F ", "stderr P ": a part of a line. */
static size_t take_stream(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	if (!stamp->wall[0] || !(str_starts(t, STR("stdout ")) || str_starts(t, STR("stderr "))))
		return 0;
	char mark = str_at(t, 7);
	if ((mark != 'F' && mark != 'P') || str_at(t, 8) != ' ')
		return 0;
	return 9;
}

/* The kernel's name as a tag: "kernel:", "kernel[0]:", "klogd:", "vmunix:". */
static size_t kernel_tag(struct str t)
{
	static const char *const names[] = {"kernel", "klogd", "vmunix", "vmlinux"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct str name = str_of(names[i]);
		if (!str_starts(t, name))
			continue;
		size_t n = name.len;
		if (str_at(t, n) == '[') {
			size_t end = str_find_char(str_head(str_from(t, n), 16), ']');
			if (end == SIZE_MAX)
				continue;
			n += end + 1;
		}
		if (str_at(t, n) == ':')
			return skip_blank(t, n + 1);
	}
	return 0;
}

/* "kern.warn", "user.info", busybox's syslogd. */
static size_t facility_word(struct str t)
{
	size_t n = str_word(t), dot = str_find_char(str_head(t, n), '.');
	static const char *const facilities[] = {"kern", "user", "daemon", "auth",    "syslog",
						 "cron", "mail", "local",  "authpriv"};
	for (size_t i = 0; dot != SIZE_MAX && i < ARRAY_SIZE(facilities); i++)
		if (str_starts(str_head(t, dot), str_of(facilities[i])) && n - dot > 3 &&
		    n - dot < 9)
			return n + str_blanks(str_from(t, n));
	return 0;
}

/* "systemd-oomd[812]: ", "earlyoom: ": another program. */
static size_t other_tag(struct str t, bool host_is_known)
{
	size_t n = 0;
	while (n < t.len && n < 64 && !is_blank(t.s[n]) && t.s[n] != ':' && t.s[n] != '[')
		n++;
	size_t name = n;
	if (str_at(t, n) == '[') {
		size_t digits = str_digits(str_from(t, n + 1));
		if (!digits || str_at(t, n + 1 + digits) != ']')
			return 0;
		n += digits + 2;
	} else if (!host_is_known) {
		return 0;
	}
	return name && str_at(t, n) == ':' ? skip_blank(t, n + 1) : 0;
}

/*
 * RFC 5424 after its time: "host kernel - - - message"; rsyslog's and syslog-ng's "host kernel: ".
 * A host is believed when the kernel's tag follows it, or a tag with a pid, or when it was seen
 * before.
 */
static size_t take_host(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	if ((!stamp->wall[0] && !stamp->uptime[0]) || stamp->host[0])
		return 0;
	size_t tag = kernel_tag(t);
	if (tag)
		return tag;
	size_t word = str_word(t), n = word + str_blanks(str_from(t, word));
	if (!word || word >= STAMP_TEXT || n == word || n >= t.len)
		return 0;
	struct str host = str_head(t, word), rest = str_from(t, n);
	bool known = memory->host[0] && str_is(host, str_of(memory->host));
	size_t facility = facility_word(rest);
	tag = kernel_tag(str_from(rest, facility));
	if (!tag && str_starts(rest, STR("kernel - - ")))
		tag = str_starts(str_from(rest, 11), STR("- ")) ? 13 : 11;
	bool foreign = false;
	if (!tag && (facility || known) && str_at(rest, facility) == '[')
		tag = 0; /* "host kern.warn [ 1.2]": the bracket is for another row */
	else if (!tag) {
		tag = other_tag(str_from(rest, facility), known);
		foreign = tag != 0;
		if (!tag && !facility)
			return 0;
	}
	keep(stamp->host, sizeof(stamp->host), host);
	if (!foreign)
		memcpy(memory->host, stamp->host, sizeof(memory->host));
	stamp->foreign = foreign;
	stamp->prefixed = true;
	return n + facility + tag;
}

static size_t take_kernel(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	size_t n = kernel_tag(t);
	stamp->prefixed = stamp->prefixed || n;
	return n;
}

enum {
	SHAPE_UPTIME = 1,
	SHAPE_BRACKET_WALL = 2,
	SHAPE_SYSLOG = 4,
	SHAPE_ISO = 8,
	SHAPE_UNIX = 16,
	SHAPE_KMSG = 32,
	SHAPE_LOGCAT = 64,
	SHAPE_HOST = 128,
	SHAPE_KERNEL = 256,
};

static const struct prefix_row rows[] = {
	{"quote", 0, take_quote},
	{"level", 0, take_level},
	{"uptime", SHAPE_UPTIME, take_uptime},
	{"caller", 0, take_caller},
	{"vendor", 0, take_vendor},
	{"wall in brackets", SHAPE_BRACKET_WALL, take_bracket_wall},
	{"delta", SHAPE_BRACKET_WALL, take_delta},
	{"facility", 0, take_facility},
	{"iso", SHAPE_ISO, take_iso},
	{"syslog", SHAPE_SYSLOG, take_syslog},
	{"unix", SHAPE_UNIX, take_unix},
	{"kmsg", SHAPE_KMSG, take_kmsg},
	{"logcat", SHAPE_LOGCAT, take_logcat},
	{"stream", 0, take_stream},
	{"host", SHAPE_HOST, take_host},
	{"kernel", SHAPE_KERNEL, take_kernel},
};

static size_t take_one(struct str t, struct stamp *stamp, struct prefix_memory *memory)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = rows[i].take(t, stamp, memory);
		if (n) {
			stamp->shape |= rows[i].shape;
			return n;
		}
	}
	return 0;
}

/* An uptime or the kernel's tag further to the right, in a line that nothing else fits. */
static size_t far_prefix(struct str t)
{
	struct str digits, head = str_head(t, 240);
	for (size_t i = 1; i < head.len; i++)
		if (head.s[i] == '[' && uptime_length(str_from(t, i), &digits))
			return i;
	size_t kernel = str_find(head, STR(" kernel: "));
	return kernel == SIZE_MAX ? 0 : kernel + 1;
}

struct str prefix_strip(struct str line, struct stamp *stamp, struct prefix_memory *memory)
{
	memset(stamp, 0, sizeof(*stamp));
	struct str t = str_trim_left(line);
	for (int round = 0; round < 10; round++) {
		size_t n = take_one(t, stamp, memory);
		if (!n && !stamp->prefixed && round == 0)
			n = far_prefix(t);
		if (!n)
			break;
		t = str_from(t, n);
		/* Blanks between prefixes: "host kernel:   [ 1.2] x". */
		struct str digits, next = str_trim_left(t);
		if (!stamp->prefixed || uptime_length(next, &digits))
			t = next;
	}
	return t;
}
