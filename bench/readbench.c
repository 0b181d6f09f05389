/*
 * How fast the dump layer reads: readbench [-t THREADS] [-p PIECE] [-o] [-s] DUMP...
 *
 * Opens the dump, then reads every readable page in order of addresses through image_read().  Threads
 * take stretches of STRETCH bytes in turn.  -o opens only.  -s adds up what was read, to be compared
 * with kdumpfilebench: the same sum, the same bytes at the same addresses.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/sum.h"
#include "dump/image.h"

enum { MAX_THREADS = 64 };
static const u64 STRETCH = 16 << 20;

struct job {
	struct image *image;
	u64 end, next; /* physical addresses; next is taken by threads */
	size_t piece;
	bool sum;
	u64 bytes, failed, total; /* added to atomically */
};

/* A run of readable pages, in pieces. */
static void read_run(struct job *job, u64 start, u64 end, u8 *buffer)
{
	u64 failed = 0, total = 0;
	for (u64 at = start; at < end; at += job->piece) {
		size_t n = (size_t)(end - at < job->piece ? end - at : job->piece);
		if (image_read(job->image, at, buffer, n))
			failed += n;
		else if (job->sum)
			total += sum_pages(at, buffer, n);
	}
	__atomic_add_fetch(&job->bytes, end - start, __ATOMIC_RELAXED);
	__atomic_add_fetch(&job->failed, failed, __ATOMIC_RELAXED);
	__atomic_add_fetch(&job->total, total, __ATOMIC_RELAXED);
}

static void read_stretch(struct job *job, u64 at, u64 end, u8 *buffer)
{
	while (at < end) {
		u64 run;
		enum read_status status = image_state(job->image, at, &run);
		u64 stop = run < end - at ? at + run : end;
		if (status == READ_OK)
			read_run(job, at, stop, buffer);
		at = stop;
	}
}

static void *work(void *arg)
{
	struct job *job = arg;
	u8 *buffer = malloc(job->piece);
	u64 at;
	while (buffer && (at = __atomic_fetch_add(&job->next, STRETCH, __ATOMIC_RELAXED)) < job->end)
		read_stretch(job, at, job->end - at < STRETCH ? job->end : at + STRETCH, buffer);
	free(buffer);
	return NULL;
}

static void run(struct job *job, unsigned threads)
{
	pthread_t ids[MAX_THREADS];
	for (unsigned i = 1; i < threads; i++)
		pthread_create(&ids[i], NULL, work, job);
	work(job);
	for (unsigned i = 1; i < threads; i++)
		pthread_join(ids[i], NULL);
}

int main(int argc, char *argv[])
{
	unsigned threads = 1;
	bool open_only = false;
	struct job job = {.piece = 64 << 10};
	int option;
	while ((option = getopt(argc, argv, "t:p:os")) != -1) {
		if (option == 't')
			threads = (unsigned)atoi(optarg);
		else if (option == 'p')
			job.piece = (size_t)atol(optarg) & ~(size_t)4095;
		else if (option == 'o')
			open_only = true;
		else if (option == 's')
			job.sum = true;
		else
			return 2;
	}
	if (optind == argc || !threads || threads > MAX_THREADS || !job.piece)
		return 2;
	struct error error = ERROR_INIT;
	struct moment begin = moment_now();
	if (image_open(&job.image, (const char *const *)argv + optind, (size_t)(argc - optind), NULL,
		       &error)) {
		fprintf(stderr, "readbench: %s\n", error.text);
		return 1;
	}
	struct moment opened = moment_now();
	const struct image_info *info = image_info(job.image);
	job.end = info->max_pfn * (info->page_size ? info->page_size : 4096);
	if (!open_only)
		run(&job, threads);
	print_result(begin, opened, job.bytes, job.failed, job.total);
	image_close(job.image);
	return 0;
}
