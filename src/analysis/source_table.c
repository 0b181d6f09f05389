/* The records "source" (the file) and "system" (the machine in it). */
#include <stdio.h>

#include "analysis/tables.h"
#include "object/system.h"
#include "object/zone.h"

static const struct column source_columns[] = {
	[SOURCE_PATH] = {"path", "file", "the file, or the files of a split dump", COL_LIST},
	[SOURCE_KIND] = {"kind", "kind", "elf, kdump, flattened, proc-vmcore, raw"},
	[SOURCE_DESCRIPTION] = {"description", "format",
				"container, compression and shape in words"},
	[SOURCE_DUMP_LEVEL] = {"dump_level", "dump level",
			       "makedumpfile's -d: what was left out on purpose", COL_COUNT},
	[SOURCE_COMPLETE] = {"complete", "complete", "no part of the file is missing", COL_BOOL},
	[SOURCE_MISSING_PAGES] = {"missing_pages", "missing pages",
				  "pages that lie past the end of a truncated file", COL_COUNT},
	[SOURCE_MISSING_BYTES] = {"missing_bytes", "missing",
				  "bytes that the headers promise past the end of the file",
				  COL_BYTES},
	[SOURCE_FILE_BYTES] = {"file_bytes", "size of the file",
			       "as it lies on disk, all files together", COL_BYTES},
};

const struct table_spec source_spec = {
	.key = "source",
	.title = "Source",
	.help = "the dump that was read",
	.columns = source_columns,
	.nr_columns = ARRAY_SIZE(source_columns),
};

static u64 missing_pages(struct image *image)
{
	const struct image_info *info = image_info(image);
	u64 page = info->page_size ? info->page_size : 4096, end = info->max_pfn * page,
	    missing = 0;
	for (u64 paddr = 0; paddr < end;) {
		u64 run;
		if (image_state(image, paddr, &run) == READ_TRUNCATED)
			missing += u64_min(run, end - paddr) / page;
		paddr += run ? run : page;
	}
	return missing;
}

struct table *source_table(struct image *image, const char *const *paths, size_t nr_paths)
{
	const struct image_info *info = image_info(image);
	struct table *t = table_new(&source_spec);
	table_add(t);
	table_set_list(t, SOURCE_PATH, paths, nr_paths);
	table_set_text(t, SOURCE_KIND, info->kind);
	table_set_text(t, SOURCE_DESCRIPTION, info->description);
	if (info->dump_level >= 0)
		table_set(t, SOURCE_DUMP_LEVEL, (u64)info->dump_level);
	else
		table_set_unknown(t, SOURCE_DUMP_LEVEL, "this container does not record it");
	table_set(t, SOURCE_COMPLETE, info->complete);
	table_set(t, SOURCE_MISSING_PAGES, info->complete ? 0 : missing_pages(image));
	table_set(t, SOURCE_MISSING_BYTES, info->missing_bytes);
	table_set(t, SOURCE_FILE_BYTES, info->file_bytes);
	return t;
}

static const struct column system_columns[] = {
	[SYSTEM_RELEASE] = {"release", "kernel", "release of the kernel (uname -r)"},
	[SYSTEM_VERSION] = {"version", "version", "build of the kernel (uname -v)"},
	[SYSTEM_ARCH] = {"arch", "machine", "x86_64 or aarch64"},
	[SYSTEM_HOSTNAME] = {"hostname", "host", "node name"},
	[SYSTEM_BOOT_TIME] = {"boot_time", "booted", "when the kernel started", COL_UNIX_TIME},
	[SYSTEM_CRASH_TIME] = {"crash_time", "dumped", "when it crashed, or the dump was taken",
			       COL_UNIX_TIME},
	[SYSTEM_UPTIME_S] = {"uptime_s", "uptime, s", "from boot to dump, time asleep included",
			     COL_COUNT},
	[SYSTEM_CPUS] = {"cpus", "CPUs", "possible CPUs: those whose per-cpu data counts",
			 COL_COUNT},
	[SYSTEM_CPUS_PRESENT] = {"cpus_present", "present",
				 "CPUs that are there; the other possible ones are empty slots",
				 COL_COUNT},
	[SYSTEM_CPUS_ONLINE] = {"cpus_online", "online",
				"still online when dumped (a panic stops the others)", COL_COUNT},
	[SYSTEM_PAGE_SIZE] = {"page_size", "page size", "of the kernel", COL_BYTES},
	[SYSTEM_RAM_BYTES] = {"ram_bytes", "RAM", "present pages of all zones", COL_BYTES},
	[SYSTEM_PANICKED] = {"panicked", "panicked", "the kernel was panicking when dumped",
			     COL_BOOL},
	[SYSTEM_PANIC] = {"panic", "panic", "its message, from the log", .flags = COLUMN_OPTIONAL},
	[SYSTEM_CMDLINE] = {"cmdline", "command line", "of the kernel"},
	[SYSTEM_TAINTED] = {"tainted", "tainted", "why the kernel is tainted", COL_LIST},
	[SYSTEM_BUILD_ID] = {"build_id", "build-id", "of the kernel, to find its debuginfo by"},
};

