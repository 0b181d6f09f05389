/* What a person sees: tables, records, findings, bars, the progress line, failing outputs. */
#include "support/capture.h"
#include "support/cmocka_all.h"
#include "support/sample_table.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "sink/bar.h"
#include "sink/output.h"
#include "sink/progress_line.h"
#include "sink/sink.h"

static const struct sink_options plain = {.header = true, .page_size = 4096};

struct table_case {
	struct sink_options options;
	const char *text;
};

#define NAMES "name,bytes,pages,objects,note"

static const struct table_case table_cases[] = {
	{{.header = true, .page_size = 4096, .columns = NAMES},
	 "NAME                                 SIZE      RSS    OBJECTS  NOTE\n"
	 "java                              1.5 GiB  1.5 GiB  1,234,567  first\n"
	 "\\x1b[2J\\xff</script>\\xe2\\x80\\xae    512 B        -          0  -\n"
	 "mysqld                                  ?        ?          1  -\n"
	 "? SIZE, 1 row: was excluded from the dump (dump level)\n"
	 "? RSS, 1 row: no \"mm\" \\x1bthere\n"},
	/* a size of unknown pages is a count and says so; --bytes */
	{{.header = true, .bytes = true, .columns = "pid,pages,bytes,kib,objects"},
	 " PID  RSS (pages)  SIZE (bytes)  SWAP (bytes)  OBJECTS\n"
	 "4711       393216    1610612736       2097152  1234567\n"
	 "   2            -           512             -        0\n"
	 "  99            ?             ?             -        1\n"
	 "? RSS, 1 row: no \"mm\" \\x1bthere\n"
	 "? SIZE, 1 row: was excluded from the dump (dump level)\n"},
	{{.bytes = true, .page_size = 4096, .columns = "pid,pages"},
	 "4711  1610612736\n"
	 "   2           -\n"
	 "  99           ?\n"},
	{{.columns =
		  "pid,adj,kib,share,age_s,started_ns,time,address,kernel,tags,orders,parts,holder"},
	 "4711  -1000  2.0 MiB  12.5 %  1:02:03  1.500000  2024-05-31 12:00:00 UTC  0xffff888012345678  no   "
	 "GFP_KERNEL, a, b  3, 0, 9  2 rows  1 row\n"
	 "   2      -        -       -        -         -  -                                         -  yes  "
	 "                  -             -      -\n"
	 "  99      -        -       -        -         -  -                                         -  -    "
	 "-                 -             -      -\n"},
	/* the last column is cut to the terminal, but never to nothing */
	{{.columns = "pid,name", .width = 16, .utf8 = true},
	 "4711  java\n"
	 "   2  \\x1b[2J\u2026\n"
	 "  99  mysqld\n"},
	{{.columns = "pid,name", .width = 3},
	 "4711  java\n"
	 "   2  \\x1b[2J~\n"
	 "  99  mysqld\n"},
	{{.header = true, .colour = true, .columns = "pid,kernel"},
	 "\033[1m PID  KERNEL\033[0m\n"
	 "4711  no\n"
	 "   2  yes\n"
	 "  99  -\n"},
};

static void test_table(void **state)
{
	struct table *table = sample_table();
	for (size_t i = 0; i < ARRAY_SIZE(table_cases); i++) {
		struct capture out;
		capture_begin(&out);
		assert_int_equal(sink_text_table(out.out, table, &table_cases[i].options, NULL), 0);
		assert_string_equal(capture_text(&out), table_cases[i].text);
		capture_done(&out);
	}
	table_free(table);
}

static void test_empty_and_errors(void **state)
{
	struct table *table = table_new(&part_spec);
	struct capture out;
	struct error error = ERROR_INIT;
	capture_begin(&out);
	assert_int_equal(sink_text_table(out.out, table, &plain, NULL), 0);
	assert_int_equal(sink_text_record(out.out, table, &plain, NULL), 0);
	struct sink_options wrong = {.columns = "nope"};
	assert_int_equal(sink_text_table(out.out, table, &wrong, &error), -1);
	assert_non_null(strstr(error.text, "nope"));
	assert_string_equal(capture_text(&out), "ZONE  FREE\n(none)\n");
	capture_done(&out);
	table_free(table);
}

static void test_record(void **state)
{
	struct table *table = sample_table();
	struct capture out;
	struct sink_options options = plain;
	options.columns = "name,bytes,orders,parts,holder,note";
	capture_begin(&out);
	assert_int_equal(sink_text_record(out.out, table, &options, NULL), 0);
	assert_string_equal(capture_text(&out), "NAME:   java\n"
						"SIZE:   1.5 GiB\n"
						"ORDERS: 3, 0, 9\n"
						"PARTS:\n"
						"  ZONE      FREE\n"
						"  zone0      0 B\n"
						"  zone1  1.0 MiB\n"
						"HOLDER:\n"
						"  ZONE: zone0\n"
						"  FREE: 0 B\n"
						"NOTE:   first\n");
	capture_done(&out);
	assert_int_equal(table_filter(table, "pid=99", 0, NULL), 0);
	options.columns = "name,bytes,pid,note";
	capture_begin(&out);
	assert_int_equal(sink_text_record(out.out, table, &options, NULL), 0);
	assert_string_equal(capture_text(&out),
			    "NAME: mysqld\n"
			    "SIZE: ?  (was excluded from the dump (dump level))\n"
			    "PID:  99\n");
	capture_done(&out);
	table_free(table);
}

