/*
 * Suspects from a log: who held most of the memory in the newest event that shows it.
 *
 * A log shows sizes.  That is one proof; a second one is needed for more than "possible": the
 * kernel's dump of caches that agrees with the slab counter, an allocation tag, the cgroup's own
 * counter at its limit, or growth between two events.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/oom_context.h"
#include "base/text.h"

/* --- collecting ----------------------------------------------------------------------------- */

struct work {
	struct oom_context *c;
	const struct oom_analysis *a;
	s64 page_kb;
	s64 base_kb; /* what shares are of: managed memory, or the cgroup's limit */
	const char *base;
};

static const char *kb_text(struct work *w, s64 kb)
{
	char buffer[16];
	return arena_strdup(&w->c->suspects_arena, text_bytes(buffer, (u64)s64_max(0, kb) << 10));
}

static struct oom_suspect *add(struct work *w, const char *kind, const char *what, s64 kb,
			       int metric, const char *next_step)
{
	struct oom_context *c = w->c;
	if (c->nr_suspects == MOST_SUSPECTS)
		return &c->suspects[MOST_SUSPECTS - 1];
	struct oom_suspect *s = &c->suspects[c->nr_suspects++];
	struct arena *arena = &c->suspects_arena;
	*s = (struct oom_suspect){
		.kind = kind,
		.what = arena_strdup(arena, what ? what : "?"),
		.bytes = kb << 10,
		.metric = metric,
		.next_step = next_step,
	};
	const char *share = w->base_kb > 0 ? arena_printf(arena, ", %.0f %% of %s (%s)",
							  100.0 * (double)kb / (double)w->base_kb,
							  w->base, kb_text(w, w->base_kb))
					   : "";
	s->proofs[s->nr_proofs++] =
		(struct oom_proof){"size", arena_printf(arena, "%s%s", kb_text(w, kb), share)};
	return s;
}

static void prove(struct oom_suspect *s, const char *kind, const char *text)
{
	if (s->nr_proofs < ARRAY_SIZE(s->proofs))
		s->proofs[s->nr_proofs++] = (struct oom_proof){kind, text};
}

/*
 * Classes that are rarely this large: the report of a dump uses the same limits.  percent is of the
 * managed pages.
 */
static const struct class_limit {
	enum oom_class class;
	int percent;
	const char *kind, *what;
	int metric;
	const char *next_step;
} limits[] = {
	{OOM_CLASS_HUGETLB, 30, "hugetlb", "huge pages set aside", METRIC_HUGETLB,
	 "grep Huge /proc/meminfo: are they all needed? vm.nr_hugepages gives them back"},
	{OOM_CLASS_PAGE_TABLES, 5, "page-tables", "page tables", METRIC_PAGE_TABLES,
	 "many processes that map one large segment: huge pages for it"},
	{OOM_CLASS_KERNEL_STACK, 5, "kernel-stacks", "kernel stacks", METRIC_KERNEL_STACK,
	 "count the threads: ps -eLf | wc -l"},
	{OOM_CLASS_BALLOON, 10, "balloon", "the hypervisor's balloon", -1,
	 "the host took this memory: look at the host"},
	{OOM_CLASS_GPU_ACTIVE, 20, "gpu", "GPU memory in use", -1,
	 "fdinfo of the GPU's users (drm-total-*) tells who"},
	{OOM_CLASS_ZSPAGES, 20, "zsmalloc", "compressed swap", -1, "zramctl, or zswap's counters"},
	{OOM_CLASS_UNEVICTABLE, 40, "locked", "locked memory", -1,
	 "VmLck in /proc/*/status: who locks it"},
	{OOM_CLASS_MISC_RECLAIMABLE, 10, "driver-pages", "reclaimable pages of drivers", -1,
	 "on Android: ION or dma-buf heaps"},
};

static s64 class_kb(const struct work *w, enum oom_class class)
{
	return known_or(w->a->account.classes[class], 0) * w->page_kb;
}

