/*
 * src/dump against the rule of test/support/dumpmake: every container, codec, wrapping and damage;
 * what is expected comes from the rule alone.
 */
#include <elf.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dump/image.h"
#include "support/dumpmake.h"

enum { NR_PFNS = 2000 };

static struct image *open_paths(const char *const paths[], size_t n)
{
	struct image *image;
	struct error error = ERROR_INIT;
	if (image_open(&image, paths, n, NULL, &error))
		fail_msg("image_open: %s", error.text);
	return image;
}

/* The first len bytes of b as a dump. */
static struct image *open_cut(const struct bytes *b, size_t len)
{
	char *path = dumpmake_write(b, len);
	const char *paths[] = {path};
	struct image *image = open_paths(paths, 1);
	dumpmake_remove(path);
	return image;
}

static struct image *open_bytes(const struct bytes *b)
{
	return open_cut(b, b->n);
}

/* Opening must fail with a sentence that holds `says`. */
static void refuse(const void *bytes, size_t len, const char *says)
{
	struct bytes b = {0};
	struct image *image;
	struct error error = ERROR_INIT;
	bytes_put(&b, 0, bytes, len);
	char *path = dumpmake_write(&b, b.n);
	const char *paths[] = {path};
	assert_int_equal(image_open(&image, paths, 1, NULL, &error), -1);
	if (!strstr(error.text, says))
		fail_msg("\"%s\" does not say \"%s\"", error.text, says);
	assert_int_equal(error.exit_status, EXIT_INPUT);
	dumpmake_remove(path);
	bytes_done(&b);
}

static void check_page(struct image *image, u64 pfn, size_t size, enum read_status expected)
{
	static _Thread_local u8 page[65536], wanted[65536];
	enum read_status status = image_read(image, pfn * size, page, size);
	if (status != expected)
		fail_msg("pfn %llu: %s, expected %s", (unsigned long long)pfn,
			 read_status_name(status), read_status_name(expected));
	if (status)
		return;
	dumpmake_page(pfn, wanted, size);
	if (memcmp(page, wanted, size))
		fail_msg("pfn %llu: wrong bytes", (unsigned long long)pfn);
	u64 word;
	size_t at = pfn * 56 % (size - 8);
	assert_int_equal(image_read(image, pfn * size + at, &word, 8), READ_OK);
	assert_memory_equal(&word, wanted + at, 8);
}

/* Every page by the rule, alone, and what image_state says of it. */
static void check_pages(struct image *image, u64 from, u64 to, size_t size)
{
	for (u64 pfn = from; pfn < to; pfn++)
		check_page(image, pfn, size, dumpmake_status(pfn));
	for (u64 paddr = from * size; paddr < to * size;) {
		u64 run;
		enum read_status status = image_state(image, paddr, &run);
		assert_true(run >= size);
		for (u64 pfn = paddr / size; pfn < u64_min((paddr + run) / size, to); pfn++)
			assert_int_equal(status, dumpmake_status(pfn));
		paddr += run;
	}
}

/* Ranges of many pages, at odd addresses. */
static void check_ranges(struct image *image, u64 from, u64 to, size_t size)
{
	enum { MOST = 150 };
	u8 *got = mem_alloc(MOST * size), *wanted = mem_alloc(MOST * size);
	for (u64 pfn = from; pfn + MOST < to; pfn += 37) {
		size_t n = pfn % MOST + 1, skip = pfn * 40 % size;
		enum read_status expected = READ_OK;
		for (size_t i = 0; i < n; i++) {
			dumpmake_page(pfn + i, wanted + i * size, size);
			if (!expected)
				expected = dumpmake_status(pfn + i);
		}
		assert_int_equal(image_read(image, pfn * size + skip, got, n * size - skip),
				 expected);
		if (!expected)
			assert_memory_equal(got, wanted + skip, n * size - skip);
	}
	free(got);
	free(wanted);
}

static void check_info(const struct image *image, const char *kind)
{
	const struct image_info *info = image_info(image);
	assert_string_equal(info->kind, kind);
	assert_int_equal(info->elf_machine, EM_X86_64);
	assert_true(info->complete);
	assert_int_equal(info->missing_bytes, 0);
}

