/* Who uses user pages: files, mounts, cgroups. */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/census_tables.h"
#include "object/file.h"
#include "object/storage.h"

/* --- files ---------------------------------------------------------------------------------- */

enum file_column {
	FC_PATH,
	FC_PAGES,
	FC_BYTES,
	FC_MAPPED,
	FC_FSTYPE,
	FC_DEVICE,
	FC_KIND,
	FC_DELETED,
	FC_SIZE,
	FC_USERS,
	FC_CGROUP,
	FC_INODE,
	FC_ADDRESS
};
static const struct column file_columns[] = {
	[FC_PATH] = {"path", "PATH", "name, where the kernel still knows it"},
	[FC_PAGES] = {"pages", "PAGES", "page frames that hold it", COL_COUNT},
	[FC_BYTES] = {"bytes", "IN MEMORY", "the same in bytes", COL_BYTES},
	[FC_MAPPED] = {"mapped_pages", "MAPPED", "of these, mapped by processes", COL_PAGES},
	[FC_FSTYPE] = {"fstype", "TYPE", "type of the file system"},
	[FC_DEVICE] = {"device", "DEVICE", "what the file system is on"},
	[FC_KIND] = {"kind", "KIND", "file, tmpfs, memfd, sysv, device, hugetlb ..."},
	[FC_DELETED] = {"deleted", "DELETED", "has no name any more: goes when its last user does",
			COL_BOOL},
	[FC_SIZE] = {"size_bytes", "FILE SIZE", "as ls shows it", COL_BYTES},
	[FC_USERS] = {"users", "USERS", "open files, mappings and mounts that hold it", COL_COUNT,
		      COLUMN_WIDE},
	[FC_CGROUP] = {"cgroup", "CGROUP",
		       "that is charged for its pages; (several) when more than one", COL_TEXT,
		       COLUMN_WIDE},
	[FC_INODE] = {"inode", "INODE", "number of its inode", COL_COUNT, COLUMN_WIDE},
	[FC_ADDRESS] = {"address", "ADDRESS", "struct address_space", COL_ADDRESS, COLUMN_WIDE},
};
const struct table_spec census_files_spec = {
	.key = "files",
	.title = "Files in memory",
	.help = "files by the pages that hold them: page cache, tmpfs, shared memory, block devices",
	.columns = file_columns,
	.nr_columns = ARRAY_SIZE(file_columns),
	.sort = "-pages,path",
};

static const char *cgroup_path(const struct census *c, u64 kva)
{
	if (kva == CHARGED_TO_SEVERAL)
		return "(several)";
	const struct memcg *memcg = c->has_cgroups && kva ? memcg_find(&c->cgroup_tree, kva) : NULL;
	return memcg ? memcg->path : NULL;
}

static void add_file(struct table *t, const struct census *c, const struct census_file *file)
{
	struct file_info info;
	char title[1200];
	file_of_mapping(c->k, file->mapping, &info);
	table_add(t);
	table_set(t, FC_PAGES, file->pages);
	table_set(t, FC_BYTES, file->pages * c->k->page_size);
	table_set(t, FC_MAPPED, file->mapped_pages);
	table_set_text(t, FC_CGROUP, cgroup_path(c, file->memcg));
	table_set(t, FC_ADDRESS, file->mapping);
	if (info.status) {
		for (unsigned i = 0; i < ARRAY_SIZE(file_columns); i++) {
			if (i != FC_PAGES && i != FC_BYTES && i != FC_MAPPED && i != FC_CGROUP &&
			    i != FC_ADDRESS)
				table_set_unknown(t, i, read_status_text(info.status));
		}
		return;
	}
	if (info.path[0] == '/' &&
	    !info.mounted) /* within its file system: where that is, nothing tells */
		table_printf(t, FC_PATH, "%s:%s", info.device, info.path);
	else
		table_set_text(t, FC_PATH,
			       info.path[0] ? info.path : file_title(&info, title, sizeof(title)));
	table_set_text(t, FC_FSTYPE, info.fstype);
	table_set_text(t, FC_DEVICE, info.device);
	table_set_text(t, FC_KIND, file_kind_name(info.kind));
	table_set(t, FC_DELETED, info.deleted);
	table_set(t, FC_SIZE, info.size_bytes);
	if (info.users_known)
		table_set(t, FC_USERS, info.users);
	table_set(t, FC_INODE, info.ino);
}