static void suspect_classes(struct work *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		s64 kb = class_kb(w, limits[i].class);
		if (kb * 100 >= w->base_kb * limits[i].percent)
			add(w, limits[i].kind, limits[i].what, kb, limits[i].metric,
			    limits[i].next_step);
	}
	s64 shmem = known_or(w->a->account.shmem, 0) * w->page_kb;
	if (shmem * 100 >= w->base_kb * 25)
		add(w, "shmem", "tmpfs and shared memory", shmem, METRIC_SHMEM,
		    "killing processes does not free it: df -t tmpfs, ipcs -m, lsof +L1");
}

/* --- slab ----------------------------------------------------------------------------------- */

static const struct oom_slab *largest_cache(const struct oom_meminfo *info)
{
	const struct oom_slab *largest = NULL;
	for (size_t i = 0; i < info->slabs.n; i++) {
		const struct oom_slab *s = &info->slabs.v[i];
		if (kb_within(s->total_kb).known &&
		    (!largest || s->total_kb.value > largest->total_kb.value))
			largest = s;
	}
	return largest;
}

static void suspect_slab(struct work *w)
{
	s64 both = class_kb(w, OOM_CLASS_SLAB), fixed = class_kb(w, OOM_CLASS_SLAB_UNRECLAIMABLE),
	    cache = class_kb(w, OOM_CLASS_SLAB_RECLAIMABLE);
	s64 kb = both ? both : fixed;
	const struct oom_slab *largest = largest_cache(&w->a->event->info);
	if (cache * 100 >= w->base_kb * 40)
		add(w, "slab", "reclaimable slab (often dentries and inodes)", cache,
		    METRIC_SLAB_RECLAIMABLE,
		    "slabtop: which cache; negative dentries: /proc/sys/fs/dentry-state");
	if (kb * 100 < w->base_kb * 20)
		return;
	const char *what = largest ? largest->name : "unreclaimable slab, cache not shown";
	struct oom_suspect *s = add(
		w, "slab", what, largest ? largest->total_kb.value : kb, METRIC_SLAB_UNRECLAIMABLE,
		largest ? "find who allocates in it: slub_debug=U, or memory allocation profiling"
			: "slabtop, or a dump, tells the cache");
	if (largest && largest->total_kb.value * 2 >= kb)
		prove(s, "counter",
		      arena_printf(
			      &w->c->suspects_arena,
			      "the slab counter (%s) and the kernel's dump of caches (%s in %s) agree",
			      kb_text(w, kb), kb_text(w, largest->total_kb.value),
			      largest->name ? largest->name : "?"));
}

static void suspect_tags(struct work *w)
{
	const struct oom_meminfo *info = &w->a->event->info;
	for (size_t i = 0; i < info->alloc_tags.n; i++) {
		const struct oom_alloc_tag *t = &info->alloc_tags.v[i];
		s64 kb = known_or(within(t->size_bytes, KB_BITS + 10), 0) >> 10;
		/* Pages of users and of the page cache are not a leak of who faults them in. */
		bool users = t->file &&
			     (strstr(t->file, "mm/memory.c") || strstr(t->file, "mm/filemap.c") ||
			      strstr(t->file, "mm/shmem.c") || strstr(t->file, "mm/readahead.c") ||
			      strstr(t->file, "mm/slub.c") || strstr(t->file, "mm/huge_memory.c") ||
			      strstr(t->file, "mm/mempolicy.c"));
		if (users || kb * 100 < w->base_kb * 10)
			continue;
		struct oom_suspect *s = add(
			w, t->module ? "module" : "kernel-function",
			t->module ? t->module : t->function, kb, -1,
			"the allocations' place in the source is known: look for who does not free");
		prove(s, "allocation-tag",
		      arena_printf(&w->c->suspects_arena, "%s in %s, %lld allocations alive",
				   t->function ? t->function : "?", t->file ? t->file : "?",
				   (long long)known_or(t->calls, 0)));
	}
}

