/*
 * Why the request failed: the allocator's own rule, applied to the zones that the report prints.
 *
 * A zone serves a request when its free pages, without those that are kept for others, are above
 * min + lowmem_reserve[the request's highest zone], and a free block of the order is on a list that
 * may be used (__zone_watermark_ok in mm/page_alloc.c).  "min" as it is printed holds the boost
 * already (min_wmark_pages).  Kept for others are highatomic pages, and CMA pages when the request
 * is not movable.  low wakes kswapd and decides nothing here.
 *
 * Before it kills, the allocator looks once more, with the high watermark: a little that came free
 * since does not call a kill off (__alloc_pages_may_oom).  And the report is printed a moment
 * later: a zone can look well by then.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/oom.h"
#include "base/text.h"

const char *const oom_zone_state_keys[] = {
	[ZONE_STATE_UNKNOWN] = "unknown", [ZONE_NOT_ALLOWED] = "not-allowed",
	[ZONE_BELOW_MIN] = "below-min",	  [ZONE_RESERVED] = "reserved",
	[ZONE_FRAGMENTED] = "fragmented", [ZONE_BELOW_HIGH] = "below-high",
	[ZONE_ENOUGH] = "enough",
};

enum { SMALLEST_PAGE_KB = 4 };

struct work {
	const struct oom_event *event;
	struct oom_failed *failed;
	struct arena *arena;
	s64 page_kb; /* 0: not known */
	unsigned states[ZONE_ENOUGH + 1];
	s64 withheld_kb;     /* free in allowed zones, and out of reach */
	s64 withheld_cma_kb; /* of it, because it is CMA */
	s64 spare_kb;	     /* above high in allowed zones */
	s64 unknown_kb;	     /* free in allowed zones, perhaps out of reach */
	unsigned not_shown;  /* allowed zones without their figures */
	s64 checked_kb;	     /* managed, of the allowed zones */
};

/* --- one zone ------------------------------------------------------------------------------- */

static struct known kb_field(const struct oom_zone *zone, enum oom_zone_field id)
{
	return kb_within(zone->field[id]);
}

/*
 * Which element of lowmem_reserve[] belongs to the request's highest zone: the kernel counts the
 * zones that it is configured for, in the order of their ranks.  Movable is always among them; of
 * the others those that are printed, then those that a machine of this kind usually has.
 */
static int reserve_index(const struct work *w, const struct oom_zone *zone)
{
	static const enum zone_rank usual64[] = {RANK_DMA, RANK_DMA32, RANK_DEVICE},
				    usual32[] = {RANK_DMA, RANK_HIGHMEM, RANK_DEVICE};
	bool there[RANK_DEVICE + 1] = {[RANK_NORMAL] = true, [RANK_MOVABLE] = true};
	unsigned n = 2;
	for (size_t i = 0; i < w->event->info.zones.n; i++) {
		enum zone_rank rank = zone_rank_of(w->event->info.zones.v[i].name);
		n += rank != RANK_DEVICE && !there[rank];
		there[rank] |= rank != RANK_DEVICE;
	}
	const enum zone_rank *usual = there[RANK_HIGHMEM] ? usual32 : usual64;
	for (unsigned i = 0; i < ARRAY_SIZE(usual64) && n < zone->nr_reserve; i++) {
		n += !there[usual[i]];
		there[usual[i]] = true;
	}
	if (n == zone->nr_reserve + 1) /* before 2.6.23 there is no Movable */
		there[RANK_MOVABLE] = false;
	else if (n != zone->nr_reserve)
		return -1;
	int index = -1;
	for (unsigned rank = 0; rank <= w->failed->gfp.highest; rank++)
		index += there[rank];
	return index;
}

/* Pages; not known only when it is printed and can't be used. */
static struct known reserve_pages(const struct work *w, const struct oom_zone *zone)
{
	bool all_zero = true;
	struct known none = {0, true}, unknown = {0};
	for (u32 i = 0; i < zone->nr_reserve; i++)
		all_zero &= zone->reserve[i].known && !zone->reserve[i].value;
	if (zone_rank_of(zone->name) == w->failed->gfp.highest)
		return none;
	if (!zone->nr_reserve)
		return unknown;
	int index = all_zero ? 0 : reserve_index(w, zone);
	return index >= 0 && index < (int)zone->nr_reserve ? pages_within(zone->reserve[index])
							   : unknown;
}

