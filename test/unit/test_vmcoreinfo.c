/* VMCOREINFO: what counts as a number, and what is skipped. */
#include "support/cmocka_all.h"

#include "debuginfo/vmcoreinfo.h"

static const char note[] = "OSRELEASE=6.1.0-56-amd64\n"
			   "BUILD-ID=eb4fbcd037e7253717950bf2b93bd5566f47c56f\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(_stext)=ffffffff9ae00000\n"
			   "SYMBOL(zero)=0\n"
			   "SIZE(page)=64\n"
			   "OFFSET(page.flags)=0\n"
			   "LENGTH(zone.free_area)=11\n"
			   "NUMBER(PG_lru)=4\n"
			   "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
			   "NUMBER(kimage_voffset)=0xffffffbfbf800000\n"
			   "NUMBER(huge)=18446744073709551615\n"
			   "NUMBER(too_long)=99999999999999999999\n"
			   "NUMBER(blank)= 5\n"
			   "NUMBER(tail)=5x\n"
			   "NUMBER(empty)=\n"
			   "NUMBER(double)=--5\n"
			   "KERNELOFFSET=19e00000\n"
			   "CRASHTIME=1700000000\n"
			   "no equals sign here\n"
			   "=no key\n"
			   "BAD=\033[31mred\n"
			   "OSRELEASE=second\n"
			   "EQUALS=a=b\n"
			   "LAST=no newline";

static struct vmcoreinfo parsed(void)
{
	struct vmcoreinfo info;
	vmcoreinfo_parse(&info, note, sizeof(note) - 1);
	return info;
}

static void test_texts(void **state)
{
	struct vmcoreinfo info = parsed();
	assert_string_equal(vmcoreinfo_text(&info, "OSRELEASE"), "6.1.0-56-amd64");
	assert_string_equal(vmcoreinfo_text(&info, "EQUALS"), "a=b");
	assert_string_equal(vmcoreinfo_text(&info, "LAST"), "no newline");
	assert_string_equal(vmcoreinfo_text(&info, "NUMBER(empty)"), "");
	assert_null(vmcoreinfo_text(&info, "BAD"));
	assert_null(vmcoreinfo_text(&info, ""));
	assert_int_equal(info.nr_lines, 22);
	vmcoreinfo_done(&info);
}

static const struct {
	const char *name;
	bool good;
	s64 value;
} numbers[] = {
	{"PG_lru", true, 4},
	{"PAGE_BUDDY_MAPCOUNT_VALUE", true, -129},
	{"kimage_voffset", true, (s64)0xffffffbfbf800000},
	{"huge", true, -1},
	{"too_long", false, 0},
	{"blank", false, 0},
	{"tail", false, 0},
	{"empty", false, 0},
	{"double", false, 0},
	{"absent", false, 0},
};

static void test_numbers(void **state)
{
	struct vmcoreinfo info = parsed();
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		s64 value = 77;
		assert_int_equal(vmcoreinfo_number(&info, numbers[i].name, &value),
				 numbers[i].good);
		assert_int_equal(value, numbers[i].good ? numbers[i].value : 77);
	}
	vmcoreinfo_done(&info);
}

static void test_kinds(void **state)
{
	struct vmcoreinfo info = parsed();
	u64 value = 0;
	assert_true(vmcoreinfo_symbol(&info, "_stext", &value));
	assert_int_equal(value, 0xffffffff9ae00000);
	assert_true(vmcoreinfo_symbol(&info, "zero", &value));
	assert_int_equal(value, 0);
	assert_true(vmcoreinfo_size(&info, "page", &value));
	assert_int_equal(value, 64);
	assert_true(vmcoreinfo_offset(&info, "page.flags", &value));
	assert_true(vmcoreinfo_length(&info, "zone.free_area", &value));
	assert_int_equal(value, 11);
	assert_true(vmcoreinfo_hex(&info, "KERNELOFFSET", &value));
	assert_int_equal(value, 0x19e00000);
	assert_false(vmcoreinfo_size(&info, "_stext", &value));
	assert_false(vmcoreinfo_hex(&info, "LAST", &value));
	vmcoreinfo_done(&info);
}

static void test_empty(void **state)
{
	struct vmcoreinfo info;
	vmcoreinfo_parse(&info, NULL, 0);
	assert_null(vmcoreinfo_text(&info, "OSRELEASE"));
	vmcoreinfo_done(&info);
	vmcoreinfo_parse(&info, "", 0);
	assert_int_equal(info.nr_lines, 0);
	vmcoreinfo_done(&info);
	/* The note in memory goes on with NULs, and with whatever follows them. */
	vmcoreinfo_parse(&info, "A=1\n\0B=2\n", 9);
	assert_int_equal(info.nr_lines, 1);
	vmcoreinfo_done(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
