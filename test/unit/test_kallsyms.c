/*
 * kallsyms: a small encoder of the test's own writes the tables as each release laid them out; what
 * comes back must be what went in.
 */
#include "support/cmocka_all.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "debuginfo/symbols.h"

#define TEXT 0xffffffff9b400000ull   /* _text, with KASLR */
#define TABLES 0xffffffff9c21a000ull /* where the tables are written */

/* --- the encoder --------------------------------------------------------------------------- */

enum { AREA = 4 << 20, PAGE = 4096, JUNK = 3 * PAGE };

/* One release's layout. */
struct layout {
	const char *name;
	enum { ABSOLUTE, BASE, BASE_PERCPU, PLACE } addresses;
	bool addresses_last; /* since 6.4 */
	bool seqs;	     /* kallsyms_seqs_of_names before the tokens: 6.2, 6.3 */
	bool uleb;	     /* since 6.2 */
	size_t marker_width, align;
};

static const struct layout layouts[] = {
	{"4.5", ABSOLUTE, .marker_width = 8, .align = 8},
	{"4.18", BASE_PERCPU, .marker_width = 8, .align = 8},
	{"5.4 arm64", BASE, .marker_width = 4, .align = 256},
	{"5.10", BASE_PERCPU, .marker_width = 4, .align = 8},
	{"6.1 arm64", BASE, .marker_width = 4, .align = 8},
	{"6.2", BASE_PERCPU, .seqs = true, .uleb = true, .marker_width = 4, .align = 8},
	{"6.4 absolute", ABSOLUTE, .addresses_last = true, .uleb = true, .marker_width = 4,
	 .align = 8},
	{"6.12", BASE_PERCPU, .addresses_last = true, .uleb = true, .marker_width = 4, .align = 8},
	{"6.15", BASE, .addresses_last = true, .uleb = true, .marker_width = 4, .align = 8},
	{"7.0", PLACE, .addresses_last = true, .uleb = true, .marker_width = 4, .align = 4},
};

struct entry {
	u64 address;
	char name[640]; /* with the type in front */
};

struct image {
	const struct layout *layout;
	u8 *bytes;
	size_t size;
	struct kallsyms_tables tables;
	struct entry *entries;
	size_t n;
	u64 hole_from, hole_to; /* kvas that can't be read */
	unsigned reads;
};

/*
 * Token c is the character itself where names use it; the other codes stand for frequent strings.
 */
static const char *const frequent[] = {"alloc", "kmem_", "_free", "cache", "__func__.",
				       "sys_",	"node",	 "Tget_", "tput_", "show",
				       "store", "x64",	 "init_", "page",  "struct"};

static void token_text(char text[16], int code)
{
	if (code > ' ' && code <= '~')
		snprintf(text, 16, "%c", code);
	else if ((size_t)code % 128 < ARRAY_SIZE(frequent))
		snprintf(text, 16, "%s", frequent[code % 128]);
	else
		snprintf(text, 16, "un%d", code & 255);
}

static u64 here(const struct image *m)
{
	return TABLES + m->size;
}

static void put(struct image *m, const void *bytes, size_t n)
{
	memcpy(m->bytes + m->size, bytes, n);
	m->size += n;
}

static void put_uint(struct image *m, u64 value, size_t width)
{
	put(m, &value, width);
}

static u64 label(struct image *m)
{
	m->size = align_up(TABLES + m->size, m->layout->align) - TABLES;
	return here(m);
}

static void put_addresses(struct image *m)
{
	u64 base = TEXT & ~0xfffull, at = label(m);
	bool absolute = m->layout->addresses == ABSOLUTE;
	*(absolute ? &m->tables.addresses : &m->tables.offsets) = at;
	for (size_t i = 0; i < m->n; i++) {
		u64 address = m->entries[i].address;
		switch (m->layout->addresses) {
		case ABSOLUTE:
			put_uint(m, address, 8);
			break;
		case BASE:
			put_uint(m, address - base, 4);
			break;
		case BASE_PERCPU:
			put_uint(m, address >> 63 ? base - 1 - address : address, 4);
			break;
		case PLACE:
			put_uint(m, address - here(m), 4);
			break;
		}
	}
	if (m->layout->addresses == BASE || m->layout->addresses == BASE_PERCPU) {
		m->tables.relative_base = label(m);
		put_uint(m, base, 8);
	}
}