struct table *census_by_file(const struct census *c, size_t most)
{
	struct table *t = table_new(&census_files_spec);
	for (size_t i = 0; i < c->nr_files && (!most || i < most); i++)
		add_file(t, c, &c->files[i]);
	return t;
}

/* --- mounts --------------------------------------------------------------------------------- */

enum mount_pages_column { MC_PATH, MC_PAGES, MC_BYTES, MC_FILES, MC_MAPPED, MC_FSTYPE, MC_DEVICE };
static const struct column mount_columns[] = {
	[MC_PATH] = {"path", "MOUNTED AT",
		     "the first mount of the file system; none: the kernel's own"},
	[MC_PAGES] = {"pages", "PAGES", "page frames that hold its files", COL_COUNT},
	[MC_BYTES] = {"bytes", "IN MEMORY", "the same in bytes", COL_BYTES},
	[MC_FILES] = {"files", "FILES", "files that have pages", COL_COUNT},
	[MC_MAPPED] = {"mapped_pages", "MAPPED", "of the pages, mapped by processes", COL_PAGES},
	[MC_FSTYPE] = {"fstype", "TYPE", "type of the file system"},
	[MC_DEVICE] = {"device", "DEVICE", "what the file system is on"},
};
const struct table_spec census_mounts_spec = {
	.key = "census_mounts",
	.title = "File systems in memory",
	.help = "file systems by the pages that hold their files",
	.columns = mount_columns,
	.nr_columns = ARRAY_SIZE(mount_columns),
	.sort = "-pages,path",
};

struct super_sum {
	u64 super, pages, mapped, files;
	const char *path, *fstype, *device; /* NULL: not known */
};

struct mount_sums {
	struct kernel *k;
	struct arena arena;
	VEC(struct super_sum) supers;
};

enum { MOST_SUPERS = 4096 };

static struct super_sum *sum_of(struct mount_sums *sums, u64 super)
{
	for (size_t i = sums->supers.n; i-- > 0;) {
		if (sums->supers.v[i].super == super)
			return &sums->supers.v[i];
	}
	if (sums->supers.n == MOST_SUPERS)
		return NULL;
	struct super_sum *made = vec_push(&sums->supers);
	made->super = super;
	return made;
}

static bool name_by_mount(void *arg, const struct mount *mount)
{
	struct mount_sums *sums = arg;
	for (size_t i = 0; i < sums->supers.n; i++) {
		struct super_sum *s = &sums->supers.v[i];
		if (s->super != mount->super_block || s->path)
			continue;
		s->path = arena_strdup(&sums->arena, mount->path);
		s->device = arena_strdup(&sums->arena, mount->device);
		s->fstype = arena_strdup(&sums->arena, mount->fstype);
	}
	return true;
}

static void name_by_kernel(struct mount_sums *sums, struct super_sum *s)
{
	char name[64];
	u64 type;
	if (!s->fstype && kernel_get(sums->k, s->super, super_type, &type) == READ_OK &&
	    kernel_get_text_at(sums->k, type, file_system_name, name, sizeof(name)) == READ_OK)
		s->fstype = arena_strdup(&sums->arena, name);
}

struct table *census_by_mount(const struct census *c)
{
	struct mount_sums sums = {.k = c->k};
	struct table *t = table_new(&census_mounts_spec);
	struct error error;
	for (size_t i = 0; i < c->nr_files; i++) {
		u64 host, super;
		if (kernel_get(c->k, c->files[i].mapping, mapping_host, &host) ||
		    kernel_get(c->k, host, inode_sb, &super))
			continue;
		struct super_sum *sum = sum_of(&sums, super);
		if (!sum)
			continue;
		sum->files++;
		sum->pages += c->files[i].pages;
		sum->mapped += c->files[i].mapped_pages;
	}
	mount_for_each(c->k, name_by_mount, &sums, &error);
	for (size_t i = 0; i < sums.supers.n; i++) {
		struct super_sum *s = &sums.supers.v[i];
		name_by_kernel(&sums, s);
		table_add(t);
		table_set_text(t, MC_PATH, s->path);
		table_set(t, MC_PAGES, s->pages);
		table_set(t, MC_BYTES, s->pages * c->k->page_size);
		table_set(t, MC_FILES, s->files);
		table_set(t, MC_MAPPED, s->mapped);
		table_set_text(t, MC_FSTYPE, s->fstype);
		table_set_text(t, MC_DEVICE, s->device);
	}
	vec_done(&sums.supers);
	arena_done(&sums.arena);
	return t;
}

