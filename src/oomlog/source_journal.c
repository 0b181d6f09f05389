/*
 * systemd's journal: the kernel's records, and those of the killers in user space.
 *
 * The journal's own index picks them, so that a journal of gigabytes costs what it holds about
 * memory.  Matches of one field are alternatives; an alternative of several fields is a disjunction
 * of its own (sd_journal_add_match).
 */
#include "oomlog/source.h"

#include <string.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-journal.h>

enum { MOST_DATA = 256 << 10, MOST_WORDS = 64 };

/* The kernel itself, also from other machines and through syslog; then who else kills. */
static const char *const wanted[] = {
	"_TRANSPORT=kernel",
	"SYSLOG_IDENTIFIER=kernel",
	"SYSLOG_IDENTIFIER=systemd-oomd",
	"SYSLOG_IDENTIFIER=earlyoom",
	"SYSLOG_IDENTIFIER=nohang",
	"SYSLOG_IDENTIFIER=oomd",
	"SYSLOG_IDENTIFIER=lmkd",
	/* "A process of this unit has been killed by the OOM killer": systemd's catalogue */
	"MESSAGE_ID=fe6faa94e7774663a0da52717891d8ef",
};

static int failed(struct error *error, const char *doing, int code)
{
	return error_set(error, EXIT_INPUT, "%s: %s", doing, strerror(-code));
}

static int open_journal(sd_journal **journal, const struct journal_query *q, struct error *error)
{
	if (q->nr_files) {
		const char **files = mem_calloc(q->nr_files + 1, sizeof(*files));
		for (size_t i = 0; i < q->nr_files; i++)
			files[i] = q->files[i];
		int code = sd_journal_open_files(journal, files, 0);
		free(files);
		return code < 0 ? failed(error, q->files[0], code) : 0;
	}
	int code = q->directory ? sd_journal_open_directory(journal, q->directory, 0)
				: sd_journal_open(journal, SD_JOURNAL_LOCAL_ONLY);
	return code < 0 ? failed(error, q->directory ? q->directory : "the journal", code) : 0;
}

/* --- which boot ----------------------------------------------------------------------------- */

struct boot {
	u64 first_us;
	char id[33];
};

static void copy_id(char id[33], const void *data, size_t len)
{
	const char *value = memchr(data, '=', len);
	size_t n = value ? len - (size_t)(value + 1 - (const char *)data) : 0;
	snprintf(id, 33, "%.*s", (int)u64_min(n, 32), value ? value + 1 : "");
}

/* When the boot's first record was written; the journal is left where it is. */
static u64 first_of(sd_journal *journal, const char *id)
{
	char match[64];
	uint64_t us = 0;
	sd_journal_flush_matches(journal);
	snprintf(match, sizeof(match), "_BOOT_ID=%s", id);
	if (sd_journal_add_match(journal, match, 0) < 0 || sd_journal_seek_head(journal) < 0 ||
	    sd_journal_next(journal) <= 0 || sd_journal_get_realtime_usec(journal, &us) < 0)
		us = 0;
	return us;
}

static int later_first(const void *a, const void *b)
{
	const struct boot *x = a, *y = b;
	return x->first_us < y->first_us ? 1 : x->first_us > y->first_us ? -1 : 0;
}

/* "0" is the newest boot that the journal has, "-1" the one before. */
static int boot_by_number(sd_journal *journal, u64 back, char id[33], struct error *error)
{
	VEC(struct boot) boots = {0};
	const void *data;
	size_t len;
	if (sd_journal_query_unique(journal, "_BOOT_ID") >= 0) {
		SD_JOURNAL_FOREACH_UNIQUE(journal, data, len)
		copy_id(vec_push(&boots)->id, data, len);
	}
	for (size_t i = 0; i < boots.n; i++)
		boots.v[i].first_us = first_of(journal, boots.v[i].id);
	sd_journal_flush_matches(journal);
	if (boots.n)
		qsort(boots.v, boots.n, sizeof(*boots.v), later_first);
	size_t n = boots.n;
	if (back < n)
		memcpy(id, boots.v[back].id, 33);
	vec_done(&boots);
	if (back < n)
		return 0;
	return error_set(error, EXIT_INPUT, "--boot -%llu: the journal has %zu boot%s",
			 (unsigned long long)back, n, n == 1 ? "" : "s");
}

static int find_boot(sd_journal *journal, const char *text, char id[33], struct error *error)
{
	char *end;
	long long back = strtoll(text, &end, 10);
	if (strlen(text) == 32 && strspn(text, "0123456789abcdefABCDEF") == 32) {
		snprintf(id, 33, "%s", text);
		return 0;
	}
	if (*end || !*text || back > 0 || back < -100000)
		return error_set(error, EXIT_USAGE,
				 "--boot: \"%.60s\" is neither 0, -1, -2 ... nor a boot's id",
				 text);
	return boot_by_number(journal, (u64)-back, id, error);
}

