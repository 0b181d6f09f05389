/*
 * Wall clocks as syslog, dmesg -T, journalctl and containers print them, to microseconds since
 * 1970.
 *
 * The text is taken apart into words and each word is asked what it is: a month's name, a time, a
 * date, a year, a day.  What has no month that is known (a language that is not here) gives no
 * number; the text itself is kept by the caller.
 */
#include "oomlog/prefix.h"

struct moment {
	int year, month, day, seconds; /* -1: not seen */
	s64 usec;
	int zone_minutes;
	bool has_zone;
};

/* First letters, lower case, of English, German, French, Spanish, Italian, Portuguese. */
static const char *const months[12] = {
	"jan,jän,ene,gen", "feb,fév,fev",     "mar,mär,mrz",  "apr,avr,abr",
	"may,mai,mag",	   "jun,juin,giu",    "jul,juil,lug", "aug,aoû,ago",
	"sep,set",	   "oct,okt,ott,out", "nov",	      "dec,dez,déc,dic",
};

static int month_of(struct str word)
{
	char lower[16];
	size_t n = 0;
	for (; n < word.len && n + 1 < sizeof(lower); n++)
		lower[n] = to_lower(word.s[n]);
	lower[n] = 0;
	for (int m = 0; m < 12; m++) {
		struct str list = str_of(months[m]);
		while (list.len) {
			size_t comma = str_find_char(list, ',');
			struct str one = str_head(list, comma);
			/* "jun" must not take "juil": the longer names stand in their own month */
			if (str_starts((struct str){lower, n}, one) && n <= 9)
				return m;
			list = comma == SIZE_MAX ? (struct str){0} : str_from(list, comma + 1);
		}
	}
	return -1;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static s64 days_from_date(s64 year, int month, int day)
{
	year -= month <= 1;
	s64 era = (year >= 0 ? year : year - 399) / 400, year_of_era = year - era * 400;
	s64 shifted = (month + 10) % 12; /* March is 0 */
	s64 day_of_year = (153 * shifted + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static int two(struct str t, size_t at)
{
	return (t.s[at] - '0') * 10 + (t.s[at + 1] - '0');
}

static bool shaped(struct str t, const char *shape)
{
	size_t n = strlen(shape);
	if (t.len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (shape[i] == '9' ? !is_digit(t.s[i]) : t.s[i] != shape[i])
			return false;
	return true;
}

/* "+02:00", "-0500", "Z" */
static void take_zone(struct str t, struct moment *m)
{
	int sign = str_at(t, 0) == '-' ? -1 : 1;
	struct str digits = str_from(t, 1);
	if (str_at(t, 0) == 'Z' || str_is(t, STR("UTC")) || str_is(t, STR("GMT"))) {
		m->has_zone = true;
		m->zone_minutes = 0;
	} else if (str_at(t, 0) == '+' || str_at(t, 0) == '-') {
		if (shaped(digits, "99:99"))
			m->zone_minutes = sign * (two(digits, 0) * 60 + two(digits, 3));
		else if (shaped(digits, "9999"))
			m->zone_minutes = sign * (two(digits, 0) * 60 + two(digits, 2));
		else if (shaped(digits, "99"))
			m->zone_minutes = sign * two(digits, 0) * 60;
		else
			return;
		m->has_zone = true;
	}
}

/* "21:46:16.123456+02:00"; returns false when it is no time. */
static bool take_time(struct str t, struct moment *m)
{
	if (!shaped(t, "99:99"))
		return false;
	bool has_seconds = shaped(t, "99:99:99");
	m->seconds = two(t, 0) * 3600 + two(t, 3) * 60 + (has_seconds ? two(t, 6) : 0);
	t = str_from(t, has_seconds ? 8 : 5);
	if (str_at(t, 0) == '.' || str_at(t, 0) == ',') {
		size_t n = str_digits(str_from(t, 1));
		s64 usec = 0;
		for (size_t i = 0; i < 6; i++)
			usec = usec * 10 + (i < n ? t.s[1 + i] - '0' : 0);
		m->usec = usec;
		t = str_from(t, 1 + n);
	}
	take_zone(t, m);
	return true;
}

static void take_word(struct str word, struct moment *m)
{
	s64 number;
	if (shaped(word, "9999-99-99")) {
		m->year = two(word, 0) * 100 + two(word, 2);
		m->month = two(word, 5) - 1;
		m->day = two(word, 8);
		if (str_at(word, 10) == 'T')
			take_time(str_from(word, 11), m);
		return;
	}
	if (take_time(word, m))
		return;
	if (shaped(word, "99-99") && word.len == 5) { /* logcat: month-day */
		m->month = two(word, 0) - 1;
		m->day = two(word, 3);
		return;
	}
	if (str_number(word, &number) == word.len && word.len) {
		if (word.len == 4)
			m->year = (int)number;
		else if (word.len <= 2)
			m->day = (int)number;
		return;
	}
	if (m->seconds >= 0)
		take_zone(word, m);
	int month = month_of(word);
	if (month >= 0 && m->month < 0)
		m->month = month;
	else if (month >= 0 && m->day < 0) /* "mar. mai 16": a Tuesday, then the month */
		m->month = month;
	/* dmesg -e: "Nov21" */
	size_t digits = word.len;
	while (digits && is_digit(word.s[digits - 1]))
		digits--;
	if (month >= 0 && digits < word.len && word.len - digits <= 2 &&
	    str_number(str_from(word, digits), &number))
		m->day = (int)number;
}

static bool unix_seconds(struct str t, struct stamp *stamp)
{
	s64 seconds;
	struct moment fraction = {.usec = 0};
	size_t n = str_number(t, &seconds);
	if (n < 9 || n > 10 || str_at(t, n) != '.')
		return false;
	size_t digits = str_digits(str_from(t, n + 1));
	for (size_t i = 0; i < 6; i++)
		fraction.usec = fraction.usec * 10 + (i < digits ? t.s[n + 1 + i] - '0' : 0);
	stamp->wall_us = (struct known){seconds * 1000000 + fraction.usec, true};
	stamp->wall_has_year = stamp->wall_has_zone = true;
	return true;
}

void wall_parse(const char *text, struct stamp *stamp)
{
	struct moment m = {.year = -1, .month = -1, .day = -1, .seconds = -1};
	struct str t = str_of(text);
	if (unix_seconds(t, stamp))
		return;
	for (t = str_trim_left(t); t.len; t = str_trim_left(t)) {
		size_t n = str_word(t);
		take_word(str_head(t, n), &m);
		t = str_from(t, n);
	}
	if (m.month < 0 || m.month > 11 || m.day < 1 || m.day > 31 || m.seconds < 0)
		return;
	stamp->wall_has_year = m.year >= 1970;
	stamp->wall_has_zone = m.has_zone;
	s64 days = days_from_date(stamp->wall_has_year ? m.year : 1972, m.month, m.day);
	s64 seconds = days * 86400 + m.seconds - m.zone_minutes * 60;
	stamp->wall_us = (struct known){seconds * 1000000 + m.usec, true};
}
