/*
 * What this machine can do at best: limits memcpy | pread FILE | codec FILE, with -t THREADS.
 *
 *	memcpy	64 KiB pieces of a large buffer into a small one
 *	pread	64 KiB pieces of a file that is in the page cache
 *	codec	kdump-compressed files: every page's packed bytes lie in memory already, in order, and are
 *		unpacked one by one into a small buffer; the page of zeros that many descriptors share
 *		costs a memset().  No look-ups, no system calls: a reader of pages cannot be faster.
 *		libdeflate for zlib, minilzo's LZO1X for lzo, memcpy() for pages that are not packed.
 *
 * The header is read here as in the makedumpfile documentation, not through memwho's code.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libdeflate.h>
#include <lzo/lzo1x.h>

#include "bench/clock.h"

enum { MAX_THREADS = 64, PIECE = 64 << 10, PAGE = 4096, ZLIB = 1, LZO = 2 };
static const uint64_t STRETCH = 16 << 20, MEMCPY_BYTES = 1 << 30;

struct desc {
	uint64_t offset;
	uint32_t size, flags;
	uint64_t page_flags;
};

struct job {
	const uint8_t *bytes;
	uint64_t size; /* of bytes */
	int fd;
	const struct desc *descs;
	uint64_t zero_offset; /* of the descriptor most others share */
	uint64_t end, next;   /* bytes, or descriptors */
	uint64_t stretch;
	void (*work)(struct job *job, uint64_t from, uint64_t to, uint8_t *buffer,
		     struct libdeflate_decompressor *inflater);
	uint64_t failed;
};

static void work_memcpy(struct job *job, uint64_t from, uint64_t to, uint8_t *buffer,
			struct libdeflate_decompressor *inflater)
{
	for (; from < to; from += PIECE) {
		memcpy(buffer, job->bytes + from, PIECE);
		__asm__ volatile("" : : "r"(buffer) : "memory");
	}
}

static void work_pread(struct job *job, uint64_t from, uint64_t to, uint8_t *buffer,
		       struct libdeflate_decompressor *inflater)
{
	for (; from < to; from += PIECE) {
		if (pread(job->fd, buffer, PIECE, (off_t)from) <= 0)
			job->failed++;
	}
}

static bool unpack(const struct job *job, const struct desc *d, uint8_t *page,
		   struct libdeflate_decompressor *inflater)
{
	const uint8_t *packed = job->bytes + d->offset;
	lzo_uint got = PAGE;
	if (d->size > PAGE || d->offset > job->size || d->size > job->size - d->offset)
		return false;
	if (d->offset == job->zero_offset)
		memset(page, 0, PAGE);
	else if (d->flags & ZLIB)
		return !libdeflate_zlib_decompress(inflater, packed, d->size, page, PAGE, NULL);
	else if (d->flags & LZO)
		return lzo1x_decompress_safe(packed, d->size, page, &got, NULL) == LZO_E_OK;
	else
		memcpy(page, packed, PAGE);
	return true;
}

static void work_codec(struct job *job, uint64_t from, uint64_t to, uint8_t *buffer,
		       struct libdeflate_decompressor *inflater)
{
	for (; from < to; from++) {
		if (!unpack(job, &job->descs[from], buffer + from % (PIECE / PAGE) * PAGE, inflater))
			__atomic_add_fetch(&job->failed, 1, __ATOMIC_RELAXED);
	}
}

static void *thread(void *arg)
{
	struct job *job = arg;
	uint8_t *buffer = malloc(PIECE);
	struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
	uint64_t at;
	while ((at = __atomic_fetch_add(&job->next, job->stretch, __ATOMIC_RELAXED)) < job->end)
		job->work(job, at, job->end - at < job->stretch ? job->end : at + job->stretch, buffer,
			  inflater);
	libdeflate_free_decompressor(inflater);
	free(buffer);
	return NULL;
}

static void run(struct job *job, unsigned threads)
{
	pthread_t ids[MAX_THREADS];
	for (unsigned i = 1; i < threads; i++)
		pthread_create(&ids[i], NULL, thread, job);
	thread(job);
	for (unsigned i = 1; i < threads; i++)
		pthread_join(ids[i], NULL);
}

static bool map_file(struct job *job, const char *path)
{
	struct stat st;
	job->fd = open(path, O_RDONLY);
	if (job->fd < 0 || fstat(job->fd, &st))
		return false;
	job->size = (uint64_t)st.st_size;
	job->bytes = mmap(NULL, job->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, job->fd, 0);
	return job->bytes != MAP_FAILED;
}

static uint32_t u32_at(const struct job *job, uint64_t offset)
{
	uint32_t value;
	memcpy(&value, job->bytes + offset, sizeof(value));
	return value;
}

/* disk_dump_header: block_size at 428, sub_hdr_size 432, bitmap_blocks 436; then the 2nd bitmap's bits. */
static bool find_descs(struct job *job)
{
	if (job->size < PAGE || memcmp(job->bytes, "KDUMP   ", 8) || u32_at(job, 428) != PAGE)
		return false;
	uint64_t bitmaps = (1 + (uint64_t)u32_at(job, 432)) * PAGE;
	uint64_t half = (uint64_t)u32_at(job, 436) * PAGE / 2, descs = bitmaps + 2 * half;
	for (uint64_t i = bitmaps + half; i < descs && descs <= job->size; i++)
		job->end += (uint64_t)__builtin_popcount(job->bytes[i]);
	job->descs = (const struct desc *)(job->bytes + descs);
	return descs <= job->size && job->end <= (job->size - descs) / sizeof(struct desc);
}

/* Two descriptors with the same offset: the page of zeros. */
static void find_zero(struct job *job)
{
	for (uint64_t i = 0; i + 1 < job->end && !job->zero_offset; i++) {
		if (job->descs[i].offset == job->descs[i + 1].offset)
			job->zero_offset = job->descs[i].offset;
	}
}

static bool set_up(struct job *job, const char *what, const char *path)
{
	job->stretch = STRETCH;
	if (!strcmp(what, "memcpy")) {
		uint8_t *memory = malloc(MEMCPY_BYTES);
		memset(memory, 1, MEMCPY_BYTES);
		job->bytes = memory;
		job->end = MEMCPY_BYTES;
		job->work = work_memcpy;
		return true;
	}
	if (!path || !map_file(job, path))
		return false;
	job->end = job->size;
	job->work = work_pread;
	if (!strcmp(what, "pread"))
		return true;
	job->end = 0;
	job->stretch = STRETCH / PAGE;
	job->work = work_codec;
	if (strcmp(what, "codec") || !find_descs(job))
		return false;
	find_zero(job);
	return true;
}

int main(int argc, char *argv[])
{
	unsigned threads = 1;
	struct job job = {0};
	int option;
	while ((option = getopt(argc, argv, "t:")) != -1) {
		if (option != 't')
			return 2;
		threads = (unsigned)atoi(optarg);
	}
	if (optind == argc || !threads || threads > MAX_THREADS ||
	    !set_up(&job, argv[optind], argv[optind + 1])) {
		fprintf(stderr, "limits: memcpy, pread FILE or codec KDUMP-FILE\n");
		return 2;
	}
	struct moment begin = moment_now();
	run(&job, threads);
	print_result(begin, begin, job.descs ? job.end * PAGE : job.end, job.failed, 0);
	return 0;
}
