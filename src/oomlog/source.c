/*
 * The window: text comes in at its end and moves up when it is full; what is behind it is gone.
 *
 * Two states.  Skipping: no block is open; the scan looks for the next needle, and the newest lines
 * are kept, for the parser wants a few lines before one.  Feeding: line by line into the parser
 * until it says that no block is open.  The beginning of a text is fed in any case: there a paste
 * may be damaged in a way that broke its needles.
 */
#include "oomlog/source.h"

#include <string.h>

#include "oomlog/scan.h"

enum {
	WINDOW = 1 << 20,	/* bytes */
	LINE_MOST = 256 << 10,	/* longer lines come in pieces */
	BEFORE_MOST = 24 << 10, /* bytes kept for the lines before a needle */
	AFTER = 1 << 10,	/* fed after a needle in any case */
	PATIENCE = 1 << 20,	/* fed to a block that does not end: a long table of tasks */
	FED_AT_START = 256 << 10,
	READ_LEAST = 256 << 10, /* a read is worth the moving */
};

struct window {
	struct oomlog *log;
	struct scan scan;
	u8 *bytes;
	size_t at; /* the first byte that is neither fed nor skipped; begins a line or a piece */
	size_t end;
	u64 base;	/* offset of bytes[0] in the text */
	u64 number;	/* of the line at `at` */
	u64 feed_until; /* an offset: feeding goes on at least until there */
	u64 fed_end;	/* offset behind what was fed last */
	bool feeding, over;
	bool piece; /* `at` is within a line, behind a piece of it */
	struct source_stats *stats;
};

/* --- lines ---------------------------------------------------------------------------------- */

typedef u8 vector __attribute__((vector_size(16), aligned(1), may_alias));

/* Newlines in a text.  Sixteen counters of a byte each, emptied before they can run over. */
static u64 count_newlines(const u8 *at, const u8 *end)
{
	u64 n = 0;
	while (end - at >= 16) {
		vector counts = {0};
		for (int i = 0; i < 255 && end - at >= 16; i++, at += 16)
			counts -= (vector)(*(const vector *)at == '\n');
		for (int i = 0; i < 16; i++)
			n += counts[i];
	}
	for (; at < end; at++)
		n += *at == '\n';
	return n;
}

/* One line, or as much of it as fits.  false: its end is not in the window yet. */
static bool feed_line(struct window *w)
{
	const u8 *start = w->bytes + w->at;
	size_t left = w->end - w->at;
	const u8 *newline = memchr(start, '\n', u64_min(left, LINE_MOST));
	if (!newline && left < LINE_MOST && !w->over)
		return false;
	size_t len = newline ? (size_t)(newline - start) : u64_min(left, LINE_MOST);
	const struct oomlog_line line = {
		.text = (const char *)start,
		.len = len,
		.number = w->number,
		.offset = w->base + w->at,
		.cut_start = w->piece,
		.cut_end = !newline,
	};
	oomlog_feed(w->log, &line);
	w->piece = !newline;
	w->number += newline != NULL;
	w->at += len + (newline != NULL);
	w->stats->parsed_bytes += len;
	w->fed_end = w->base + w->at;
	return true;
}

/* --- the two states ------------------------------------------------------------------------- */

/* A block is open since long: is there still a needle in sight?  Else it is closed. */
static bool patient(struct window *w)
{
	size_t len;
	u64 here = w->base + w->at;
	if (here < w->feed_until + PATIENCE)
		return true;
	const u8 *needle = scan_find(&w->scan, w->bytes + w->at, w->bytes + w->end, &len);
	if (!needle) {
		oomlog_skip(w->log);
		return false;
	}
	w->feed_until = w->base + (u64)(needle - w->bytes) + len + AFTER;
	return true;
}

static void feed(struct window *w)
{
	while (w->at < w->end) {
		if (w->base + w->at >= w->feed_until && (oomlog_idle(w->log) || !patient(w))) {
			w->feeding = false;
			return;
		}
		if (!feed_line(w))
			return;
	}
}

static void move_to(struct window *w, size_t to)
{
	w->number += count_newlines(w->bytes + w->at, w->bytes + to);
	w->at = to;
}

/* Where the OOMLOG_LOOKBACK_LINES lines before `from` begin: not before `least`. */
static size_t lines_before(const struct window *w, size_t least, size_t from)
{
	least = from - least > BEFORE_MOST ? from - BEFORE_MOST : least;
	for (unsigned i = 0; i <= OOMLOG_LOOKBACK_LINES; i++) {
		const u8 *newline =
			from > least ? memrchr(w->bytes + least, '\n', from - least - 1) : NULL;
		if (!newline)
			return least;
		from = (size_t)(newline - w->bytes) + 1;
	}
	return from;
}

