/*
 * oomlog_json [FILE]: what the log parser reads from a text, as JSON with the keys that the corpus
 *of real logs uses (test/oomlog/run compares them).  Absent: not known.
 *
 *	--cut	the text may begin and end inside of a line
 *	--all	tasks, zones and nodes too
 */
#include <stdio.h>

#include "oomlog/oomlog.h"
#include "sink/json_writer.h"

struct output {
	struct json_writer events, failures, dumps, notices;
	bool all;
};

static void put_text(struct json_writer *w, const char *key, const char *text)
{
	if (!text)
		return;
	json_key(w, key);
	json_text(w, text);
}

static void put_number(struct json_writer *w, const char *key, struct known k)
{
	if (!k.known)
		return;
	json_key(w, key);
	json_s64(w, k.value);
}

static void put_flag(struct json_writer *w, const char *key, bool flag)
{
	if (!flag)
		return;
	json_key(w, key);
	json_bool(w, true);
}

static void put_time(struct json_writer *w, const struct oom_time *time)
{
	if (!time->uptime && !time->wall && !time->kmsg_usec && !time->realtime_usec)
		return;
	json_key(w, "time");
	json_object_begin(w);
	put_text(w, "uptime", time->uptime);
	put_text(w, "wall", time->wall);
	put_text(w, "kmsg_usec", time->kmsg_usec);
	put_text(w, "realtime_usec", time->realtime_usec);
	json_object_end(w);
}

static void put_trigger(struct json_writer *w, const struct oom_origin *o)
{
	if (!o->comm && !o->pid.known)
		return;
	json_key(w, "trigger");
	json_object_begin(w);
	put_text(w, "comm", o->comm);
	put_number(w, "pid", o->pid);
	json_object_end(w);
}

static void put_mem(struct json_writer *w, const struct oom_meminfo *info)
{
	for (int i = 0; i < OOM_MEM_N; i++)
		put_number(w, oom_mem_keys[i], info->mem[i]);
	put_number(w, "page_size_kb", info->page_size_kb);
}

static void put_victim(struct json_writer *w, const struct oom_victim *v)
{
	json_object_begin(w);
	put_number(w, "pid", v->pid);
	put_text(w, "comm", v->comm);
	put_number(w, "uid", v->uid);
	put_number(w, "total_vm_kb", v->total_vm_kb);
	put_number(w, "anon_rss_kb", v->anon_rss_kb);
	put_number(w, "file_rss_kb", v->file_rss_kb);
	put_number(w, "shmem_rss_kb", v->shmem_rss_kb);
	put_number(w, "pgtables_kb", v->pgtables_kb);
	put_number(w, "swap_kb", v->swap_kb);
	put_number(w, "score", v->score);
	put_number(w, "oom_score_adj", v->oom_score_adj);
	put_number(w, "free_pages", v->free_pages);
	put_number(w, "gen", v->generation);
	if (v->has_parent) {
		json_key(w, "chosen_parent");
		json_object_begin(w);
		put_number(w, "pid", v->parent_pid);
		put_text(w, "comm", v->parent_comm);
		put_number(w, "score", v->parent_score);
		json_object_end(w);
	}
	json_object_end(w);
}

static void put_limits(struct json_writer *w, const struct oom_event *e)
{
	bool any = false;
	for (int i = 0; i < OOM_LIMIT_N; i++)
		any = any || e->memcg[i].shown;
	if (!any)
		return;
	json_key(w, "memcg");
	json_object_begin(w);
	for (int i = 0; i < OOM_LIMIT_N; i++) {
		if (!e->memcg[i].shown)
			continue;
		json_key(w, oom_limit_keys[i]);
		json_object_begin(w);
		put_number(w, "usage_kb", e->memcg[i].usage_kb);
		put_number(w, "limit_kb", e->memcg[i].limit_kb);
		put_number(w, "failcnt", e->memcg[i].failcnt);
		json_object_end(w);
	}
	json_object_end(w);
}

static void put_pids(struct json_writer *w, const char *key, const s64 *v, size_t n)
{
	if (!n)
		return;
	json_key(w, key);
	json_array_begin(w);
	for (size_t i = 0; i < n; i++)
		json_s64(w, v[i]);
	json_array_end(w);
}

