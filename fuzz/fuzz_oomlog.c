/*
 * OOM logs: the input is a text; its first byte says how it is cut into lines and whether it is fed
 * as records.  Everything that comes out is read, so that what points outside is noticed.
 */
#include "oomlog/oomlog.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static size_t length(const char *s)
{
	return s ? strlen(s) : 0;
}

static void use_info(const struct oom_meminfo *info, size_t *sum)
{
	for (size_t i = 0; i < info->zones.n; i++)
		*sum += length(info->zones.v[i].name) + info->zones.v[i].nr_orders;
	for (size_t i = 0; i < info->slabs.n; i++)
		*sum += length(info->slabs.v[i].name);
	for (size_t i = 0; i < info->alloc_tags.n; i++)
		*sum += length(info->alloc_tags.v[i].file) + length(info->alloc_tags.v[i].module);
}

static void use_event(void *arg, const struct oom_event *e)
{
	size_t *sum = arg;
	use_info(&e->info, sum);
	*sum += length(e->trigger.comm) + length(e->gfp_mask) + length(e->oom_memcg) +
		length(e->time.wall);
	for (size_t i = 0; i < e->tasks.n; i++)
		*sum += length(e->tasks.v[i].name);
	for (size_t i = 0; i < e->victims.n; i++)
		*sum += length(e->victims.v[i].comm) + length(e->victims.v[i].parent_comm);
	for (size_t i = 0; i < e->memcg_stats.n; i++)
		*sum += length(e->memcg_stats.v[i].name) + length(e->memcg_stats.v[i].path);
	for (size_t i = 0; i < e->unknown.n; i++)
		*sum += length(e->unknown.v[i].text);
}

static void use_failure(void *arg, const struct oom_failure *f)
{
	use_info(&f->info, arg);
	*(size_t *)arg += length(f->mode) + length(f->trigger.comm);
}

static void use_dump(void *arg, const struct oom_show_mem *dump)
{
	use_info(&dump->info, arg);
}

static void use_notice(void *arg, const struct oom_notice *notice)
{
	*(size_t *)arg += length(notice->text) + length(notice->victim);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	size_t sum = 0;
	struct oomlog_options options = {&sum, use_event, use_failure, use_dump, use_notice, 4096};
	if (!size)
		return 0;
	bool records = data[0] == 'R';
	struct oomlog *log = oomlog_new(&options);
	const char *text = (const char *)data, *end = text + size;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = newline ? (size_t)(newline - text) : (size_t)(end - text);
		if (records)
			oomlog_feed_record(log,
					   &(struct oomlog_record){.text = text,
								   .len = n,
								   .uptime_us = {(s64)sum, true},
								   .caller = "T1"});
		else
			oomlog_feed(log, &(struct oomlog_line){
						 .text = text, .len = n, .cut_end = !newline});
		sum += oomlog_idle(log);
		text += n + (newline != NULL);
	}
	oomlog_finish(log);
	oomlog_free(log);
	return 0;
}