/* The longest frequent string that fits, else the character. */
static size_t compress(const char *name, u8 *codes)
{
	size_t n = 0;
	while (*name) {
		size_t best = 0;
		codes[n] = (u8)*name;
		for (size_t i = 0; i < ARRAY_SIZE(frequent); i++) {
			size_t len = strlen(frequent[i]);
			if (len > best && strncmp(name, frequent[i], len) == 0) {
				best = len;
				codes[n] = (u8)(128 + i);
			}
		}
		name += best ? best : 1;
		n++;
	}
	return n;
}

static void put_names(struct image *m, u32 *markers)
{
	u64 start = m->tables.names = label(m);
	for (size_t i = 0; i < m->n; i++) {
		u8 codes[640];
		size_t n = compress(m->entries[i].name, codes);
		if (i % 256 == 0)
			markers[i / 256] = (u32)(here(m) - start);
		if (m->layout->uleb && n > 127)
			put_uint(m, (n & 127) | 128 | n >> 7 << 8, 2);
		else
			put_uint(m, n, 1);
		put(m, codes, n);
	}
}

static void put_tokens(struct image *m)
{
	u16 index[256];
	char text[16];
	m->tables.token_table = label(m);
	for (int i = 0; i < 256; i++) {
		index[i] = (u16)(here(m) - m->tables.token_table);
		token_text(text, i);
		put(m, text, strlen(text) + 1);
	}
	m->tables.token_index = label(m);
	put(m, index, sizeof(index));
}

static void put_junk(struct image *m, size_t n)
{
	for (u32 x = 12345, i = 0; i < n / 4; i++)
		put_uint(m, x = x * 1664525 + 1013904223, 4);
}

static void image_write(struct image *m)
{
	u32 markers[1024];
	put_junk(m, JUNK);
	if (!m->layout->addresses_last)
		put_addresses(m);
	m->tables.num_syms = label(m);
	put_uint(m, m->n, m->layout->marker_width);
	put_names(m, markers);
	m->tables.markers = label(m);
	for (size_t i = 0; i < (m->n + 255) / 256; i++)
		put_uint(m, markers[i], m->layout->marker_width);
	if (m->layout->seqs) {
		label(m);
		put_junk(m, align_up(m->n * 3, 4));
		m->size -= align_up(m->n * 3, 4) - m->n * 3;
	}
	put_tokens(m);
	if (m->layout->addresses_last)
		put_addresses(m);
	put_junk(m, JUNK);
}

/*
 * A kernel's symbols: per-cpu offsets where the encoding has them, _text and its aliases, then
 * many.
 */
static void make_entries(struct image *m, size_t n)
{
	m->entries = mem_calloc(n, sizeof(*m->entries));
	m->n = n;
	size_t i = 0;
	if (m->layout->addresses == BASE_PERCPU || m->layout->addresses == ABSOLUTE)
		for (; i < 5; i++)
			m->entries[i] = (struct entry){.address = i * 0x1000};
	size_t first = i;
	for (size_t k = 0; i < n; i++, k++)
		m->entries[i].address = k < 3 ? TEXT : TEXT + (k - 2) / 2 * 0x40;
	for (i = 0; i < n; i++)
		snprintf(m->entries[i].name, sizeof(m->entries[i].name), "%ckmem_cache_%s_node%zu",
			 m->entries[i].address >> 63 ? "Ttdb"[i % 4] : 'A',
			 i % 3 ? "alloc" : "Free", i);
	snprintf(m->entries[first + 1].name, sizeof(m->entries[first + 1].name), "T_stext");
}

static struct image image_new(const struct layout *layout, size_t n)
{
	struct image m = {.layout = layout, .bytes = mem_alloc(AREA)};
	make_entries(&m, n);
	return m;
}

static void image_free(struct image *m)
{
	free(m->bytes);
	free(m->entries);
}

static enum read_status read_image(void *context, u64 address, void *buffer, size_t len)
{
	struct image *m = context;
	m->reads++;
	if (address < TABLES || address - TABLES > m->size || len > m->size - (address - TABLES))
		return READ_UNMAPPED;
	if (address < m->hole_to && address + len > m->hole_from)
		return READ_EXCLUDED;
	memcpy(buffer, m->bytes + (address - TABLES), len);
	return READ_OK;
}

