/*
 * The scan against memmem, with vectors and without; the window of the source: a report is found
 * wherever it stands, in pieces of any size, and little else is parsed.
 */
#include "support/cmocka_all.h"

#include "oomlog/scan.h"
#include "oomlog/source.h"

/* --- the scan ------------------------------------------------------------------------------- */

static const char *const needles[] = {"oom-kill", "Out of memory", "Killed process",
				      "Mem-Info", "oom_score_adj", "pages RAM"};

static u32 next_random(u32 *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* Text out of the needles' own letters and halves, so that near misses are frequent. */
static void fill(u8 *text, size_t len, u32 *state)
{
	for (size_t at = 0; at < len;) {
		const char *needle = needles[next_random(state) % ARRAY_SIZE(needles)];
		size_t n = strlen(needle), take = next_random(state) % (n + 1);
		if (next_random(state) % 40 == 0)
			take = n;
		for (size_t i = 0; i < take && at < len; i++)
			text[at++] = (u8)needle[i];
		if (at < len)
			text[at++] = (u8) " \n\0xyz"[next_random(state) % 6];
	}
}

static size_t count_with(const struct scan *s, const u8 *text, size_t len,
			 const u8 *(*find)(const struct scan *, const u8 *, const u8 *, size_t *))
{
	size_t n = 0, found_len;
	const u8 *at = text, *end = text + len;
	while ((at = find(s, at, end, &found_len))) {
		assert_true(end - at >= (ptrdiff_t)found_len);
		n++;
		at += found_len;
	}
	return n;
}

static size_t count_plainly(const u8 *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(needles); i++) {
		size_t needle_len = strlen(needles[i]);
		for (const u8 *at = text;
		     (at = memmem(at, len - (size_t)(at - text), needles[i], needle_len));
		     at += needle_len)
			n++;
	}
	return n;
}

static void test_scan_finds_all(void **state)
{
	u8 text[3000];
	u32 seed = 7;
	for (int round = 0; round < 300; round++) {
		struct scan s;
		size_t len = next_random(&seed) % sizeof(text),
		       sample = next_random(&seed) % (len + 1);
		fill(text, len, &seed);
		scan_init(&s, needles, ARRAY_SIZE(needles), text, sample);
		size_t expected = count_plainly(text, len);
		assert_int_equal(count_with(&s, text, len, scan_find_plain), expected);
		assert_int_equal(count_with(&s, text, len, scan_find), expected);
	}
}

/* At the very edges, and cut by them. */
static void test_scan_edges(void **state)
{
	struct scan s;
	size_t len;
	const u8 *text = (const u8 *)"oom-kill";
	scan_init(&s, needles, ARRAY_SIZE(needles), NULL, 0);
	assert_ptr_equal(scan_find(&s, text, text + 8, &len), text);
	assert_int_equal(len, 8);
	assert_null(scan_find(&s, text, text + 7, &len));
	assert_null(scan_find(&s, text + 1, text + 8, &len));
	assert_null(scan_find(&s, text, text, &len));
	assert_int_equal(s.longest, strlen("Killed process"));
}

/* --- the source ----------------------------------------------------------------------------- */

static const char report[] =
	"[  100.000000] hog invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO), "
	"order=0, oom_score_adj=0\n"
	"[  100.000001] CPU: 1 PID: 77 Comm: hog Not tainted 6.12.1 #1\n"
	"[  100.000002] Mem-Info:\n"
	"[  100.000003] active_anon:1000 inactive_anon:2000 isolated_anon:0\n"
	"[  100.000009] Out of memory: Killed process 77 (hog) total-vm:400kB, anon-rss:300kB, "
	"file-rss:20kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n";

struct stream {
	u64 at, size;
	u64 places[4]; /* where reports begin */
	size_t most;   /* bytes for one read */
	u64 fail_at;   /* reading fails there */
};

static u8 byte_at(const struct stream *s, u64 at)
{
	static const char filler[] =
		"Nov 21 10:00:00 host sshd[123]: session opened for user root\n";
	for (size_t i = 0; i < ARRAY_SIZE(s->places); i++) {
		u64 place = s->places[i];
		if (place && at + 1 == place)
			return '\n';
		if (place && at >= place && at < place + sizeof(report) - 1)
			return (u8)report[at - place];
	}
	return (u8)filler[at % (sizeof(filler) - 1)];
}

static s64 read_stream(void *context, void *buffer, size_t room, struct error *error)
{
	struct stream *s = context;
	u8 *to = buffer;
	size_t n = 0;
	if (s->fail_at && s->at >= s->fail_at)
		return error_set(error, EXIT_INPUT, "the disk is gone");
	for (; n < room && n < s->most && s->at < s->size; n++)
		to[n] = byte_at(s, s->at++);
	return (s64)n;
}

struct seen {
	unsigned n;
	u64 lines[8], offsets[8];
};

static void take_event(void *arg, const struct oom_event *event)
{
	struct seen *seen = arg;
	assert_true(seen->n < 8);
	assert_string_equal(event->victims.v[0].comm, "hog");
	assert_int_equal(event->info.mem[OOM_MEM_INACTIVE_ANON].value, 2000);
	seen->lines[seen->n] = event->span.first_line;
	seen->offsets[seen->n++] = event->span.first_offset;
}