/* --- cgroups -------------------------------------------------------------------------------- */

enum cgroup_column {
	CC_PATH,
	CC_ONLINE,
	CC_PAGES,
	CC_BYTES,
	CC_ANON,
	CC_FILE,
	CC_SHMEM,
	CC_KERNEL,
	CC_CHARGED,
	CC_USAGE,
	CC_LIMIT,
	CC_SLAB,
	CC_SWAP,
	CC_CHILDREN_DEAD,
	CC_HELD_BY,
	CC_OOM_KILLS,
	CC_ID,
	CC_INODE,
	CC_ADDRESS
};
enum charged_column { CH_ANON, CH_FILE, CH_SHMEM, CH_SWAP_CACHE, CH_KERNEL };
static const struct column charged_columns[] = {
	[CH_ANON] = {"anon", "ANON", "anonymous memory", COL_PAGES},
	[CH_FILE] = {"file", "FILE", "page cache", COL_PAGES},
	[CH_SHMEM] = {"shmem", "SHMEM", "tmpfs and shared memory", COL_PAGES},
	[CH_SWAP_CACHE] = {"swap_cache", "SWAP CACHE", "swap cache, not mapped", COL_PAGES},
	[CH_KERNEL] = {"kernel", "KERNEL",
		       "whole pages of the kernel: stacks, page tables, vmalloc, pipes", COL_PAGES},
};
static const struct table_spec charged_spec = {
	.key = "charged_pages",
	.title = "Charged pages",
	.help = "page frames that say they are charged to the cgroup",
	.columns = charged_columns,
	.nr_columns = ARRAY_SIZE(charged_columns),
};
static const struct column cgroup_columns[] = {
	[CC_PATH] = {"path", "CGROUP", "path; of dead ones what it was"},
	[CC_ONLINE] = {"online", "ONLINE", "no: removed, and held by what it is charged for",
		       COL_BOOL},
	[CC_PAGES] = {"pages", "PAGES", "page frames charged to it, its children not included",
		      COL_COUNT},
	[CC_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
	[CC_ANON] = {"anon_pages", "ANON", "anonymous memory", COL_PAGES},
	[CC_FILE] = {"file_pages", "FILE", "page cache", COL_PAGES},
	[CC_SHMEM] = {"shmem_pages", "SHMEM", "tmpfs and shared memory", COL_PAGES},
	[CC_KERNEL] = {"kernel_pages", "KERNEL",
		       "whole pages of the kernel: stacks, page tables, vmalloc, pipes", COL_PAGES},
	[CC_CHARGED] = {"charged_pages", "CHARGED", "the same by kind", COL_RECORD,
			COLUMN_JSON_ONLY, &charged_spec},
	[CC_USAGE] = {"usage_bytes", "USAGE", "memory.current: its children included", COL_BYTES},
	[CC_LIMIT] = {"limit_bytes", "LIMIT", "memory.max; none: no limit", COL_BYTES},
	[CC_SLAB] = {"slab_bytes", "SLAB", "slab objects charged to it, by the kernel's counter",
		     COL_BYTES},
	[CC_SWAP] = {"swap_bytes", "SWAP", "swapped out", COL_BYTES},
	[CC_CHILDREN_DEAD] = {"dead_below", "DEAD BELOW",
			      "removed cgroups in its subtree that are still held", COL_COUNT},
	[CC_HELD_BY] = {"held_by", "HELD BY",
			"what keeps a dead one: kinds of pages, the largest file", COL_TEXT},
	[CC_OOM_KILLS] = {"oom_kills", "OOM KILLS", "tasks killed in it for its limit", COL_COUNT,
			  COLUMN_WIDE},
	[CC_ID] = {"id", "ID", "the kernel's number of it", COL_COUNT, COLUMN_JSON_ONLY},
	[CC_INODE] = {"inode", "INODE", "of its directory", COL_COUNT, COLUMN_JSON_ONLY},
	[CC_ADDRESS] = {"address", "ADDRESS", "struct mem_cgroup", COL_ADDRESS, COLUMN_WIDE},
};
const struct table_spec census_cgroups_spec = {
	.key = "cgroups",
	.title = "Cgroups by the pages charged to them",
	.help = "memory cgroups, dead ones included",
	.columns = cgroup_columns,
	.nr_columns = ARRAY_SIZE(cgroup_columns),
	.sort = "-pages,path",
};

static const struct census_cgroup *charges_of(const struct census *c, u64 kva)
{
	static const struct census_cgroup nothing;
	for (size_t i = 0; i < c->nr_cgroups; i++) {
		if (c->cgroups[i].kva == kva)
			return &c->cgroups[i];
	}
	return &nothing;
}

/* The largest file whose pages are charged to this cgroup alone; files are sorted by size. */
static const struct census_file *largest_file(const struct census *c, u64 kva)
{
	for (size_t i = 0; i < c->nr_files; i++) {
		if (c->files[i].memcg == kva)
			return &c->files[i];
	}
	return NULL;
}

static void set_held_by(struct table *t, const struct census *c, const struct memcg *m,
			const struct census_cgroup *charges, u64 slab_bytes)
{
	static const char *const kinds[NR_CHARGE_KINDS] = {"anon", "file", "shmem", "swap cache",
							   "kernel"};
	char text[1600], path[1200];
	size_t n = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < NR_CHARGE_KINDS; i++) {
		if (charges->pages[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %llu pages",
					      n ? ", " : "", kinds[i],
					      (unsigned long long)charges->pages[i]);
	}
	if (slab_bytes)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sslab objects", n ? ", " : "");
	if (m->swap.known && m->swap.usage)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sswapped pages", n ? ", " : "");
	const struct census_file *file = largest_file(c, m->kva);
	if (file) {
		struct file_info info;
		file_of_mapping(c->k, file->mapping, &info);
		snprintf(text + n, sizeof(text) - n, "%s%s (%llu pages)", n ? "; " : "",
			 file_title(&info, path, sizeof(path)), (unsigned long long)file->pages);
	}
	table_set_text(t, CC_HELD_BY, text[0] ? text : "references only (or its children)");
}

static void add_cgroup(struct table *t, const struct census *c, const struct memcg *m)
{
	const struct census_cgroup *charges = charges_of(c, m->kva);
	u64 page_size = c->k->page_size, sum = 0;
	struct table *charged = table_new(&charged_spec);
	table_add(charged);
	for (unsigned i = 0; i < NR_CHARGE_KINDS; i++) {
		table_set(charged, i, charges->pages[i]);
		sum += charges->pages[i];
	}
	table_add(t);
	table_set_text(t, CC_PATH, m->path);
	table_set(t, CC_ONLINE, m->online);
	table_set(t, CC_PAGES, sum);
	table_set(t, CC_BYTES, sum * page_size);
	table_set(t, CC_ANON, charges->pages[CHARGE_ANON]);
	table_set(t, CC_FILE, charges->pages[CHARGE_FILE]);
	table_set(t, CC_SHMEM, charges->pages[CHARGE_SHMEM]);
	table_set(t, CC_KERNEL, charges->pages[CHARGE_KERNEL]);
	table_set_table(t, CC_CHARGED, charged);
	if (m->memory.known)
		table_set(t, CC_USAGE, m->memory.usage * page_size);
	if (m->memory.known && m->memory.max < MEMCG_NO_LIMIT / page_size)
		table_set(t, CC_LIMIT, m->memory.max * page_size);
	s64 slab = 0;
	bool has_slab = m->has_local[MEMCG_STAT_SLAB_RECLAIMABLE] &&
			m->has_local[MEMCG_STAT_SLAB_UNRECLAIMABLE];
	if (has_slab) {
		slab = m->local[MEMCG_STAT_SLAB_RECLAIMABLE] +
		       m->local[MEMCG_STAT_SLAB_UNRECLAIMABLE];
		slab = slab < 0 ? 0 : slab;
		table_set(t, CC_SLAB, (u64)slab);
	}
	if (m->swap.known)
		table_set(t, CC_SWAP, m->swap.usage * page_size);
	table_set(t, CC_CHILDREN_DEAD, m->nr_dead_below);
	if (!m->online)
		set_held_by(t, c, m, charges, (u64)slab);
	if (m->has_events)
		table_set(t, CC_OOM_KILLS, m->oom_kills);
	table_set(t, CC_ID, m->id);
	table_set(t, CC_INODE, m->inode);
	table_set(t, CC_ADDRESS, m->kva);
}

struct table *census_by_cgroup(const struct census *c, struct error *error)
{
	struct memcg_tree tree;
	if (memcg_tree_load(&tree, c->k, true, error))
		return NULL;
	struct table *t = table_new(&census_cgroups_spec);
	for (size_t i = 0; i < tree.n; i++)
		add_cgroup(t, c, &tree.v[i]);
	memcg_tree_done(&tree);
	return t;
}
