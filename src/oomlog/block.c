/* Making and ending blocks; what follows from a whole report. */
#include "oomlog/block.h"

void time_from_stamp(struct arena *arena, const struct stamp *stamp, struct oom_time *time)
{
	*time = (struct oom_time){.uptime_us = stamp->uptime_us,
				  .wall_us = stamp->wall_us,
				  .wall_has_year = stamp->wall_has_year,
				  .wall_has_zone = stamp->wall_has_zone};
	if (stamp->uptime[0])
		time->uptime = arena_strdup(arena, stamp->uptime);
	if (stamp->wall[0])
		time->wall = arena_strdup(arena, stamp->wall);
	if (stamp->kmsg_usec[0])
		time->kmsg_usec = arena_strdup(arena, stamp->kmsg_usec);
	if (stamp->realtime_usec[0])
		time->realtime_usec = arena_strdup(arena, stamp->realtime_usec);
}

struct known stamp_clock(const struct stamp *stamp)
{
	return stamp->uptime_us.known ? stamp->uptime_us : stamp->wall_us;
}

struct block *block_new(enum block_type type, const struct line *line)
{
	struct block *b = mem_alloc(sizeof(*b));
	b->type = type;
	b->order = line->number;
	b->e.printed_copies = b->f.printed_copies = 1;
	b->e.header_missing = true;
	b->e.span =
		(struct oom_span){line->number, line->last_number, line->offset, line->end_offset};
	b->last_us = stamp_clock(&line->stamp);
	b->time_is_weak = true;
	time_from_stamp(&b->arena, &line->stamp, &b->e.time);
	return b;
}

void block_free(struct block *b)
{
	struct oom_event *e = &b->e;
	vec_done(&e->info.nodes);
	vec_done(&e->info.zones);
	vec_done(&e->info.hugepages);
	vec_done(&e->info.slabs);
	vec_done(&e->info.alloc_tags);
	vec_done(&e->memcg_stats);
	vec_done(&e->tasks);
	vec_done(&e->victims);
	vec_done(&e->sharing_mm_killed);
	vec_done(&e->reaped_pids);
	vec_done(&e->reapers);
	vec_done(&e->unknown);
	arena_done(&b->arena);
	free(b);
}

size_t block_bytes(const struct block *b)
{
	const struct oom_event *e = &b->e;
	return sizeof(*b) + b->arena.bytes + e->tasks.room * sizeof(*e->tasks.v) +
	       e->info.zones.room * sizeof(*e->info.zones.v) +
	       e->victims.room * sizeof(*e->victims.v) +
	       e->info.nodes.room * sizeof(*e->info.nodes.v) +
	       e->info.slabs.room * sizeof(*e->info.slabs.v) +
	       e->memcg_stats.room * sizeof(*e->memcg_stats.v) +
	       e->info.alloc_tags.room * sizeof(*e->info.alloc_tags.v);
}

struct oom_victim *block_victim(struct block *b, s64 pid)
{
	enum { LAST = 64 };
	size_t n = b->e.victims.n;
	for (size_t i = 0; i < n; i++) {
		if (i == 1 && n > LAST)
			i = n - LAST;
		struct oom_victim *v = &b->e.victims.v[i];
		if (v->pid.known && v->pid.value == pid)
			return v;
	}
	return NULL;
}

/* --- what follows --- */

static const struct constraint_kind {
	const char *name;
	enum oom_kind kind;
} constraint_kinds[] = {
	{"CONSTRAINT_NONE", OOM_KIND_GLOBAL},
	{"CONSTRAINT_MEMCG", OOM_KIND_MEMCG},
	{"CONSTRAINT_CPUSET", OOM_KIND_CPUSET},
	{"CONSTRAINT_MEMORY_POLICY", OOM_KIND_MEMPOLICY},
};

static enum oom_kind kind_of(const struct oom_event *e)
{
	if (e->sysrq)
		return OOM_KIND_SYSRQ;
	if (e->ve.known)
		return OOM_KIND_OPENVZ;
	for (size_t i = 0; e->constraint && i < ARRAY_SIZE(constraint_kinds); i++)
		if (strcmp(e->constraint, constraint_kinds[i].name) == 0 &&
		    !(e->is_memcg && constraint_kinds[i].kind == OOM_KIND_GLOBAL))
			return constraint_kinds[i].kind;
	if (e->is_memcg) /* 5.2 printed CONSTRAINT_NONE for them (080 of the corpus) */
		return OOM_KIND_MEMCG;
	if (e->constraint)
		return OOM_KIND_OTHER;
	if (e->kill_reason && strstr(e->kill_reason, "MPOL_BIND"))
		return OOM_KIND_MEMPOLICY;
	if (e->kill_reason && strstr(e->kill_reason, "cpuset"))
		return OOM_KIND_CPUSET;
	return e->global_oom || e->info.any || e->kill_reason ? OOM_KIND_GLOBAL : OOM_KIND_UNKNOWN;
}

static enum oom_ended ended_of(const struct oom_event *e)
{
	if (e->panic)
		return OOM_ENDED_PANIC;
	if (e->victims.n || e->has_chosen || e->reaped_pids.n)
		return OOM_ENDED_KILL;
	return e->no_killable ? OOM_ENDED_NO_KILLABLE : OOM_ENDED_NOT_SHOWN;
}

