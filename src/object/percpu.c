/*
 * Per-cpu chunks: mm/percpu.c, mm/percpu-vm.c.
 *
 * A chunk hangs on one of pcpu_nr_slots lists by its free room; the reserve for modules has a
 * chunk of its own that is on no list.  Unit addresses: __per_cpu_offset[cpu] is the distance of a
 * CPU's unit from the section the kernel was linked with, so that the distance between two CPUs'
 * units is that of their offsets, in each chunk.
 *
 * Of the first chunk's memory only what follows the static variables belongs to chunks; all of it
 * up to the dynamic chunk's end stays allocated (what a unit does not need was given back at boot).
 */
#include "object/percpu.h"

#include "kernel/walk.h"
#include "object/kva_set.h"

enum { MOST_SLOTS = 4096, MOST_UNIT_PAGES = 1 << 20, BITMAP_WORDS_AT_ONCE = 64 };

struct chunk {
	u64 kva, base, nr_pages, nr_populated;
};

struct percpu_walk {
	struct kernel *k;
	percpu_range_fn fn;
	void *arg;
	bool stop;
	u64 lowest_offset;   /* of __per_cpu_offset[] over possible CPUs */
	u64 first_chunk;     /* kva of the struct: given out before, not from its bitmap */
	struct kva_set seen; /* chunks: a damaged list may come back to one */
	struct percpu_layout layout;
};

static u64 unit_distance(const struct percpu_walk *w, u32 cpu)
{
	return w->k->percpu_offset[cpu] - w->lowest_offset;
}

static void give(struct percpu_walk *w, u64 base, u64 from_page, u64 nr_pages, bool first_chunk)
{
	kernel_for_each_cpu(w->k, cpu)
	{
		struct percpu_range range = {
			.kva = base + unit_distance(w, cpu) + (from_page << w->k->page_shift),
			.nr_pages = nr_pages,
			.first_chunk = first_chunk,
			.cpu = cpu,
		};
		if (!w->stop && nr_pages)
			w->stop = !w->fn(w->arg, &range);
	}
	w->layout.nr_populated += nr_pages;
}

static enum read_status read_chunk(struct kernel *k, u64 kva, struct chunk *c)
{
	*c = (struct chunk){.kva = kva};
	enum read_status status = kernel_get(k, kva, pcpu_chunk_base, &c->base);
	if (!status)
		status = kernel_get(k, kva, pcpu_chunk_nr_pages, &c->nr_pages);
	if (!status)
		status = kernel_get(k, kva, pcpu_chunk_pages_populated, &c->nr_populated);
	if (status)
		return status;
	if (c->base < k->arch->kernel_half || c->base % k->page_size || !c->nr_pages ||
	    c->nr_pages > MOST_UNIT_PAGES || c->nr_populated > c->nr_pages)
		return READ_DAMAGED;
	return READ_OK;
}

/* --- the bitmap of populated pages --------------------------------------------------------- */

struct run {
	u64 start, length;
};

static void add_bits(struct percpu_walk *w, const struct chunk *c, struct run *run, u64 word,
		     u64 first_page)
{
	for (u64 i = 0; i < 64 && first_page + i < c->nr_pages; i++) {
		if (word >> i & 1) {
			if (!run->length++)
				run->start = first_page + i;
		} else if (run->length) {
			give(w, c->base, run->start, run->length, false);
			run->length = 0;
		}
	}
}

static void give_chunk(struct percpu_walk *w, const struct chunk *c)
{
	u64 at = kernel_member(w->k, c->kva, pcpu_chunk_populated), before = w->layout.nr_populated;
	u64 words[BITMAP_WORDS_AT_ONCE], nr_words = (c->nr_pages + 63) / 64;
	struct run run = {0};
	for (u64 i = 0; i < nr_words; i += BITMAP_WORDS_AT_ONCE) {
		u64 n = u64_min(BITMAP_WORDS_AT_ONCE, nr_words - i);
		enum read_status status = kernel_read(w->k, at + i * 8, words, n * 8);
		if (status) {
			kernel_unreadable(w->k, "populated pages of a per-cpu chunk", status, at);
			break;
		}
		for (u64 j = 0; j < n; j++)
			add_bits(w, c, &run, words[j], (i + j) * 64);
	}
	give(w, c->base, run.start, run.length, false);
	/* Pages being added or removed at the moment of the dump are in the bitmap or not. */
	if (w->layout.nr_populated - before != c->nr_populated)
		kernel_unreadable(w->k, "populated pages of a per-cpu chunk", READ_DAMAGED, c->kva);
	w->layout.nr_chunks++;
}

/* --- chunks -------------------------------------------------------------------------------- */

