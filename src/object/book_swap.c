/*
 * What swap keeps for each swap area, in single pages: the cgroup of each page swapped out
 * (mm/swap_cgroup.c), and since 6.18 the state of each (mm/swap_table.h).
 */
#include "object/book_parts.h"

enum { MOST_SWAP_AREAS = 64 }; /* MAX_SWAPFILES is 32 at most */

static u64 nr_areas(struct book_walk *w)
{
	u64 nr;
	return kernel_variable(w->k, nr_swapfiles, 4, &nr) ? 0 : u64_min(nr, MOST_SWAP_AREAS);
}

/* --- cgroups -------------------------------------------------------------------------------- */

static enum read_status give_cgroups(struct book_walk *w, u64 control)
{
	u64 map, nr, page;
	enum read_status status = kernel_get(w->k, control, swap_cgroup_map, &map);
	if (!status)
		status = kernel_get(w->k, control, swap_cgroup_length, &nr);
	if (status || !map)
		return status;
	if (nr > w->k->max_pfn)
		return READ_DAMAGED;
	for (u64 i = 0; !status && i < nr; i++) {
		status = kernel_read_u64(w->k, map + i * 8, &page);
		if (!status && page)
			status = book_give_page(w, page, 1);
	}
	return status;
}

static void read_cgroups(struct book_walk *w)
{
	u64 controls, size = kernel_datum(w->k, swap_cgroup_size)->value;
	if (kernel_global(w->k, swap_cgroup_ctrl, &controls))
		return;
	for (u64 i = 0; i < nr_areas(w); i++)
		book_tell(w, give_cgroups(w, controls + i * size), controls + i * size);
}

/* --- tables --------------------------------------------------------------------------------- */

/*
 * A cluster's table has an entry for each of its pages, and is made when the first of them is used:
 * a page of its own where it fills one (SWP_TABLE_USE_PAGE), else a slab object.
 */
static enum read_status give_tables(struct book_walk *w, u64 area)
{
	struct kernel *k = w->k;
	u64 clusters, max, table, size = kernel_datum(k, swap_cluster_size)->value;
	u64 per_cluster = kernel_datum(k, swap_table_entries)->nr_elements;
	enum read_status status = kernel_get(k, area, swap_area_clusters, &clusters);
	if (!status)
		status = kernel_get(k, area, swap_area_max, &max);
	if (status || !clusters)
		return status;
	for (u64 i = 0; !status && i * per_cluster < max; i++) {
		status = kernel_get(k, clusters + i * size, swap_cluster_table, &table);
		if (!status && table)
			status = book_give(w, table, 1);
	}
	return status;
}

static void read_tables(struct book_walk *w)
{
	struct kernel *k = w->k;
	u64 array, area;
	if (kernel_datum(k, swap_table_size)->value != k->page_size ||
	    !kernel_datum(k, swap_table_entries)->nr_elements ||
	    kernel_global(k, swap_info, &array))
		return;
	for (u64 i = 0; i < nr_areas(w); i++) {
		enum read_status status = kernel_read_u64(k, array + i * 8, &area);
		if (!status && area)
			status = give_tables(w, area);
		book_tell(w, status, array + i * 8);
	}
}

const struct book books_of_swap[] = {
	{"swap: cgroups of pages swapped out", group_swap_cgroup, read_cgroups},
	{"swap: tables of swapped pages", group_swap_table, read_tables},
	{0},
};
