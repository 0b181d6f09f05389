/*
 * What the kernel counts for each memory cgroup: mm/memcontrol.c.
 *
 * Counting is per CPU; how it gets from there to the figures of a cgroup and its parents changed:
 *
 *	until 5.1	a part of each CPU, and their sum's older part: of the cgroup alone
 *	5.2 to 5.12	the same, and each batch is added to the cgroup and all parents at once
 *	5.13 and later	what CPUs count is flushed now and then (rstat): state - state_prev of each
 *CPU goes to the cgroup and to its parent's state_pending
 *
 * Whatever has not been added up yet is added here: the sums are those that reading memory.stat
 *gives since 5.13, and better than its own before (what CPUs held back was not shown: up to 32
 *pages each). All three come down to: what belongs to the cgroup alone (local), what is already in
 *its sum (own), and what must still be added to it and to every parent (spill).
 *
 * Since 6.10 only the items that memcgs use have a place; a table of the kernel tells it.
 */
#include "object/memcg_stat.h"

enum { MOST_ITEMS = 512 };

enum unit { UNIT_PAGES, UNIT_BYTES, UNIT_KIB };

static const struct stat_row {
	const char *name;
	struct {
		enum datum_id item;
		enum unit unit;
	} sources[2]; /* the first that this kernel has; a group's id, 0, is none */
} stat_rows[NR_MEMCG_STATS] = {
	[MEMCG_STAT_ANON] = {"anon", {{memcg_item_anon, UNIT_PAGES}}},
	[MEMCG_STAT_FILE] = {"file", {{memcg_item_file, UNIT_PAGES}}},
	[MEMCG_STAT_SHMEM] = {"shmem", {{memcg_item_shmem, UNIT_PAGES}}},
	[MEMCG_STAT_FILE_MAPPED] = {"file_mapped", {{memcg_item_file_mapped, UNIT_PAGES}}},
	[MEMCG_STAT_SWAPCACHED] = {"swapcached", {{memcg_item_swapcached, UNIT_PAGES}}},
	[MEMCG_STAT_KERNEL] = {"kernel", {{memcg_item_kernel, UNIT_PAGES}}},
	[MEMCG_STAT_KERNEL_STACK] = {"kernel_stack", {{memcg_item_kernel_stack_kb, UNIT_KIB}}},
	[MEMCG_STAT_PAGETABLES] = {"pagetables", {{memcg_item_pagetables, UNIT_PAGES}}},
	[MEMCG_STAT_PERCPU] = {"percpu", {{memcg_item_percpu_bytes, UNIT_BYTES}}},
	[MEMCG_STAT_VMALLOC] = {"vmalloc", {{memcg_item_vmalloc, UNIT_PAGES}}},
	[MEMCG_STAT_SOCK] = {"sock", {{memcg_item_sock, UNIT_PAGES}}},
	[MEMCG_STAT_SLAB_RECLAIMABLE] = {"slab_reclaimable",
					 {{memcg_item_slab_reclaimable_bytes, UNIT_BYTES},
					  {memcg_item_slab_reclaimable, UNIT_PAGES}}},
	[MEMCG_STAT_SLAB_UNRECLAIMABLE] = {"slab_unreclaimable",
					   {{memcg_item_slab_unreclaimable_bytes, UNIT_BYTES},
					    {memcg_item_slab_unreclaimable, UNIT_PAGES}}},
	[MEMCG_STAT_SWAP] = {"swap", {{memcg_item_swap, UNIT_PAGES}}},
	[MEMCG_STAT_ZSWAP] = {"zswap", {{memcg_item_zswap_bytes, UNIT_BYTES}}},
	[MEMCG_STAT_ZSWAPPED] = {"zswapped", {{memcg_item_zswapped, UNIT_PAGES}}},
};

const char *memcg_stat_name(enum memcg_stat stat)
{
	return stat_rows[stat].name;
}

/* Where each figure stands in the kernel's arrays. */
struct stat_places {
	bool known[NR_MEMCG_STATS];
	u32 index[NR_MEMCG_STATS];
	u64 unit_bytes[NR_MEMCG_STATS];
	u64 nr_items; /* of the arrays */
};

/* One cgroup's figures, in units of the kernel. */
struct figures {
	s64 local[NR_MEMCG_STATS], own[NR_MEMCG_STATS], spill[NR_MEMCG_STATS];
};

