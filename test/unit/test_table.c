/* Rows, sorting, filters, the choice of columns, findings. */
#include "support/cmocka_all.h"
#include "support/sample_table.h"

#include <math.h>

/* The rows' pids in order, as text: "4711 2 99". */
static const char *pids(const struct table *table)
{
	static char text[256];
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < table_nr_rows(table); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d", i ? " " : "",
					 (int)table_row(table, i)[SAMPLE_PID].u);
	return text;
}

static void test_values(void **state)
{
	struct table *table = sample_table();
	assert_ptr_equal(table_spec(table), &sample_spec);
	assert_int_equal(table_nr_rows(table), 3);
	const struct value *row = table_row(table, 0);
	assert_string_equal(row[SAMPLE_NAME].text, "java");
	assert_int_equal(row[SAMPLE_ADJ].s, -1000);
	assert_int_equal(row[SAMPLE_TAGS].list.n, 2);
	assert_string_equal(row[SAMPLE_TAGS].list.texts[1], "a, b");
	assert_int_equal(row[SAMPLE_ORDERS].numbers.v[2], 9);
	assert_int_equal(table_nr_rows(row[SAMPLE_PARTS].table), 2);
	row = table_row(table, 1);
	assert_int_equal(row[SAMPLE_PAGES].state, VALUE_UNSET);
	assert_int_equal(row[SAMPLE_TAGS].state, VALUE_KNOWN);
	assert_int_equal(row[SAMPLE_TAGS].list.n, 0);
	row = table_row(table, 2);
	assert_int_equal(row[SAMPLE_BYTES].state, VALUE_UNKNOWN);
	assert_string_equal(row[SAMPLE_BYTES].why, read_status_text(READ_EXCLUDED));
	table_free(table);
	table_free(NULL);
}

static void test_setters(void **state)
{
	struct table *table = table_new(&sample_spec);
	table_add(table);
	const struct value *row = table_row(table, 0);
	table_set_text(table, SAMPLE_NAME, "x");
	table_set_text(table, SAMPLE_NAME, NULL);
	assert_int_equal(row[SAMPLE_NAME].state, VALUE_UNSET);
	table_set_textn(table, SAMPLE_NAME, "0123456789abcdef, no NUL within", 16);
	assert_string_equal(row[SAMPLE_NAME].text, "0123456789abcdef");
	table_printf(table, SAMPLE_NAME, "%s-%d", "kmalloc", 64);
	assert_string_equal(row[SAMPLE_NAME].text, "kmalloc-64");
	table_set_real(table, SAMPLE_SHARE, NAN);
	assert_int_equal(row[SAMPLE_SHARE].state, VALUE_UNKNOWN);
	table_set_real(table, SAMPLE_SHARE, INFINITY);
	assert_int_equal(row[SAMPLE_SHARE].state, VALUE_UNKNOWN);
	table_set_real(table, SAMPLE_SHARE, 1);
	assert_int_equal(row[SAMPLE_SHARE].state, VALUE_KNOWN);
	/* A table that was set and replaced is still freed with its parent. */
	table_set_table(table, SAMPLE_PARTS, table_new(&part_spec));
	table_set_table(table, SAMPLE_PARTS, table_new(&part_spec));
	table_truncate(table, 5);
	assert_int_equal(table_nr_rows(table), 1);
	table_truncate(table, 0);
	assert_int_equal(table_nr_rows(table), 0);
	table_free(table);
}