/* --- the tests ----------------------------------------------------------------------------- */

static void assert_all(const struct image *m, const struct kallsyms_tables *tables, u64 text)
{
	struct reader reader = {read_image, (void *)m};
	struct error error = ERROR_INIT;
	struct symbols *s = symbols_new();
	if (kallsyms_load(s, &reader, tables, text, &error))
		fail_msg("%s: %s", m->layout->name, error.text);
	symbols_seal(s);
	assert_int_equal(symbols_count(s), m->n);
	assert_int_equal(symbols_nr_lost(s), 0);
	for (size_t i = 0; i < m->n; i++) {
		struct symbol y;
		assert_true(symbols_find(s, m->entries[i].name + 1, NULL, &y));
		assert_int_equal(y.address, m->entries[i].address);
		assert_int_equal(y.type, m->entries[i].name[0]);
	}
	symbols_free(s);
}

static void assert_same_tables(const struct kallsyms_tables *a, const struct kallsyms_tables *b)
{
	assert_int_equal(a->num_syms, b->num_syms);
	assert_int_equal(a->names, b->names);
	assert_int_equal(a->markers, b->markers);
	assert_int_equal(a->token_table, b->token_table);
	assert_int_equal(a->token_index, b->token_index);
	assert_int_equal(a->offsets, b->offsets);
	assert_int_equal(a->addresses, b->addresses);
	assert_int_equal(a->relative_base, b->relative_base);
}

static void check_layout(const struct layout *layout, size_t n)
{
	struct image m = image_new(layout, n);
	image_write(&m);
	struct reader reader = {read_image, &m};
	assert_all(&m, &m.tables, TEXT);

	/* As VMCOREINFO has it: no markers. */
	struct kallsyms_tables tables = m.tables;
	tables.markers = 0;
	assert_all(&m, &tables, TEXT);

	/* Damaged: the addresses' tables are not known either. */
	tables.offsets = tables.addresses = tables.relative_base = 0;
	assert_all(&m, &tables, TEXT);

	struct error error = ERROR_INIT;
	if (kallsyms_scan(&tables, &reader, TABLES, TABLES + m.size, &error))
		fail_msg("%s: %s", layout->name, error.text);
	if (n <= 256)
		tables.markers = m.tables.markers; /* one 0 among the zeros of the padding */
	assert_same_tables(&tables, &m.tables);
	assert_all(&m, &tables, 0);
	image_free(&m);
}

static void test_layouts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		check_layout(&layouts[i], 5000);
		check_layout(&layouts[i], 4096); /* the last block is full */
		check_layout(&layouts[i], 700);
		check_layout(&layouts[i], 1 << 15);
	}
	check_layout(&layouts[3], 100); /* one marker */
	check_layout(&layouts[9], 100);
}

/* Names longer than 127 codes: two bytes since 6.2; one byte, up to 255, before. */
static void test_long_names(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct image m = image_new(&layouts[i], 2000);
		size_t len = layouts[i].uleb ? 511 : 200;
		for (size_t k = 300; k < 2000; k += 300) {
			memset(m.entries[k].name + 1, 'q', len);
			snprintf(m.entries[k].name + 1 + len - 10, 16, "%zu", k);
		}
		image_write(&m);
		assert_all(&m, &m.tables, TEXT);
		image_free(&m);
	}
}

static size_t load_with_hole(struct image *m, u64 from, u64 to, size_t *lost)
{
	struct reader reader = {read_image, m};
	struct error error = ERROR_INIT;
	struct symbols *s = symbols_new();
	m->hole_from = from;
	m->hole_to = to;
	int result = kallsyms_load(s, &reader, &m->tables, TEXT, &error);
	symbols_seal(s);
	size_t n = result ? 0 : symbols_count(s);
	*lost = symbols_nr_lost(s);
	symbols_free(s);
	return n;
}

