/* BTF written by hand: what compilers don't make, and what an attacker does. */
#include "support/cmocka_all.h"

#include "debuginfo/btf_format.h"
#include "debuginfo/typeinfo.h"

/* --- a writer ------------------------------------------------------------------------------ */

struct blob {
	u32 words[1024]; /* types */
	u32 nr_words;
	char strings[1024];
	u32 nr_strings;
	u32 first_string; /* of a split BTF */
	struct btf_layout layouts[32];
	u32 nr_layouts;
	u8 bytes[8192];
	size_t size;
};

static u32 string(struct blob *b, const char *text)
{
	u32 at = b->nr_strings, len = (u32)strlen(text) + 1;
	if (len == 1 && !b->first_string)
		return 0;
	memcpy(b->strings + at, text, len);
	b->nr_strings += len;
	return b->first_string + at;
}

static struct blob blob_new(void)
{
	return (struct blob){.nr_strings = 1};
}

static void word(struct blob *b, u32 value)
{
	b->words[b->nr_words++] = value;
}

static void type(struct blob *b, const char *name, u32 kind, u32 flag, u32 vlen, u32 size)
{
	word(b, *name ? string(b, name) : 0);
	word(b, flag << 31 | kind << 24 | vlen);
	word(b, size);
}

static void member(struct blob *b, const char *name, u32 id, u32 offset)
{
	word(b, *name ? string(b, name) : 0);
	word(b, id);
	word(b, offset);
}

static void blob_end(struct blob *b)
{
	struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = 1,
		.hdr_len = b->nr_layouts ? 32 : 24,
		.type_len = b->nr_words * 4,
		.str_off = b->nr_words * 4,
		.str_len = b->nr_strings,
		.layout_off = b->nr_words * 4 + (u32)align_up(b->nr_strings, 4),
		.layout_len = b->nr_layouts * 4,
	};
	memcpy(b->bytes, &h, h.hdr_len);
	memcpy(b->bytes + h.hdr_len, b->words, h.type_len);
	memcpy(b->bytes + h.hdr_len + h.str_off, b->strings, h.str_len);
	memcpy(b->bytes + h.hdr_len + h.layout_off, b->layouts, h.layout_len);
	b->size = h.hdr_len + (b->nr_layouts ? h.layout_off + h.layout_len : h.str_off + h.str_len);
}

static struct typeinfo *open_blob(struct blob *b, const struct typeinfo *base)
{
	struct typeinfo *types;
	struct error error = ERROR_INIT;
	blob_end(b);
	if (typeinfo_from_btf(&types, b->bytes, b->size, true, base, &error))
		fail_msg("%s", error.text);
	return types;
}

static void put_int(struct blob *b, const char *name, u32 size, u32 data)
{
	type(b, name, BTF_INT, 0, 0, size);
	word(b, data);
}

/* --- the tests ----------------------------------------------------------------------------- */

/* Before pahole 1.16 a bit field had an integer type of its own. */
static void test_int_bits(void **state)
{
	struct blob b = blob_new();
	put_int(&b, "unsigned int", 4, 32);	     /* 1 */
	put_int(&b, "unsigned int", 4, 2 << 16 | 5); /* 2: 5 bits from bit 2 */
	type(&b, "s", BTF_STRUCT, 0, 2, 8);	     /* 3 */
	member(&b, "whole", 1, 0);
	member(&b, "part", 2, 32);
	struct typeinfo *types = open_blob(&b, NULL);
	struct type_member m;
	assert_true(typeinfo_member(types, 3, "part", &m));
	assert_int_equal(m.bit_offset, 34);
	assert_int_equal(m.bit_size, 5);
	assert_true(typeinfo_member(types, 3, "whole", &m));
	assert_int_equal(m.bit_size, 0);
	assert_int_equal(typeinfo_find(types, "unsigned int"), 1);
	typeinfo_free(types);
}

