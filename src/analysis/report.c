/* Building the report out of the tables, and the findings that follow from them directly. */
#include "analysis/report.h"

#include <stdio.h>
#include <string.h>

#include "analysis/census_tables.h"
#include "analysis/tables.h"
#include "base/text.h"

/* --- what the log says about memory running out -------------------------------------------- */

static const struct column event_columns[] = {
	[EVENT_TIME] = {"time_ns", "TIME", "nanoseconds since boot", COL_TIME_NS},
	[EVENT_KIND] = {"kind", "KIND", "invoked, killed, memcg, panic, oops, allocation"},
	[EVENT_TEXT] = {"text", "MESSAGE", "the log's line"},
};
const struct table_spec events_spec = {
	.key = "log_events",
	.title = "What happened",
	.help = "lines of the kernel log about memory running out, panics and oopses",
	.columns = event_columns,
	.nr_columns = ARRAY_SIZE(event_columns),
};

/* LOGS: the first words of these lines since 2.6; " invoked oom-killer" follows the task's name. */
static const struct event_pattern {
	const char *kind, *text;
	bool anywhere;
} patterns[] = {
	{"invoked", " invoked oom-killer: ", true},
	{"memcg", "Memory cgroup out of memory: "},
	{"killed", "Out of memory: "},
	{"killed", "Out of memory ("},
	{"killed", "Killed process "},
	{"killed", "oom_reaper: reaped process "},
	{"panic", "Kernel panic - not syncing: "},
	{"allocation", ": page allocation failure: ", true},
	{"oops", "BUG: "},
	{"oops", "kernel BUG at "},
	{"oops", "Oops: "},
};

static const struct event_pattern *match_event(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const struct event_pattern *p = &patterns[i];
		if (p->anywhere ? strstr(text, p->text) != NULL
				: !strncmp(text, p->text, strlen(p->text)))
			return p;
	}
	return NULL;
}

static struct table *events_of_log(const struct table *log)
{
	struct table *t = table_new(&events_spec);
	for (size_t i = 0; log && i < table_nr_rows(log); i++) {
		const struct value *row = table_row(log, i);
		const struct event_pattern *p =
			row[LOG_TEXT].state == VALUE_KNOWN ? match_event(row[LOG_TEXT].text) : NULL;
		if (!p)
			continue;
		table_add(t);
		table_set(t, EVENT_TIME, row[LOG_TIME].u);
		table_set_text(t, EVENT_KIND, p->kind);
		table_set_textn(t, EVENT_TEXT, row[LOG_TEXT].text,
				strcspn(row[LOG_TEXT].text, "\n"));
	}
	return t;
}

static u64 count_events(const struct table *events, const char *kind)
{
	u64 n = 0;
	for (size_t i = 0; i < table_nr_rows(events); i++)
		n += !strcmp(table_row(events, i)[EVENT_KIND].text, kind);
	return n;
}

/* --- findings ------------------------------------------------------------------------------ */

static void findings_of_events(const struct report *r)
{
	char evidence[200];
	u64 invoked = count_events(r->events, "invoked"),
	    killed = count_events(r->events, "killed"), memcg = count_events(r->events, "memcg"),
	    failures = count_events(r->events, "allocation");
	if (invoked && !r->oom.events) { /* else its reports were read, and say more */
		snprintf(
			evidence, sizeof(evidence),
			"%llu time%s in the log; lines that tell of kills: %llu, of kills within a cgroup's limit: %llu",
			(unsigned long long)invoked, invoked == 1 ? "" : "s",
			(unsigned long long)killed, (unsigned long long)memcg);
		finding_add(r->findings, SEVERITY_CRITICAL, "oom", "The OOM killer ran", evidence,
			    "memwho dmesg DUMP shows the whole reports");
	}
	if (failures) {
		snprintf(evidence, sizeof(evidence), "%llu time%s in the log",
			 (unsigned long long)failures, failures == 1 ? "" : "s");
		finding_add(r->findings, SEVERITY_WARNING, "allocation_failure",
			    "Allocations of pages failed", evidence, NULL);
	}
}

static void findings_of_zones(const struct report *r)
{
	for (size_t i = 0; r->zones && i < table_nr_rows(r->zones); i++) {
		const struct value *z = table_row(r->zones, i);
		char title[120], evidence[200];
		if (strcmp(z[ZONE_BELOW].text, "min") || !z[ZONE_MANAGED].u)
			continue;
		snprintf(title, sizeof(title), "Zone %s of node %llu is below its min watermark",
			 z[ZONE_NAME].text, (unsigned long long)z[ZONE_NODE].u);
		snprintf(evidence, sizeof(evidence),
			 "%llu pages free, min %llu, low %llu, high %llu",
			 (unsigned long long)z[ZONE_FREE].u, (unsigned long long)z[ZONE_MIN].u,
			 (unsigned long long)z[ZONE_LOW].u, (unsigned long long)z[ZONE_HIGH].u);
		finding_add(r->findings, SEVERITY_WARNING, "zone_below_min", title, evidence, NULL);
	}
}