static int give_first_chunk(struct percpu_walk *w, struct error *error)
{
	struct kernel *k = w->k;
	struct chunk c = {0};
	u64 base, end_offset = 0;
	enum read_status status = kernel_variable(k, pcpu_first_chunk, 8, &w->first_chunk);
	if (!status)
		status = kernel_variable(k, pcpu_base_addr, 8, &base);
	if (!status)
		status = read_chunk(k, w->first_chunk, &c);
	if (!status)
		status = kernel_get(k, w->first_chunk, pcpu_chunk_end_offset, &end_offset);
	u64 end = c.base + (c.nr_pages << k->page_shift) - end_offset;
	if (!status && (base % k->page_size || base > c.base || end <= c.base ||
			end - base > (u64)MOST_UNIT_PAGES << k->page_shift))
		status = READ_DAMAGED;
	if (status)
		return error_set(error, EXIT_PARTIAL, "the first per-cpu chunk %s",
				 read_status_text(status));
	w->layout.first_chunk_base = base;
	w->layout.first_chunk_pages = (end - base + k->page_size - 1) >> k->page_shift;
	w->layout.nr_chunks++;
	give(w, base, 0, w->layout.first_chunk_pages, true);
	return 0;
}

static void walk_slot(struct percpu_walk *w, u64 head)
{
	struct list_walk walk;
	u64 node;
	for (list_walk_init(&walk, w->k, head); !w->stop && list_walk_next(&walk, &node);) {
		struct chunk c;
		u64 kva = kernel_container(w->k, node, pcpu_chunk_node);
		if (kva == w->first_chunk)
			continue;
		enum read_status status = read_chunk(w->k, kva, &c);
		if (!status && !kva_set_add(&w->seen, kva))
			status = READ_DAMAGED;
		if (status)
			kernel_unreadable(w->k, "per-cpu chunk", status, kva);
		else
			give_chunk(w, &c);
	}
	if (walk.status)
		kernel_unreadable(w->k, "list of per-cpu chunks", walk.status, walk.at);
}

static int walk_slots(struct percpu_walk *w, struct error *error)
{
	struct kernel *k = w->k;
	enum { HEAD_BYTES = 16 };
	u64 lists, nr_slots, nr_types = 1;
	enum read_status status = kernel_variable(k, pcpu_chunk_lists, 8, &lists);
	if (!status)
		status = kernel_variable(k, pcpu_nr_slots, 4, &nr_slots);
	if (kernel_constant(k, pcpu_nr_chunk_types, &nr_types) == READ_OK && nr_types > 8)
		status = READ_DAMAGED;
	if (!status && (!nr_slots || nr_slots > MOST_SLOTS))
		status = READ_DAMAGED;
	if (status)
		return error_set(error, EXIT_PARTIAL, "the lists of per-cpu chunks %s",
				 read_status_text(status));
	for (u64 i = 0; i < nr_slots * nr_types && !w->stop; i++)
		walk_slot(w, lists + i * HEAD_BYTES);
	return 0;
}

static void read_layout(struct percpu_walk *w)
{
	struct kernel *k = w->k;
	u64 value;
	w->lowest_offset = UINT64_MAX;
	kernel_for_each_cpu(k, cpu)
	{
		w->lowest_offset = u64_min(w->lowest_offset, k->percpu_offset[cpu]);
		w->layout.nr_units++;
	}
	if (kernel_variable(k, pcpu_nr_units, 4, &value) == READ_OK && value)
		w->layout.nr_units = (u32)value;
	if (kernel_variable(k, pcpu_unit_pages, 4, &value) == READ_OK)
		w->layout.unit_pages = value;
}

int percpu_for_each_page_range(struct kernel *k, percpu_range_fn fn, void *arg,
			       struct percpu_layout *layout, struct error *error)
{
	struct percpu_walk w = {.k = k, .fn = fn, .arg = arg};
	if (!kernel_has_group(k, group_percpu, error))
		return -1;
	if (!k->cpus_known)
		return error_set(error, EXIT_PARTIAL,
				 "per-cpu chunks: which CPUs there are is not known");
	if (!kernel_has(k, pcpu_chunk_lists) || !kernel_has(k, pcpu_first_chunk))
		return error_set(error, EXIT_PARTIAL,
				 "per-cpu chunks: pcpu_chunk_lists is not among the dump's "
				 "symbols (a kernel without CONFIG_KALLSYMS_ALL); --map or "
				 "--vmlinux names it");
	read_layout(&w);
	int failed = give_first_chunk(&w, error) || walk_slots(&w, error) ? -1 : 0;
	kva_set_done(&w.seen);
	if (layout && !failed)
		*layout = w.layout;
	return failed;
}