static const struct arch_sign {
	const char *sign, *arch;
} release_signs[] = {
	{"x86_64", "x86_64"},
	{"amd64", "x86_64"},
	{"aarch64", "aarch64"},
	{"arm64", "aarch64"},
	{"ppc64le", "ppc64le"},
	{"powerpc64le", "ppc64le"},
	{"ppc64", "ppc64"},
	{"s390x", "s390x"},
	{"riscv64", "riscv64"},
	{"loong64", "loongarch64"},
	{"loongarch64", "loongarch64"},
	{"armmp", "arm"},
	{"armv7", "arm"},
	{"armhf", "arm"},
	{"i686", "i386"},
	{"i586", "i386"},
	{"i386", "i386"},
	{"-686", "i386"},
	{"mips", "mips"},
	{"parisc", "parisc"},
	{"sparc64", "sparc64"},
	{"alpha", "alpha"},
	{"m68k", "m68k"},
};

static void guess_arch(struct oom_origin *o)
{
	for (size_t i = 0; o->kernel && i < ARRAY_SIZE(release_signs); i++)
		if (strstr(o->kernel, release_signs[i].sign)) {
			o->arch = release_signs[i].arch;
			o->arch_from = "release";
			return;
		}
	for (size_t i = 0; o->version && !o->arch && i < ARRAY_SIZE(release_signs); i++)
		if (strstr(o->version, release_signs[i].sign)) {
			o->arch = release_signs[i].arch;
			o->arch_from = "release";
		}
}

/* The size of a page: of the smallest block of any buddy line; else of machines that have one only.
 */
static void find_page_size(struct oom_meminfo *info, const struct oom_origin *o)
{
	static const char *const only_4k[] = {"x86_64", "i386", "s390x"};
	for (size_t i = 0; i < info->zones.n; i++)
		if (info->zones.v[i].nr_orders) {
			info->page_size_kb =
				(struct known){(s64)info->zones.v[i].order[0].block_kb, true};
			info->page_size_from = "buddy";
			return;
		}
	for (size_t i = 0; o->arch && i < ARRAY_SIZE(only_4k); i++)
		if (strcmp(o->arch, only_4k[i]) == 0) {
			info->page_size_kb = (struct known){4, true};
			info->page_size_from = "arch";
		}
}

static u32 leading_zeros(const struct oom_zone *zone)
{
	u32 n = 0;
	while (n < zone->nr_reserve && zone->reserve[n].value == 0)
		n++;
	return n;
}

/* Zones below this one that the report shows, whatever their node: each has an entry of its own. */
static u32 zones_below(const struct oom_meminfo *info, const struct oom_zone *zone)
{
	static const char *const order[] = {"DMA",     "DMA32",	  "Normal",
					    "HighMem", "Movable", "Device"};
	u32 below = 0;
	for (size_t o = 0; o < ARRAY_SIZE(order) && strcmp(order[o], zone->name) != 0; o++)
		for (size_t i = 0; i < info->zones.n; i++)
			if (strcmp(info->zones.v[i].name, order[o]) == 0) {
				below++;
				break;
			}
	return below;
}

/*
 * A zone reserves nothing from itself and from those below it: so many zeros stand in front.  A
 * list that does not look like this stands below another zone than its own: a line was lost, or two
 * reports are mixed.
 */
static void check_order(struct oom_meminfo *info)
{
	for (size_t i = 0; i < info->zones.n; i++) {
		struct oom_zone *zone = &info->zones.v[i];
		u32 zeros = leading_zeros(zone), below = zones_below(info, zone);
		bool last = zeros == zone->nr_reserve, lowest = strcmp(zone->name, "DMA") == 0;
		bool fits = zeros > below && !(lowest && zeros != 1);
		for (size_t j = i + 1; j < info->zones.n && fits; j++)
			fits = info->zones.v[j].node != zone->node || !last;
		if (!fits)
			zone->nr_reserve = 0;
	}
}

/* All lists of reserves of a report are equally long; one that differs was cut or glued wrongly. */
static void check_reserves(struct oom_meminfo *info)
{
	u32 count[OOM_MAX_RESERVES + 1] = {0}, usual = 0;
	for (size_t i = 0; i < info->zones.n; i++)
		count[info->zones.v[i].nr_reserve]++;
	for (u32 n = 1; n <= OOM_MAX_RESERVES; n++)
		if (count[n] && count[n] >= count[usual ? usual : n])
			usual = n;
	for (size_t i = 0; i < info->zones.n; i++)
		if (info->zones.v[i].nr_reserve != usual)
			info->zones.v[i].nr_reserve = 0;
}

void block_finish(struct block *b)
{
	struct oom_event *e = &b->e;
	struct oom_origin *origin = b->type == BLOCK_FAILURE ? &b->f.trigger : &e->trigger;
	if (!e->victims.n && b->choosing) {
		e->has_chosen = true;
		e->chosen = b->choice;
	}
	guess_arch(origin);
	find_page_size(&e->info, origin);
	check_reserves(&e->info);
	check_order(&e->info);
	e->info.complete = e->info.mem[OOM_MEM_RAM].known && e->info.mem[OOM_MEM_FREE].known;
	if (e->kind == OOM_KIND_UNKNOWN)
		e->kind = kind_of(e);
	e->ended = ended_of(e);
}
