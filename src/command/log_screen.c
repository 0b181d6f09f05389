/*
 * One event on one screen:
 *
 *	OOM 1  Nov 21 05:34:58 (line 12)  global  6.12.107+deb13-amd64 x86_64
 *	  Asked    tail (143) for 4.0 KiB: GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO
 *	  Failed   memory is really used up for ...
 *	  Memory   210 MiB managed: 83 % anonymous and tmpfs, 4 % slab, not reclaimable
 *	  Unknown  9.1 MiB, 4.3 %, in no counter
 *	  Killed   tail (143): 182 MiB
 *	  Why      tail (143) had the most points ...
 *
 * and below it bars of where memory was, the largest processes, with --verbose the zones.
 */
#include "command/log_screen.h"

#include <string.h>

#include "base/text.h"
#include "base/text_utf8.h"
#include "sink/bar.h"

enum { LABEL = 11, WIDTH = 100, BAR = 24, TASKS = 5, VICTIMS = 5, LEAST_SHARE = 200 };

static void put_safe(FILE *out, const char *text)
{
	if (text)
		text_put_safe(out, text, strlen(text));
	else
		fputc('?', out);
}

static void put_kb(FILE *out, s64 kb)
{
	char buffer[16];
	bool sane = kb_within((struct known){kb, true}).known;
	fputs(sane ? text_bytes(buffer, (u64)kb << 10) : "?", out);
}

static void put_pages(FILE *out, const struct oom_account *a, s64 n)
{
	char buffer[32];
	if (n < 0)
		fputc('-', out);
	n = n < 0 ? -n : n;
	if (a->page_kb.known)
		put_kb(out, n * a->page_kb.value);
	else
		fprintf(out, "%s pages", text_grouped(buffer, (u64)n));
}

/* --- lines ---------------------------------------------------------------------------------- */

