/*
 * Types against the compiler: this program's own DWARF, DWARF 2 to 5 of cc, and BTF of clang must
 * say what offsetof() and sizeof() say.
 */
#include <unistd.h>

#include "support/cmocka_all.h"

#include "btf/sample.h"
#include "debuginfo/typeinfo.h"

extern sample_nameless keep_nameless;
sample_nameless keep_nameless = SAMPLE_NAMELESS;
struct sample *keep_sample(struct sample *s); /* so that its types are in the debug information */
struct sample *keep_sample(struct sample *s)
{
	return s->item == SAMPLE_FIRST && s->index == SAMPLE_NAMELESS ? s : NULL;
}

static const struct {
	const char *path;
	size_t offset, size;
	enum type_kind kind;
	u64 nr_elements;
	bool is_signed;
} members[] = {
	{"flags", offsetof(struct sample, flags), 8, TYPE_INT},
	{"lru", offsetof(struct sample, lru), 16, TYPE_STRUCT},
	{"lru.prev", offsetof(struct sample, lru.prev), 8, TYPE_PTR},
	{"mapping", offsetof(struct sample, mapping), 8, TYPE_PTR},
	{"index", offsetof(struct sample, index), 8, TYPE_INT},
	{"item", offsetof(struct sample, item), 4, TYPE_ENUM, .is_signed = true},
	{"wide", offsetof(struct sample, wide), 8, TYPE_ENUM},
	{"inner", offsetof(struct sample, inner), sizeof(struct sample_inner) * 2, TYPE_ARRAY, 2},
	{"inner[1].tag", offsetof(struct sample, inner[1].tag), 1, TYPE_INT, .is_signed = true},
	{"inner[1].counts[3].counter", offsetof(struct sample, inner[1].counts[3].counter), 4,
	 TYPE_INT, .is_signed = true},
	{"inner[0].counts[4]", offsetof(struct sample, inner[0].counts[4]), 4, TYPE_STRUCT},
	{"pointer", offsetof(struct sample, pointer), 8, TYPE_PTR},
	{"small", offsetof(struct sample, small), 1, TYPE_INT, .is_signed = true},
	{"real", offsetof(struct sample, real), 8, TYPE_FLOAT},
	{"call", offsetof(struct sample, call), 8, TYPE_PTR},
	{"opaque", offsetof(struct sample, opaque), 8, TYPE_PTR},
	{"tail", offsetof(struct sample, tail), 0, TYPE_ARRAY, 0},
	{"tail[7]", offsetof(struct sample, tail[7]), 2, TYPE_INT},
};

static const char *const absent[] = {
	"",
	"flag",
	"flagss",
	"flags.x",
	"lru.",
	"lru..next",
	".lru",
	"inner[2].tag",
	"inner[-1].tag",
	"inner[1]tag",
	"inner[1",
	"inner[].tag",
	"flags[0]",
	"pointer.next",
	"opaque.x",
	"counter",
	"inner[99999999999999999999].tag",
	"tail[4611686018427387904]",
};

static const struct {
	const char *path;
	u64 bit;
	u32 bits;
} bit_fields[] = {
	{"inuse", 64, 16},
	{"objects", 80, 15},
	{"frozen", 95, 1},
	{"early", 8 * (offsetof(struct sample, small) + 1), 3},
	{"late", 8 * (offsetof(struct sample, small) + 1) + 3, 4},
};

static void check_members(const struct typeinfo *types, type_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		struct type_member m;
		if (!typeinfo_member(types, id, members[i].path, &m))
			fail_msg("%s: no %s", typeinfo_source(types), members[i].path);
		if (m.bit_offset != members[i].offset * 8 || m.size != members[i].size ||
		    m.kind != members[i].kind || m.nr_elements != members[i].nr_elements ||
		    m.bit_size)
			fail_msg("%s: %s at bit %llu, %llu bytes, kind %d, %llu elements, %u bits",
				 typeinfo_source(types), members[i].path,
				 (unsigned long long)m.bit_offset, (unsigned long long)m.size,
				 m.kind, (unsigned long long)m.nr_elements, m.bit_size);
		if (m.kind == TYPE_INT || m.kind == TYPE_ENUM)
			assert_int_equal(m.is_signed, members[i].is_signed);
	}
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		struct type_member m;
		if (typeinfo_member(types, id, absent[i], &m))
			fail_msg("%s: found \"%s\"", typeinfo_source(types), absent[i]);
	}
}

static void check_bit_fields(const struct typeinfo *types, type_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(bit_fields); i++) {
		struct type_member m;
		assert_true(typeinfo_member(types, id, bit_fields[i].path, &m));
		if (m.bit_offset != bit_fields[i].bit || m.bit_size != bit_fields[i].bits)
			fail_msg("%s: %s at bit %llu, %u wide", typeinfo_source(types),
				 bit_fields[i].path, (unsigned long long)m.bit_offset, m.bit_size);
	}
}

static void check_enumerators(const struct typeinfo *types)
{
	s64 value = 0;
	assert_true(typeinfo_enumerator(types, "enum sample_item", "SAMPLE_NEGATIVE", &value));
	assert_int_equal(value, SAMPLE_NEGATIVE);
	assert_true(typeinfo_enumerator(types, NULL, "SAMPLE_LARGE", &value));
	assert_int_equal(value, SAMPLE_LARGE);
	assert_true(typeinfo_enumerator(types, NULL, "SAMPLE_NAMELESS", &value));
	assert_int_equal(value, SAMPLE_NAMELESS);
	assert_false(typeinfo_enumerator(types, "enum sample_item", "SAMPLE_NAMELESS", &value));
	assert_false(typeinfo_enumerator(types, "enum absent", "SAMPLE_FIRST", &value));
	assert_false(typeinfo_enumerator(types, NULL, "SAMPLE", &value));
	assert_int_equal(value, SAMPLE_NAMELESS);
}