/* --- which item is where ------------------------------------------------------------------- */

/*
 * The table of 6.10 has a place and 0 for none, counted from 1; since 6.12 0xff is none
 * and places count from 0.  There is always an item without a place, so that 0xff tells.
 */
static enum read_status read_index(struct kernel *k, u64 nr_stat, u8 table[static MOST_ITEMS])
{
	u64 kva;
	enum read_status status = kernel_global(k, memcg_stats_index, &kva);
	if (!status)
		status = kernel_read(k, kva, table, nr_stat);
	if (status || memchr(table, 0xff, nr_stat))
		return status;
	for (u64 i = 0; i < nr_stat; i++)
		table[i]--;
	return READ_OK;
}

static const char *find_places(struct kernel *k, struct stat_places *p)
{
	u64 nr_stat = 0, page = k->page_size;
	u8 table[MOST_ITEMS];
	kernel_constant(k, memcg_nr_stat, &nr_stat);
	if (!nr_stat || nr_stat > MOST_ITEMS || p->nr_items > nr_stat)
		return "the number of its items makes no sense";
	bool dense = p->nr_items < nr_stat;
	if (dense && read_index(k, nr_stat, table))
		return "mem_cgroup_stats_index is not among the dump's symbols or not readable";
	for (size_t i = 0; i < NR_MEMCG_STATS; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(stat_rows[i].sources) && !p->known[i]; j++) {
			enum datum_id item = stat_rows[i].sources[j].item;
			enum unit unit = stat_rows[i].sources[j].unit;
			u64 at;
			if (!item || kernel_constant(k, item, &at) || at >= nr_stat)
				continue;
			p->index[i] = dense ? table[at] : (u32)at;
			p->known[i] = p->index[i] < p->nr_items;
			p->unit_bytes[i] = unit == UNIT_BYTES ? 1 : unit == UNIT_KIB ? 1024 : page;
		}
	}
	return NULL;
}

/* --- reading ------------------------------------------------------------------------------- */

/* Add an array of longs at kva, once with this sign, to the figures. */
static enum read_status add_array(struct kernel *k, const struct stat_places *p, u64 kva, s64 sign,
				  s64 figures[static NR_MEMCG_STATS])
{
	s64 values[MOST_ITEMS];
	enum read_status status = kernel_read(k, kva, values, p->nr_items * sizeof(*values));
	for (size_t i = 0; !status && i < NR_MEMCG_STATS; i++) {
		if (p->known[i])
			figures[i] = (s64)((u64)figures[i] + (u64)(sign * values[p->index[i]]));
	}
	return status;
}

static enum read_status add_percpu(struct kernel *k, const struct stat_places *p, u64 percpu,
				   enum datum_id array, s64 sign,
				   s64 figures[static NR_MEMCG_STATS])
{
	enum read_status status = READ_OK;
	kernel_for_each_cpu(k, cpu)
	{
		u64 at = kernel_member(k, kernel_percpu(k, percpu, cpu), array);
		enum read_status one = add_array(k, p, at, sign, figures);
		if (one)
			status = one;
	}
	return status;
}

static void add_figures(s64 to[static NR_MEMCG_STATS], const s64 from[static NR_MEMCG_STATS])
{
	for (size_t i = 0; i < NR_MEMCG_STATS; i++)
		to[i] = (s64)((u64)to[i] + (u64)from[i]);
}

static enum read_status read_rstat(struct kernel *k, const struct stat_places *p, u64 vmstats,
				   u64 percpu, struct figures *f)
{
	enum read_status status =
		add_array(k, p, kernel_member(k, vmstats, vmstats_state), 1, f->own);
	if (!status)
		status = add_array(k, p, kernel_member(k, vmstats, vmstats_pending), 1, f->spill);
	if (!status)
		status = add_percpu(k, p, percpu, vmstats_percpu_state, 1, f->local);
	if (!status)
		status = add_percpu(k, p, percpu, vmstats_percpu_prev, -1, f->spill);
	add_figures(f->spill, f->local);
	return status;
}