/* A word longer than a line is left as it is. */
void log_screen_wrapped(FILE *out, const char *text, unsigned indent,
			const struct sink_options *options)
{
	size_t width = options->width ? options->width : WIDTH, used = indent;
	while (*text) {
		size_t len = strcspn(text, " "), columns = text_safe_width(text, len);
		if (used > indent && used + 1 + columns > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			used = indent;
		} else if (used > indent) {
			fputc(' ', out);
			used++;
		}
		text_put_safe(out, text, len);
		used += columns;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void put_label(FILE *out, const char *label, const struct sink_options *options)
{
	fprintf(out, "  %s%-*s%s", options->colour ? "\033[1m" : "", LABEL - 2, label,
		options->colour ? "\033[0m" : "");
}

static void put_line(FILE *out, const char *label, const char *text,
		     const struct sink_options *options)
{
	if (!text || !*text)
		return;
	put_label(out, label, options);
	log_screen_wrapped(out, text, LABEL, options);
}

/* A line that is put together piece by piece, then wrapped; without memory it is not wrapped. */
struct line {
	char *text;
	size_t size;
	FILE *file, *out;
	const char *label;
	const struct sink_options *options;
};

static FILE *line_begin(struct line *line, FILE *out, const char *label,
			const struct sink_options *options)
{
	*line = (struct line){.out = out, .label = label, .options = options};
	line->file = open_memstream(&line->text, &line->size);
	if (!line->file)
		put_label(out, label, options);
	return line->file ? line->file : out;
}

static void line_end(struct line *line)
{
	if (!line->file) {
		fputc('\n', line->out);
		return;
	}
	if (!fclose(line->file))
		put_line(line->out, line->label, line->text, line->options);
	free(line->text);
}

/* --- the head ------------------------------------------------------------------------------- */

static const char *time_of(const struct oom_time *time)
{
	return time->wall	     ? time->wall
	       : time->uptime	     ? time->uptime
	       : time->kmsg_usec     ? time->kmsg_usec
	       : time->realtime_usec ? time->realtime_usec
				     : NULL;
}

static void put_when(FILE *out, const struct oom_analysis *a)
{
	const struct oom_time *time = &a->event->time;
	const char *when = time_of(time);
	char moment[40];
	if (!time->wall && time->realtime_usec && time->wall_us.known)
		fputs(text_moment(moment, (u64)time->wall_us.value / 1000000), out);
	else if (when)
		fprintf(out, "%s", time->wall ? "" : "at ");
	if (when && (time->wall || !time->realtime_usec))
		put_safe(out, when);
	if (!when)
		fputs("time not shown", out);
	else if (!time->wall && time->uptime)
		fputs(" s after boot", out);
}

static void put_head(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	const struct oom_event *e = a->event;
	fprintf(out, "%sOOM %llu  ", options->colour ? "\033[1m" : "", (unsigned long long)e->id);
	put_when(out, a);
	fputs(options->colour ? "\033[0m" : "", out);
	if (a->file) {
		fputs("  (", out);
		put_safe(out, a->file);
		fprintf(out, ":%llu)", (unsigned long long)e->span.first_line);
	} else if (e->span.first_line) {
		fprintf(out, "  (line %llu)", (unsigned long long)e->span.first_line);
	}
	fprintf(out, "  %s", a->kind ? a->kind : "kind not shown");
	if (e->trigger.kernel) {
		fputs("  ", out);
		put_safe(out, e->trigger.kernel);
	}
	if (e->trigger.arch) {
		fputc(' ', out);
		put_safe(out, e->trigger.arch);
	}
	if (e->printed_copies > 1)
		fprintf(out, "  printed %u times", e->printed_copies);
	fputc('\n', out);
	if (e->header_missing)
		fputs("  (the beginning of the report is not in the text)\n", out);
}

static void put_asked(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	const struct oom_event *e = a->event;
	if (!e->trigger.comm && !e->gfp_mask)
		return;
	put_label(out, "Asked", options);
	put_safe(out, e->trigger.comm ? e->trigger.comm : "(name not shown)");
	if (e->trigger.pid.known)
		fprintf(out, " (%lld)", (long long)e->trigger.pid.value);
	if (e->order.known && e->order.value >= 0 && e->order.value < 20 &&
	    a->account.page_kb.known) {
		fputs(" for ", out);
		put_kb(out, a->account.page_kb.value << e->order.value);
		if (e->order.value)
			fprintf(out, " in one piece (order %lld)", (long long)e->order.value);
	} else if (e->order.known) {
		fprintf(out, ", order %lld", (long long)e->order.value);
	}
	if (e->gfp_mask) {
		fputs(": ", out);
		put_safe(out, e->gfp_names ? e->gfp_names : e->gfp_mask);
	}
	fputc('\n', out);
}

/* --- memory --------------------------------------------------------------------------------- */

struct part {
	const char *label;
	s64 pages;
};

static int larger_first(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	return x->pages < y->pages ? 1 : x->pages > y->pages ? -1 : 0;
}

/* The classes that matter, the largest first; the remainder is one of them. */
static size_t parts_of(const struct oom_account *a, struct part parts[static OOM_CLASS_N + 1])
{
	size_t n = 0;
	for (unsigned i = 0; i < OOM_CLASS_N; i++) {
		s64 pages = known_or(a->classes[i], 0);
		if (pages > 0 && pages * LEAST_SHARE >= a->managed.value)
			parts[n++] = (struct part){oom_class_labels[i], pages};
	}
	if (a->unaccounted.known && a->unaccounted.value * LEAST_SHARE >= a->managed.value)
		parts[n++] = (struct part){"in no counter", a->unaccounted.value};
	qsort(parts, n, sizeof(*parts), larger_first);
	return n;
}

static double share_of(const struct oom_account *a, s64 pages)
{
	return a->managed.value > 0 ? (double)pages / (double)a->managed.value : 0;
}

static void put_memory(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	const struct oom_account *books = &a->account;
	struct part parts[OOM_CLASS_N + 1];
	if (!books->managed.known)
		return;
	size_t n = parts_of(books, parts);
	struct line line;
	out = line_begin(&line, out, "Memory", options);
	put_pages(out, books, books->managed.value);
	fputs(" managed:", out);
	for (size_t i = 0; i < n && i < 3; i++)
		fprintf(out, "%s %.0f %% %s", i ? "," : "", 100 * share_of(books, parts[i].pages),
			parts[i].label);
	struct known swap = books->swap_total_kb, left = books->swap_free_kb;
	if (swap.known && swap.value && left.known) {
		fputs("; swap ", out);
		put_kb(out, swap.value - left.value);
		fputs(" of ", out);
		put_kb(out, swap.value);
	} else if (swap.known && !swap.value) {
		fputs("; no swap", out);
	}
	line_end(&line);
}

static void put_unknown(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	const struct oom_account *books = &a->account;
	if (!a->event->info.any)
		return;
	struct line line;
	out = line_begin(&line, out, "Unknown", options);
	if (!books->unaccounted.known) {
		fprintf(out, "what is in no counter can't be told: %s", books->why);
		line_end(&line);
		return;
	}
	put_pages(out, books, books->unaccounted.value);
	fprintf(out, " (%.1f %%) in no counter", 100 * share_of(books, books->unaccounted.value));
	if (books->error.known) {
		fputs(", to within ", out);
		put_pages(out, books, books->error.value);
	}
	if (books->unaccounted.value * 10 >= books->managed.value) {
		fprintf(out, ": %s", books->not_printed);
	}
	line_end(&line);
}

static void put_bars(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	struct part parts[OOM_CLASS_N + 1];
	if (!a->account.managed.known)
		return;
	size_t n = parts_of(&a->account, parts);
	if (n)
		fputc('\n', out);
	for (size_t i = 0; i < n; i++) {
		char bytes[16];
		fprintf(out, "  %-32s ", parts[i].label);
		bar_put(out, parts[0].pages ? (double)parts[i].pages / (double)parts[0].pages : 0,
			BAR, options->utf8);
		if (a->account.page_kb.known)
			fprintf(out, " %10s",
				text_bytes(bytes,
					   (u64)parts[i].pages * (u64)a->account.page_kb.value
						   << 10));
		fprintf(out, " %5.1f %%\n", 100 * share_of(&a->account, parts[i].pages));
	}
}

/* --- who ------------------------------------------------------------------------------------ */

static void put_victim(FILE *out, const struct oom_victim *v)
{
	put_safe(out, v->comm);
	if (v->pid.known)
		fprintf(out, " (%lld)", (long long)v->pid.value);
	if (!v->anon_rss_kb.known)
		return;
	fputs(": ", out);
	put_kb(out, v->anon_rss_kb.value);
	fputs(" anonymous", out);
	if (known_or(v->file_rss_kb, 0)) {
		fputs(", ", out);
		put_kb(out, v->file_rss_kb.value);
		fputs(" of files", out);
	}
	if (known_or(v->shmem_rss_kb, 0)) {
		fputs(", ", out);
		put_kb(out, v->shmem_rss_kb.value);
		fputs(" shared", out);
	}
}

static void put_killed(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	const struct oom_event *e = a->event;
	for (size_t i = 0; i < e->victims.n && i < VICTIMS; i++) {
		put_label(out, i ? "" : "Killed", options);
		put_victim(out, &e->victims.v[i]);
		fputc('\n', out);
	}
	if (e->victims.n > VICTIMS)
		fprintf(out, "%*sand %zu more\n", LABEL, "", e->victims.n - VICTIMS);
	if (!e->victims.n) {
		put_label(out, "Killed", options);
		fputs(e->panic	       ? "nobody: the kernel panicked"
		      : e->no_killable ? "nobody could be killed"
				       : "not shown: the text ends before",
		      out);
		fputc('\n', out);
	}
	if (e->panic_text)
		put_line(out, "Panic", e->panic_text, options);
}

static void put_reaper(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	for (size_t i = 0; i < a->event->reapers.n; i++) {
		const struct oom_reaper *r = &a->event->reapers.v[i];
		if (r->what != OOM_UNABLE_TO_REAP && known_or(r->anon_rss_kb, 0) < 1024)
			continue;
		put_label(out, "Reaper", options);
		if (r->what == OOM_UNABLE_TO_REAP) {
			fputs("could not free the memory of ", out);
			put_safe(out, r->comm);
		} else {
			put_kb(out, r->anon_rss_kb.value);
			fputs(" stayed", out);
		}
		fputc('\n', out);
	}
}

static void put_tasks(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	const struct oom_choice *c = &a->choice;
	size_t most = options->wide ? c->nr_ranking : TASKS;
	if (!c->nr_ranking || !(a->event->task_columns & 1U << OOM_TASK_OOM_SCORE_ADJ))
		return;
	fprintf(out, "\n  %8s %-18s %12s %12s %12s %6s %s\n", "PID", "NAME", "RESIDENT", "SWAPPED",
		"PAGE TABLES", "ADJ", "SCORE");
	for (size_t i = 0; i < c->nr_ranking && i < most; i++) {
		const struct oom_rank *r = &c->ranking[i];
		const struct oom_task *t = &a->event->tasks.v[r->task];
		const s64 sizes[] = {r->rss, r->swap, r->tables};
		char text[24];
		fprintf(out, "%s %8lld ", (s64)i == c->victim ? "*" : " ",
			(long long)known_or(t->field[OOM_TASK_TGID],
					    known_or(t->field[OOM_TASK_PID], 0)));
		size_t width = text_safe(text, sizeof(text), t->name ? t->name : "?",
					 t->name ? strlen(t->name) : 1);
		fprintf(out, "%s%*s", text, width < 18 ? (int)(18 - width) : 0, "");
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			char bytes[16];
			fprintf(out, " %12s",
				a->account.page_kb.known
					? text_bytes(bytes,
						     (u64)s64_max(0, sizes[j]) *
								     (u64)a->account.page_kb.value
							     << 10)
					: "?");
		}
		fprintf(out, " %6lld ", (long long)r->adj);
		if (r->exempt)
			put_safe(out, r->exempt);
		else if (r->points.known && c->total.known)
			fprintf(out, "%lld",
				(long long)badness_printed_score(r->points.value, c->total.value));
		else
			fputc('?', out);
		fputc('\n', out);
	}
	if (c->nr_ranking > most)
		fprintf(out, "  (%zu of %zu: --verbose)\n", most, c->nr_ranking);
}

static void put_zones(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	const struct oom_event *e = a->event;
	if (!options->wide || !e->info.zones.n)
		return;
	fprintf(out, "\n  %4s %-10s %12s %12s %12s %12s  %s\n", "NODE", "ZONE", "FREE", "MIN",
		"RESERVE", "MANAGED", "FOR THIS REQUEST");
	for (size_t i = 0; i < e->info.zones.n; i++) {
		const struct oom_zone *z = &e->info.zones.v[i];
		const struct oom_zone_check *c = &a->failed.zones[i];
		const struct known sizes[] = {c->free_kb, c->min_kb, c->reserve_kb,
					      z->field[OOM_ZONE_MANAGED]};
		fprintf(out, "  %4d ", z->node < 0 ? 0 : z->node);
		char text[24];
		size_t width = text_safe(text, sizeof(text), z->name ? z->name : "?",
					 z->name ? strlen(z->name) : 1);
		fprintf(out, "%s%*s", text, width < 10 ? (int)(10 - width) : 0, "");
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			char bytes[16];
			fprintf(out, " %12s",
				kb_within(sizes[j]).known
					? text_bytes(bytes, (u64)sizes[j].value << 10)
					: "?");
		}
		fprintf(out, "  %s\n", oom_zone_state_keys[c->state]);
	}
}