/* A block that the request may take: not of H, of C only when it is movable, not isolated. */
static bool usable_block(const struct oom_buddy *b, bool movable)
{
	if (known_or(b->blocks, 0) <= 0)
		return false;
	if (!b->types)
		return true;
	return strpbrk(b->types, movable ? "UMEC" : "UME") != NULL;
}

static s32 largest_order(const struct oom_zone *zone, bool movable)
{
	s32 largest = -1;
	for (u32 i = 0; i < zone->nr_orders && i < OOM_MAX_ORDERS; i++)
		largest = usable_block(&zone->order[i], movable) ? (s32)i : largest;
	return largest;
}

static const char *allowed_nodes(const struct oom_event *e)
{
	if (e->kind == OOM_KIND_CPUSET)
		return e->mems_allowed;
	if (e->kind == OOM_KIND_MEMPOLICY)
		return e->constraint_nodemask ? e->constraint_nodemask : e->nodemask;
	return NULL;
}

/* reserve_least_kb: with the smallest pages that there are, where their size is not known. */
static enum oom_zone_state judge(struct work *w, const struct oom_zone *zone,
				 struct oom_zone_check *c, s64 reserve_least_kb)
{
	if (!c->rank_allowed || !c->node_allowed)
		return ZONE_NOT_ALLOWED;
	if (!c->free_kb.known || !c->min_kb.known) {
		w->not_shown++;
		return ZONE_STATE_UNKNOWN;
	}
	s64 kept = c->highatomic_kb.value + c->cma_kb.value;
	c->usable_kb = (struct known){c->free_kb.value > kept ? c->free_kb.value - kept : 0, true};
	if (c->usable_kb.value <= c->min_kb.value + reserve_least_kb) {
		w->withheld_kb += c->free_kb.value;
		w->withheld_cma_kb += s64_min(c->cma_kb.value, c->free_kb.value);
		return c->free_kb.value <= c->min_kb.value ? ZONE_BELOW_MIN : ZONE_RESERVED;
	}
	s64 order = known_or(w->event->order, 0);
	if (!c->reserve_kb.known || (order > 0 && !zone->has_buddy)) {
		w->unknown_kb += c->usable_kb.value;
		return ZONE_STATE_UNKNOWN;
	}
	if (order > 0 && c->largest_order < order)
		return ZONE_FRAGMENTED;
	s64 high = known_or(c->high_kb, c->min_kb.value) + c->reserve_kb.value;
	if (c->usable_kb.value <= high)
		return ZONE_BELOW_HIGH;
	w->spare_kb += c->usable_kb.value - high;
	return ZONE_ENOUGH;
}

static void check_zone(struct work *w, const struct oom_zone *zone, struct oom_zone_check *c)
{
	const struct oom_gfp *gfp = &w->failed->gfp;
	struct known reserve = reserve_pages(w, zone);
	s64 least_kb = known_or(reserve, 0) * (w->page_kb ? w->page_kb : SMALLEST_PAGE_KB);
	*c = (struct oom_zone_check){
		.node_allowed = oom_mask_has(allowed_nodes(w->event), zone->node),
		.rank_allowed = !gfp->known || zone_rank_of(zone->name) <= gfp->highest,
		.free_kb = kb_field(zone, OOM_ZONE_FREE),
		.min_kb = kb_field(zone, OOM_ZONE_MIN),
		.high_kb = kb_field(zone, OOM_ZONE_HIGH),
		.reserve_kb = {least_kb, reserve.known && (w->page_kb || !reserve.value)},
		/* free_highatomic (6.19) is what of the reserve is free; before, all of it counts
		 */
		.highatomic_kb = kb_field(zone, OOM_ZONE_FREE_HIGHATOMIC).known
					 ? kb_field(zone, OOM_ZONE_FREE_HIGHATOMIC)
					 : kb_field(zone, OOM_ZONE_RESERVED_HIGHATOMIC),
		.largest_order = largest_order(zone, gfp->movable),
	};
	if (!gfp->movable)
		c->cma_kb = kb_field(zone, OOM_ZONE_FREE_CMA);
	c->state = gfp->known ? judge(w, zone, c, least_kb) : ZONE_STATE_UNKNOWN;
	w->states[c->state]++;
	if (c->state == ZONE_NOT_ALLOWED)
		w->failed->free_elsewhere_kb += (u64)s64_max(0, known_or(c->free_kb, 0));
	else
		w->checked_kb += known_or(kb_field(zone, OOM_ZONE_MANAGED),
					  known_or(kb_field(zone, OOM_ZONE_PRESENT), 0));
}