static bool count_note(void *arg, const char *name, size_t name_len, u32 type, const void *desc,
		       size_t desc_len)
{
	if (type == NT_PRSTATUS && name_len == 5 && !memcmp(name, "CORE", 5) && desc_len == 6 &&
	    !memcmp(desc, "desc01", 6))
		++*(unsigned *)arg;
	return true;
}

static void check_notes(const struct image *image)
{
	size_t len;
	const char *text = image_vmcoreinfo(image, &len);
	assert_non_null(text);
	assert_int_equal(len, strlen(dumpmake_vmcoreinfo));
	assert_memory_equal(text, dumpmake_vmcoreinfo, len);
	unsigned notes = 0;
	image_for_each_note(image, count_note, &notes);
	assert_int_equal(notes, 1);
}

/* --- kdump-compressed ---------------------------------------------------------------------- */

static const u32 codecs[] = {
	0,
#ifdef HAVE_ZLIB
	0x1,
#endif
#ifdef HAVE_LZO
	0x2,
#endif
#ifdef HAVE_SNAPPY
	0x4,
#endif
#ifdef HAVE_ZSTD
	0x20,
#endif
};

static void kdump_every_codec_and_block_size(void **state)
{
	static const u32 sizes[] = {4096, 16384, 65536};
	for (size_t c = 0; c < ARRAY_SIZE(codecs); c++) {
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			struct kdump_spec spec = {.codec = codecs[c],
						  .block_size = sizes[s],
						  .nr_pfns = s ? 700 : NR_PFNS};
			struct bytes b = dumpmake_kdump(&spec);
			struct image *image = open_bytes(&b);
			check_info(image, "kdump");
			check_notes(image);
			assert_int_equal(image_info(image)->page_size, sizes[s]);
			assert_int_equal(image_info(image)->max_pfn, spec.nr_pfns);
			check_ranges(image, 0, spec.nr_pfns, sizes[s]);
			check_pages(image, 0, spec.nr_pfns, sizes[s]);
			check_page(image, spec.nr_pfns, sizes[s], READ_UNMAPPED);
			image_close(image);
			bytes_done(&b);
		}
	}
}

static void kdump_every_version(void **state)
{
	for (u32 version = 1; version <= 6; version++) {
		struct kdump_spec spec = {
			.version = version, .codec = codecs[1], .nr_pfns = NR_PFNS};
		struct bytes b = dumpmake_kdump(&spec);
		struct image *image = open_bytes(&b);
		size_t len;
		check_info(image, "kdump");
		assert_int_equal(image_info(image)->dump_level, 31);
		assert_string_equal(image_info(image)->release, "6.1.0-test");
		assert_true(image_info(image)->has_phys_base);
		assert_int_equal(image_info(image)->phys_base, 0x1000000);
		assert_int_equal(image_vmcoreinfo(image, &len) != NULL, version >= 3);
		check_pages(image, 0, NR_PFNS, 4096);
		image_close(image);
		bytes_done(&b);
	}
}

static void write_set(char *paths[3], u64 seconds)
{
	static const u64 borders[] = {0, 500, 1500, NR_PFNS};
	for (size_t i = 0; i < 3; i++) {
		struct kdump_spec spec = {.codec = codecs[1],
					  .nr_pfns = NR_PFNS,
					  .split = true,
					  .seconds = seconds,
					  .start_pfn = borders[i],
					  .end_pfn = borders[i + 1]};
		struct bytes b = dumpmake_kdump(&spec);
		paths[i] = dumpmake_write(&b, b.n);
		bytes_done(&b);
	}
}