/*
 * Classes that are rarely this large on a healthy machine, with the thresholds that others use:
 * slab 30 % and page tables 2 % are Oracle memstate's, 10 % unaccounted too.
 */
static const struct class_limit {
	const char *key, *title, *next_step;
	double share; /* of managed pages */
} class_limits[] = {
	{"slab", "Slab caches hold much of the memory", "memwho slabs DUMP shows which", 0.30},
	{"large_kmalloc", "Large kmalloc() blocks hold much of the memory", NULL, 0.10},
	{"page_table", "Page tables hold much of the memory",
	 "many processes that map one large segment: think of huge pages", 0.02},
	{"vmalloc", "vmalloc holds much of the memory", NULL, 0.10},
	{"percpu", "Per-cpu memory holds much of the memory", "dead cgroups are a frequent reason",
	 0.10},
	{"shmem", "tmpfs and shared memory hold much of the memory",
	 "memwho mounts DUMP shows how much each tmpfs holds", 0.30},
	{"kernel_unknown", "Much memory is in use by the kernel, and nothing tells by whom",
	 "memwho census DUMP --by unknown shows what these pages look like", 0.10},
};

/*
 * kernel_unknown holds the pages of classes that are not known, too: then it says nothing of
 * drivers.
 */
static bool all_classes_known(const struct table *classes)
{
	for (size_t i = 0; i < table_nr_rows(classes); i++) {
		if (table_row(classes, i)[CLASS_PAGES].state != VALUE_KNOWN)
			return false;
	}
	return true;
}

static void findings_of_census(const struct report *r)
{
	if (!r->census)
		return;
	const struct value *census = table_row(r->census, 0);
	const struct table *classes = census[CENSUS_CLASSES].table;
	bool all_known = all_classes_known(classes);
	u64 managed = census[CENSUS_MANAGED].u, page_size = census[CENSUS_PAGE_SIZE].u;
	for (size_t i = 0; i < table_nr_rows(classes); i++) {
		const struct value *row = table_row(classes, i);
		for (size_t j = 0;
		     row[CLASS_PAGES].state == VALUE_KNOWN && j < ARRAY_SIZE(class_limits); j++) {
			const struct class_limit *limit = &class_limits[j];
			char evidence[200], bytes[16];
			double share = managed ? (double)row[CLASS_PAGES].u / (double)managed : 0;
			if (strcmp(limit->key, row[CLASS_KEY].text) || share < limit->share ||
			    (!all_known && !strcmp(limit->key, "kernel_unknown")))
				continue;
			snprintf(
				evidence, sizeof(evidence),
				"%s, %.1f %% of the memory that the kernel manages (a sign from %.0f %% on)",
				text_bytes(bytes, row[CLASS_PAGES].u * page_size), 100 * share,
				100 * limit->share);
			char key[64];
			snprintf(key, sizeof(key), "large_%s", limit->key);
			finding_add(r->findings, SEVERITY_WARNING, key, limit->title, evidence,
				    limit->next_step);
		}
	}
}

static u64 count_unreadable(const struct kernel *k, enum read_status why)
{
	u64 n = 0;
	for (size_t i = 0; i < k->unreadable.n; i++)
		n += k->unreadable.v[i].why == why ? k->unreadable.v[i].count : 0;
	return n;
}

static void findings_of_source(const struct report *r, struct image *image, const struct kernel *k)
{
	const struct image_info *info = image_info(image);
	char evidence[200], bytes[16];
	if (!info->complete) {
		snprintf(evidence, sizeof(evidence),
			 "%s are missing; what lies there is unreadable, all else is reported",
			 info->missing_bytes ? text_bytes(bytes, info->missing_bytes) : "parts");
		finding_add(r->findings, SEVERITY_WARNING, "dump_incomplete",
			    "The dump is incomplete", evidence,
			    "was the disk full, or the time of the dump service up?");
	}
	u64 excluded = k ? count_unreadable(k, READ_EXCLUDED) : 0;
	if (excluded) {
		snprintf(
			evidence, sizeof(evidence),
			"%llu things that the kernel uses lie in pages that the dump level left out",
			(unsigned long long)excluded);
		finding_add(
			r->findings, SEVERITY_WARNING, "kernel_pages_excluded",
			"The dump lacks pages of the kernel itself", evidence,
			"makedumpfile took pages of this kernel for free or user memory (it is often older than the kernel): try a newer one, or a lower level (-d 1)");
	}
	if (k && k->vmcoreinfo_found_by_scan)
		finding_add(r->findings, SEVERITY_NOTE, "vmcoreinfo_scanned",
			    "The dump has no VMCOREINFO note",
			    "it was found in the kernel's own memory", NULL);
	if (k && k->online_cleared_by_panic)
		finding_add(r->findings, SEVERITY_NOTE, "cpus_stopped_by_panic",
			    "The panic took CPUs offline",
			    "what they held in per-cpu lists and counters is counted all the same",
			    NULL);
	if (k && k->types && !k->has_data_symbols)
		finding_add(
			r->findings, SEVERITY_NOTE, "no_data_symbols",
			"The kernel's own symbol table has only functions",
			"built without CONFIG_KALLSYMS_ALL: what is not exported has no known address; figures that need it are unknown",
			"give the kernel's System.map (--map FILE) or vmlinux (--vmlinux FILE) for them");
	if (k && !k->types)
		finding_add(
			r->findings, SEVERITY_CRITICAL, "no_types",
			"The kernel's types are not known: most of the report is missing",
			k->types_why,
			info->complete
				? "the same kernel's /sys/kernel/btf/vmlinux, or its vmlinux with debuginfo, has them: --vmlinux FILE"
				: "what is cut off can't be had back: copy the dump again");
}

