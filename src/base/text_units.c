/*
 * Numbers with units, both ways.
 *
 * Units are binary: K is 1024, whether written K, KB or KiB.  All sizes are exact integers; a
 * fraction
 * ("1.5G") is rounded down to whole bytes.  The decimal point is a point: the program never sets
 * LC_NUMERIC.
 */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char unit_letters[] = "BKMGTPE";

const char *text_bytes(char buffer[static 16], u64 bytes)
{
	unsigned unit = 0;
	while (unit < 6 && bytes >> (10 * unit) >= 1024)
		unit++;
	if (!unit) {
		snprintf(buffer, 16, "%u B", (unsigned)bytes);
		return buffer;
	}
	u64 one = 1ull << (10 * unit);
	u64 tenths = bytes / one * 10 + (bytes % one * 10 + one / 2) / one;
	if (tenths >= 10240 && unit < 6) {
		tenths = 10;
		unit++;
	}
	snprintf(buffer, 16, "%u.%u %ciB", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
		 unit_letters[unit]);
	return buffer;
}

const char *text_grouped(char buffer[static 32], u64 n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	char *to = buffer;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return buffer;
}

const char *text_duration(char buffer[static 32], double seconds)
{
	if (!(fabs(seconds) < 1e15) || seconds < 60) {
		snprintf(buffer, 32, "%.1f s", seconds);
		return buffer;
	}
	u64 s = (u64)seconds;
	unsigned hours = (unsigned)(s / 3600 % 24), minutes = (unsigned)(s / 60 % 60),
		 rest = (unsigned)(s % 60);
	if (s < 86400)
		snprintf(buffer, 32, "%u:%02u:%02u", hours, minutes, rest);
	else
		snprintf(buffer, 32, "%llud %02u:%02u:%02u", (unsigned long long)(s / 86400), hours,
			 minutes, rest);
	return buffer;
}

const char *text_moment(char buffer[static 40], u64 unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;
	/*
	 * Far future: nothing that a kernel's clock shows, so the bare number tells more than a
	 * date.
	 */
	if (unix_seconds > 253402300799ull || !gmtime_r(&t, &tm))
		snprintf(buffer, 40, "%llu", (unsigned long long)unix_seconds);
	else
		strftime(buffer, 40, "%Y-%m-%d %H:%M:%S UTC", &tm);
	return buffer;
}

static bool digits_only(const char *text, int (*is_digit)(int))
{
	if (!*text)
		return false;
	while (is_digit((u8)*text))
		text++;
	return !*text;
}

static bool parse_digits(const char *text, int base, u64 *value)
{
	if (!digits_only(text, base == 16 ? isxdigit : isdigit))
		return false;
	errno = 0;
	unsigned long long n = strtoull(text, NULL, base);
	if (errno)
		return false;
	*value = n;
	return true;
}

static bool has_0x(const char *text)
{
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool text_parse_u64(const char *text, u64 *value)
{
	return has_0x(text) ? parse_digits(text + 2, 16, value) : parse_digits(text, 10, value);
}

bool text_parse_hex(const char *text, u64 *value)
{
	return parse_digits(has_0x(text) ? text + 2 : text, 16, value);
}

bool text_parse_s64(const char *text, s64 *value)
{
	bool negative = *text == '-';
	if (!digits_only(text + negative, isdigit))
		return false;
	errno = 0;
	long long n = strtoll(text, NULL, 10);
	if (errno)
		return false;
	*value = n;
	return true;
}

bool text_parse_real(const char *text, double *value)
{
	if (!isdigit((u8)*text) && *text != '-' && *text != '.')
		return false;
	char *end;
	double real = strtod(text, &end);
	if (end == text || *end || !isfinite(real))
		return false;
	*value = real;
	return true;
}

/* "", "B", "K", "KB", "KiB", ...: the power of 1024; -1 for anything else. */
static int parse_unit(const char *text)
{
	if (!*text)
		return 0;
	const char *letter = strchr(unit_letters, toupper((u8)*text));
	if (!letter)
		return -1;
	if (*letter == 'B')
		return text[1] ? -1 : 0;
	text++;
	if (*text == 'i')
		text++;
	else if (*text && *text != 'B' && *text != 'b')
		return -1;
	if (*text == 'B' || *text == 'b')
		text++;
	return *text ? -1 : (int)(letter - unit_letters);
}

/* Decimal digits with an optional fraction, as number / 10^places; nine places at most count. */
static bool parse_decimal(const char **text, u64 *whole, u64 *fraction, u64 *scale)
{
	const char *p = *text;
	*whole = *fraction = 0;
	*scale = 1;
	if (!isdigit((u8)*p))
		return false;
	for (; isdigit((u8)*p); p++)
		if (__builtin_mul_overflow(*whole, 10, whole) ||
		    __builtin_add_overflow(*whole, (u64)(*p - '0'), whole))
			return false;
	if (*p == '.') {
		if (!isdigit((u8) * ++p))
			return false;
		for (; isdigit((u8)*p); p++) {
			if (*scale == 1000000000)
				continue;
			*fraction = *fraction * 10 + (u64)(*p - '0');
			*scale *= 10;
		}
	}
	*text = p;
	return true;
}

bool text_parse_size_unit(const char *text, u64 *value, bool *has_unit)
{
	u64 whole, fraction, scale;
	if (has_unit)
		*has_unit = false;
	if (has_0x(text))
		return parse_digits(text + 2, 16, value);
	if (!parse_decimal(&text, &whole, &fraction, &scale))
		return false;
	int unit = parse_unit(text);
	if (unit < 0 || (!unit && scale > 1))
		return false;
	unsigned __int128 bytes = ((unsigned __int128)whole << 10 * unit) +
				  ((unsigned __int128)fraction << 10 * unit) / scale;
	if (bytes >> 64)
		return false;
	if (has_unit)
		*has_unit = *text != '\0';
	*value = (u64)bytes;
	return true;
}

bool text_parse_size(const char *text, u64 *value)
{
	return text_parse_size_unit(text, value, NULL);
}

bool text_parse_moment(const char *text, u64 *unix_seconds)
{
	static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ",
					    "%Y-%m-%d %H:%M:%S"};
	if (text_parse_u64(text, unix_seconds))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		time_t t = end && !*end ? timegm(&tm) : -1;
		if (t < 0)
			continue;
		*unix_seconds = (u64)t;
		return true;
	}
	return false;
}