static struct seen run_stream(struct stream *s, struct source_stats *stats, int expected)
{
	struct seen seen = {0};
	struct error error = ERROR_INIT;
	const struct oomlog_options options = {.arg = &seen, .event = take_event};
	struct oomlog *log = oomlog_new(&options);
	const struct source source = {.read = read_stream, .context = s};
	assert_int_equal(source_scan(log, &source, NULL, stats, &error), expected);
	oomlog_free(log);
	return seen;
}

/* Lines before an offset. */
static u64 line_of(const struct stream *s, u64 offset)
{
	u64 n = 1;
	for (u64 at = 0; at < offset; at++)
		n += byte_at(s, at) == '\n';
	return n;
}

static void test_source_finds_it_anywhere(void **state)
{
	static const u64 places[] = {
		1,	 100,	       (1 << 20) - 300, (1 << 20) - 5, (1 << 20) + 9,
		1310000, 2097152 - 40, 3000000};
	static const size_t pieces[] = {1 << 20, 4096, 777};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(pieces); j++) {
			struct stream s = {
				.size = 3200000, .places = {places[i]}, .most = pieces[j]};
			struct source_stats stats;
			struct seen seen = run_stream(&s, &stats, 0);
			assert_int_equal(seen.n, 1);
			assert_int_equal(seen.offsets[0], places[i]);
			assert_int_equal(seen.lines[0], line_of(&s, places[i]));
			assert_int_equal(stats.bytes, s.size);
			assert_int_equal(stats.lines, line_of(&s, s.size) - 1);
		}
	}
}

/* What lies far from a needle is not parsed; the beginning is, in any case. */
static void test_source_parses_little(void **state)
{
	struct stream s = {.size = 40 << 20, .places = {30 << 20}, .most = 1 << 20};
	struct source_stats stats;
	struct seen seen = run_stream(&s, &stats, 0);
	assert_int_equal(seen.n, 1);
	assert_true(stats.parsed_bytes < (2 << 20) + (512 << 10));
}

static void test_source_that_fails(void **state)
{
	struct stream s = {
		.size = 3200000, .places = {500, 2000000}, .most = 4096, .fail_at = 1000000};
	struct source_stats stats;
	struct seen seen = run_stream(&s, &stats, -1);
	assert_int_equal(seen.n, 1);
	assert_true(stats.bytes >= 1000000 && stats.bytes < 1010000);
}

/* --- odd bytes ------------------------------------------------------------------------------ */

struct bytes {
	const u8 *v;
	size_t at, n, most;
};

static s64 read_bytes(void *context, void *buffer, size_t room, struct error *error)
{
	struct bytes *b = context;
	size_t n = u64_min(u64_min(room, b->most), b->n - b->at);
	memcpy(buffer, b->v + b->at, n);
	b->at += n;
	return (s64)n;
}

static struct seen run_bytes(const u8 *v, size_t n, size_t most, struct source_stats *stats)
{
	struct seen seen = {0};
	struct error error = ERROR_INIT;
	struct bytes bytes = {.v = v, .n = n, .most = most};
	const struct oomlog_options options = {.arg = &seen, .event = take_event};
	struct oomlog *log = oomlog_new(&options);
	const struct source source = {.read = read_bytes, .context = &bytes};
	assert_int_equal(source_scan(log, &source, NULL, stats, &error), 0);
	oomlog_free(log);
	return seen;
}

static void test_source_utf16(void **state)
{
	u8 wide[2 * sizeof(report) + 2];
	struct source_stats stats;
	for (int big = 0; big < 2; big++) {
		for (int mark = 0; mark < 2; mark++) {
			size_t n = 0;
			if (mark) {
				wide[n++] = big ? 0xfe : 0xff;
				wide[n++] = big ? 0xff : 0xfe;
			}
			for (size_t i = 0; i + 1 < sizeof(report); i++) {
				wide[n++] = big ? 0 : (u8)report[i];
				wide[n++] = big ? (u8)report[i] : 0;
			}
			assert_int_equal(run_bytes(wide, n, 1 << 20, &stats).n, 1);
			assert_true(stats.utf16);
			assert_int_equal(run_bytes(wide, n, 601, &stats).n, 1);
		}
	}
}

/* One line of megabytes, NUL bytes, nothing: no harm, and what follows is found. */
static void test_source_odd_texts(void **state)
{
	size_t n = 5 << 20;
	u8 *v = mem_alloc(n + sizeof(report));
	struct source_stats stats;
	memset(v, 'x', n);
	assert_int_equal(run_bytes(v, n, 1 << 20, &stats).n, 0);
	v[n - 1] = '\n';
	memcpy(v + n, report, sizeof(report) - 1);
	assert_int_equal(run_bytes(v, n + sizeof(report) - 1, 1 << 20, &stats).n, 1);
	memset(v, 0, n - 1);
	assert_int_equal(run_bytes(v, n + sizeof(report) - 1, 70000, &stats).n, 1);
	assert_int_equal(run_bytes(v, 0, 1, &stats).n, 0);
	assert_false(stats.any_text);
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan_finds_all),
		cmocka_unit_test(test_scan_edges),
		cmocka_unit_test(test_source_finds_it_anywhere),
		cmocka_unit_test(test_source_parses_little),
		cmocka_unit_test(test_source_that_fails),
		cmocka_unit_test(test_source_utf16),
		cmocka_unit_test(test_source_odd_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
