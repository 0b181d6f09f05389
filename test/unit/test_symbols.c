/* The symbol table, System.map, and .symtab (this program's own). */
#include <unistd.h>

#include "support/cmocka_all.h"

#include "base/mem.h"
#include "debuginfo/elf_file.h"
#include "debuginfo/symbols.h"

#define K 0xffffffff81000000ull

static void add(struct symbols *s, const char *name, u64 address, char type, const char *module)
{
	symbols_add(s, name, strlen(name), address, type, module);
}

static struct symbols *sample(void)
{
	struct symbols *s = symbols_new();
	add(s, "_text", K, 'T', NULL);
	add(s, "_stext", K, 'T', NULL);
	add(s, "same", K + 0x300, 't', NULL);
	add(s, "data", K + 0x100, 'd', NULL);
	add(s, "same", K + 0x200, 't', NULL);
	add(s, "pcpu", 0x1000, 'A', NULL);
	add(s, "constant", K + 0x150, 'a', NULL);
	symbols_seal(s);
	return s;
}

static void test_find(void **state)
{
	struct symbols *s = sample();
	struct symbol y;
	assert_true(symbols_find(s, "same", NULL, &y));
	assert_int_equal(y.address, K + 0x300); /* the first added */
	assert_int_equal(y.type, 't');
	assert_null(y.module);
	assert_true(symbols_find(s, "pcpu", NULL, &y));
	assert_int_equal(y.address, 0x1000);
	assert_false(symbols_find(s, "sam", NULL, &y));
	assert_false(symbols_find(s, "", NULL, &y));
	assert_false(symbols_find(s, "same", "drbd", &y));
	assert_int_equal(symbols_count(s), 7);
	symbols_free(s);
}

static const struct {
	u64 address;
	const char *name; /* NULL: none */
	u64 offset;
} places[] = {
	{K - 1, NULL, 0},	{0x1000, NULL, 0},
	{K, "_text", 0},	{K + 0xff, "_text", 0xff},
	{K + 0x100, "data", 0}, {K + 0x160, "data", 0x60}, /* absolute symbols never match */
	{K + 0x200, "same", 0}, {UINT64_MAX, "same", UINT64_MAX - K - 0x300},
};

static void test_at(void **state)
{
	struct symbols *s = sample();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct symbol y;
		u64 offset;
		assert_int_equal(symbols_at(s, places[i].address, &y, &offset),
				 places[i].name != NULL);
		if (!places[i].name)
			continue;
		assert_string_equal(y.name, places[i].name);
		assert_int_equal(offset, places[i].offset);
	}
	symbols_free(s);
}

static void test_modules(void **state)
{
	struct symbols *s = sample();
	struct symbol y;
	u64 offset;
	add(s, "only", 0xffffffffc0002000, 't', "drbd");
	add(s, "same", 0xffffffffc0001000, 't', "drbd");
	add(s, "same", 0xffffffffc0000000, 't', "lru_cache");
	symbols_seal(s);
	assert_true(symbols_find(s, "same", NULL, &y));
	assert_null(y.module);
	assert_true(symbols_find(s, "same", "lru_cache", &y));
	assert_int_equal(y.address, 0xffffffffc0000000);
	assert_string_equal(y.module, "lru_cache");
	assert_true(symbols_find(s, "only", NULL, &y));
	assert_string_equal(y.module, "drbd");
	assert_true(symbols_at(s, 0xffffffffc0001fff, &y, &offset));
	assert_string_equal(y.name, "same");
	assert_int_equal(offset, 0xfff);
	assert_true(symbols_at(s, K + 0x150, &y, &offset));
	assert_string_equal(y.name, "data");
	symbols_free(s);
}

static bool rises(void *arg, const struct symbol *symbol)
{
	u64 *last = arg;
	assert_true(symbol->address >= *last);
	*last = symbol->address;
	return true;
}

static bool count_to_three(void *arg, const struct symbol *symbol)
{
	return ++*(int *)arg < 3;
}

/* Many, in an order that is not sorted, sealed twice. */
static void test_many(void **state)
{
	enum { N = 20000 };
	struct symbols *s = symbols_new();
	char name[32];
	for (u32 i = 0; i < N; i++) {
		if (i == N / 2)
			symbols_seal(s);
		snprintf(name, sizeof(name), "symbol_%u", i);
		add(s, name, K + (i * 2654435761u) % N * 16, 't', NULL);
	}
	symbols_seal(s);
	for (u32 i = 0; i < N; i++) {
		struct symbol y;
		u64 offset, address = K + (i * 2654435761u) % N * 16;
		snprintf(name, sizeof(name), "symbol_%u", i);
		assert_true(symbols_find(s, name, NULL, &y));
		assert_int_equal(y.address, address);
		assert_true(symbols_at(s, address + 7, &y, &offset));
		assert_int_equal(y.address, address);
	}
	u64 last = 0;
	int n = 0;
	symbols_for_each(s, rises, &last);
	assert_int_equal(last, K + (N - 1) * 16);
	symbols_for_each(s, count_to_three, &n);
	assert_int_equal(n, 3);
	symbols_free(s);
}