/* --- sentences ------------------------------------------------------------------------------ */

static const char *kb_text(struct arena *arena, s64 kb)
{
	char buffer[16];
	return arena_strdup(arena, text_bytes(buffer, (u64)s64_max(0, kb) << 10));
}

static const char *zone_text(struct work *w, size_t i)
{
	const struct oom_zone *zone = &w->event->info.zones.v[i];
	return zone->node < 0 ? zone->name ? zone->name : "?"
			      : arena_printf(w->arena, "node %d %s", zone->node,
					     zone->name ? zone->name : "?");
}

/* "node 0 DMA32: 912 KiB free, min 1.6 MiB; ..." of the zones in a state, the first three. */
static const char *list_zones(struct work *w, enum oom_zone_state state)
{
	const char *list = "";
	unsigned n = 0;
	for (size_t i = 0; i < w->event->info.zones.n; i++) {
		const struct oom_zone_check *c = &w->failed->zones[i];
		if (c->state != state || ++n > 3)
			continue;
		const char *kept = "";
		if (state == ZONE_BELOW_HIGH && c->high_kb.known)
			kept = arena_printf(w->arena, ", high %s",
					    kb_text(w->arena, c->high_kb.value));
		if (c->reserve_kb.value)
			kept = arena_printf(w->arena,
					    "%s, kept for requests that need this zone %s", kept,
					    kb_text(w->arena, c->reserve_kb.value));
		if (c->highatomic_kb.value)
			kept = arena_printf(w->arena, "%s, highatomic %s", kept,
					    kb_text(w->arena, c->highatomic_kb.value));
		if (c->cma_kb.value)
			kept = arena_printf(w->arena, "%s, CMA %s", kept,
					    kb_text(w->arena, c->cma_kb.value));
		list = arena_printf(w->arena, "%s%s%s: %s free, min %s%s", list, *list ? "; " : "",
				    zone_text(w, i), kb_text(w->arena, c->free_kb.value),
				    kb_text(w->arena, c->min_kb.value), kept);
	}
	return n > 3 ? arena_printf(w->arena, "%s; and %u more", list, n - 3) : list;
}

static const char *request_text(struct work *w)
{
	struct known order = w->event->order;
	const char *zone = zone_rank_names[w->failed->gfp.highest];
	if (!w->page_kb || !order.known || order.value < 0 || order.value > 20)
		return arena_printf(w->arena, "the request (zones up to %s)", zone);
	return arena_printf(w->arena, "the request for %s%s (order %lld, zones up to %s)",
			    kb_text(w->arena, w->page_kb << order.value),
			    order.value ? " in one piece" : "", (long long)order.value, zone);
}

static const char *swap_text(struct work *w)
{
	const struct known *mem = w->event->info.mem;
	struct known total = kb_within(mem[OOM_MEM_SWAP_TOTAL_KB]),
		     left = kb_within(mem[OOM_MEM_SWAP_FREE_KB]);
	if (!total.known || !left.known)
		return "";
	if (!total.value)
		return "; there is no swap";
	if (left.value * 100 < total.value)
		return arena_printf(w->arena, "; swap (%s) is full",
				    kb_text(w->arena, total.value));
	return arena_printf(w->arena, "; %s of %s swap are free", kb_text(w->arena, left.value),
			    kb_text(w->arena, total.value));
}

static void answer(struct work *w, const char *key, const char *text)
{
	w->failed->key = key;
	w->failed->text = text;
}

/* --- cgroups -------------------------------------------------------------------------------- */

static const char *const limit_names[OOM_LIMIT_N] = {
	[OOM_LIMIT_MEMORY] = "memory limit",
	[OOM_LIMIT_MEMORY_SWAP] = "limit of memory and swap",
	[OOM_LIMIT_KMEM] = "limit of kernel memory",
	[OOM_LIMIT_SWAP] = "swap limit",
};

/* A charge comes in batches of up to 64 pages: usage may stay a little below. */
static bool reached(const struct work *w, const struct oom_limit *l)
{
	s64 batch = 64 * (w->page_kb ? w->page_kb : 64);
	struct known usage = kb_within(l->usage_kb), limit = kb_within(l->limit_kb);
	return l->shown && usage.known && limit.known && usage.value > 0 &&
	       usage.value >= limit.value - s64_min(batch, limit.value / 10);
}