static void put_tasks(struct json_writer *w, const struct oom_event *e)
{
	json_key(w, "tasks");
	json_array_begin(w);
	for (size_t i = 0; i < e->tasks.n; i++) {
		json_object_begin(w);
		put_text(w, "name", e->tasks.v[i].name);
		for (int f = 0; f < OOM_TASK_N; f++)
			put_number(w, oom_task_words[f], e->tasks.v[i].field[f]);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_zone(struct json_writer *w, const struct oom_zone *zone)
{
	json_object_begin(w);
	json_key(w, "node");
	json_s64(w, zone->node);
	put_text(w, "name", zone->name);
	for (int f = 0; f < OOM_ZONE_N; f++)
		put_number(w, oom_zone_words[f], zone->field[f]);
	json_key(w, "reserve");
	json_array_begin(w);
	for (u32 i = 0; i < zone->nr_reserve; i++)
		json_s64(w, zone->reserve[i].value);
	json_array_end(w);
	json_key(w, "buddy");
	json_array_begin(w);
	for (u32 i = 0; i < zone->nr_orders; i++)
		json_s64(w, zone->order[i].blocks.value);
	json_array_end(w);
	put_number(w, "buddy_total_kb", zone->buddy_total_kb);
	json_object_end(w);
}

static void put_memory_rows(struct json_writer *w, const struct oom_meminfo *info)
{
	json_key(w, "zones");
	json_array_begin(w);
	for (size_t i = 0; i < info->zones.n; i++)
		put_zone(w, &info->zones.v[i]);
	json_array_end(w);
	json_key(w, "nodes");
	json_array_begin(w);
	for (size_t i = 0; i < info->nodes.n; i++) {
		json_object_begin(w);
		json_key(w, "node");
		json_s64(w, info->nodes.v[i].node);
		for (int f = 0; f < OOM_NODE_N; f++)
			put_number(w, oom_node_words[f], info->nodes.v[i].field[f]);
		json_object_end(w);
	}
	json_array_end(w);
	json_key(w, "slabs");
	json_u64(w, info->slabs.n);
	json_key(w, "alloc_tags");
	json_u64(w, info->alloc_tags.n);
	json_key(w, "hugepages");
	json_u64(w, info->hugepages.n);
}

static void put_event(void *arg, const struct oom_event *e)
{
	struct output *out = arg;
	struct json_writer *w = &out->events;
	static const char *const kinds[] = {"unknown",	 "global",	   "memcg", "cpuset",
					    "mempolicy", "other",	   "sysrq", "openvz",
					    "userspace", "lowmemorykiller"};
	json_object_begin(w);
	json_key(w, "kind");
	json_text(w, kinds[e->kind]);
	put_flag(w, "header_missing", e->header_missing);
	put_time(w, &e->time);
	put_trigger(w, &e->trigger);
	put_text(w, "gfp_mask", e->gfp_mask);
	put_number(w, "order", e->order);
	put_text(w, "nodemask", e->nodemask);
	put_number(w, "trigger_oom_score_adj", e->trigger_oom_score_adj);
	put_number(w, "trigger_oom_adj", e->trigger_oom_adj);
	put_number(w, "trigger_oomkilladj", e->trigger_oomkilladj);
	put_text(w, "kernel", e->trigger.kernel);
	put_text(w, "arch", e->trigger.arch);
	put_text(w, "constraint", e->constraint);
	put_text(w, "oom_memcg", e->oom_memcg);
	put_text(w, "task_memcg", e->task_memcg);
	put_text(w, "memcg_stats_path", e->memcg_stats_path);
	put_limits(w, e);
	put_mem(w, &e->info);
	json_key(w, "victims");
	json_array_begin(w);
	for (size_t i = 0; i < e->victims.n; i++)
		put_victim(w, &e->victims.v[i]);
	json_array_end(w);
	if (e->has_chosen) {
		json_key(w, "chosen");
		json_object_begin(w);
		put_number(w, "pid", e->chosen.pid);
		put_text(w, "comm", e->chosen.comm);
		put_number(w, "score", e->chosen.score);
		json_object_end(w);
	}
	put_number(w, "ve", e->ve);
	put_flag(w, "group_kill", e->group_kill);
	put_flag(w, "no_killable", e->no_killable);
	put_flag(w, "panic", e->panic);
	put_flag(w, "sysrq", e->sysrq);
	put_pids(w, "reaped_pids", e->reaped_pids.v, e->reaped_pids.n);
	put_pids(w, "sharing_mm_killed", e->sharing_mm_killed.v, e->sharing_mm_killed.n);
	json_key(w, "ended");
	json_text(w, oom_ended_keys[e->ended]);
	json_key(w, "printed_copies");
	json_u64(w, e->printed_copies);
	json_key(w, "lines");
	json_u64(w, e->lines);
	json_key(w, "unknown_lines");
	json_u64(w, e->unknown_lines);
	json_key(w, "unknown");
	json_array_begin(w);
	for (size_t i = 0; i < e->unknown.n; i++)
		json_text(w, e->unknown.v[i].text);
	json_array_end(w);
	json_key(w, "first_line");
	json_u64(w, e->span.first_line);
	json_key(w, "last_line");
	json_u64(w, e->span.last_line);
	json_key(w, "nr_tasks");
	json_u64(w, e->tasks.n);
	json_key(w, "tasks_damaged");
	json_u64(w, e->tasks_damaged);
	if (out->all) {
		put_tasks(w, e);
		put_memory_rows(w, &e->info);
	}
	json_object_end(w);
}

static void put_failure(void *arg, const struct oom_failure *f)
{
	struct output *out = arg;
	struct json_writer *w = &out->failures;
	json_object_begin(w);
	put_text(w, "comm", f->trigger.comm);
	put_number(w, "pid", f->trigger.pid);
	put_text(w, "kind", oom_failure_keys[f->kind]);
	put_time(w, &f->time);
	put_number(w, "order", f->order);
	put_text(w, "mode", f->mode);
	put_text(w, "kernel", f->trigger.kernel);
	put_text(w, "arch", f->trigger.arch);
	put_number(w, "vmalloc_bytes", f->vmalloc_bytes);
	put_mem(w, &f->info);
	if (out->all)
		put_memory_rows(w, &f->info);
	json_object_end(w);
}

static void put_dump(void *arg, const struct oom_show_mem *dump)
{
	struct output *out = arg;
	struct json_writer *w = &out->dumps;
	json_object_begin(w);
	put_time(w, &dump->time);
	put_mem(w, &dump->info);
	json_key(w, "first_line");
	json_u64(w, dump->span.first_line);
	if (out->all)
		put_memory_rows(w, &dump->info);
	json_object_end(w);
}

static void put_notice(void *arg, const struct oom_notice *notice)
{
	struct output *out = arg;
	struct json_writer *w = &out->notices;
	json_object_begin(w);
	put_text(w, "kind", oom_notice_keys[notice->kind]);
	put_text(w, "text", notice->text);
	put_text(w, "victim", notice->victim);
	put_number(w, "pid", notice->pid);
	json_object_end(w);
}

struct list {
	char *text;
	size_t size;
	FILE *file;
};

static struct json_writer list_open(struct list *list)
{
	list->file = open_memstream(&list->text, &list->size);
	struct json_writer w = json_writer_to(list->file, false);
	json_array_begin(&w);
	return w;
}

static void list_close(struct list *list, struct json_writer *w, const char *key, const char *end)
{
	json_array_end(w);
	json_done(w, NULL);
	fclose(list->file);
	printf("\"%s\":%s%s\n", key, list->text, end);
	free(list->text);
}

static void read_text(struct oomlog *log, FILE *in, bool cut)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	for (u64 number = 1; (n = getline(&line, &room, in)) > 0; number++) {
		bool whole = line[n - 1] == '\n';
		oomlog_feed(log, &(struct oomlog_line){.text = line,
						       .len = (size_t)n - whole,
						       .number = number,
						       .cut_start = cut && number == 1,
						       .cut_end = !whole});
	}
	free(line);
	oomlog_finish(log);
}

int main(int argc, char **argv)
{
	struct list lists[4];
	bool cut = false;
	struct output out = {.events = list_open(&lists[0]),
			     .failures = list_open(&lists[1]),
			     .dumps = list_open(&lists[2]),
			     .notices = list_open(&lists[3])};
	struct oomlog_options options = {&out, put_event, put_failure, put_dump, put_notice, 0};
	FILE *in = stdin;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--cut") == 0)
			cut = true;
		else if (strcmp(argv[i], "--all") == 0)
			out.all = true;
		else if (!(in = fopen(argv[i], "r")))
			return 3;
	}
	struct oomlog *log = oomlog_new(&options);
	read_text(log, in, cut);
	oomlog_free(log);
	fputs("{", stdout);
	list_close(&lists[0], &out.events, "events", ",");
	list_close(&lists[1], &out.failures, "alloc_failures", ",");
	list_close(&lists[2], &out.dumps, "show_mem", ",");
	list_close(&lists[3], &out.notices, "notices", "}");
	return 0;
}
