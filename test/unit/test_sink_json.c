/* JSON: exact texts, nesting, and every document read back by another parser (python3's json). */
#include "support/capture.h"
#include "support/cmocka_all.h"
#include "support/sample_table.h"

#include <float.h>
#include <math.h>
#include <unistd.h>

#include "sink/json.h"
#include "sink/sink.h"

/*
 * Strict JSON in valid UTF-8, says a parser that is not ours; true as well when there is no
 * python3.
 */
static bool valid_json(const char *text)
{
	static const char check[] =
		"command -v python3 >/dev/null 2>&1 || exit 0; exec python3 -c 'import sys, json\n"
		"def bad(x): raise ValueError(x)\n"
		"json.loads(sys.stdin.buffer.read().decode(), parse_constant=bad)' 2>&1";
	FILE *parser = popen(check, "w");
	if (!parser)
		return false;
	fputs(text, parser);
	return pclose(parser) == 0;
}

static const char full_row[] =
	"{\"name\": \"java\", \"pid\": 4711, \"objects\": 1234567, \"adj\": -1000, \"bytes\": 1610612736, "
	"\"pages\": 393216, \"kib\": 2048, \"share\": 12.5, \"age_s\": 3723.5, \"started_ns\": 1500000000, "
	"\"time\": 1717156800, \"address\": \"0xffff888012345678\", \"kernel\": false, "
	"\"tags\": [\"GFP_KERNEL\", \"a, b\"], \"orders\": [3, 0, 9], "
	"\"parts\": [{\"zone\": \"zone0\", \"free\": 0}, {\"zone\": \"zone1\", \"free\": 256}], "
	"\"holder\": {\"zone\": \"zone0\", \"free\": 0}, \"note\": \"first\"}";

static const char hostile_row[] =
	"{\"name\": \"\\u001b[2J\\u00ff\\u003c/script\\u003e\\u202e\", \"pid\": 2, \"objects\": 0, \"adj\": null, "
	"\"bytes\": 512, \"pages\": null, \"kib\": null, \"share\": null, \"age_s\": null, \"started_ns\": null, "
	"\"time\": null, \"address\": null, \"kernel\": true, \"tags\": [], \"orders\": null, \"parts\": null, "
	"\"holder\": null}";

static void test_table(void **state)
{
	struct table *table = sample_table();
	struct capture out;
	char expected[4096];
	assert_int_equal(table_filter(table, "pid!=99", 0, NULL), 0);
	capture_begin(&out);
	struct sink_options options = {0};
	assert_int_equal(sink_json_table(out.out, table, &options, NULL), 0);
	snprintf(expected, sizeof(expected), "[%s, %s]\n", full_row, hostile_row);
	assert_string_equal(capture_text(&out), expected);
	assert_true(valid_json(expected));
	capture_done(&out);
	table_free(table);
}

static void test_columns_and_unknown(void **state)
{
	struct table *table = sample_table();
	struct capture out;
	struct error error = ERROR_INIT;
	struct sink_options options = {.columns = "bytes,pages,pid", .pretty = true};
	assert_int_equal(table_filter(table, "pid=99", 0, NULL), 0);
	capture_begin(&out);
	assert_int_equal(sink_json_record(out.out, table, &options, NULL), 0);
	assert_string_equal(capture_text(&out),
			    "{\n"
			    " \"bytes\": null,\n"
			    " \"bytes_why\": \"was excluded from the dump (dump level)\",\n"
			    " \"pages\": null,\n"
			    " \"pages_why\": \"no \\\"mm\\\" \\u001bthere\",\n"
			    " \"pid\": 99\n"
			    "}\n");
	assert_true(valid_json(out.text));
	capture_done(&out);
	options.columns = "nope";
	capture_begin(&out);
	assert_int_equal(sink_json_table(out.out, table, &options, &error), -1);
	assert_non_null(strstr(error.text, "nope"));
	capture_done(&out);
	table_free(table);
}