static const char *whose_limit(struct work *w)
{
	const struct oom_event *e = w->event;
	if (!e->oom_memcg || !e->task_memcg)
		return "";
	return strcmp(e->oom_memcg, e->task_memcg)
		       ? arena_printf(w->arena, ", a limit above %s, where the victim ran",
				      e->task_memcg)
		       : ", the limit of the victim's own cgroup";
}

static void explain_memcg(struct work *w)
{
	const struct oom_event *e = w->event;
	const char *name = e->oom_memcg ? e->oom_memcg : "(not shown)";
	for (size_t i = 0; i < OOM_LIMIT_N; i++) {
		const struct oom_limit *l = &e->memcg[i];
		if (i == OOM_LIMIT_SWAP || !reached(w, l))
			continue;
		const char *failures = l->failcnt.known
					       ? arena_printf(w->arena, ", reached %lld times",
							      (long long)l->failcnt.value)
					       : "";
		answer(w, "cgroup-limit",
		       arena_printf(w->arena, "cgroup %s is at its %s: %s of %s%s%s", name,
				    limit_names[i], kb_text(w->arena, l->usage_kb.value),
				    kb_text(w->arena, l->limit_kb.value), failures,
				    whose_limit(w)));
		return;
	}
	bool shown = e->memcg[OOM_LIMIT_MEMORY].shown;
	answer(w, "cgroup-limit",
	       arena_printf(
		       w->arena, "cgroup %s ran out of what it may use%s; %s", name, whose_limit(w),
		       shown ? "no limit that is shown was reached any more when this was printed"
			     : "its limit is not in the text"));
}

/* --- the machine ---------------------------------------------------------------------------- */

static bool percent(const struct work *w, s64 kb, s64 percents)
{
	return kb > 1024 && kb > w->checked_kb * percents / 100;
}

static bool much(const struct work *w, s64 kb)
{
	return percent(w, kb, 1);
}

static const char *elsewhere_text(struct work *w)
{
	u64 kb = w->failed->free_elsewhere_kb;
	return much(w, (s64)kb)
		       ? arena_printf(w->arena, "; %s are free where it may not go (%s)",
				      kb_text(w->arena, (s64)kb), list_zones(w, ZONE_NOT_ALLOWED))
		       : "";
}

static const char *full_zones(struct work *w)
{
	static const enum oom_zone_state order[] = {ZONE_BELOW_MIN, ZONE_BELOW_HIGH,
						    ZONE_RESERVED,  ZONE_FRAGMENTED,
						    ZONE_ENOUGH,    ZONE_STATE_UNKNOWN};
	const char *list = "";
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		const char *zones = list_zones(w, order[i]);
		list = arena_printf(w->arena, "%s%s%s", list, *list && *zones ? "; " : "", zones);
	}
	return list;
}

static void explain_nodes(struct work *w, const char *key, const char *what)
{
	const char *nodes = allowed_nodes(w->event);
	answer(w, key,
	       arena_printf(w->arena, "%s may use node%s %s only, and that is full: %s%s%s", what,
			    nodes && strpbrk(nodes, ",-") ? "s" : "", nodes ? nodes : "(not shown)",
			    full_zones(w), elsewhere_text(w), swap_text(w)));
}

static void explain_full(struct work *w)
{
	const char *request = request_text(w);
	if (w->event->kind == OOM_KIND_CPUSET) {
		explain_nodes(w, "cpuset", "its cpuset");
	} else if (w->event->kind == OOM_KIND_MEMPOLICY) {
		explain_nodes(w, "mempolicy", "its memory policy");
	} else if (much(w, w->withheld_cma_kb) && w->withheld_cma_kb * 2 > w->withheld_kb) {
		answer(w, "cma-only",
		       arena_printf(
			       w->arena,
			       "%s is not movable, and what is free is CMA, which takes movable "
			       "pages only: %s%s",
			       request, full_zones(w), swap_text(w)));
	} else if (w->failed->gfp.this_node && much(w, (s64)w->failed->free_elsewhere_kb)) {
		answer(w, "one-node",
		       arena_printf(w->arena, "%s must be on one node: %s%s", request,
				    full_zones(w), elsewhere_text(w)));
	} else if (much(w, (s64)w->failed->free_elsewhere_kb)) {
		answer(w, "wrong-zone",
		       arena_printf(w->arena,
				    "%s can't use higher zones, and its own are full: %s%s",
				    request, full_zones(w), elsewhere_text(w)));
	} else if (percent(w, w->withheld_kb, 5)) {
		answer(w, "reserves",
		       arena_printf(w->arena,
				    "%s may not touch %s that are free but kept back: %s%s",
				    request, kb_text(w->arena, w->withheld_kb), full_zones(w),
				    swap_text(w)));
	} else {
		answer(w, "really-empty",
		       arena_printf(w->arena, "memory is really used up for %s: %s%s", request,
				    full_zones(w), swap_text(w)));
	}
}