static void split_sets(void **state)
{
	char *p[3], *q[3];
	struct image *image;
	struct error error = ERROR_INIT;
	write_set(p, 1);
	write_set(q, 2);
	const char *any_order[] = {p[2], p[0], p[1]}, *missing[] = {p[2], p[0]},
		   *twice[] = {p[0], p[1], p[1]};
	const char *mixed[] = {p[0], q[1], p[2]};
	image = open_paths(any_order, 3);
	check_info(image, "kdump");
	check_pages(image, 0, NR_PFNS, 4096);
	check_ranges(image, 0, NR_PFNS, 4096);
	image_close(image);

	image = open_paths(missing, 2);
	assert_false(image_info(image)->complete);
	check_pages(image, 0, 500, 4096);
	check_pages(image, 1500, NR_PFNS, 4096);
	check_page(image, 500, 4096, READ_TRUNCATED);
	check_page(image, 1499, 4096, READ_TRUNCATED);
	u64 run;
	assert_int_equal(image_state(image, 500 * 4096, &run), READ_TRUNCATED);
	assert_int_equal(run, 1000 * 4096);
	image_close(image);

	assert_int_equal(image_open(&image, twice, 3, NULL, &error), -1);
	assert_non_null(strstr(error.text, "twice"));
	assert_int_equal(image_open(&image, mixed, 3, NULL, &error), -1);
	assert_non_null(strstr(error.text, "different dumps"));
	for (size_t i = 0; i < 3; i++) {
		dumpmake_remove(p[i]);
		dumpmake_remove(q[i]);
	}
}

static void one_damaged_page(void **state)
{
	for (size_t c = 1; c < ARRAY_SIZE(codecs); c++) {
		struct kdump_spec spec = {.codec = codecs[c],
					  .nr_pfns = NR_PFNS,
					  .has_bad = true,
					  .bad_pfn = 401,
					  .has_wild = true,
					  .wild_pfn = 422};
		struct bytes b = dumpmake_kdump(&spec);
		struct image *image = open_bytes(&b);
		u8 many[64 * 4096];
		struct image_fault faults;
		check_page(image, 401, 4096, READ_DAMAGED);
		check_page(image, 422, 4096, READ_DAMAGED);
		assert_int_equal(image_read(image, 381 * 4096, many, sizeof(many)),
				 READ_EXCLUDED == dumpmake_status(388) ? READ_EXCLUDED
								       : READ_DAMAGED);
		assert_int_equal(image_read(image, 400 * 4096, many, 3 * 4096), READ_DAMAGED);
		check_pages(image, 0, 401, 4096);
		check_pages(image, 402, 422, 4096);
		check_pages(image, 423, NR_PFNS, 4096);
		image_faults(image, &faults);
		assert_int_equal(faults.first_paddr[READ_DAMAGED], 401 * 4096);
		assert_true(faults.pages[READ_DAMAGED] >= 3);
		image_close(image);
		bytes_done(&b);
	}
}

/*
 * Whatever is cut off: every page is right or READ_TRUNCATED, and image_state agrees with reading.
 */
static void check_truncated(struct image *image)
{
	u8 page[4096], wanted[4096];
	assert_false(image_info(image)->complete);
	for (u64 pfn = 0; pfn < NR_PFNS; pfn++) {
		u64 run;
		enum read_status status = image_read(image, pfn * 4096, page, 4096);
		assert_int_equal(image_state(image, pfn * 4096, &run), status);
		if (status != READ_TRUNCATED)
			assert_int_equal(status, dumpmake_status(pfn));
		dumpmake_page(pfn, wanted, sizeof(wanted));
		if (!status)
			assert_memory_equal(page, wanted, 4096);
	}
}

static u64 readable(struct image *image)
{
	u64 n = 0;
	u8 page[4096];
	for (u64 pfn = 0; pfn < NR_PFNS; pfn++)
		n += !image_read(image, pfn * 4096, page, 4096);
	return n;
}

/* Cut b at every fraction and header boundary; opening may fail, but only with a sentence. */
static void cut_everywhere(const struct bytes *b, const u64 *edges, size_t nr_edges)
{
	for (size_t i = 0; i < 40 + 3 * nr_edges; i++) {
		size_t len =
			i < 40 ? b->n * i / 40 : (size_t)edges[(i - 40) / 3] + (i - 40) % 3 - 1;
		struct image *image;
		struct error error = ERROR_INIT;
		char *path = dumpmake_write(b, len);
		const char *paths[] = {path};
		if (!image_open(&image, paths, 1, NULL, &error)) {
			check_truncated(image);
			image_close(image);
		} else {
			assert_true(strlen(error.text) > strlen(path) + 5);
		}
		dumpmake_remove(path);
	}
}

