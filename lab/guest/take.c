// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * take - take memory of one kind and keep it.
 *
 *	take [-n NAME] [-p PORT] KIND NUMBER [NUMBER|FILE]
 *
 * KIND is a row of the table at the end.  What was taken is exact: with -p it says "FACT
 *NAME_..=.." there, as many as the kind has figures.  Then it makes the file /tmp/NAME.done, for
 *the script that waits, and sleeps for ever.  Memory is filled with pages that all differ (but for
 *ksm, whose processes have the same pages).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#define MB (1UL << 20)
#define HUGE_PAGE (2 * MB)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *name = "take";
static int port = -1;
static long page_size;

__attribute__((noreturn)) static void die(const char *what)
{
	char text[200];
	int n = snprintf(text, sizeof(text), "FAIL %s: %s: %m\n", name, what);

	if (port < 0 || write(port, text, n) < 0)
		perror(what);
	exit(1);
}

__attribute__((format(printf, 2, 3))) static void fact(const char *key, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	int n = snprintf(text, sizeof(text), "FACT %s_%s=", name, key);

	va_start(ap, fmt);
	n += vsnprintf(text + n, sizeof(text) - n - 1, fmt, ap);
	va_end(ap);
	text[n++] = '\n';
	if (port >= 0 && write(port, text, n) < 0)
		exit(1);
}

static void say_done(void)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/tmp/%s.done", name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		die(path);
	close(fd);
}

static void *map(size_t bytes, int flags, int fd)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void *sleep_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* Writes into each page: its number, and where it is. */
static void fill(char *p, size_t bytes, uint64_t first)
{
	for (size_t at = 0; at < bytes; at += page_size) {
		*(uint64_t *)(p + at) = first + at / page_size + 1;
		strcpy(p + at + 16, "memory that was taken");
	}
}

static unsigned long read_all(volatile const char *p, size_t bytes)
{
	unsigned long sum = 0;

	for (size_t at = 0; at < bytes; at += page_size)
		sum += p[at];
	return sum;
}

/* --- memory that processes share -------------------------------------------------------------- */

/* Children that touch every page and stay; each says so through a pipe before this returns. */
static void share(char *p, size_t bytes, unsigned long nr)
{
	int ready[2];
	char c = 0;

	if (pipe(ready))
		die("pipe");
	for (unsigned long i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		read_all(p, bytes);
		if (write(ready[1], &c, 1) != 1)
			die("write");
		close(ready[0]);
		close(ready[1]);
		sleep_for_ever(NULL);
	}
	for (unsigned long i = 0; i < nr; i++)
		if (read(ready[0], &c, 1) != 1)
			die("read");
	close(ready[0]);
	close(ready[1]);
}

static void take_shared(unsigned long nr, const char *mb)
{
	size_t bytes = strtoul(mb, NULL, 0) * MB;
	char *p = map(bytes, MAP_SHARED | MAP_ANONYMOUS, -1);

	fill(p, bytes, 0);
	share(p, bytes, nr - 1);
	fact("processes", "%lu", nr);
	fact("pages", "%zu", bytes / page_size);
}

static void take_memfd(unsigned long mb, const char *unused)
{
	int fd = memfd_create(name, 0);

	(void)unused;
	if (fd < 0 || ftruncate(fd, mb * MB))
		die("memfd");
	fill(map(mb * MB, MAP_SHARED, fd), mb * MB, 0);
	fact("pages", "%lu", mb * MB / page_size);
}

static void take_sysv(unsigned long mb, const char *unused)
{
	int id = shmget(IPC_PRIVATE, mb * MB, 0600);
	char *p = id < 0 ? NULL : shmat(id, NULL, 0);

	(void)unused;
	if (!p || p == (void *)-1)
		die("shm");
	fill(p, mb * MB, 0);
	fact("pages", "%lu", mb * MB / page_size);
	fact("shmid", "%d", id);
}

/* Maps a file and reads each page of its first megabytes. */
static void take_file(unsigned long mb, const char *path)
{
	int fd = open(path, O_RDONLY);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, mb * MB, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		die(path);
	read_all(p, mb * MB);
	fact("mapped_pages", "%lu", mb * MB / page_size);
}