static enum read_status read_batch(struct kernel *k, const struct stat_places *p, u64 memcg,
				   u64 percpu, struct figures *f)
{
	u64 local;
	enum read_status status = kernel_get(k, memcg, memcg_percpu_local, &local);
	if (!status)
		status = add_array(k, p, kernel_member(k, memcg, memcg_vmstats_array), 1, f->own);
	if (!status)
		status = add_percpu(k, p, percpu, vmstats_percpu_state, 1, f->spill);
	if (!status)
		status = add_percpu(k, p, local, vmstats_percpu_state, 1, f->local);
	add_figures(f->local, f->spill);
	return status;
}

static enum read_status read_local(struct kernel *k, const struct stat_places *p, u64 memcg,
				   u64 percpu, struct figures *f)
{
	enum read_status status =
		add_array(k, p, kernel_member(k, memcg, memcg_stat_array), 1, f->local);
	if (!status)
		status = add_percpu(k, p, percpu, vmstats_percpu_state, 1, f->local);
	add_figures(f->spill, f->local);
	return status;
}

static enum read_status read_figures(struct kernel *k, const struct stat_places *p, u64 memcg,
				     struct figures *f)
{
	u64 vmstats, percpu;
	enum read_status status = kernel_get(k, memcg, memcg_percpu, &percpu);
	if (status)
		return status;
	switch (k->schema.variant[variant_memcg_stats]) {
	case MEMCG_STATS_POINTER:
		status = kernel_get(k, memcg, memcg_vmstats_pointer, &vmstats);
		return status ? status : read_rstat(k, p, vmstats, percpu, f);
	case MEMCG_STATS_STRUCT:
		return read_rstat(k, p, kernel_member(k, memcg, memcg_vmstats_struct), percpu, f);
	case MEMCG_STATS_BATCH:
		return read_batch(k, p, memcg, percpu, f);
	case MEMCG_STATS_LOCAL:
		return read_local(k, p, memcg, percpu, f);
	default:
		return READ_ABSENT;
	}
}

/* --- the tree ------------------------------------------------------------------------------ */

static void set_figures(const struct stat_places *p, const s64 from[static NR_MEMCG_STATS],
			bool has[static NR_MEMCG_STATS], s64 to[static NR_MEMCG_STATS])
{
	for (size_t i = 0; i < NR_MEMCG_STATS; i++) {
		has[i] = p->known[i];
		if (has[i])
			to[i] = (s64)((u64)from[i] * p->unit_bytes[i]);
	}
}

/* A cgroup whose figures are lost makes the sums of all above it unknown. */
static void load_figures(struct memcg_tree *tree, const struct stat_places *p)
{
	struct kernel *k = tree->k;
	struct figures *f = mem_calloc(tree->n, sizeof(*f));
	bool *lost = mem_calloc(tree->n, sizeof(*lost));
	for (size_t i = tree->n; i-- > 0;) {
		struct memcg *m = &tree->v[i];
		struct figures own = {0};
		enum read_status status = read_figures(k, p, m->kva, &own);
		if (status)
			kernel_unreadable(k, "figures of a memory cgroup", status, m->kva);
		else
			set_figures(p, own.local, m->has_local, m->local);
		lost[i] |= status != READ_OK;
		add_figures(f[i].spill, own.spill); /* the children's are in there */
		add_figures(own.own, f[i].spill);
		if (!lost[i])
			set_figures(p, own.own, m->has_total, m->total);
		if (i) {
			add_figures(f[m->parent].spill, f[i].spill);
			lost[m->parent] |= lost[i];
		}
	}
	free(lost);
	free(f);
}

static u64 nr_items(struct kernel *k)
{
	static const struct {
		enum variant_choice choice;
		enum datum_id array;
	} rows[] = {
		{MEMCG_STATS_POINTER, vmstats_state},
		{MEMCG_STATS_STRUCT, vmstats_state},
		{MEMCG_STATS_BATCH, memcg_vmstats_array},
		{MEMCG_STATS_LOCAL, memcg_stat_array},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].choice == k->schema.variant[variant_memcg_stats])
			return kernel_datum(k, rows[i].array)->nr_elements;
	}
	return 0;
}

void memcg_stats_load(struct memcg_tree *tree)
{
	struct kernel *k = tree->k;
	struct stat_places p = {.nr_items = nr_items(k)};
	if (!k->schema.group_usable[group_memcg_stats] || !p.nr_items)
		tree->stats_why = "this kernel keeps them in no way that is known";
	else
		tree->stats_why = find_places(k, &p);
	if (!tree->stats_why)
		load_figures(tree, &p);
}