static void kdump_truncated(void **state)
{
	struct kdump_spec spec = {.codec = codecs[1], .nr_pfns = NR_PFNS};
	struct bytes b = dumpmake_kdump(&spec);
	u64 descs = dumpmake_kdump_descs(&spec);
	const u64 edges[] = {464,   4096,	 4096 + 104,	  8192,
			     12288, 12288 + 100, 16384,		  16384 + 200,
			     descs, descs + 24,	 descs + 100 * 24};
	cut_everywhere(&b, edges, ARRAY_SIZE(edges));
	struct image *image = open_cut(&b, b.n * 6 / 10);
	assert_true(readable(image) > 300);
	assert_true(image_info(image)->missing_bytes >= b.n - b.n * 6 / 10);
	image_close(image);
	bytes_done(&b);
}

static void kdump_disk_was_full(void **state)
{
	struct kdump_spec spec = {
		.codec = codecs[1], .nr_pfns = NR_PFNS, .status = 0x8, .unwritten_from = 1400};
	struct bytes b = dumpmake_kdump(&spec);
	struct image *image = open_bytes(&b);
	check_truncated(image);
	check_pages(image, 0, 1400, 4096);
	check_page(image, 1500, 4096, READ_TRUNCATED);
	image_close(image);
	bytes_done(&b);
}

static void kdump_hostile_headers(void **state)
{
	static const struct {
		size_t offset;
		u32 value;
		const char *says;
	} rows[] = {
		{428, 0, "block size"},		  {428, 5000, "block size"},
		{428, 1 << 30, "block size"},	  {428, 0x00100000, "big-endian"},
		{436, 0, "bitmap blocks"},	  {4096 + 96 + 4, 0xffffffff, "page frames"},
		{436, 0x7fffffff, "single page"}, {432, 0xffffffff, "single page"},
	};
	struct kdump_spec spec = {.codec = codecs[1], .nr_pfns = NR_PFNS};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bytes b = dumpmake_kdump(&spec);
		memcpy(b.v + rows[i].offset, &rows[i].value, 4);
		refuse(b.v, b.n, rows[i].says);
		bytes_done(&b);
	}
	/*
	 * 16 TiB of page frames by the header, with the bitmap of 2000: what is there is still read
	 */
	struct bytes b = dumpmake_kdump(&spec);
	u64 many = (u64)1 << 32;
	u32 blocks = 2 << 17;
	memcpy(b.v + 4096 + 96, &many, 8);
	memcpy(b.v + 436, &blocks, 4);
	refuse(b.v, b.n, "cut off");
	bytes_done(&b);
}

/* --- ELF ----------------------------------------------------------------------------------- */

/* The rule's ranges as segments: the hole is left out, excluded ones have no bytes. */
static size_t rule_loads(struct elf_load *loads, u64 nr_pfns)
{
	size_t n = 0;
	for (u64 pfn = 0; pfn < nr_pfns;) {
		u64 start = pfn, ok = 0, excluded = 0;
		for (; pfn < nr_pfns && dumpmake_status(pfn) == READ_OK; pfn++)
			ok++;
		for (; pfn < nr_pfns && dumpmake_status(pfn) == READ_EXCLUDED; pfn++)
			excluded++;
		if (ok + excluded)
			loads[n++] = (struct elf_load){.paddr = start * 4096,
						       .filesz = ok * 4096,
						       .memsz = (ok + excluded) * 4096};
		for (; pfn < nr_pfns && dumpmake_status(pfn) == READ_UNMAPPED; pfn++) {
		}
	}
	return n;
}

static void elf_forms(void **state)
{
	static struct elf_load loads[NR_PFNS];
	static const u64 phoffs[] = {64, 192, 4096};
	size_t n = rule_loads(loads, NR_PFNS);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(phoffs); i++) {
		struct elf_spec spec = {
			.loads = loads, .nr_loads = n, .phoff = phoffs[i / 2], .xnum = i % 2};
		struct bytes b = dumpmake_elf(&spec);
		struct image *image = open_bytes(&b);
		check_info(image, "elf");
		check_notes(image);
		check_pages(image, 0, NR_PFNS, 4096);
		check_ranges(image, 0, NR_PFNS, 4096);
		check_page(image, NR_PFNS, 4096, READ_UNMAPPED);
		image_close(image);
		bytes_done(&b);
	}
}