/* A page that is not there costs what stands on it; tokens are needed by all. */
static void test_holes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct image m = image_new(&layouts[i], 1 << 15);
		size_t lost;
		image_write(&m);
		u64 names = align_up(m.tables.names + 40000, PAGE);
		size_t n = load_with_hole(&m, names, names + PAGE, &lost);
		assert_in_range(n, (1 << 15) - 1500, (1 << 15) - 1);
		assert_int_equal(n + lost, 1 << 15);

		u64 table = m.tables.addresses ? m.tables.addresses : m.tables.offsets;
		if (!layouts[i].addresses_last) { /* _text itself; elsewhere tokens are on the same
						     page */
			n = load_with_hole(&m, table, table + 64, &lost);
			assert_in_range(n, (1 << 15) - 1026, (1 << 15) - 8);
		}
		table = align_up(table + 40000, PAGE);
		n = load_with_hole(&m, table, table + PAGE, &lost);
		assert_in_range(n, (1 << 15) - 1026, (1 << 15) - 512);

		assert_int_equal(
			load_with_hole(&m, m.tables.token_table, m.tables.token_table + 1, &lost),
			0);
		assert_int_equal(
			load_with_hole(&m, m.tables.num_syms, m.tables.num_syms + 1, &lost), 0);
		image_free(&m);
	}
}

static void assert_refused(struct image *m, u64 text, const char *why)
{
	struct reader reader = {read_image, m};
	struct error error = ERROR_INIT;
	struct symbols *s = symbols_new();
	assert_int_equal(kallsyms_load(s, &reader, &m->tables, text, &error), -1);
	if (!strstr(error.text, why))
		fail_msg("\"%s\" does not say \"%s\"", error.text, why);
	assert_int_equal(symbols_count(s), 0);
	symbols_free(s);
}

static void test_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct image m = image_new(&layouts[i], 3000);
		image_write(&m);
		assert_refused(&m, TEXT + 0x1000000, "_text");
		assert_refused(&m, TEXT + 0x40, "is _text or _stext");
		u32 *num_syms = (u32 *)(m.bytes + (m.tables.num_syms - TABLES));
		*num_syms = 0;
		assert_refused(&m, TEXT, "num_syms");
		*num_syms = 5 << 20;
		assert_refused(&m, TEXT, "num_syms");
		*num_syms = 3000;
		u16 *index = (u16 *)(m.bytes + (m.tables.token_index - TABLES));
		index[100] = 0xffff;
		assert_refused(&m, TEXT, "token");
		m.tables.names = 0;
		assert_refused(&m, TEXT, "not known");
		image_free(&m);
	}
}

static void test_scan_nothing(void **state)
{
	struct image m = image_new(&layouts[3], 3000);
	struct kallsyms_tables tables = {.names = 77};
	struct reader reader = {read_image, &m};
	struct error error = ERROR_INIT;
	put_junk(&m, AREA);
	assert_int_equal(kallsyms_scan(&tables, &reader, TABLES, TABLES + AREA, &error), -1);
	assert_non_null(strstr(error.text, "nothing there"));
	memset(m.bytes, 0, AREA);
	assert_int_equal(kallsyms_scan(&tables, &reader, TABLES, TABLES + AREA, &error), -1);
	/* Not mapped at all; a range that is upside down; the very end of the address space. */
	assert_int_equal(
		kallsyms_scan(&tables, &reader, 0xffffffff00000000, 0xffffffff01000000, &error),
		-1);
	assert_int_equal(kallsyms_scan(&tables, &reader, TABLES, TABLES - 1, &error), -1);
	assert_int_equal(kallsyms_scan(&tables, &reader, UINT64_MAX - 5000, UINT64_MAX, &error),
			 -1);
	assert_int_equal(tables.names, 77);
	image_free(&m);
}

/* Tokens alone, without what belongs to them, are told apart from nothing at all. */
static void test_scan_damaged(void **state)
{
	struct image m = image_new(&layouts[3], 3000);
	struct kallsyms_tables tables;
	struct reader reader = {read_image, &m};
	struct error error = ERROR_INIT;
	image_write(&m);
	m.hole_from = m.tables.names;
	m.hole_to = m.tables.names + PAGE;
	assert_int_equal(kallsyms_scan(&tables, &reader, TABLES, TABLES + m.size, &error), -1);
	assert_non_null(strstr(error.text, "without names"));
	image_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),	     cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_holes),	     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_scan_nothing), cmocka_unit_test(test_scan_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