static void test_findings(void **state)
{
	struct table *findings = table_new(&findings_spec);
	finding_add(findings, SEVERITY_NOTE, "n", "a note", NULL, NULL);
	finding_add(findings, SEVERITY_CRITICAL, "c", "it is \033[5mfull", "24 GiB",
		    "memwho slabs");
	struct capture out;
	capture_begin(&out);
	assert_int_equal(sink_text_findings(out.out, findings, &plain, NULL), 0);
	assert_string_equal(capture_text(&out), "critical  it is \\x1b[5mfull\n"
						"          24 GiB\n"
						"          next: memwho slabs\n"
						"note      a note\n");
	capture_done(&out);
	table_free(findings);
}

static void test_bar(void **state)
{
	static const struct {
		double share;
		unsigned cells;
		bool utf8;
		const char *bar;
	} cases[] = {
		{0, 4, true, "    "},
		{0.5, 4, true, "\u2588\u2588  "},
		{1, 4, true, "\u2588\u2588\u2588\u2588"},
		{7, 2, true, "\u2588\u2588"},
		{-1, 2, true, "  "},
		{0.0 / 0.0, 2, true, "  "},
		{0.3, 4, true, "\u2588\u258e  "},
		{0.0001, 4, true, "\u258f   "},
		{0.5 + 7.0 / 32, 4, true, "\u2588\u2588\u2589 "},
		{0.5, 4, false, "##  "},
		{0.0001, 4, false, ".   "},
		{1, 0, false, ""},
		{1, 0, true, ""},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct capture out;
		capture_begin(&out);
		bar_put(out.out, cases[i].share, cases[i].cells, cases[i].utf8);
		assert_string_equal(capture_text(&out), cases[i].bar);
		capture_done(&out);
	}
}

/* --- progress ------------------------------------------------------------------------------ */

static u64 fake_now;

static u64 fake_clock(void)
{
	return fake_now;
}

static void test_progress(void **state)
{
	struct capture out;
	struct progress_line line;
	capture_begin(&out);
	progress_line_init(&line, out.out, false);
	line.now_ns = fake_clock;
	line.started_ns = fake_now = 5000000000;
	line.next_ns = line.started_ns + 1000000000;
	struct progress *progress = &line.progress;
	progress_step(NULL, "nobody", 1, 2);
	progress_step(progress, "reading", 1, 10); /* in the first second: nothing */
	fake_now += 1100000000;
	progress_step(progress, "reading", 5, 10);
	progress_step(progress, "reading", 6, 10); /* too soon */
	fake_now += 200000000;
	progress_step(progress, "counting", 1234, 0);
	progress_step(progress, "reading", 10, 10);
	progress_step(progress, NULL, 0, 0);
	progress_line_done(&line);
	assert_string_equal(capture_text(&out), "\rreading   50 %  [##########          ]\033[K"
						"\rcounting  1,234\033[K"
						"\r\033[K");
	capture_done(&out);
}

/* --- outputs ------------------------------------------------------------------------------- */

static void test_output_file(void **state)
{
	char path[] = "/tmp/memwho-test-XXXXXX", text[16] = "";
	int fd = mkstemp(path);
	struct output output;
	struct error error = ERROR_INIT;
	assert_int_equal(output_open(&output, path, &error), 0);
	fputs("hello", output.file);
	assert_int_equal(output_close(&output, &error), 0);
	assert_int_equal(output_close(&output, &error), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	close(fd);
	unlink(path);
	assert_int_equal(output_open(&output, "/nonexistent/file", &error), -1);
	assert_string_equal(error.text,
			    "opening /nonexistent/file for writing: No such file or directory");
}

static void test_output_full(void **state)
{
	struct output output;
	struct error error = ERROR_INIT;
	if (access("/dev/full", W_OK))
		skip();
	assert_int_equal(output_open(&output, "/dev/full", &error), 0);
	fputs("x", output.file);
	assert_int_equal(sink_check(output.file, &error), -1);
	assert_int_equal(output_close(&output, &error), -1);
	assert_int_equal(error.exit_status, EXIT_INTERNAL);
	assert_string_equal(error.text, "writing /dev/full: No space left on device");
}

/* Also when the failing write was long before the close, and its errno is gone. */
static void test_output_pipe(void **state)
{
	int ends[2];
	char path[32];
	struct output output;
	struct error error = ERROR_INIT;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	assert_int_equal(output_open(&output, path, &error), 0);
	close(ends[0]);
	for (unsigned i = 0; i < 100000; i++)
		fputs("a line\n", output.file);
	errno = 0;
	assert_int_equal(output_close(&output, &error), -1);
	assert_int_equal(error.exit_status, EXIT_REPORT);
	assert_string_equal(error.text, "");
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	    cmocka_unit_test(test_empty_and_errors),
		cmocka_unit_test(test_record),	    cmocka_unit_test(test_findings),
		cmocka_unit_test(test_bar),	    cmocka_unit_test(test_progress),
		cmocka_unit_test(test_output_file), cmocka_unit_test(test_output_full),
		cmocka_unit_test(test_output_pipe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
