/*
 * System facts.
 *
 * Times come from the timekeeper (kernel/time/timekeeping.c): xtime_sec is the wall clock of the
 * last tick, wall_to_monotonic and offs_boot lead from it to time since boot.  A CPU that hung
 * takes the clock with it, so a CRASHTIME in VMCOREINFO (written when the crash kernel starts) is
 * preferred for the moment of the crash.
 */
#include "object/system.h"

#include <stdio.h>
#include <string.h>

#include "object/printk.h"

/* Documentation/admin-guide/tainted-kernels.rst; bit order of include/linux/panic.h. */
static const struct {
	char letter;
	const char *sentence;
} taint_flags[] = {
	{'P', "proprietary module was loaded"},
	{'F', "module was force loaded"},
	{'S', "kernel running on an out of specification system"},
	{'R', "module was force unloaded"},
	{'M', "processor reported a machine check exception"},
	{'B', "bad page referenced or some unexpected page flags"},
	{'U', "taint requested by userspace application"},
	{'D', "kernel died recently (oops or BUG)"},
	{'A', "ACPI table overridden by user"},
	{'W', "kernel issued warning"},
	{'C', "staging driver was loaded"},
	{'I', "workaround for bug in platform firmware applied"},
	{'O', "externally-built (out-of-tree) module was loaded"},
	{'E', "unsigned module was loaded"},
	{'L', "soft lockup occurred"},
	{'K', "kernel has been live patched"},
	{'X', "auxiliary taint, defined for and used by distros"},
	{'T', "kernel was built with the struct randomization plugin"},
	{'N', "an in-kernel test has been run"},
	{'J', "userspace used a mutating debug operation in fwctl"},
};

u32 taint_describe(u64 mask, const char *sentences[static MAX_TAINT_FLAGS],
		   char letters[static MAX_TAINT_FLAGS + 1])
{
	u32 n = 0;
	for (size_t bit = 0; bit < ARRAY_SIZE(taint_flags); bit++) {
		if (!(mask >> bit & 1))
			continue;
		sentences[n] = taint_flags[bit].sentence;
		letters[n++] = taint_flags[bit].letter;
	}
	letters[n] = '\0';
	return n;
}

static void read_names(struct kernel *k, struct system_facts *f)
{
	u64 uts;
	snprintf(f->release, sizeof(f->release), "%s", k->release);
	if (kernel_global(k, init_uts_ns, &uts) || !kernel_has(k, uts_name))
		return;
	u64 name = kernel_member(k, uts, uts_name);
	kernel_get_text(k, name, uts_version, f->version, sizeof(f->version));
	kernel_get_text(k, name, uts_nodename, f->hostname, sizeof(f->hostname));
	kernel_get_text(k, name, uts_machine, f->machine, sizeof(f->machine));
	if (!f->release[0])
		kernel_get_text(k, name, uts_release, f->release, sizeof(f->release));
}

/*
 * tk_core is a sequence counter and then a timekeeper; the pair has had a type of its own only
 * since 6.13.
 */
enum { NS_PER_S = 1000000000 };

static u64 timekeeper_kva(struct kernel *k)
{
	u64 core, size;
	if (kernel_global(k, timekeeper_core, &core))
		return 0;
	if (kernel_has(k, tk_data_timekeeper))
		return kernel_member(k, core, tk_data_timekeeper);
	return core + align_up(kernel_size(k, seqcount_size, &size) ? 8 : size, 8);
}