static bool count_member(void *arg, const char *name, const struct type_member *member)
{
	unsigned *n = arg;
	assert_true(*n == 1 ? !*name && member->kind == TYPE_UNION : *name);
	return ++*n < 5;
}

static void check_names(const struct typeinfo *types)
{
	u64 size, nr_elements;
	type_id id = typeinfo_find(types, "struct sample_inner");
	assert_true(id);
	assert_int_equal(typeinfo_find(types, "sample_inner"), id);
	assert_int_equal(typeinfo_find(types, "union sample_inner"), 0);
	assert_int_equal(typeinfo_find(types, "struct "), 0);
	assert_int_equal(typeinfo_find(types, ""), 0);
	assert_int_equal(typeinfo_find(types, "struct never_defined"), 0);
	assert_true(typeinfo_size(types, id, &size));
	assert_int_equal(size, sizeof(struct sample_inner));
	assert_string_equal(typeinfo_name(types, id), "sample_inner");

	id = typeinfo_find(types, "sample_atomic");
	assert_int_equal(typeinfo_find(types, "typedef sample_atomic"), id);
	assert_int_equal(typeinfo_kind(types, id), TYPE_STRUCT);
	assert_true(typeinfo_size(types, id, &size));
	assert_int_equal(size, 4);

	struct type_member m;
	id = typeinfo_find(types, "struct sample");
	assert_true(typeinfo_member(types, id, "inner[1].grid", &m));
	assert_int_equal(m.size, sizeof(long) * 12);
	assert_true(typeinfo_member(types, id, "lru.next", &m));
	assert_int_equal(typeinfo_target(types, m.type, NULL),
			 typeinfo_find(types, "struct sample_list"));
	assert_true(typeinfo_member(types, id, "opaque", &m));
	assert_int_equal(typeinfo_kind(types, typeinfo_target(types, m.type, &nr_elements)),
			 TYPE_FORWARD);
	assert_false(typeinfo_size(types, typeinfo_target(types, m.type, NULL), &size));
	assert_true(typeinfo_member(types, id, "call", &m));
	assert_int_equal(typeinfo_kind(types, typeinfo_target(types, m.type, NULL)), TYPE_FUNC);
	unsigned n = 0;
	typeinfo_for_each_member(types, id, count_member, &n);
	assert_int_equal(n, 5);
}

static void check_all(struct typeinfo *types)
{
	type_id id = typeinfo_find(types, "struct sample");
	if (!id)
		fail_msg("%s: no struct sample", typeinfo_source(types));
	check_members(types, id);
	check_bit_fields(types, id);
	check_enumerators(types);
	check_names(types);
	typeinfo_free(types);
}

static void test_own_dwarf(void **state)
{
	struct typeinfo *types;
	struct error error = ERROR_INIT;
	if (typeinfo_from_vmlinux(&types, "/proc/self/exe", &error)) {
		print_message("%s\n", error.text);
		skip(); /* built without -g, or without libdw */
	}
	check_all(types);
}

static const char source[] =
	"#include \"btf/sample.h\"\n"
	"struct sample sample; enum sample_item item; sample_atomic a; sample_nameless n;\n";

/* Compile the sample; false when this machine has no such compiler. */
static bool compile(const char *command, const char *output)
{
	char line[512];
	snprintf(line, sizeof(line), "%s -Itest -x c -o %s - 2>/dev/null", command, output);
	FILE *cc = popen(line, "w");
	fputs(source, cc);
	return pclose(cc) == 0;
}

static void check_compiled(const char *command)
{
	char path[] = "/tmp/memwho-types-XXXXXX";
	struct typeinfo *types;
	struct error error = ERROR_INIT;
	close(mkstemp(path));
	if (!compile(command, path)) {
		print_message("%s: not here\n", command);
		unlink(path);
		return;
	}
	int result = typeinfo_from_vmlinux(&types, path, &error);
	unlink(path);
	if (result)
		fail_msg("%s: %s", command, error.text);
	check_all(types);
}

static void test_dwarf_versions(void **state)
{
#ifdef HAVE_LIBDW
	check_compiled("cc -shared -fPIC -gdwarf-2");
	check_compiled("cc -shared -fPIC -gdwarf-3");
	check_compiled("cc -shared -fPIC -gdwarf-4");
	check_compiled("cc -shared -fPIC -gdwarf-5 -O2");
	check_compiled("clang -shared -fPIC -gdwarf-5");
#else
	skip();
#endif
}

static void test_clang_btf(void **state)
{
	check_compiled("clang -target bpf -O1 -g -c");
}

static void test_no_types(void **state)
{
	struct typeinfo *types = NULL;
	struct error error = ERROR_INIT;
	assert_int_equal(typeinfo_from_vmlinux(&types, "/nonexistent", &error), -1);
	assert_int_equal(typeinfo_from_vmlinux(&types, "/etc/passwd", &error), -1);
	assert_int_equal(typeinfo_from_dwarf(&types, "/nonexistent", &error), -1);
	assert_null(types);
	typeinfo_free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_dwarf),
		cmocka_unit_test(test_dwarf_versions),
		cmocka_unit_test(test_clang_btf),
		cmocka_unit_test(test_no_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