/* --- which records -------------------------------------------------------------------------- */

static int add_matches(sd_journal *journal, const char *boot)
{
	char match[64];
	int code = 0;
	for (size_t i = 0; i < ARRAY_SIZE(wanted) && code >= 0; i++) {
		code = sd_journal_add_match(journal, wanted[i], 0);
		if (code >= 0)
			code = sd_journal_add_disjunction(journal);
	}
	if (!boot || code < 0)
		return code;
	snprintf(match, sizeof(match), "_BOOT_ID=%s", boot);
	code = sd_journal_add_conjunction(journal);
	return code < 0 ? code : sd_journal_add_match(journal, match, 0);
}

static int place(sd_journal *journal, const struct journal_query *q, struct error *error)
{
	char id[33];
	if (q->boot && find_boot(journal, q->boot, id, error))
		return -1;
	int code = add_matches(journal, q->boot ? id : NULL);
	if (code >= 0)
		code = q->has_since ? sd_journal_seek_realtime_usec(journal, q->since_us)
				    : sd_journal_seek_head(journal);
	sd_journal_set_data_threshold(journal, MOST_DATA);
	return code < 0 ? failed(error, "searching the journal", code) : 0;
}

/* --- records -------------------------------------------------------------------------------- */

static const char *field(sd_journal *journal, const char *name, size_t *len)
{
	const void *data;
	size_t skip = strlen(name) + 1;
	if (sd_journal_get_data(journal, name, &data, len) < 0 || *len < skip)
		return NULL;
	*len -= skip;
	return (const char *)data + skip;
}

static struct known number_field(sd_journal *journal, const char *name)
{
	size_t len;
	char digits[24];
	const char *text = field(journal, name, &len);
	struct known k = {0};
	if (!text || !len || len >= sizeof(digits))
		return k;
	memcpy(digits, text, len);
	digits[len] = '\0';
	char *end;
	k.value = strtoll(digits, &end, 10);
	k.known = !*end;
	return k;
}

/* Who says it stands in front, as in syslog, when it is not the kernel. */
static size_t put_identifier(sd_journal *journal, char *to, size_t room)
{
	size_t len;
	const char *name = field(journal, "SYSLOG_IDENTIFIER", &len);
	if (!name || (len == 6 && !memcmp(name, "kernel", 6)))
		return 0;
	int n = snprintf(to, room, "%.*s: ", (int)u64_min(len, MOST_WORDS), name);
	return n > 0 ? (size_t)n : 0;
}

static void feed(struct oomlog *log, sd_journal *journal, char *text, struct source_stats *stats)
{
	size_t len, before = put_identifier(journal, text, MOST_DATA);
	uint64_t realtime;
	const char *message = field(journal, "MESSAGE", &len);
	if (!message)
		return;
	bool cut = len > MOST_DATA - before;
	len = u64_min(len, MOST_DATA - before);
	memcpy(text + before, message, len);
	struct oomlog_record record = {
		.text = text,
		.len = before + len,
		.number = ++stats->lines,
		.uptime_us = number_field(journal, "_SOURCE_MONOTONIC_TIMESTAMP"),
		.cut_end = cut,
	};
	if (sd_journal_get_realtime_usec(journal, &realtime) >= 0)
		record.realtime_us = (struct known){(s64)realtime, true};
	stats->bytes += len;
	stats->parsed_bytes += len;
	stats->any_text |= len > 0;
	oomlog_feed_record(log, &record);
}

bool journal_supported(void)
{
	return true;
}

int journal_scan(struct oomlog *log, const struct journal_query *q, struct progress *progress,
		 struct source_stats *stats, struct error *error)
{
	sd_journal *journal;
	*stats = (struct source_stats){0};
	if (open_journal(&journal, q, error))
		return -1;
	int result = place(journal, q, error), more = 0;
	char *text = mem_alloc(MOST_DATA);
	while (!result && (more = sd_journal_next(journal)) > 0) {
		feed(log, journal, text, stats);
		progress_step(progress, "reading the journal", stats->lines, 0);
	}
	if (more < 0)
		result = failed(error, "reading the journal", more);
	free(text);
	sd_journal_close(journal);
	oomlog_finish(log);
	progress_step(progress, NULL, 0, 0);
	return result;
}
#else
bool journal_supported(void)
{
	return false;
}

int journal_scan(struct oomlog *log, const struct journal_query *q, struct progress *progress,
		 struct source_stats *stats, struct error *error)
{
	*stats = (struct source_stats){0};
	return error_set(error, EXIT_INPUT,
			 "this memwho was built without libsystemd: give the log as text "
			 "(journalctl -k | memwho log)");
}
#endif
