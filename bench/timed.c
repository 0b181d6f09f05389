/*
 * Runs a program and says what it cost: timed [-i STDIN] [-o STDOUT] PROGRAM ARGUMENTS...
 *
 * One line on standard error: wall, time to the first byte of output, user and system CPU (all in
 * microseconds, children included), peak RSS in KiB, exit status.  Small itself: what a parent weighs
 * before exec() counts as the child's peak RSS, so Python can't measure this.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long tv_us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static int fail(const char *what)
{
	fprintf(stderr, "timed: %s: %s\n", what, strerror(errno));
	return 125;
}

static void become(const char *input, int output, char *const argv[])
{
	int in = open(input, O_RDONLY);
	if (in < 0 || dup2(in, 0) < 0 || dup2(output, 1) < 0)
		_exit(fail(input));
	execvp(argv[0], argv);
	_exit(fail(argv[0]));
}

/* Copies until the pipe ends; returns when the first byte came, 0 when none did. */
static long long drain(int from, int to)
{
	char buffer[65536];
	long long first = 0;
	ssize_t n;
	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		if (!first)
			first = now_us();
		if (write(to, buffer, (size_t)n) != n)
			break;
	}
	return first;
}

int main(int argc, char *argv[])
{
	const char *input = "/dev/null", *output = "/dev/null";
	int option, pipes[2], status;
	while ((option = getopt(argc, argv, "+i:o:")) != -1) {
		if (option == 'i')
			input = optarg;
		else if (option == 'o')
			output = optarg;
		else
			return 125;
	}
	int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (out < 0 || optind == argc || pipe2(pipes, O_CLOEXEC))
		return fail(output);
	long long begin = now_us();
	pid_t pid = fork();
	if (!pid)
		become(input, pipes[1], argv + optind);
	close(pipes[1]);
	long long first = drain(pipes[0], out);
	struct rusage usage;
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return fail("wait4");
	fprintf(stderr, "timed %lld %lld %lld %lld %ld %d\n", now_us() - begin, first ? first - begin : -1,
		tv_us(usage.ru_utime), tv_us(usage.ru_stime), usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