static void test_enums(void **state)
{
	struct blob b = blob_new();
	s64 value;
	type(&b, "old", BTF_ENUM, 0, 1, 4); /* no flag, and no other enum has one: sign by value */
	word(&b, string(&b, "OLD"));
	word(&b, (u32)-3);
	struct typeinfo *types = open_blob(&b, NULL);
	assert_true(typeinfo_enumerator(types, "enum old", "OLD", &value));
	assert_int_equal(value, -3);
	typeinfo_free(types);

	type(&b, "wide", BTF_ENUM64, 0, 1, 8);
	word(&b, string(&b, "WIDE"));
	word(&b, 0x89abcdef);
	word(&b, 0x81234567);
	type(&b, "negative", BTF_ENUM, 1, 1, 4);
	word(&b, string(&b, "NEGATIVE"));
	word(&b, (u32)-7);
	types = open_blob(&b, NULL);
	assert_true(typeinfo_enumerator(types, NULL, "WIDE", &value));
	assert_int_equal(value, 0x8123456789abcdef);
	assert_true(typeinfo_enumerator(types, NULL, "OLD", &value));
	assert_int_equal(value, 0xfffffffd); /* now known to be unsigned */
	assert_true(typeinfo_enumerator(types, "negative", "NEGATIVE", &value));
	assert_int_equal(value, -7);
	assert_true(typeinfo_is_signed(types, typeinfo_find(types, "enum negative")));
	typeinfo_free(types);
}

/* Loops of typedefs, a struct that contains itself, arrays of themselves, ids of nothing. */
static void test_loops(void **state)
{
	struct blob b = blob_new();
	type(&b, "a", BTF_TYPEDEF, 0, 0, 2);   /* 1 -> 2 -> 1 */
	type(&b, "b", BTF_CONST, 0, 0, 1);     /* 2 */
	type(&b, "self", BTF_STRUCT, 0, 5, 8); /* 3 */
	member(&b, "", 3, 0);
	member(&b, "", 3, 0);
	member(&b, "loop", 1, 0);
	member(&b, "nothing", 999999, 0);
	member(&b, "array", 4, 0);
	type(&b, "", BTF_ARRAY, 0, 0, 0); /* 4: of itself */
	word(&b, 4);
	word(&b, 4);
	word(&b, 0xffffffff);
	type(&b, "fwd", BTF_FWD, 0, 0, 0); /* 5: never defined */
	type(&b, "", BTF_PTR, 0, 0, 5);	   /* 6 */
	struct typeinfo *types = open_blob(&b, NULL);
	struct type_member m;
	u64 size;
	assert_int_equal(typeinfo_kind(types, 1), TYPE_OTHER);
	assert_false(typeinfo_size(types, 1, &size));
	assert_false(typeinfo_size(types, 4, &size));
	assert_false(typeinfo_member(types, 3, "absent", &m));
	assert_false(typeinfo_member(types, 3, "array[1]", &m));
	assert_int_equal(typeinfo_kind(types, typeinfo_target(types, 6, NULL)), TYPE_FORWARD);
	assert_int_equal(typeinfo_kind(types, 0), TYPE_VOID);
	assert_int_equal(typeinfo_kind(types, 7), TYPE_OTHER);
	assert_int_equal(typeinfo_kind(types, UINT32_MAX), TYPE_OTHER);
	assert_string_equal(typeinfo_name(types, 12345), "");
	typeinfo_free(types);
}

/* A module's: ids and strings go on behind the base's; a forward finds its struct in either. */
static void test_split(void **state)
{
	struct blob b = blob_new();
	put_int(&b, "int", 4, BTF_INT_SIGNED << 24 | 32); /* 1 */
	type(&b, "shared", BTF_STRUCT, 0, 1, 4);	  /* 2 */
	member(&b, "field", 1, 0);
	type(&b, "own", BTF_FWD, 0, 0, 0);	     /* 3 */
	type(&b, "", BTF_PTR, 0, 0, 3);		     /* 4 */
	type(&b, "per_cpu_thing", BTF_VAR, 0, 0, 2); /* 5 */
	word(&b, 1);
	u32 shared_name = 1 + sizeof("int");
	struct typeinfo *base = open_blob(&b, NULL);

	struct blob s = {.first_string = b.nr_strings};
	type(&s, "own", BTF_STRUCT, 0, 2, 8); /* 6 */
	member(&s, "a", 1, 0);
	word(&s, shared_name); /* a member whose name is a string of the base */
	word(&s, 2);
	word(&s, 32);
	type(&s, "only_here", BTF_STRUCT, 0, 0, 24); /* 7 */
	struct typeinfo *module = open_blob(&s, base);
	struct type_member m;
	assert_int_equal(typeinfo_find(module, "struct own"), 6);
	assert_int_equal(typeinfo_find(base, "struct own"), 0);
	assert_int_equal(typeinfo_find(module, "struct shared"), 2);
	assert_int_equal(typeinfo_find(base, "struct only_here"), 0);
	assert_true(typeinfo_member(module, 6, "shared.field", &m));
	assert_int_equal(m.bit_offset, 32);
	assert_int_equal(typeinfo_target(module, 4, NULL), 6);
	assert_int_equal(typeinfo_kind(base, typeinfo_target(base, 4, NULL)), TYPE_FORWARD);
	assert_int_equal(typeinfo_variable(module, "per_cpu_thing"), 2);
	assert_int_equal(typeinfo_variable(module, "shared"), 0);
	assert_int_equal(typeinfo_kind(module, 8), TYPE_OTHER);
	assert_non_null(strstr(typeinfo_source(module), "split BTF"));
	typeinfo_free(module);
	typeinfo_free(base);
}