/* --- the whole ----------------------------------------------------------------------------- */

/*
 * A builder that failed leaves its reason, and a finding; without types nearly all is missing, and
 * one finding says that.
 */
static struct table *part(struct report *r, struct table *table, const char *key,
			  const struct kernel *k, struct error *error)
{
	if (!table) {
		char title[64];
		*vec_push(&r->missing) =
			(struct missing_part){key, arena_strdup(&r->arena, error->text)};
		snprintf(title, sizeof(title), "%s can't be told", key);
		if (k->types)
			finding_add(r->findings, SEVERITY_NOTE, "not_known", title, error->text,
				    NULL);
	}
	error->text[0] = '\0';
	return table;
}

const char *report_why_missing(const struct report *r, const char *key)
{
	for (size_t i = 0; i < r->missing.n; i++) {
		if (!strcmp(r->missing.v[i].key, key))
			return r->missing.v[i].why;
	}
	return NULL;
}

enum { REPORT_FILES = 100 };

/*
 * From the page frames; when these can't be looked at, from the kernel's counters, and a finding
 * says why.
 */
static void build_census(struct report *r, struct kernel *k, const struct report_options *options)
{
	const struct census_options how = {.nr_threads = options->nr_threads,
					   .progress = options->progress};
	struct error error = ERROR_INIT;
	struct census census;
	if (census_take(&census, k, &how, &error) == 0) {
		r->census = census_record(&census, r->findings);
		r->files = census_by_file(&census, REPORT_FILES);
		r->vmalloc = census_by_caller(&census);
		r->cgroups = part(r, census_by_cgroup(&census, &error), "cgroups", k, &error);
		census_done(&census);
		return;
	}
	static const char *const need_pages[] = {"files", "cgroups", "vmalloc"};
	for (size_t i = 0; i < ARRAY_SIZE(need_pages); i++)
		*vec_push(&r->missing) =
			(struct missing_part){need_pages[i], arena_strdup(&r->arena, error.text)};
	if (k->types)
		finding_add(r->findings, SEVERITY_WARNING, "census_by_counters",
			    "Page frames can't be looked at: the census is by the kernel's counters",
			    error.text, NULL);
	r->census = part(r, census_table(k, r->findings, &error), "census", k, &error);
}

static void build_kernel_parts(struct report *r, struct kernel *k,
			       const struct report_options *options)
{
	struct error error = ERROR_INIT;
	r->system = system_table(k);
	r->log = part(r, log_table(k, NULL, &error), "log", k, &error);
	if (oom_tables_of_dump(&r->oom, k, r->findings, &error))
		part(r, NULL, oom_events_spec.key, k, &error);
	build_census(r, k, options);
	r->zones = part(r, zones_table(k, &error), "zones", k, &error);
	r->tasks = part(r, tasks_table(k, false, &error), "tasks", k, &error);
	r->slabs = part(r, slabs_table(k, &error), "slabs", k, &error);
	r->modules = part(r, modules_table(k, &error), "modules", k, &error);
	r->swaps = part(r, swaps_table(k, &error), "swaps", k, &error);
	r->hugetlb = part(r, hugetlb_table(k, &error), "hugetlb", k, &error);
	r->mounts = part(r, mounts_table(k, &error), "mounts", k, &error);
}

void report_build(struct report *r, struct image *image, struct kernel *k, const char *const *paths,
		  size_t nr_paths, const struct report_options *options, const char *boot_error)
{
	const struct image_info *info = image_info(image);
	*r = (struct report){.findings = table_new(&findings_spec)};
	r->source = source_table(image, paths, nr_paths);
	if (k)
		build_kernel_parts(r, k, options);
	else
		finding_add(r->findings, SEVERITY_CRITICAL, "no_kernel",
			    "The dump's kernel can't be found", boot_error,
			    info->complete
				    ? NULL
				    : "what is cut off can't be had back: copy the dump again");
	r->events = events_of_log(r->log);
	findings_of_events(r);
	findings_of_zones(r);
	findings_of_census(r);
	findings_of_source(r, image, k);
	r->unreadable = k ? unreadable_table(k) : table_new(&unreadable_spec);
}

void report_done(struct report *r)
{
	struct table *const tables[] = {r->source, r->system,  r->census,   r->zones,	  r->tasks,
					r->slabs,  r->modules, r->swaps,    r->hugetlb,	  r->mounts,
					r->log,	   r->events,  r->findings, r->unreadable,
					r->files,  r->cgroups, r->vmalloc};
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (tables[i])
			table_free(tables[i]);
	}
	oom_tables_done(&r->oom);
	vec_done(&r->missing);
	arena_done(&r->arena);
}
