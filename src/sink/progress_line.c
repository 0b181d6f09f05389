/*
 * The line: "decompressing the dump   42 %  [####      ]".
 *
 * Steps come from many threads and very often: all but one in a tenth of a second cost an atomic
 * load. The thread that gets the lock draws, the others go on with their work.
 */
#include "sink/progress_line.h"

#include <time.h>

#include "base/text.h"
#include "sink/bar.h"

static const u64 first_after_ns = 1000000000, again_after_ns = 100000000;

static u64 monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

static void wipe_locked(struct progress_line *line)
{
	if (line->drawn)
		fputs("\r\033[K", line->out);
	line->drawn = false;
	fflush(line->out);
}

static void draw_locked(struct progress_line *line, const char *what, u64 done, u64 total)
{
	char count[32];
	fprintf(line->out, "\r%.50s  ", what);
	if (total) {
		double share = (double)done / (double)total;
		fprintf(line->out, "%3u %%  [", (unsigned)((share < 1 ? share : 1) * 100));
		bar_put(line->out, share, 20, line->utf8);
		fputc(']', line->out);
	} else {
		fputs(text_grouped(count, done), line->out);
	}
	fputs("\033[K", line->out);
	fflush(line->out);
	line->drawn = true;
}

static void show(struct progress *progress, const char *what, u64 done, u64 total)
{
	struct progress_line *line = (struct progress_line *)progress;
	bool ended = !what || (total && done >= total);
	u64 now = line->now_ns();
	if (!ended && now < atomic_load_explicit(&line->next_ns, memory_order_relaxed))
		return;
	if (ended)
		pthread_mutex_lock(&line->lock);
	else if (pthread_mutex_trylock(&line->lock))
		return;
	atomic_store_explicit(&line->next_ns,
			      u64_max(now + again_after_ns, line->started_ns + first_after_ns),
			      memory_order_relaxed);
	if (ended)
		wipe_locked(line);
	else
		draw_locked(line, what, done, total);
	pthread_mutex_unlock(&line->lock);
}

void progress_line_init(struct progress_line *line, FILE *out, bool utf8)
{
	*line = (struct progress_line){.out = out, .utf8 = utf8, .now_ns = monotonic_ns};
	line->progress.show = show;
	line->started_ns = line->now_ns();
	line->next_ns = line->started_ns + first_after_ns;
	pthread_mutex_init(&line->lock, NULL);
}

void progress_line_wipe(struct progress_line *line)
{
	show(&line->progress, NULL, 0, 0);
}

void progress_line_done(struct progress_line *line)
{
	progress_line_wipe(line);
	pthread_mutex_destroy(&line->lock);
}