void log_screen_event(FILE *out, const struct oom_analysis *a, const struct sink_options *options)
{
	put_head(out, a, options);
	put_asked(out, a, options);
	put_line(out, a->failed.key ? "Failed" : "Failed?", a->failed.text, options);
	put_memory(out, a, options);
	put_unknown(out, a, options);
	put_killed(out, a, options);
	put_reaper(out, a, options);
	put_line(out, "Why", a->choice.text, options);
	put_line(out, "What if", a->what_if, options);
	put_bars(out, a, options);
	put_tasks(out, a, options);
	put_zones(out, a, options);
}

/* --- many ----------------------------------------------------------------------------------- */

static u32 hash_of(const char *text)
{
	u32 hash = 2166136261U;
	for (; *text; text++)
		hash = (hash ^ (u8)*text) * 16777619U;
	return hash;
}

void log_screen_summary(FILE *out, const struct oom_analysis *a)
{
	const struct oom_event *e = a->event;
	const char *when = time_of(&e->time);
	fprintf(out, "oom %08x ", hash_of(a->signature));
	put_safe(out, a->signature);
	if (e->victims.n && e->victims.v[0].anon_rss_kb.known)
		fprintf(out, " | anon_rss_kb=%lld", (long long)e->victims.v[0].anon_rss_kb.value);
	else
		fputs(" |", out);
	fputs(" time=\"", out);
	put_safe(out, when ? when : "");
	fputs("\" at=", out);
	if (a->file) {
		put_safe(out, a->file);
		fputc(':', out);
	}
	fprintf(out, "%llu\n", (unsigned long long)e->span.first_line);
}

