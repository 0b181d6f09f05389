/*
 * Where memory can go besides pages of programs: swap areas, hugetlb pools, mounts.
 */
#ifndef OBJECT_STORAGE_H
#define OBJECT_STORAGE_H

#include "kernel/kernel.h"

struct swap_area {
	u32 index;
	char path[512]; /* "" when not known */
	u64 pages, used_pages;
	s32 priority;
};
typedef bool (*swap_fn)(void *arg, const struct swap_area *area);
int swap_for_each(struct kernel *k, swap_fn fn, void *arg, struct error *error);

struct hugetlb_pool {
	char name[32]; /* "hugepages-2048kB" */
	u32 order;
	u64 pages_per_huge;		    /* base pages of one huge page */
	u64 total, free, reserved, surplus; /* in huge pages */
};
typedef bool (*hugetlb_fn)(void *arg, const struct hugetlb_pool *pool);
int hugetlb_for_each(struct kernel *k, hugetlb_fn fn, void *arg, struct error *error);

/* Mounts of init's mount namespace. */
struct mount {
	u64 kva, super_block;
	char path[1024], device[256], fstype[64];
	enum read_status path_status, device_status, fstype_status; /* READ_OK: they are whole */
	bool has_size; /* tmpfs with a limit */
	u64 max_pages, used_pages;
};
typedef bool (*mount_fn)(void *arg, const struct mount *mount);
int mount_for_each(struct kernel *k, mount_fn fn, void *arg, struct error *error);

#endif