static void test_document(void **state)
{
	struct table *table = sample_table(), *empty = table_new(&part_spec);
	struct document_part parts[] = {{table, false}, {empty, false}, {empty, true}};
	for (int pretty = 0; pretty < 2; pretty++) {
		struct capture out;
		capture_begin(&out);
		assert_int_equal(
			sink_json_document(out.out, parts, ARRAY_SIZE(parts), pretty, NULL), 0);
		assert_true(valid_json(capture_text(&out)));
		assert_non_null(strstr(out.text, pretty ? "\"parts\": [],\n" : "\"parts\": [], "));
		assert_non_null(strstr(out.text, "\"parts\": null"));
		capture_done(&out);
	}
	table_free(table);
	table_free(empty);
}

static void test_reals(void **state)
{
	static const double reals[] = {0,	0.1,	 -0.5, 1e300, -1e-300,	  DBL_MAX,
				       DBL_MIN, 1.0 / 3, 1e15, 1e16,  123456.789, 4.9e-324};
	struct capture out;
	capture_begin(&out);
	struct json_writer w = json_writer_to(out.out, false);
	json_array_begin(&w);
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++)
		json_real(&w, reals[i]);
	json_real(&w, NAN);
	json_real(&w, -INFINITY);
	json_array_end(&w);
	assert_int_equal(json_done(&w, NULL), 0);
	const char *p = capture_text(&out) + 1;
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
		char *end;
		assert_true(strtod(p, &end) == reals[i]);
		p = end + 2;
	}
	assert_string_equal(p, "null, null]\n");
	assert_non_null(strstr(out.text, "[0, 0.1, -0.5, "));
	assert_true(valid_json(out.text));
	capture_done(&out);
}

static void test_writer(void **state)
{
	struct capture out;
	capture_begin(&out);
	struct json_writer w = json_writer_to(out.out, true);
	json_object_begin(&w);
	json_key(&w, "most");
	json_u64(&w, UINT64_MAX);
	json_key(&w, "least");
	json_s64(&w, INT64_MIN);
	json_key(&w, "none");
	json_text(&w, NULL);
	json_key(&w, "deep");
	json_array_begin(&w);
	json_array_begin(&w);
	json_array_end(&w);
	json_object_begin(&w);
	json_key(&w, "waits");
	json_unwind(&w, 1);
	json_unknown(&w, "size", "it \"is\" <gone>");
	json_unwind(&w, 0);
	assert_int_equal(json_done(&w, NULL), 0);
	assert_string_equal(capture_text(&out),
			    "{\n"
			    " \"most\": 18446744073709551615,\n"
			    " \"least\": -9223372036854775808,\n"
			    " \"none\": null,\n"
			    " \"deep\": [\n"
			    "  [],\n"
			    "  {\n"
			    "   \"waits\": null\n"
			    "  }\n"
			    " ],\n"
			    " \"size\": null,\n"
			    " \"size_why\": \"it \\\"is\\\" \\u003cgone\\u003e\"\n"
			    "}\n");
	assert_true(valid_json(out.text));
	capture_done(&out);
}

/* All bytes, in all pairs: what comes out is UTF-8 and JSON. */
static void test_all_bytes(void **state)
{
	struct capture out;
	capture_begin(&out);
	struct json_writer w = json_writer_to(out.out, false);
	json_array_begin(&w);
	for (unsigned i = 0; i < 65536; i++) {
		char pair[2] = {(char)(i >> 8), (char)i};
		json_textn(&w, pair, 2);
	}
	json_array_end(&w);
	assert_int_equal(json_done(&w, NULL), 0);
	assert_true(valid_json(capture_text(&out)));
	capture_done(&out);
}

static void test_full_disk(void **state)
{
	struct table *table = sample_table();
	struct error error = ERROR_INIT;
	struct sink_options options = {0};
	FILE *full = fopen("/dev/full", "w");
	if (!full)
		skip();
	assert_int_equal(sink_json_table(full, table, &options, &error), -1);
	assert_int_equal(error.exit_status, EXIT_INTERNAL);
	fclose(full);
	table_free(table);
}

static void test_validator(void **state)
{
	if (!access("/usr/bin/python3", X_OK)) {
		assert_false(valid_json("{\"a\": NaN}"));
		assert_false(valid_json("[1,]"));
		assert_false(valid_json("[\"\xff\"]"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_validator),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_columns_and_unknown),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_reals),
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_all_bytes),
		cmocka_unit_test(test_full_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