/* Writes past the page cache, in pieces of 64 KiB; may block for ever. */
static void take_direct(unsigned long mb, const char *path)
{
	size_t piece = 65536;
	char *buf = map(piece, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int fd = open(path, O_WRONLY | O_DIRECT);

	fill(buf, piece, 0);
	for (unsigned long at = 0; at < mb * MB; at += piece)
		if (fd < 0 || write(fd, buf, piece) != (ssize_t)piece)
			die(path);
	fact("bytes", "%lu", mb * MB);
}

/* --- anonymous memory of its kinds ------------------------------------------------------------ */

/* Anonymous memory that begins at a huge page; advice is given before a page is touched. */
static char *anonymous(size_t bytes, int advice)
{
	char *p = map(bytes + HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	p = (char *)(((uintptr_t)p + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	if (madvise(p, bytes, advice))
		die("madvise");
	return p;
}

static void take_mlock(unsigned long mb, const char *unused)
{
	char *p = anonymous(mb * MB, MADV_NOHUGEPAGE);

	(void)unused;
	fill(p, mb * MB, 0);
	if (mlock(p, mb * MB))
		die("mlock");
	fact("pages", "%lu", mb * MB / page_size);
}

static void take_thp(unsigned long mb, const char *unused)
{
	char line[200];
	unsigned long kib = 0, sum = 0;
	FILE *smaps;

	(void)unused;
	fill(anonymous(mb * MB, MADV_HUGEPAGE), mb * MB, 0);
	smaps = fopen("/proc/self/smaps_rollup", "r");
	while (smaps && fgets(line, sizeof(line), smaps))
		if (sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			sum += kib;
	if (smaps)
		fclose(smaps);
	fact("pages", "%lu", mb * MB / page_size);
	fact("huge_pages", "%lu", sum * 1024 / page_size);
}

/* NR processes with the same pages each; ksmd merges them when it runs. */
static void take_ksm(unsigned long mb, const char *nr)
{
	unsigned long processes = strtoul(nr, NULL, 0);
	pid_t child = 1;
	char *p;

	for (unsigned long i = 1; i < processes && child; i++)
		child = fork();
	p = anonymous(mb * MB, MADV_NOHUGEPAGE);
	fill(p, mb * MB, 1000000);
	if (madvise(p, mb * MB, MADV_MERGEABLE))
		die("MADV_MERGEABLE");
	if (!child)
		sleep_for_ever(NULL);
	fact("pages", "%lu", mb * MB / page_size);
	fact("processes", "%lu", processes);
}

static void take_hugetlb(unsigned long pages, const char *unused)
{
	(void)unused;
	fill(map(pages * HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1),
	     pages * HUGE_PAGE, 0);
	fact("huge_pages", "%lu", pages);
}

/* Half of each page does not compress. */
static void make_noise(char *p, size_t bytes)
{
	static uint64_t state = 88172645463325252;

	for (uint64_t *word = (uint64_t *)p; word < (uint64_t *)(p + bytes); word++) {
		if (((uintptr_t)word & (page_size / 2)) == 0)
			continue;
		state ^= state << 13; /* Marsaglia's xorshift */
		state ^= state >> 7;
		state ^= state << 17;
		*word = state;
	}
}

/* Swaps its memory out, then reads the first megabytes of it again. */
static void page_out(unsigned long mb, size_t back, int noisy)
{
	char *p = anonymous(mb * MB, MADV_NOHUGEPAGE);

	fill(p, mb * MB, 0);
	if (noisy)
		make_noise(p, mb * MB);
	if (madvise(p, mb * MB, MADV_PAGEOUT))
		die("MADV_PAGEOUT");
	sleep(1);
	read_all(p, back);
	fact("pages", "%lu", mb * MB / page_size);
	fact("read_again_pages", "%zu", back / page_size);
}

static void take_swapped(unsigned long mb, const char *back_mb)
{
	page_out(mb, strtoul(back_mb, NULL, 0) * MB, 0);
}

static void take_noisy(unsigned long mb, const char *back_mb)
{
	page_out(mb, strtoul(back_mb, NULL, 0) * MB, 1);
}

static void stay_alive(int unused)
{
	(void)unused;
}

/* Pages that the kernel is told to be broken: every second of them.  Newer kernels send SIGBUS at
 * once. */
static void take_poisoned(unsigned long nr, const char *unused)
{
	char *p = anonymous(2 * nr * page_size, MADV_NOHUGEPAGE);

	(void)unused;
	signal(SIGBUS, stay_alive);
	fill(p, 2 * nr * page_size, 0);
	for (unsigned long i = 0; i < nr; i++)
		if (madvise(p + 2 * i * page_size, page_size, MADV_HWPOISON))
			die("MADV_HWPOISON");
	fact("pages", "%lu", nr);
}

/* --- kernel memory that processes hold ---------------------------------------------------------
 */

static void take_threads(unsigned long nr, const char *unused)
{
	pthread_attr_t attr;
	pthread_t thread;

	(void)unused;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 4 * page_size + 65536);
	for (unsigned long i = 0; i < nr; i++)
		if (pthread_create(&thread, &attr, sleep_for_ever, NULL))
			die("pthread_create");
	fact("threads", "%lu", nr + 1);
}

static void allow_files(unsigned long nr)
{
	struct rlimit limit = {nr + 64, nr + 64};

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");
}

/* Pipes full of whole pages, every tenth of four times the usual size. */
static void take_pipes(unsigned long nr, const char *unused)
{
	unsigned long pages = 0;
	char *page = aligned_alloc(page_size, page_size);
	int ends[2];

	(void)unused;
	allow_files(2 * nr);
	for (unsigned long i = 0; i < nr; i++) {
		if (pipe2(ends, O_NONBLOCK))
			die("pipe");
		if (i % 10 == 0 && fcntl(ends[1], F_SETPIPE_SZ, 64 * page_size) < 0)
			die("F_SETPIPE_SZ");
		memset(page, 'p', page_size);
		while (write(ends[1], page, page_size) == page_size)
			pages++;
	}
	fact("pipes", "%lu", nr);
	fact("pages", "%lu", pages);
}

/* --- sockets with data that nobody reads ---------------------------------------------------------
 */

static void pair_tcp(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (void *)&address, len) || listen(listener, 1) ||
	    getsockname(listener, (void *)&address, &len))
		die("listen");
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(ends[0], (void *)&address, len))
		die("connect");
	ends[1] = accept(listener, NULL, NULL);
	close(listener);
}

static void pair_udp(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	ends[0] = socket(AF_INET, SOCK_DGRAM, 0);
	ends[1] = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(ends[1], (void *)&address, len) || getsockname(ends[1], (void *)&address, &len) ||
	    connect(ends[0], (void *)&address, len))
		die("udp");
}

