// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hog - take memory and keep it.
 *
 *	hog [-r] [-n NAME] [-a OOM_SCORE_ADJ] [-f FILE] [-p PORT] [-t THREADS] MEGABYTES|all
 *
 * Takes anonymous memory (or, with -f, maps that much of FILE shared), writes into each page so
 * that it is really there, then sleeps for ever.  "all" goes on until the kernel stops it.
 * With -p it says "FACT NAME_pid=.. " and so on there when done.  Each page begins with a number
 * of its own, so pages differ as those of real programs do, and yet compress well; with -r half of
 * each page does not compress.  Memory is taken in pieces of 2 MB, which suits hugetlbfs too.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PIECE (2UL << 20)

static void *sleep_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int set_oom_score_adj(const char *value)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return -1;
	return close(fd);
}

static void fill_page(char *at, long size, uint64_t number, int noisy)
{
	static const char text[] = "memory of a hog ";
	static uint64_t state = 88172645463325252;

	*(uint64_t *)at = number;
	for (long i = 16; i < size; i += 512)
		memcpy(at + i, text, sizeof(text));
	for (uint64_t *word = (uint64_t *)(at + size / 2); noisy && word < (uint64_t *)(at + size); word++) {
		state ^= state << 13; /* Marsaglia's xorshift */
		state ^= state >> 7;
		state ^= state << 17;
		*word = state;
	}
}

static int take_piece(int fd, unsigned long index, int noisy)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
		       fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd,
		       fd < 0 ? 0 : index * PIECE);

	if (p == MAP_FAILED)
		return -1;
	for (char *at = p; at < p + PIECE; at += page)
		fill_page(at, page, index * PIECE + (at - p), noisy);
	return 0;
}

static void start_threads(int nr)
{
	pthread_t thread;

	for (; nr > 0; nr--)
		pthread_create(&thread, NULL, sleep_for_ever, NULL);
}

static void say_done(const char *port, const char *name, unsigned long taken)
{
	char text[200];
	int fd = open(port, O_WRONLY | O_NOCTTY);
	int n = snprintf(text, sizeof(text), "FACT %s_pid=%d\nFACT %s_mb=%lu\n", name, getpid(),
			 name, taken);

	if (fd >= 0 && write(fd, text, n) == n)
		close(fd);
}

int main(int argc, char **argv)
{
	const char *name = "hog", *port = NULL;
	unsigned long want, i;
	int fd = -1, threads = 0, noisy = 0, opt;

	while ((opt = getopt(argc, argv, "rn:a:f:p:t:")) != -1) {
		if (opt == 'n')
			name = optarg;
		else if (opt == 'p')
			port = optarg;
		else if (opt == 'r')
			noisy = 1;
		else if (opt == 't')
			threads = atoi(optarg);
		else if (opt == 'a' && set_oom_score_adj(optarg))
			return perror("hog: oom_score_adj"), 1;
		else if (opt == 'f' && (fd = open(optarg, O_RDWR)) < 0)
			return perror("hog: file"), 1;
		else if (opt == '?')
			return 2;
	}
	if (optind + 1 != argc)
		return 2;
	prctl(PR_SET_NAME, name);
	want = strcmp(argv[optind], "all") ? (strtoul(argv[optind], NULL, 0) + 1) / 2 : ~0UL;
	for (i = 0; i < want && take_piece(fd, i, noisy) == 0; i++)
		;
	start_threads(threads);
	if (port)
		say_done(port, name, i * 2);
	sleep_for_ever(NULL);
	return 0;
}