static void read_times(struct kernel *k, struct system_facts *f)
{
	u64 tk = timekeeper_kva(k), now, to_monotonic, offs_boot = 0, shifted_ns = 0, shift = 0,
	    monotonic_ns = 0;
	const char *crash_time = vmcoreinfo_text(&k->vmcoreinfo, "CRASHTIME");
	s64 crashed = crash_time ? strtoll(crash_time, NULL, 10) : 0;
	if (tk && kernel_get(k, tk, tk_xtime_sec, &now) == READ_OK &&
	    kernel_get(k, tk, tk_wall_to_monotonic_sec, &to_monotonic) == READ_OK) {
		kernel_get(k, tk, tk_offs_boot, &offs_boot);
		f->crash_time = crashed ? crashed : (s64)now;
		if (kernel_get(k, tk, tk_xtime_nsec, &shifted_ns) || kernel_get(k, tk, tk_shift, &shift) ||
		    kernel_get(k, tk, tk_wall_to_monotonic_nsec, &monotonic_ns) || shift > 63)
			shifted_ns = shift = monotonic_ns = 0;
		/* Parts of a second add up: offs_boot and wall_to_monotonic have some of their own. */
		s64 parts_ns =
			(s64)(shifted_ns >> shift) + (s64)monotonic_ns + (s64)offs_boot % NS_PER_S;
		s64 uptime = f->crash_time + (s64)to_monotonic + (s64)offs_boot / NS_PER_S +
			     parts_ns / NS_PER_S;
		f->boot_time = f->crash_time - uptime;
		f->uptime_s = uptime > 0 ? (u64)uptime : 0;
		f->has_time = uptime >= 0;
	}
}

struct panic_search {
	struct system_facts *facts;
	bool oops;
};

static bool starts_with(const struct log_record *r, const char *prefix)
{
	size_t len = strlen(prefix);
	return r->text_len >= len && !memcmp(r->text, prefix, len);
}

static void take_line(struct system_facts *f, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	if (end)
		len = (size_t)(end - text);
	snprintf(f->panic, sizeof(f->panic), "%.*s", (int)u64_min(len, sizeof(f->panic) - 1), text);
}

/* The first panic decides; before one, the last oops (it is what led to the dump). */
static bool look_for_panic(void *arg, const struct log_record *r)
{
	static const char panic[] = "Kernel panic - not syncing: ";
	static const char *const oopses[] = {"BUG: ",
					     "Oops: ",
					     "kernel BUG at ",
					     "general protection fault",
					     "sysrq: Trigger a crash",
					     "Unable to handle kernel",
					     "Internal error: "};
	struct panic_search *s = arg;
	if (starts_with(r, panic)) {
		take_line(s->facts, r->text + sizeof(panic) - 1, r->text_len - (sizeof(panic) - 1));
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(oopses); i++) {
		if (starts_with(r, oopses[i]))
			take_line(s->facts, r->text, r->text_len);
	}
	return true;
}

static void read_panic(struct kernel *k, struct system_facts *f)
{
	struct panic_search search = {.facts = f};
	u64 cpu;
	if (kernel_variable(k, panic_cpu, 4, &cpu) == READ_OK) {
		f->panic_known = true;
		f->panicked = (u32)cpu != UINT32_MAX; /* PANIC_CPU_INVALID */
	}
	printk_for_each(k, look_for_panic, &search, NULL, NULL);
	if (f->panic_known && !f->panicked)
		f->panic[0] = '\0'; /* an oops that the machine survived is no panic */
	if (!f->panic_known && f->panic[0])
		f->panicked = true;
}

static u32 mask_weight(const struct cpumask *mask)
{
	u32 n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(mask->bits); i++)
		n += (u32)__builtin_popcountll(mask->bits[i]);
	return n;
}

void system_read(struct kernel *k, struct system_facts *f)
{
	u64 mask, line;
	*f = (struct system_facts){0};
	read_names(k, f);
	read_times(k, f);
	read_panic(k, f);
	f->cpus_possible = mask_weight(&k->possible);
	f->cpus_online = mask_weight(&k->online);
	f->cpus_present = mask_weight(&k->present);
	if (kernel_variable(k, tainted_mask, 8, &mask) == READ_OK) {
		f->has_taint = true;
		f->nr_taint = taint_describe(mask, f->taint, f->taint_letters);
	}
	if (kernel_variable(k, saved_command_line, 8, &line) == READ_OK)
		kernel_read_text(k, line, f->command_line, sizeof(f->command_line));
}
