/*
 * The machine and the crash: names, times, panic, taint.
 */
#ifndef OBJECT_SYSTEM_H
#define OBJECT_SYSTEM_H

#include "kernel/kernel.h"

enum { MAX_TAINT_FLAGS = 32 };

struct system_facts {
	char release[65], version[65], hostname[65], machine[65]; /* "" when not known */
	bool has_time;
	s64 crash_time, boot_time; /* Unix time, seconds; crash_time: when the dump was taken */
	u64 uptime_s;
	bool panicked; /* panic_cpu is set, or the log says so */
	bool panic_known;
	char panic[256]; /* what follows "Kernel panic - not syncing: " in the log, or an oops'
			    first line; "" when none */
	u32 cpus_possible, cpus_online, cpus_present;
	bool has_taint;
	const char *taint[MAX_TAINT_FLAGS]; /* one sentence each */
	char taint_letters[MAX_TAINT_FLAGS + 1];
	u32 nr_taint;
	char command_line[2048]; /* "" when not known */
};

void system_read(struct kernel *k, struct system_facts *facts);

/*
 * Sentences for the bits of a taint mask (of the kernel, or of one module); returns how many were
 * written.
 */
u32 taint_describe(u64 mask, const char *sentences[static MAX_TAINT_FLAGS],
		   char letters[static MAX_TAINT_FLAGS + 1]);

#endif