const struct table_spec system_spec = {
	.key = "system",
	.title = "System",
	.help = "the machine and its crash",
	.columns = system_columns,
	.nr_columns = ARRAY_SIZE(system_columns),
};

static void set_times(struct table *t, const struct system_facts *f)
{
	static const char why[] = "the timekeeper (tk_core) can't be read";
	if (!f->has_time) {
		table_set_unknown(t, SYSTEM_BOOT_TIME, why);
		table_set_unknown(t, SYSTEM_CRASH_TIME, why);
		table_set_unknown(t, SYSTEM_UPTIME_S, why);
		return;
	}
	table_set(t, SYSTEM_BOOT_TIME, (u64)f->boot_time);
	table_set(t, SYSTEM_CRASH_TIME, (u64)f->crash_time);
	table_set(t, SYSTEM_UPTIME_S, f->uptime_s);
}

static void set_text_or_unknown(struct table *t, unsigned column, const char *text, const char *why)
{
	if (text && text[0])
		table_set_text(t, column, text);
	else
		table_set_unknown(t, column, why);
}

struct table *system_table(struct kernel *k)
{
	struct system_facts *f = mem_alloc(sizeof(*f));
	struct table *t = table_new(&system_spec);
	struct vmstat vmstat;
	system_read(k, f);
	table_add(t);
	set_text_or_unknown(t, SYSTEM_RELEASE, f->release, "VMCOREINFO has no OSRELEASE");
	set_text_or_unknown(t, SYSTEM_VERSION, f->version, "init_uts_ns can't be read");
	table_set_text(t, SYSTEM_ARCH, k->arch->name);
	set_text_or_unknown(t, SYSTEM_HOSTNAME, f->hostname, "init_uts_ns can't be read");
	set_times(t, f);
	table_set_status(t, SYSTEM_CPUS, k->cpus_known ? READ_OK : READ_ABSENT, f->cpus_possible);
	table_set_status(t, SYSTEM_CPUS_PRESENT, k->cpus_known ? READ_OK : READ_ABSENT,
			 f->cpus_present);
	table_set_status(t, SYSTEM_CPUS_ONLINE, k->cpus_known ? READ_OK : READ_ABSENT,
			 f->cpus_online);
	table_set(t, SYSTEM_PAGE_SIZE, k->page_size);
	if (vmstat_read(k, &vmstat, NULL) == 0)
		table_set(t, SYSTEM_RAM_BYTES, vmstat.present_pages * k->page_size);
	else
		table_set_unknown(t, SYSTEM_RAM_BYTES, "the zones can't be read");
	if (f->panic_known || f->panicked)
		table_set(t, SYSTEM_PANICKED, f->panicked);
	else
		table_set_unknown(t, SYSTEM_PANICKED, "panic_cpu can't be read");
	if (f->panic[0])
		table_set_text(t, SYSTEM_PANIC, f->panic);
	set_text_or_unknown(t, SYSTEM_CMDLINE, f->command_line, "saved_command_line can't be read");
	if (f->has_taint)
		table_set_list(t, SYSTEM_TAINTED, f->taint, f->nr_taint);
	else
		table_set_unknown(t, SYSTEM_TAINTED, "tainted_mask can't be read");
	set_text_or_unknown(t, SYSTEM_BUILD_ID, k->build_id,
			    "VMCOREINFO has none (kernels before 5.9)");
	free(f);
	return t;
}