static void elf_overlaps_and_odd_edges(void **state)
{
	static const struct elf_load loads[] = {
		{.paddr = 0x100000, .filesz = 0x80000, .memsz = 0x80000},
		{.paddr = 0x140000,
		 .filesz = 0x10000,
		 .memsz = 0x90000,
		 .vaddr = 0xffffffff81000000}, /* kernel text */
		{.paddr = 0x1000, .filesz = 0x9ec00, .memsz = 0x9ec00},
		{.paddr = 0x180000, .filesz = 0x40000, .memsz = 0x40000},
		{.paddr = UINT64_MAX,
		 .filesz = 0x1000,
		 .memsz = 0x1000,
		 .vaddr = 0xffffc90000000000},
		{.paddr = UINT64_MAX - 0x800, .filesz = 0x1000, .memsz = 0x1000},
	};
	struct elf_spec spec = {.loads = loads, .nr_loads = ARRAY_SIZE(loads)};
	struct bytes b = dumpmake_elf(&spec);
	struct image *image = open_bytes(&b);
	u8 page[4096];
	u64 run;
	check_page(image, 0, 4096, READ_UNMAPPED);
	for (u64 pfn = 1; pfn < 0x9f; pfn++)
		check_page(image, pfn, 4096, READ_OK);
	assert_int_equal(image_read(image, 0x9f000, page, 0xc00), READ_OK);
	assert_int_equal(image_read(image, 0x9f000, page, 0xc01), READ_UNMAPPED);
	assert_int_equal(image_state(image, 0x9f000, &run), READ_UNMAPPED);
	assert_int_equal(run, 4096);
	for (u64 pfn = 0x100; pfn < 0x1c0; pfn++)
		check_page(image, pfn, 4096, READ_OK);
	assert_int_equal(image_state(image, 0x100000, &run), READ_OK);
	assert_int_equal(run, 0xc0000);
	check_page(image, 0x1c0, 4096, READ_EXCLUDED);
	check_page(image, 0x1cf, 4096, READ_EXCLUDED);
	check_page(image, 0x1d0, 4096, READ_UNMAPPED);
	image_close(image);
	bytes_done(&b);
}

static void elf_truncated(void **state)
{
	static struct elf_load loads[NR_PFNS];
	struct elf_spec spec = {.loads = loads, .nr_loads = rule_loads(loads, NR_PFNS)};
	struct bytes b = dumpmake_elf(&spec);
	const u64 edges[] = {64, 64 + 56, 64 + 112, 64 + 56 * spec.nr_loads};
	for (size_t i = 0; i < 40; i++) {
		size_t len = i < 36 ? b.n * (i + 1) / 40 : (size_t)edges[i - 36];
		struct image *image;
		struct error error = ERROR_INIT;
		char *path = dumpmake_write(&b, len);
		const char *paths[] = {path};
		if (!image_open(&image, paths, 1, NULL, &error)) {
			check_truncated(image);
			assert_int_equal(image_info(image)->missing_bytes, b.n - len);
			image_close(image);
		} else {
			assert_non_null(strstr(error.text, "cut off"));
		}
		dumpmake_remove(path);
	}
	bytes_done(&b);
}

static void elf_refused(void **state)
{
	static const struct elf_load load = {.paddr = 0x1000, .filesz = 0x1000, .memsz = 0x1000};
	static const struct elf_load process[] = {
		{.vaddr = 0x400000, .filesz = 0x1000, .memsz = 0x1000},
		{.vaddr = 0x500000, .filesz = 0x1000, .memsz = 0x1000}};
	struct bytes b =
		dumpmake_elf(&(struct elf_spec){.loads = &load, .nr_loads = 1, .type = ET_EXEC});
	refuse(b.v, b.n, "--vmlinux");
	b.v[16] = ET_REL;
	refuse(b.v, b.n, "module");
	b.v[16] = ET_CORE;
	b.v[EI_CLASS] = ELFCLASS32;
	refuse(b.v, b.n, "32-bit");
	b.v[EI_DATA] = ELFDATA2MSB;
	refuse(b.v, b.n, "big-endian");
	refuse(b.v, 40, "not a dump");
	bytes_done(&b);
	b = dumpmake_elf(&(struct elf_spec){.loads = process, .nr_loads = 2, .no_note = true});
	refuse(b.v, b.n, "a process");
	bytes_done(&b);
}

/* --- raw, and what is no dump -------------------------------------------------------------- */