static void test_sort(void **state)
{
	static const struct {
		const char *keys, *order; /* NULL: an error */
	} cases[] = {
		{NULL, "4711 2 99"},
		{"pid", "2 99 4711"},
		{"-pid", "4711 99 2"},
		{"+pid", "2 99 4711"},
		{"bytes", "2 4711 99"},
		{"-bytes", "4711 2 99"},
		{"-kernel,name", "2 4711 99"},
		{"-tags", "4711 2 99"},
		{"address", "4711 2 99"},
		{"-name", "99 4711 2"},
		{"pidd", NULL},
		{"", NULL},
		{"pid,", NULL},
		{"--pid", NULL},
		{"pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid,pid", NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct table *table = sample_table();
		struct error error = ERROR_INIT;
		int result = table_sort(table, cases[i].keys, &error);
		assert_int_equal(result, cases[i].order ? 0 : -1);
		assert_string_equal(pids(table), cases[i].order ? cases[i].order : "4711 2 99");
		assert_int_equal(*error.text != '\0', result != 0);
		table_free(table);
	}
}

static void test_sort_stable(void **state)
{
	struct table *table = table_new(&sample_spec);
	enum { ROWS = 5000 };
	for (unsigned i = 0; i < ROWS; i++) {
		table_add(table);
		table_set(table, SAMPLE_PID, i);
		if (i % 7)
			table_set(table, SAMPLE_BYTES, i * 2654435761u % 13);
	}
	assert_int_equal(table_sort(table, "-bytes", NULL), 0);
	for (unsigned i = 1; i < ROWS; i++) {
		const struct value *a = table_row(table, i - 1), *b = table_row(table, i);
		if (a[SAMPLE_BYTES].state != VALUE_KNOWN)
			assert_true(b[SAMPLE_BYTES].state != VALUE_KNOWN);
		bool same = a[SAMPLE_BYTES].state == b[SAMPLE_BYTES].state &&
			    a[SAMPLE_BYTES].u == b[SAMPLE_BYTES].u;
		if (same)
			assert_true(a[SAMPLE_PID].u < b[SAMPLE_PID].u);
		else if (b[SAMPLE_BYTES].state == VALUE_KNOWN)
			assert_true(a[SAMPLE_BYTES].u > b[SAMPLE_BYTES].u);
	}
	table_free(table);
}

static void test_sort_numbers_in_names(void **state)
{
	static const char *const names[] = {"kmalloc-512", "kmalloc-8", "dentry", "kmalloc-64"};
	struct table *table = table_new(&sample_spec);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		table_add(table);
		table_set_text(table, SAMPLE_NAME, names[i]);
		table_set(table, SAMPLE_PID, i);
	}
	assert_int_equal(table_sort(table, "name", NULL), 0);
	assert_string_equal(pids(table), "2 1 3 0");
	table_free(table);
}

struct filter_case {
	const char *expression;
	const char *kept; /* NULL: an error ... */
	const char *says; /* ... that contains this */
};

static const struct filter_case filter_cases[] = {
	{"", "4711 2 99"},
	{"  ", "4711 2 99"},
	{"pid=99", "99"},
	{"pid==99", "99"},
	{" pid = 99 , name = mysqld ", "99"},
	{"pid!=99", "4711 2"},
	{"pid>=99", "4711 99"},
	{"pid>99", "4711"},
	{"pid<99", "2"},
	{"pid<=99", "2 99"},
	{"pid>1,pid<100", "2 99"},
	{"pid=0x63", "99"},
	{"name~AV", "4711"},
	{"name!~av", "2 99"},
	{"name<k", "4711 2"},
	{"name=", ""},
	{"name=\"java\"", "4711"},
	{"name=\"ja\\\"va\"", ""},
	{"adj=-1000", "4711"},
	{"adj<0", "4711"},
	{"bytes>1G", "4711"},
	{"bytes>=1.5G", "4711"},
	{"bytes<1K", "2"},
	{"pages>1.4G", "4711"},
	{"pages>1.6G", ""},
	{"pages=393216", "4711"},
	{"pages=1.5G", "4711"},
	{"kib=2M", "4711"},
	{"kib=2048", "4711"},
	{"kib<2M", ""},
	{"share>12", "4711"},
	{"share=12.5%", "4711"},
	{"age_s>3600", "4711"},
	{"started_ns=1.5s", "4711"},
	{"started_ns=1500000000", "4711"},
	{"time>2024-05-31", "4711"},
	{"time=2024-05-31T12:00:00", "4711"},
	{"address=ffff888012345678", "4711"},
	{"address>0xffff888000000000", "4711"},
	{"kernel=yes", "2"},
	{"kernel=false", "4711"},
	{"tags=GFP_KERNEL", "4711"},
	{"tags=\"a, b\"", "4711"},
	{"tags~gfp", "4711"},
	{"tags!~gfp", "2 99"},
	{"orders=9", "4711"},
	{"orders!=9", "2 99"},
	{"orders=4", ""},
	/* unknown and unset */
	{"bytes=?", "99"},
	{"bytes!=?", "4711 2"},
	{"pages=?", "2 99"},
	{"parts=?", "2 99"},
	{"bytes!=512", "4711 99"},
	{"bytes>=0", "4711 2"},
	{"note!=first", "2 99"},
	{"name=\"?\"", ""},
	/* errors */
	{"pidd=1", NULL, "did you mean \"pid\"?"},
	{"colour=red", NULL, "Its columns: name, pid, objects"},
	{"pid", NULL, "after \"pid\" one of"},
	{"=1", NULL, "key is expected at \"=1\""},
	{"pid=1,", NULL, "after the last comma"},
	{"pid=1,,name=x", NULL, "key is expected"},
	{"pid=x", NULL, "\"x\" is no value for pid"},
	{"pid=10K", NULL, "no value for pid"},
	{"pid=", NULL, "\"\" is no value for pid"},
	{"pid>?", NULL, "\"?\" is no value"},
	{"pid~4", NULL, "operator ~ does not go with pid"},
	{"bytes>10Q", NULL, "1.5G"},
	{"share>nan", NULL, "no value for share"},
	{"share>1%%", NULL, "no value for share"},
	{"kernel=maybe", NULL, "yes, no"},
	{"address=0xnothex", NULL, "no value for address"},
	{"time>noon", NULL, "no value for time"},
	{"orders~1", NULL, "does not go with orders"},
	{"tags>1", NULL, "does not go with tags"},
	{"parts=1", NULL, "does not go with parts"},
	{"name=\"x", NULL, "never close"},
	{"name=\"x\"y", NULL, "a comma is expected at \"y\""},
};