/*
 * The buddy lines come after all lines of the zones, one for each: where both are there for all of
 * them, no zone was cut away.
 */
static bool all_zones_shown(const struct oom_event *e)
{
	for (size_t i = 0; i < e->info.zones.n; i++) {
		if (!e->info.zones.v[i].has_line || !e->info.zones.v[i].has_buddy)
			return false;
	}
	return true;
}

static void explain_zones(struct work *w)
{
	const unsigned *n = w->states;
	if (!w->event->info.zones.n) {
		answer(w, NULL, "the lines of the zones are not in the text");
	} else if (!all_zones_shown(w->event)) {
		answer(w, NULL, "not all lines of the zones are in the text");
	} else if (!w->failed->gfp.known) {
		answer(w, NULL,
		       "the gfp mask is not in the text: which zones were allowed is not known");
	} else if (w->failed->gfp.zero) {
		answer(w, "false-oom",
		       arena_printf(
			       w->arena,
			       "gfp mask 0: nobody asked the allocator. A page fault ended in "
			       "VM_FAULT_OOM (a charge that failed, a driver's fault handler), "
			       "and the kernel took it for a full machine%s%s",
			       n[ZONE_ENOUGH] ? "; it was not: " : "",
			       n[ZONE_ENOUGH] ? list_zones(w, ZONE_ENOUGH) : ""));
	} else if (n[ZONE_FRAGMENTED] && !n[ZONE_ENOUGH] && !n[ZONE_BELOW_HIGH]) {
		answer(w, "fragmentation",
		       arena_printf(
			       w->arena, "%s: enough pages are free, but no block that large%s: %s",
			       request_text(w),
			       w->event->compaction_disabled ? " (this kernel has no compaction)"
							     : "",
			       list_zones(w, ZONE_FRAGMENTED)));
	} else if (much(w, w->spare_kb)) {
		answer(w, "recovered",
		       arena_printf(
			       w->arena,
			       "when this was printed, %s would have succeeded (%s): memory came "
			       "free in between, or the cause is not in the report",
			       request_text(w), list_zones(w, ZONE_ENOUGH)));
	} else if (w->not_shown || much(w, w->unknown_kb)) {
		answer(w, NULL, "a zone that was allowed is not shown whole");
	} else if (n[ZONE_NOT_ALLOWED] == w->event->info.zones.n) {
		answer(w, NULL, "no zone that the request may use is in the text");
	} else {
		explain_full(w);
	}
}

void oom_failed(struct oom_failed *failed, const struct oom_event *event, struct arena *arena)
{
	struct work w = {.event = event, .failed = failed, .arena = arena};
	w.page_kb = known_or(page_kb_of(&event->info), 0);
	*failed = (struct oom_failed){.gfp = oom_gfp_of(event)};
	failed->zones = arena_alloc(arena, (event->info.zones.n + 1) * sizeof(*failed->zones));
	for (size_t i = 0; i < event->info.zones.n; i++)
		check_zone(&w, &event->info.zones.v[i], &failed->zones[i]);
	if (!w.checked_kb) /* the zones' sizes are cut off: that of the machine will do */
		w.checked_kb = (known_or(pages_within(event->info.mem[OOM_MEM_RAM]), 0) -
				known_or(pages_within(event->info.mem[OOM_MEM_RESERVED]), 0)) *
			       w.page_kb;
	if (event->kind == OOM_KIND_SYSRQ || event->sysrq)
		answer(&w, "sysrq",
		       "nothing failed: someone asked for it (SysRq f, or echo f > /proc/sysrq-trigger)");
	else if (oom_is_memcg(event))
		explain_memcg(&w);
	else if (event->kind == OOM_KIND_OPENVZ)
		answer(&w, NULL, "OpenVZ's lines tell who died; this log holds no memory state");
	else
		explain_zones(&w);
}