/* --- the remainder, processes, cgroups ------------------------------------------------------ */

static void suspect_unaccounted(struct work *w)
{
	const struct oom_account *a = &w->a->account;
	s64 kb = known_or(a->unaccounted, 0) * w->page_kb;
	if (kb * 10 < w->base_kb || a->unaccounted.value < 4000)
		return;
	struct oom_suspect *s = add(
		w, "driver-pages", "kernel memory in no counter", kb, METRIC_UNACCOUNTED,
		"page_owner=on (debug_pagealloc not needed) or memory allocation profiling names who "
		"took it; a dump tells more (kdump)");
	prove(s, "note", arena_printf(&w->c->suspects_arena, "it may be: %s", a->not_printed));
}

static void suspect_process(struct work *w)
{
	const struct oom_choice *c = &w->a->choice;
	const struct oom_rank *largest = NULL;
	for (size_t i = 0; i < c->nr_ranking; i++) {
		const struct oom_rank *r = &c->ranking[i];
		if (!largest || r->rss + r->swap > largest->rss + largest->swap)
			largest = r;
	}
	if (!largest || largest->rss * w->page_kb * 100 < w->base_kb * 25)
		return;
	const struct oom_task *task = &w->a->event->tasks.v[largest->task];
	struct known pid = task->field[OOM_TASK_TGID].known ? task->field[OOM_TASK_TGID]
							    : task->field[OOM_TASK_PID];
	add(w, "process",
	    arena_printf(&w->c->suspects_arena, "%s (%lld)", task->name ? task->name : "?",
			 (long long)known_or(pid, 0)),
	    largest->rss * w->page_kb, METRIC_LARGEST_TASK,
	    "does it leak, or is the machine too small for it? MemoryMax= of its unit keeps it from "
	    "taking the others with it");
}

static void suspect_memcg(struct work *w)
{
	const struct oom_event *e = w->a->event;
	const struct oom_limit *l = &e->memcg[OOM_LIMIT_MEMORY];
	if (!l->shown || !kb_within(l->usage_kb).known || !e->oom_memcg)
		return;
	struct oom_suspect *s = add(
		w, "cgroup", e->oom_memcg, l->usage_kb.value, -1,
		"memory.stat of the cgroup tells of what; raise memory.max, or find who grows in it");
	if (kb_within(l->limit_kb).known && l->usage_kb.value >= l->limit_kb.value - 256)
		prove(s, "counter",
		      arena_printf(&w->c->suspects_arena,
				   "its own counter stands at its limit of %s",
				   kb_text(w, l->limit_kb.value)));
}

void oom_note_suspects(struct oom_context *c, const struct oom_analysis *a)
{
	struct work w = {.c = c, .a = a, .page_kb = known_or(a->account.page_kb, 0)};
	const struct oom_limit *limit = &a->event->memcg[OOM_LIMIT_MEMORY];
	bool memcg = limit->shown && kb_within(limit->limit_kb).known && limit->limit_kb.value > 0;
	if (!memcg && (!a->account.managed.known || !w.page_kb))
		return;
	arena_done(&c->suspects_arena);
	c->nr_suspects = 0;
	w.base_kb = memcg ? limit->limit_kb.value : a->account.managed.value * w.page_kb;
	w.base = memcg ? "the cgroup's limit" : "managed memory";
	if (memcg)
		suspect_memcg(&w);
	if (!memcg) {
		suspect_unaccounted(&w);
		suspect_slab(&w);
		suspect_classes(&w);
	}
	suspect_tags(&w);
	if (w.page_kb)
		suspect_process(&w);
}

/* --- the table ------------------------------------------------------------------------------ */

enum { PROOF_KIND, PROOF_TEXT };
static const struct column proof_columns[] = {
	[PROOF_KIND] = {"kind", "kind", "size, counter, growth, allocation-tag; note: no proof"},
	[PROOF_TEXT] = {"text", "text", "the proof with its numbers"},
};
static const struct table_spec proofs_spec = {
	.key = "proofs",
	.title = "Proofs",
	.help = "what speaks for it",
	.columns = proof_columns,
	.nr_columns = ARRAY_SIZE(proof_columns),
};