/* After an overlong line was cut at `to`, what follows is a piece of it. */
static void skip_to(struct window *w, size_t to)
{
	if (to == w->at)
		return;
	w->piece = w->bytes[to - 1] != '\n';
	move_to(w, to);
}

static void skip(struct window *w)
{
	size_t len, overlap = w->scan.longest ? w->scan.longest - 1 : 0;
	const u8 *needle = scan_find(&w->scan, w->bytes + w->at, w->bytes + w->end, &len);
	if (!needle) {
		size_t keep = w->end - w->at < overlap ? w->at : w->end - overlap;
		skip_to(w, lines_before(w, w->at, keep));
		return;
	}
	size_t found = (size_t)(needle - w->bytes) + len;
	skip_to(w, lines_before(w, w->at, (size_t)(needle - w->bytes)));
	if (w->base + w->at > w->fed_end)
		oomlog_skip(w->log);
	w->feed_until = w->base + found + AFTER;
	w->feeding = true;
}

/* --- the window ----------------------------------------------------------------------------- */

static void note_text(struct window *w, size_t from)
{
	for (size_t i = from; i < w->end && !w->stats->any_text; i++)
		w->stats->any_text = w->bytes[i] > ' ';
}

/* More bytes behind those that are still wanted.  0, or -1: reading failed; over is set then. */
static int fill(struct window *w, const struct source *source, struct error *error)
{
	if (w->at && WINDOW - w->end < READ_LEAST) {
		memmove(w->bytes, w->bytes + w->at, w->end - w->at);
		w->base += w->at;
		w->end -= w->at;
		w->at = 0;
	}
	size_t room = u64_min(WINDOW - w->end, READ_LEAST);
	s64 n = source->read(source->context, w->bytes + w->end, room, error);
	w->over = n <= 0;
	if (n <= 0)
		return n ? -1 : 0;
	size_t from = w->end;
	w->end += (size_t)n;
	w->stats->bytes += (u64)n;
	if (!w->stats->any_text)
		note_text(w, from);
	return 0;
}

/* Each turn feeds a line at least: a needle's own. */
static void work(struct window *w)
{
	do {
		if (w->feeding)
			feed(w);
		if (w->feeding)
			return;
		skip(w);
	} while (w->feeding);
}

static void scan_for_needles(struct window *w)
{
	const char *texts[SCAN_MOST_NEEDLES];
	size_t n;
	const struct oomlog_needle *needles = oomlog_needles(&n);
	n = u64_min(n, SCAN_MOST_NEEDLES);
	for (size_t i = 0; i < n; i++)
		texts[i] = needles[i].text;
	scan_init(&w->scan, texts, n, w->bytes, w->end);
}

static int scan_all(struct window *w, const struct source *source, struct progress *progress,
		    struct error *error)
{
	int result = 0;
	while (!w->over) {
		result = fill(w, source, error);
		progress_step(progress, "reading the log", w->stats->bytes, source->total);
		work(w);
	}
	/* What the last round left over is shorter than a needle, or a line without its end. */
	while (w->feeding && w->at < w->end)
		feed_line(w);
	w->stats->lines = w->number - 1 + count_newlines(w->bytes + w->at, w->bytes + w->end);
	oomlog_finish(w->log);
	progress_step(progress, NULL, 0, 0);
	return result;
}

int source_scan(struct oomlog *log, const struct source *source, struct progress *progress,
		struct source_stats *stats, struct error *error)
{
	struct window *w = mem_alloc(sizeof(*w));
	struct source_utf16 utf16;
	struct source decoded = *source;
	bool big_endian;
	*stats = (struct source_stats){0};
	*w = (struct window){.log = log,
			     .number = 1,
			     .feeding = true,
			     .feed_until = FED_AT_START,
			     .stats = stats};
	w->bytes = mem_alloc(WINDOW);
	int result = fill(w, source, error);
	scan_for_needles(w);
	stats->utf16 = source_is_utf16(w->bytes, w->end, &big_endian);
	if (stats->utf16) {
		decoded = source_utf16_open(&utf16, source, big_endian, w->bytes, w->end);
		w->end = 0;
		stats->bytes = 0;
		w->over = false;
	}
	work(w);
	if (scan_all(w, &decoded, progress, error))
		result = -1;
	if (stats->utf16)
		source_utf16_close(&utf16);
	free(w->bytes);
	free(w);
	return result;
}