static void test_filter(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(filter_cases); i++) {
		const struct filter_case *c = &filter_cases[i];
		struct table *table = sample_table();
		struct error error = ERROR_INIT;
		int result = table_filter(table, c->expression, 4096, &error);
		if (result != (c->kept ? 0 : -1))
			fail_msg("%s: %s", c->expression,
				 result ? error.text : "should be an error");
		if (c->kept && strcmp(pids(table), c->kept))
			fail_msg("%s: keeps %s and not %s", c->expression, pids(table), c->kept);
		if (!c->kept) {
			assert_string_equal(pids(table), "4711 2 99");
			assert_int_equal(error.exit_status, EXIT_USAGE);
			if (!strstr(error.text, c->says))
				fail_msg("%s: says \"%s\" and not \"%s\"", c->expression,
					 error.text, c->says);
		}
		table_free(table);
	}
}

static void test_filter_page_size(void **state)
{
	struct table *table = sample_table();
	struct error error = ERROR_INIT;
	assert_int_equal(table_filter(table, "pages>1M", 0, &error), -1);
	assert_non_null(strstr(error.text, "size of a page is not known"));
	assert_int_equal(table_filter(table, "pages>100", 0, NULL), 0);
	assert_string_equal(pids(table), "4711");
	/* More pages than 64 bits of bytes are more than any size. */
	table_set(table, SAMPLE_PAGES, UINT64_MAX);
	assert_int_equal(table_filter(table, "pages>15E", 65536, NULL), 0);
	assert_int_equal(table_nr_rows(table), 1);
	table_free(table);
}

static void test_columns(void **state)
{
	static const struct {
		const char *keys;
		bool wide;
		const char *chosen; /* the keys; NULL: an error */
	} cases[] = {
		{"pid,name", false, "pid name"},
		{"pid,pid", false, "pid"},
		{"parts", false, "parts"},
		{NULL, false, "name pid objects bytes pages share address kernel tags note"},
		{"", false, "name pid objects bytes pages share address kernel tags note"},
		{"+adj,-note", false, "name pid objects bytes pages share address kernel tags adj"},
		{"-name", false, "pid objects bytes pages share address kernel tags note"},
		{NULL, true,
		 "name pid objects adj bytes pages kib share age_s started_ns time address kernel tags orders note"},
		{"all", false,
		 "name pid objects adj bytes pages kib share age_s started_ns time address kernel tags orders parts "
		 "holder note"},
		{"pid,all,-name", false,
		 "pid objects adj bytes pages kib share age_s started_ns time address kernel tags orders parts "
		 "holder note"},
		{"pid,nme", false, NULL},
		{"pid,", false, NULL},
		{",", false, NULL},
		{"+", false, NULL},
		{"pid,-pid", false, NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned chosen[32];
		size_t n = 0, used = 0;
		char text[256] = "";
		struct error error = ERROR_INIT;
		int result = table_columns(&sample_spec, cases[i].keys, cases[i].wide, chosen, &n,
					   &error);
		assert_int_equal(result, cases[i].chosen ? 0 : -1);
		for (size_t j = 0; j < n; j++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 j ? " " : "", sample_spec.columns[chosen[j]].key);
		assert_string_equal(text, cases[i].chosen ? cases[i].chosen : "");
	}
}

static void test_findings(void **state)
{
	struct table *findings = table_new(&findings_spec);
	finding_add(findings, SEVERITY_CRITICAL, "slab_large", "a cache is large", "24 GiB", NULL);
	const struct value *row = table_row(findings, 0);
	assert_string_equal(row[FINDING_SEVERITY].text, "critical");
	assert_string_equal(row[FINDING_KEY].text, "slab_large");
	assert_int_equal(row[FINDING_NEXT_STEP].state, VALUE_UNSET);
	table_free(findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_setters),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_sort_stable),
		cmocka_unit_test(test_sort_numbers_in_names),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_page_size),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_findings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