static const struct column suspect_columns[] = {
	[SUSPECT_RANK] = {"rank", "#", "1 is the largest", COL_COUNT},
	[SUSPECT_WHAT] = {"what", "WHAT", "who or what holds the memory"},
	[SUSPECT_KIND] = {"kind", "KIND",
			  "process cgroup slab module driver-pages shmem hugetlb ..."},
	[SUSPECT_BYTES] = {"bytes", "SIZE", "how much", COL_BYTES},
	[SUSPECT_CONFIDENCE] = {"confidence", "CONFIDENCE", "possible: one proof; likely: two"},
	[SUSPECT_PROOFS] = {"proofs", "PROOFS", "what speaks for it", COL_TABLE, 0, &proofs_spec},
	[SUSPECT_NEXT_STEPS] = {"next_steps", "NEXT STEPS", "what to do", COL_LIST},
};
const struct table_spec suspects_spec = {
	.key = "suspects",
	.title = "Suspects",
	.help = "who holds the memory",
	.columns = suspect_columns,
	.nr_columns = ARRAY_SIZE(suspect_columns),
};

static int larger_first(const void *a, const void *b)
{
	const struct oom_suspect *x = a, *y = b;
	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* A growth of a tenth of it since an earlier event. */
static const char *growth_proof(struct oom_context *c, const struct oom_suspect *s)
{
	struct oom_growth g;
	char by[16], time[32];
	if (s->metric < 0 || !oom_growth(c, (enum oom_metric)s->metric, &g) || !g.to->page_kb ||
	    g.pages * g.to->page_kb * 1024 * 10 < s->bytes)
		return NULL;
	return arena_printf(
		&c->suspects_arena, "it grew by %s between event %llu and event %llu%s%s",
		text_bytes(by, (u64)g.pages * (u64)g.to->page_kb << 10),
		(unsigned long long)g.from->id, (unsigned long long)g.to->id,
		g.seconds > 0 ? ", in " : "", g.seconds > 0 ? text_duration(time, g.seconds) : "");
}

static void suspect_row(struct table *t, struct oom_context *c, struct oom_suspect *s, size_t rank)
{
	struct table *proofs = table_new(&proofs_spec);
	const char *grown = growth_proof(c, s);
	unsigned counting = grown != NULL;
	table_add(t);
	for (unsigned i = 0; i < s->nr_proofs; i++) {
		counting += strcmp(s->proofs[i].kind, "note") != 0;
		table_add(proofs);
		table_set_text(proofs, PROOF_KIND, s->proofs[i].kind);
		table_set_text(proofs, PROOF_TEXT, s->proofs[i].text);
	}
	if (grown) {
		table_add(proofs);
		table_set_text(proofs, PROOF_KIND, "growth");
		table_set_text(proofs, PROOF_TEXT, grown);
	}
	table_set(t, SUSPECT_RANK, rank);
	table_set_text(t, SUSPECT_WHAT, s->what);
	table_set_text(t, SUSPECT_KIND, s->kind);
	table_set(t, SUSPECT_BYTES, (u64)s->bytes);
	table_set_text(t, SUSPECT_CONFIDENCE, counting >= 2 ? "likely" : "possible");
	table_set_table(t, SUSPECT_PROOFS, proofs);
	table_set_list(t, SUSPECT_NEXT_STEPS, &s->next_step, 1);
}

struct table *oom_suspects(struct oom_context *c)
{
	struct table *t = table_new(&suspects_spec);
	if (c->nr_suspects)
		qsort(c->suspects, c->nr_suspects, sizeof(*c->suspects), larger_first);
	for (size_t i = 0; i < c->nr_suspects; i++)
		suspect_row(t, c, &c->suspects[i], i + 1);
	return t;
}