static void raw_memory(void **state)
{
	struct bytes b = dumpmake_raw(64);
	struct image *image = open_bytes(&b);
	size_t len;
	assert_string_equal(image_info(image)->kind, "raw");
	assert_non_null(image_vmcoreinfo(image, &len));
	assert_int_equal(len, strlen(dumpmake_vmcoreinfo));
	for (u64 pfn = 4; pfn < 64; pfn++)
		check_page(image, pfn, 4096, READ_OK);
	check_page(image, 64, 4096, READ_UNMAPPED);
	image_close(image);
	memset(b.v + 3 * 4096, 'x', 4096);
	refuse(b.v, b.n, "not a dump");
	bytes_done(&b);
}

static void what_it_seems_to_be(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} rows[] = {
#define ROW(bytes, says) {bytes, sizeof(bytes) - 1, says}
		ROW("", "empty"),
		ROW("[    0.000000] Linux version 6.1.0\n", "memwho log"),
		ROW("LPKSHHRH\0\0\0\0", "journal"),
		ROW("\x1f\x8b\x08\0\0\0\0\0\0\0", "gzip"),
		ROW("BZh91AY&SY", "bzip2 -d"),
		ROW("\xfd"
		    "7zXZ\0\0\0\0\0",
		    "xz"),
		ROW("PAGEDU64\0\0\0\0", "Windows"),
		ROW("DISKDUMP\1\0\0\0", "diskdump"),
		ROW("\xed\x23\x8f\x61\x73\x01\x19\xa8", "LKCD"),
		ROW("\xd2\xbe\xd2\xbe\x08\0\0\0", "VMware"),
		ROW("QEVM\0\0\0\3", "--memory-only"),
		ROW("makedumpfile\0\0\0\0", "cut off"),
		ROW("KDUMP   \6\0\0\0", "cut off"),
		ROW("\0\0\0\0\0\0\0\0\0\0\0\0", "zeros"),
		ROW("\1\2\3\4\5\6\7\0", "not a dump"),
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		refuse(rows[i].bytes, rows[i].len, rows[i].says);
	struct image *image;
	struct error error = ERROR_INIT;
	const char *paths[] = {"/"};
	assert_int_equal(image_open(&image, paths, 1, NULL, &error), -1);
	assert_non_null(strstr(error.text, "directory"));
	paths[0] = "/nonexistent/vmcore";
	assert_int_equal(image_open(&image, paths, 1, NULL, &error), -1);
	assert_non_null(strstr(error.text, "/nonexistent/vmcore: No such file"));
	paths[0] = "/dev/null";
	assert_int_equal(image_open(&image, paths, 1, NULL, &error), -1);
	assert_non_null(strstr(error.text, "device"));
	if (geteuid() != 0) {
		paths[0] = "/proc/1/mem";
		assert_int_equal(image_open(&image, paths, 1, NULL, &error), -1);
		assert_non_null(strstr(error.text, "sudo"));
	}
}

/* --- threads ------------------------------------------------------------------------------- */

static void *read_all(void *arg)
{
	struct image *image = arg;
	check_pages(image, 0, NR_PFNS, 4096);
	check_ranges(image, 0, NR_PFNS, 4096);
	return NULL;
}

static void many_threads(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(codecs); c++) {
		struct bytes b = dumpmake_kdump(
			&(struct kdump_spec){.codec = codecs[c], .nr_pfns = NR_PFNS});
		struct image *image = open_bytes(&b);
		pthread_t threads[4];
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, read_all, image), 0);
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			pthread_join(threads[i], NULL);
		image_close(image);
		bytes_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kdump_every_codec_and_block_size),
		cmocka_unit_test(kdump_every_version),
		cmocka_unit_test(split_sets),
		cmocka_unit_test(one_damaged_page),
		cmocka_unit_test(kdump_truncated),
		cmocka_unit_test(kdump_disk_was_full),
		cmocka_unit_test(kdump_hostile_headers),
		cmocka_unit_test(elf_forms),
		cmocka_unit_test(elf_overlaps_and_odd_edges),
		cmocka_unit_test(elf_truncated),
		cmocka_unit_test(elf_refused),
		cmocka_unit_test(raw_memory),
		cmocka_unit_test(what_it_seems_to_be),
		cmocka_unit_test(many_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