static void pair_unix(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		die("socketpair");
}

/* Sends pieces until so many bytes are sent or no more go in; returns how many. */
static unsigned long stuff(int ends[2], size_t piece, size_t bytes)
{
	char *buf = malloc(piece);
	size_t sent = 0;

	memset(buf, 's', piece);
	while (sent < bytes) {
		ssize_t n = send(ends[0], buf, piece, MSG_DONTWAIT);

		if (n <= 0)
			break;
		sent += n;
	}
	free(buf);
	return sent;
}

/* FILE is the number of bytes for each socket. */
static void take_sockets(unsigned long nr, const char *each, void (*pair)(int ends[2]),
			 size_t piece)
{
	unsigned long sum = 0;
	int ends[2];

	allow_files(2 * nr);
	for (unsigned long i = 0; i < nr; i++) {
		pair(ends);
		sum += stuff(ends, piece, strtoul(each, NULL, 0));
	}
	fact("sockets", "%lu", 2 * nr);
	fact("bytes", "%lu", sum);
}

static void take_tcp(unsigned long nr, const char *bytes)
{
	take_sockets(nr, bytes, pair_tcp, 8192);
}

static void take_udp(unsigned long nr, const char *bytes)
{
	take_sockets(nr, bytes, pair_udp, 1400);
}

static void take_unix(unsigned long nr, const char *bytes)
{
	take_sockets(nr, bytes, pair_unix, 65536);
}

/* --- the table ----------------------------------------------------------------------------------
 */

static const struct {
	const char *name, *help;
	void (*take)(unsigned long number, const char *second);
	int operands;
} takers[] = {
	{"shared", "NR MB: processes that map and touch one anonymous shared segment", take_shared,
	 2},
	{"memfd", "MB", take_memfd, 1},
	{"sysv", "MB: a System V segment", take_sysv, 1},
	{"file", "MB FILE: mapped, each page read", take_file, 2},
	{"direct", "MB FILE: written to a disk past the page cache", take_direct, 2},
	{"mlock", "MB: locked", take_mlock, 1},
	{"thp", "MB: with MADV_HUGEPAGE", take_thp, 1},
	{"ksm", "MB NR: processes of the same pages", take_ksm, 2},
	{"hugetlb", "NR: anonymous huge pages of 2 MB", take_hugetlb, 1},
	{"swapped", "MB BACK: paged out, the first BACK MB read again", take_swapped, 2},
	{"noisy", "MB BACK: the same, half of each page does not compress", take_noisy, 2},
	{"poisoned", "NR: pages that are poisoned", take_poisoned, 1},
	{"threads", "NR: besides the first", take_threads, 1},
	{"pipes", "NR: full ones", take_pipes, 1},
	{"tcp", "NR BYTES: pairs, so much sent on each", take_tcp, 2},
	{"udp", "NR BYTES", take_udp, 2},
	{"unix", "NR BYTES", take_unix, 2},
};

int main(int argc, char **argv)
{
	size_t i;
	int opt;

	page_size = sysconf(_SC_PAGESIZE);
	while ((opt = getopt(argc, argv, "n:p:")) != -1) {
		if (opt == 'n')
			name = optarg;
		else if (opt == 'p')
			port = open(optarg, O_WRONLY | O_NOCTTY);
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	for (i = 0; i < ARRAY_SIZE(takers); i++)
		if (argc && strcmp(argv[0], takers[i].name) == 0)
			break;
	if (i == ARRAY_SIZE(takers) || argc != 1 + takers[i].operands)
		return 2;
	prctl(PR_SET_NAME, name);
	takers[i].take(strtoul(argv[1], NULL, 0), argc > 2 ? argv[2] : NULL);
	fact("pid", "%d", getpid());
	say_done();
	sleep_for_ever(NULL);
	return 0;
}
