/*
 * The same reading as readbench.c through libkdumpfile: kdumpfilebench [-t THREADS] [-k] [-c PAGES]
 * [-p PIECE] [-s] DUMP
 *
 * It is given its best chance: runs of pages come from its own page map, so that it never looks for a
 * page that is not there; dumps whose header has no kernel name (QEMU's) are told their architecture.
 * Each thread opens the dump for itself; -k: kdump_clone() in place of that.  -c sets cache.size, which
 * is 1024 pages otherwise.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

#include "bench/clock.h"
#include "bench/sum.h"

enum { MAX_THREADS = 64, PAGE = 4096, STRETCH = 16 << 20 };

struct job {
	uint64_t end, next;
	size_t piece;
	bool sum;
	unsigned char *bits;	       /* one per page frame: it is in the dump */
	uint64_t bytes, failed, total; /* added to atomically */
};

struct worker {
	struct job *job;
	kdump_ctx_t *ctx;
	pthread_t id;
};

static void read_run(struct worker *w, uint64_t start, uint64_t end, unsigned char *buffer)
{
	struct job *job = w->job;
	uint64_t failed = 0, total = 0;
	for (uint64_t at = start; at < end; at += job->piece) {
		size_t want = (size_t)(end - at < job->piece ? end - at : job->piece), n = want;
		if (kdump_read(w->ctx, KDUMP_MACHPHYSADDR, at, buffer, &n) != KDUMP_OK)
			failed += want - n;
		else if (job->sum)
			total += sum_pages(at, buffer, n);
	}
	__atomic_add_fetch(&job->bytes, end - start, __ATOMIC_RELAXED);
	__atomic_add_fetch(&job->failed, failed, __ATOMIC_RELAXED);
	__atomic_add_fetch(&job->total, total, __ATOMIC_RELAXED);
}

static bool is_set(const unsigned char *bits, uint64_t i)
{
	return bits[i / 8] >> i % 8 & 1;
}

static void read_stretch(struct worker *w, uint64_t start, uint64_t end, unsigned char *buffer)
{
	for (uint64_t at = start; at < end; at += PAGE) {
		uint64_t from = at;
		while (at < end && is_set(w->job->bits, at / PAGE))
			at += PAGE;
		if (at > from)
			read_run(w, from, at, buffer);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct job *job = w->job;
	unsigned char *buffer = malloc(job->piece);
	uint64_t at;
	while (buffer && (at = __atomic_fetch_add(&job->next, STRETCH, __ATOMIC_RELAXED)) < job->end)
		read_stretch(w, at, job->end - at < STRETCH ? job->end : at + STRETCH, buffer);
	free(buffer);
	return NULL;
}

static int complain(kdump_ctx_t *ctx, const char *what)
{
	fprintf(stderr, "kdumpfilebench: %s: %s\n", what, ctx ? kdump_get_err(ctx) : "no memory");
	return 1;
}

static int open_dump(kdump_ctx_t **ctx, const char *path, uint64_t cache_pages)
{
	int fd = open(path, O_RDONLY);
	const char *arch;
	*ctx = kdump_new();
	if (fd < 0 || !*ctx)
		return complain(NULL, path);
	if (kdump_open_fd(*ctx, fd) != KDUMP_OK)
		return complain(*ctx, path);
	if (kdump_get_string_attr(*ctx, KDUMP_ATTR_ARCH_NAME, &arch) != KDUMP_OK) {
		kdump_clear_err(*ctx);
		if (kdump_set_string_attr(*ctx, KDUMP_ATTR_ARCH_NAME, KDUMP_ARCH_X86_64) != KDUMP_OK)
			return complain(*ctx, "arch.name");
	}
	if (cache_pages && kdump_set_number_attr(*ctx, "cache.size", cache_pages) != KDUMP_OK)
		return complain(*ctx, "cache.size");
	return 0;
}

/*
 * The whole page map at once: on ELF dumps kdump_bmp_find_clear() of 0.5.1 and 0.5.6 may stand still, and
 * kdump_bmp_get_bits() of a range that ends between two segments writes past its buffer.
 */
static int page_map(struct job *job, kdump_ctx_t *ctx)
{
	kdump_attr_t attr;
	kdump_num_t pages;
	if (kdump_get_number_attr(ctx, "max_pfn", &pages) != KDUMP_OK)
		return complain(ctx, "max_pfn");
	if (kdump_get_attr(ctx, KDUMP_ATTR_FILE_PAGEMAP, &attr) != KDUMP_OK || attr.type != KDUMP_BITMAP)
		return complain(ctx, "file.pagemap");
	job->end = pages * PAGE;
	job->bits = calloc(1, pages / 8 + PAGE);
	if (!job->bits || kdump_bmp_get_bits(attr.val.bitmap, 0, pages - 1, job->bits) != KDUMP_OK)
		return complain(NULL, "file.pagemap");
	return 0;
}

static int set_up(struct worker *workers, unsigned threads, bool clone, const char *path, uint64_t cache)
{
	for (unsigned i = 0; i < threads; i++) {
		struct worker *w = &workers[i];
		if (clone && i)
			w->ctx = kdump_clone(workers[0].ctx, 0);
		else if (open_dump(&w->ctx, path, cache))
			return 1;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	unsigned threads = 1;
	bool clone = false;
	uint64_t cache = 0;
	struct job job = {.piece = 64 << 10};
	struct worker workers[MAX_THREADS];
	int option;
	while ((option = getopt(argc, argv, "t:p:c:ks")) != -1) {
		if (option == 't')
			threads = (unsigned)atoi(optarg);
		else if (option == 'p')
			job.piece = (size_t)atol(optarg) & ~(size_t)(PAGE - 1);
		else if (option == 'c')
			cache = (uint64_t)atol(optarg);
		else if (option == 'k')
			clone = true;
		else if (option == 's')
			job.sum = true;
		else
			return 2;
	}
	if (optind + 1 != argc || !threads || threads > MAX_THREADS || !job.piece)
		return 2;
	struct moment begin = moment_now();
	if (set_up(workers, threads, clone, argv[optind], cache) || page_map(&job, workers[0].ctx))
		return 1;
	struct moment opened = moment_now();
	for (unsigned i = 0; i < threads; i++)
		workers[i].job = &job;
	for (unsigned i = 1; i < threads; i++)
		pthread_create(&workers[i].id, NULL, work, &workers[i]);
	work(&workers[0]);
	for (unsigned i = 1; i < threads; i++)
		pthread_join(workers[i].id, NULL);
	print_result(begin, opened, job.bytes, job.failed, job.total);
	return 0;
}