/* A kind of the future: steps over it when the BTF says how long it is, stops there when not. */
static void test_unknown_kind(void **state)
{
	struct blob b = blob_new();
	type(&b, "before", BTF_STRUCT, 0, 0, 4);
	type(&b, "future", 33, 0, 2, 0);
	for (int i = 0; i < 5; i++)
		word(&b, 0xdeadbeef);
	type(&b, "after", BTF_STRUCT, 0, 0, 8);
	struct typeinfo *types = open_blob(&b, NULL), *module;
	assert_int_equal(typeinfo_find(types, "struct before"), 1);
	assert_int_equal(typeinfo_find(types, "struct after"), 0);
	assert_non_null(
		strstr(typeinfo_source(types), "44 bytes after them not understood (kind 33)"));
	assert_int_equal(typeinfo_from_btf(&module, b.bytes, b.size, false, types, NULL), -1);
	typeinfo_free(types);

	u8 wide[34][4] = {[33] = {4, 8, 0, 0}};
	b.nr_layouts = 32;
	types = open_blob(&b, NULL); /* layouts that do not reach so far */
	assert_int_equal(typeinfo_find(types, "struct after"), 0);
	typeinfo_free(types);
	b.words[4] = 31u << 24 | 2; /* "future" as kind 31 */
	memcpy(&b.layouts[31], wide[33], 4);
	types = open_blob(&b, NULL);
	assert_int_equal(typeinfo_find(types, "struct after"), 3);
	assert_int_equal(typeinfo_kind(types, 2), TYPE_OTHER);
	assert_null(strstr(typeinfo_source(types), "not understood"));
	typeinfo_free(types);
}

static struct blob small(void)
{
	struct blob b = blob_new();
	put_int(&b, "int", 4, 32);
	type(&b, "s", BTF_STRUCT, 0, 1, 4);
	member(&b, "field", 1, 0);
	blob_end(&b);
	return b;
}

static const struct {
	size_t at, width;
	u32 value;
	bool opens;
} damages[] = {
	{0, 2, 0x9feb, false},				       /* magic, the other way round */
	{2, 1, 9, false},				       /* version */
	{4, 4, 8, false},				       /* hdr_len */
	{4, 4, 0xffffffff, false},  {8, 4, 0xfffffff0, false}, /* type_off */
	{12, 4, 0xffffffff, false},			       /* type_len */
	{12, 4, 0, true},	    {12, 4, 17, true},	       /* in the middle of a type */
	{16, 4, 0x80000000, false},			       /* str_off */
	{20, 4, 0xffffffff, false},			       /* str_len */
	{20, 4, 0, true},	    {20, 4, 3, true},	       /* the last string is cut */
	{24, 4, 0x7fffffff, true},			       /* name of the first type */
	{28, 4, 0, true},				       /* kind 0 */
	{44, 4, 0x04ffffff, true},			       /* 16 M members */
	{52, 4, 0xffffffff, true},			       /* name of the member */
	{56, 4, 0xffffffff, true},			       /* type of the member */
};

static void test_damaged(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct blob b = small();
		struct typeinfo *types;
		struct error error = ERROR_INIT;
		struct type_member m;
		memcpy(b.bytes + damages[i].at, &damages[i].value, damages[i].width);
		int result = typeinfo_from_btf(&types, b.bytes, b.size, i % 2, NULL, &error);
		if ((result == 0) != damages[i].opens)
			fail_msg("damage %zu: %s", i, result ? error.text : "opened");
		if (result)
			continue;
		typeinfo_member(types, typeinfo_find(types, "s"), "field", &m);
		typeinfo_free(types);
	}
}

static void test_cut(void **state)
{
	struct blob b = small();
	for (size_t size = 0; size < b.size; size++) {
		struct typeinfo *types;
		assert_int_equal(typeinfo_from_btf(&types, b.bytes, size, true, NULL, NULL), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_int_bits),     cmocka_unit_test(test_enums),
		cmocka_unit_test(test_loops),	     cmocka_unit_test(test_split),
		cmocka_unit_test(test_unknown_kind), cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