/* Made to fill one chain of the hash: found by address at least, and in a bounded time. */
static void test_equal_names(void **state)
{
	struct symbols *s = symbols_new();
	struct symbol y;
	for (u32 i = 0; i < 200000; i++)
		add(s, "a", K + i, 't', NULL);
	symbols_seal(s);
	assert_true(symbols_find(s, "a", NULL, &y));
	assert_int_equal(y.address, K);
	assert_false(symbols_find(s, "b", NULL, &y));
	symbols_free(s);
}

static void test_empty(void **state)
{
	struct symbols *s = symbols_new();
	struct symbol y;
	u64 offset;
	assert_false(symbols_find(s, "x", NULL, &y));
	assert_false(symbols_at(s, K, &y, &offset));
	symbols_seal(s);
	assert_false(symbols_find(s, "x", NULL, &y));
	assert_false(symbols_at(s, K, &y, &offset));
	symbols_free(s);
	symbols_free(NULL);
}

/* --- System.map ---------------------------------------------------------------------------- */

static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char map_text[] = "0000000000001000 A cpu_debug_store\n"
			       "ffffffff81000000 T _text\r\n"
			       "not a line\n"
			       "ffffffff81000010 T two names\n"
			       "ffffffff8100001 t short\n"
			       "ffffffffffffffff1 T too_long\n"
			       "FFFFFFFF81000020 d upper\n"
			       "ffffffffc0401000 t lc_get\t[lru_cache]\n"
			       "ffffffffc0401010 t lc_put\t[unclosed\n"
			       "ffffffff81000030 D last";

static void test_map(void **state)
{
	char path[] = "/tmp/memwho-map-XXXXXX";
	struct symbols *s = symbols_new();
	struct symbol y;
	u64 address;
	struct error error = ERROR_INIT;
	write_file(path, map_text);
	assert_int_equal(symbols_add_map(s, path, 0x1000000, &error), 0);
	symbols_seal(s);
	assert_int_equal(symbols_count(s), 6);
	assert_true(symbols_find(s, "_text", NULL, &y));
	assert_int_equal(y.address, K + 0x1000000);
	assert_true(symbols_find(s, "cpu_debug_store", NULL, &y));
	assert_int_equal(y.address, 0x1000);
	assert_true(symbols_find(s, "lc_get", "lru_cache", &y));
	assert_true(symbols_map_lookup(path, "last", &address));
	assert_int_equal(address, K + 0x30);
	assert_false(symbols_map_lookup(path, "two", &address));
	unlink(path);
	assert_int_equal(symbols_add_map(s, path, 0, &error), -1);
	assert_non_null(strstr(error.text, "No such file"));
	symbols_free(s);
}

static void test_map_without_symbols(void **state)
{
	static const char *const texts[] = {
		"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
		"0000000000000000 T _text\n0000000000000000 T _stext\n",
		"",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char path[] = "/tmp/memwho-map-XXXXXX";
		struct symbols *s = symbols_new();
		struct error error = ERROR_INIT;
		write_file(path, texts[i]);
		assert_int_equal(symbols_add_map(s, path, 0, &error), -1);
		assert_int_equal(symbols_count(s), 0);
		unlink(path);
		symbols_free(s);
	}
}

/* --- ELF ----------------------------------------------------------------------------------- */

static void test_elf(void **state)
{
	struct symbols *s = symbols_new();
	struct symbol y;
	struct error error = ERROR_INIT;
	char hex[ELF_BUILD_ID_HEX];
	assert_int_equal(symbols_add_elf(s, "/proc/self/exe", 0, &error), 0);
	symbols_seal(s);
	assert_true(symbols_find(s, "main", NULL, &y));
	assert_int_equal(y.type, 'T');
	assert_true(symbols_find(s, "test_elf", NULL, &y));
	assert_int_equal(y.type, 't');
	assert_true(symbols_find(s, "map_text", NULL, &y));
	assert_int_equal(y.type, 'r');
	if (elf_build_id("/proc/self/exe", hex, &error) == 0)
		assert_int_equal(strspn(hex, "0123456789abcdef"), strlen(hex));
	symbols_free(s);
}

/* Cut off at every length: an error or fewer symbols, never a read outside (for the sanitizers). */
static void test_elf_cut(void **state)
{
	enum { MAX = 8 << 20 };
	FILE *in = fopen("/proc/self/exe", "r");
	char *bytes = mem_alloc(MAX);
	size_t size = fread(bytes, 1, MAX, in);
	fclose(in);
	for (int i = 0; i < 40; i++) {
		char path[] = "/tmp/memwho-elf-XXXXXX", hex[ELF_BUILD_ID_HEX];
		int fd = mkstemp(path);
		size_t cut = i < 20 ? (size_t)i * 8 : size * (size_t)(i - 20) / 20;
		assert_int_equal(write(fd, bytes, cut), cut);
		if (cut > 64 && i % 2) { /* and with section headers pointing anywhere */
			u64 where = (u64)i * 0x123456789;
			assert_int_equal(pwrite(fd, &where, sizeof(where), 40), sizeof(where));
		}
		close(fd);
		struct symbols *s = symbols_new();
		symbols_add_elf(s, path, 0, NULL);
		elf_build_id(path, hex, NULL);
		symbols_free(s);
		unlink(path);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),	    cmocka_unit_test(test_at),
		cmocka_unit_test(test_modules),	    cmocka_unit_test(test_many),
		cmocka_unit_test(test_equal_names), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_map),	    cmocka_unit_test(test_map_without_symbols),
		cmocka_unit_test(test_elf),	    cmocka_unit_test(test_elf_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
