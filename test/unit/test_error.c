/* The error chain and the words of statuses. */
#include "support/cmocka_all.h"

#include <string.h>

#include "base/error.h"
#include "base/status.h"

static void test_chain(void **state)
{
	struct error error = ERROR_INIT;
	assert_int_equal(error.exit_status, EXIT_INPUT);
	assert_string_equal(error.text, "");
	assert_int_equal(error_set(&error, EXIT_PARTIAL, "offset %#x lies past the end", 0x9000),
			 -1);
	assert_int_equal(error_add(&error, "page %d", 7), -1);
	assert_int_equal(error_add(&error, "reading %s", "vmcore"), -1);
	assert_string_equal(error.text, "reading vmcore: page 7: offset 0x9000 lies past the end");
	assert_int_equal(error.exit_status, EXIT_PARTIAL);
	error_set(&error, EXIT_USAGE, "anew");
	assert_string_equal(error.text, "anew");
	assert_int_equal(error.exit_status, EXIT_USAGE);
}

static void test_null(void **state)
{
	assert_int_equal(error_set(NULL, EXIT_INPUT, "%s", "x"), -1);
	assert_int_equal(error_add(NULL, "%s", "x"), -1);
}

/* Long chains are cut at the end, always terminated: the outermost sentences survive. */
static void test_long(void **state)
{
	struct error error = ERROR_INIT;
	char longest[3000];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	error_set(&error, EXIT_INPUT, "%s", longest);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	error_add(&error, "outer");
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_memory_equal(error.text, "outer: xxx", 10);
	error_add(&error, "%s", longest);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	for (size_t len = sizeof(error.text) - 4; len < sizeof(error.text) + 2; len++) {
		error_set(&error, EXIT_INPUT, "tail");
		error_add(&error, "%.*s", (int)len, longest);
		assert_in_range(strlen(error.text), len < 1023 ? len : 1023,
				sizeof(error.text) - 1);
	}
}

static void test_status_words(void **state)
{
	for (int i = 0; i < NR_READ_STATUS; i++) {
		assert_non_null(read_status_name((enum read_status)i));
		assert_non_null(read_status_text((enum read_status)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(read_status_name((enum read_status)i),
						read_status_name((enum read_status)j));
	}
	assert_string_equal(read_status_name(READ_OK), "ok");
	assert_string_equal(read_status_name((enum read_status)99), "unknown");
	assert_string_equal(read_status_name((enum read_status) - 1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_status_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
