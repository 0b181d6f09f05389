/* Escaping of hostile texts, units, parsers, suggestions. */
#include "support/capture.h"
#include "support/cmocka_all.h"

#include <math.h>

#include "base/text.h"
#include "base/text_suggest.h"
#include "base/text_utf8.h"

#define TEXT(s) s, sizeof(s) - 1

struct escape_case {
	const char *text;
	size_t len;
	const char *safe, *json;
	size_t width;
};

static const struct escape_case escape_cases[] = {
	{TEXT(""), "", "\"\"", 0},
	{TEXT("kmalloc-64"), "kmalloc-64", "\"kmalloc-64\"", 10},
	{TEXT("a\\x2db \"c\""), "a\\x2db \"c\"", "\"a\\\\x2db \\\"c\\\"\"", 10},
	/* terminal escapes: clear the screen, set the title, 8-bit CSI */
	{TEXT("\033[2J"), "\\x1b[2J", "\"\\u001b[2J\"", 7},
	{TEXT("\033]0;x\007"), "\\x1b]0;x\\x07", "\"\\u001b]0;x\\u0007\"", 12},
	{TEXT("\xc2\x9b"), "\\xc2\\x9b", "\"\\u009b\"", 8},
	{TEXT("\x9b"), "\\x9b", "\"\\u009b\"", 4},
	{TEXT("a\0b"), "a\\x00b", "\"a\\u0000b\"", 6},
	{TEXT("\t\n\r\b\f\x7f"), "\\x09\\x0a\\x0d\\x08\\x0c\\x7f", "\"\\t\\n\\r\\b\\f\\u007f\"",
	 24},
	{TEXT("</script>&"), "</script>&", "\"\\u003c/script\\u003e\\u0026\"", 10},
	/*
	 * bidi override, zero width space, line separator, byte order mark, tag, variation selector
	 */
	{TEXT("\u202e"), "\\xe2\\x80\\xae", "\"\\u202e\"", 12},
	{TEXT("\u2066"), "\\xe2\\x81\\xa6", "\"\\u2066\"", 12},
	{TEXT("\u200b"), "\\xe2\\x80\\x8b", "\"\\u200b\"", 12},
	{TEXT("\u2028\u2029"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9", "\"\\u2028\\u2029\"", 24},
	{TEXT("\ufeff"), "\\xef\\xbb\\xbf", "\"\\ufeff\"", 12},
	{TEXT("\U000e0041"), "\\xf3\\xa0\\x81\\x81", "\"\\udb40\\udc41\"", 16},
	{TEXT("\ufe0f"), "\\xef\\xb8\\x8f", "\"\\ufe0f\"", 12},
	/* good characters: two, three and four bytes, wide, combining */
	{TEXT("gr\u00fc\u00df"), "gr\u00fc\u00df", "\"gr\u00fc\u00df\"", 4},
	{TEXT("\u8a18\u61b6"), "\u8a18\u61b6", "\"\u8a18\u61b6\"", 4},
	{TEXT("e\u0301"), "e\u0301", "\"e\u0301\"", 1},
	{TEXT("\U0001f4be"), "\U0001f4be", "\"\U0001f4be\"", 2},
	/* no UTF-8: lone continuation, overlong '/', overlong NUL, surrogate, beyond the end, cut
	 * off, 0xff
	 */
	{TEXT("\x80"), "\\x80", "\"\\u0080\"", 4},
	{TEXT("\xc0\xaf"), "\\xc0\\xaf", "\"\\u00c0\\u00af\"", 8},
	{TEXT("\xe0\x80\x80"), "\\xe0\\x80\\x80", "\"\\u00e0\\u0080\\u0080\"", 12},
	{TEXT("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\"\\u00ed\\u00a0\\u0080\"", 12},
	{TEXT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\"\\u00f4\\u0090\\u0080\\u0080\"", 16},
	{TEXT("\xe2\x82"), "\\xe2\\x82", "\"\\u00e2\\u0082\"", 8},
	{TEXT("\xe2x"), "\\xe2x", "\"\\u00e2x\"", 5},
	{TEXT("\xff\xfe"), "\\xff\\xfe", "\"\\u00ff\\u00fe\"", 8},
};

static void test_escape(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(escape_cases); i++) {
		const struct escape_case *c = &escape_cases[i];
		struct capture safe, json;
		char buffer[128];
		capture_begin(&safe);
		text_put_safe(safe.out, c->text, c->len);
		assert_string_equal(capture_text(&safe), c->safe);
		capture_begin(&json);
		text_put_json(json.out, c->text, c->len);
		assert_string_equal(capture_text(&json), c->json);
		assert_int_equal(text_safe(buffer, sizeof(buffer), c->text, c->len),
				 strlen(c->safe));
		assert_string_equal(buffer, c->safe);
		assert_int_equal(text_safe_width(c->text, c->len), c->width);
		capture_done(&safe);
		capture_done(&json);
	}
}

static void test_safe_buffer(void **state)
{
	char buffer[6];
	/* Never half an escape or half a character. */
	assert_int_equal(text_safe(buffer, sizeof(buffer), TEXT("ab\033c")), 7);
	assert_string_equal(buffer, "ab");
	assert_int_equal(text_safe(buffer, sizeof(buffer), TEXT("abcd\u20ac")), 7);
	assert_string_equal(buffer, "abcd");
	assert_int_equal(text_safe(buffer, sizeof(buffer), TEXT("abcde")), 5);
	assert_string_equal(buffer, "abcde");
	assert_int_equal(text_safe(buffer, 1, TEXT("x")), 1);
	assert_string_equal(buffer, "");
	assert_int_equal(text_safe(NULL, 0, TEXT("\033")), 4);
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *cut;
	} cases[] = {
		{"abcdef", 6, "abcdef"},
		{"abcdef", 5, "abcd~"},
		{"abcdef", 1, "~"},
		{"abcdef", 0, ""},
		{"", 0, ""},
		{"\u8a18\u61b6x", 4, "\u8a18~"},
		{"ab\033c", 5, "ab~"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct capture out;
		capture_begin(&out);
		text_put_safe_cut(out.out, cases[i].text, strlen(cases[i].text), cases[i].columns,
				  "~");
		assert_string_equal(capture_text(&out), cases[i].cut);
		capture_done(&out);
	}
}

/* Every code point, there and back, with an encoder of the test's own. */
static void test_all_code_points(void **state)
{
	for (u32 code = 0; code < 0x120000; code++) {
		char bytes[4];
		size_t n = 0;
		if (code < 0x80) {
			bytes[n++] = (char)code;
		} else if (code < 0x800) {
			bytes[n++] = (char)(0xc0 | code >> 6);
		} else if (code < 0x10000) {
			bytes[n++] = (char)(0xe0 | code >> 12);
			bytes[n++] = (char)(0x80 | (code >> 6 & 63));
		} else {
			bytes[n++] = (char)(0xf0 | code >> 18);
			bytes[n++] = (char)(0x80 | (code >> 12 & 63));
			bytes[n++] = (char)(0x80 | (code >> 6 & 63));
		}
		if (code >= 0x80)
			bytes[n++] = (char)(0x80 | (code & 63));
		u32 decoded = 0xffffffff;
		bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		assert_int_equal(utf8_decode(bytes, n, &decoded), valid ? n : 0);
		assert_int_equal(decoded, valid ? code : 0xffffffff);
		if (n > 1)
			assert_int_equal(utf8_decode(bytes, n - 1, &decoded), 0);
	}
}

static void test_bytes(void **state)
{
	static const struct {
		u64 bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{812, "812 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{MIB(1) - 1, "1.0 MiB"},
		{MIB(1), "1.0 MiB"},
		{12897484, "12.3 MiB"},
		{GIB(1) - MIB(1), "1023.0 MiB"},
		{GIB(64), "64.0 GiB"},
		{1649267441664, "1.5 TiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	char buffer[16];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text_bytes(buffer, cases[i].bytes), cases[i].text);
}

static void test_numbers(void **state)
{
	char buffer[40];
	assert_string_equal(text_grouped(buffer, 0), "0");
	assert_string_equal(text_grouped(buffer, 999), "999");
	assert_string_equal(text_grouped(buffer, 1000), "1,000");
	assert_string_equal(text_grouped(buffer, 12345678), "12,345,678");
	assert_string_equal(text_grouped(buffer, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(text_duration(buffer, 0.25), "0.2 s");
	assert_string_equal(text_duration(buffer, 59.94), "59.9 s");
	assert_string_equal(text_duration(buffer, 3723.9), "1:02:03");
	assert_string_equal(text_duration(buffer, 273906), "3d 04:05:06");
	assert_string_equal(text_moment(buffer, 0), "1970-01-01 00:00:00 UTC");
	assert_string_equal(text_moment(buffer, 1717156800), "2024-05-31 12:00:00 UTC");
	assert_string_equal(text_moment(buffer, UINT64_MAX), "18446744073709551615");
}

struct parse_case {
	const char *text;
	bool ok;
	u64 value;
};

static void check_parser(bool (*parse)(const char *, u64 *), const struct parse_case *cases,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u64 value = 77;
		if (parse(cases[i].text, &value) != cases[i].ok)
			fail_msg("\"%s\" should %sparse", cases[i].text, cases[i].ok ? "" : "not ");
		assert_int_equal(value, cases[i].ok ? cases[i].value : 77);
	}
}

static void test_parse_size(void **state)
{
	static const struct parse_case cases[] = {
		{"0", true, 0},
		{"512", true, 512},
		{"512B", true, 512},
		{"64K", true, 65536},
		{"64k", true, 65536},
		{"64KB", true, 65536},
		{"64KiB", true, 65536},
		{"1.5G", true, 1610612736},
		{"0.1K", true, 102},
		{"0x1f", true, 31},
		{"0XFF", true, 255},
		{"1.00000000000000000001K", true, 1024},
		{"18446744073709551615", true, UINT64_MAX},
		{"15E", true, 15ull << 60},
		{"", false, 0},
		{"K", false, 0},
		{"-1", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1 K", false, 0},
		{"1.5", false, 0},
		{"1.5B", false, 0},
		{".5K", false, 0},
		{"1.K", false, 0},
		{"1KK", false, 0},
		{"1Ki", true, 1024},
		{"1KiBx", false, 0},
		{"1i", false, 0},
		{"0x", false, 0},
		{"0xg", false, 0},
		{"0x12345678901234567", false, 0},
		{"1e3", false, 0},
		{"16E", false, 0},
		{"18446744073709551616", false, 0},
	};
	check_parser(text_parse_size, cases, ARRAY_SIZE(cases));
	bool has_unit;
	u64 value;
	assert_true(text_parse_size_unit("10M", &value, &has_unit) && has_unit);
	assert_true(text_parse_size_unit("10", &value, &has_unit) && !has_unit);
	assert_true(text_parse_size_unit("0x10", &value, &has_unit) && !has_unit);
}

static void test_parse_hex_and_moment(void **state)
{
	static const struct parse_case hex[] = {
		{"ffff888012345678", true, 0xffff888012345678},
		{"0xffff888012345678", true, 0xffff888012345678},
		{"10", true, 16},
		{"", false, 0},
		{"0x", false, 0},
		{"-1", false, 0},
		{"12345678901234567", false, 0},
	};
	static const struct parse_case moments[] = {
		{"1717156800", true, 1717156800},
		{"2024-05-31", true, 1717113600},
		{"2024-05-31T12:00:00", true, 1717156800},
		{"2024-05-31T12:00:00Z", true, 1717156800},
		{"2024-05-31 12:00:00", true, 1717156800},
		{"2024-13-31", false, 0},
		{"yesterday", false, 0},
		{"", false, 0},
	};
	check_parser(text_parse_hex, hex, ARRAY_SIZE(hex));
	check_parser(text_parse_moment, moments, ARRAY_SIZE(moments));
}

static void test_parse_signed_and_real(void **state)
{
	s64 s = 77;
	double real = 77;
	assert_true(text_parse_s64("-1000", &s) && s == -1000);
	assert_true(text_parse_s64("-9223372036854775808", &s) && s == INT64_MIN);
	assert_false(text_parse_s64("9223372036854775808", &s));
	assert_false(text_parse_s64("--1", &s));
	assert_false(text_parse_s64("-", &s));
	assert_true(text_parse_real("12.5", &real) && real == 12.5);
	assert_true(text_parse_real("-.5", &real) && real == -0.5);
	static const char *const bad[] = {"", "nan", "inf", "-inf", "1e999", "1x", " 1", "-"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_parse_real(bad[i], &real));
	assert_true(real == -0.5);
}

static void test_suggest(void **state)
{
	static const char *const words[] = {"report",  "dmesg",	 "ps",	 "slabs",
					    "modules", "layout", "help", "version"};
	static const struct {
		const char *word, *best;
	} cases[] = {
		{"slab", "slabs"},
		{"slbas", "slabs"},
		{"modulse", "modules"},
		{"mod", "modules"},
		{"dmseg", "dmesg"},
		{"vmcore", NULL},
		{"", NULL},
		{"sp", "ps"},
		{"xyz", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct suggestion near = suggestion_for(cases[i].word, strlen(cases[i].word));
		for (size_t j = 0; j < ARRAY_SIZE(words); j++)
			suggestion_try(&near, words[j]);
		if (cases[i].best)
			assert_string_equal(near.best, cases[i].best);
		else
			assert_null(near.best);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_safe_buffer),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_all_code_points),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_parse_hex_and_moment),
		cmocka_unit_test(test_parse_signed_and_real),
		cmocka_unit_test(test_suggest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
