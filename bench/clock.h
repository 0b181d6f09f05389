/* The line that readbench, kdumpfilebench and limits end with, and the clocks for it. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct moment {
	double wall, cpu;
};

static inline double clock_seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline struct moment moment_now(void)
{
	return (struct moment){clock_seconds(CLOCK_MONOTONIC), clock_seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static inline void print_result(struct moment begin, struct moment opened, uint64_t bytes, uint64_t failed,
				uint64_t sum)
{
	struct moment end = moment_now();
	printf("open_s %.6f open_cpu_s %.6f read_s %.6f read_cpu_s %.6f bytes %llu failed %llu sum %016llx\n",
	       opened.wall - begin.wall, opened.cpu - begin.cpu, end.wall - opened.wall, end.cpu - opened.cpu,
	       (unsigned long long)bytes, (unsigned long long)failed, (unsigned long long)sum);
}

#endif