void log_screen_line(FILE *out, const struct oom_analysis *a)
{
	const struct oom_event *e = a->event;
	const char *when = time_of(&e->time);
	fprintf(out, "  %4llu  ", (unsigned long long)e->id);
	put_safe(out, when ? when : "(no time)");
	fprintf(out, "  %s", a->kind ? a->kind : "?");
	if (a->failed.key)
		fprintf(out, "  %s", a->failed.key);
	if (e->oom_memcg) {
		fputs("  ", out);
		put_safe(out, e->oom_memcg);
	}
	fputs("  ", out);
	if (e->victims.n)
		put_victim(out, &e->victims.v[0]);
	else
		fputs(oom_ended_keys[e->ended], out);
	if (e->victims.n > 1)
		fprintf(out, " and %zu more", e->victims.n - 1);
	fputc('\n', out);
}

void log_screen_suspects(FILE *out, const struct table *suspects,
			 const struct sink_options *options)
{
	for (size_t i = 0; i < table_nr_rows(suspects); i++) {
		const struct value *s = table_row(suspects, i);
		const struct table *proofs = s[SUSPECT_PROOFS].table;
		char bytes[16];
		fprintf(out, "  %-9s ", s[SUSPECT_CONFIDENCE].text);
		put_safe(out, s[SUSPECT_WHAT].text);
		fprintf(out, ", %s (%s)\n", text_bytes(bytes, s[SUSPECT_BYTES].u),
			s[SUSPECT_KIND].text);
		for (size_t j = 0; j < table_nr_rows(proofs); j++) {
			fprintf(out, "%*s", LABEL + 1, "");
			log_screen_wrapped(out, table_row(proofs, j)[1].text, LABEL + 1, options);
		}
		for (size_t j = 0; j < s[SUSPECT_NEXT_STEPS].list.n; j++) {
			fprintf(out, "%*snext: ", LABEL + 1, "");
			log_screen_wrapped(out, s[SUSPECT_NEXT_STEPS].list.texts[j], LABEL + 7,
					   options);
		}
	}
}
