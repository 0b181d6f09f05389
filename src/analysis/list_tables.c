/* Modules, swap areas, hugetlb pools, mounts, the kernel log, and what could not be read. */
#include <string.h>

#include "analysis/tables.h"
#include "object/module.h"
#include "object/printk.h"
#include "object/storage.h"
#include "object/system.h"

/* Builders share this: the table that rows go to, and its kernel. */
struct list {
	struct kernel *k;
	struct table *t;
};

/* --- modules ------------------------------------------------------------------------------- */

static const struct column module_columns[] = {
	[MODULE_NAME] = {"name", "MODULE", "name of the module"},
	[MODULE_OWNED_BYTES] =
		{"owned_bytes", "OWNS",
		 "memory of the module itself: text, data, and per-cpu data of all possible CPUs",
		 COL_BYTES},
	[MODULE_SIZE_BYTES] = {"size_bytes", "SIZE", "text and data, as lsmod has it", COL_BYTES},
	[MODULE_TEXT_BYTES] = {"text_bytes", "TEXT", "code", COL_BYTES},
	[MODULE_PERCPU_BYTES] = {"percpu_bytes", "PERCPU", "per-cpu data, for one CPU", COL_BYTES,
				 COLUMN_WIDE},
	[MODULE_REFCOUNT] = {"refcount", "USED", "users that keep it from being unloaded",
			     COL_SIGNED},
	[MODULE_TAINTED] =
		{"tainted", "TAINT",
		 "how it taints the kernel: P proprietary, O out of tree, E unsigned, ..."},
	[MODULE_VERSION] = {"version", "VERSION", "as the module says",
			    .flags = COLUMN_WIDE | COLUMN_OPTIONAL},
	[MODULE_SRCVERSION] = {"srcversion", "SRCVERSION", "hash of its source",
			       .flags = COLUMN_WIDE | COLUMN_OPTIONAL},
	[MODULE_ADDRESS] = {"address", "STRUCT", "address of its struct module", COL_ADDRESS,
			    COLUMN_WIDE},
};

const struct table_spec modules_spec = {
	.key = "modules",
	.title = "Modules",
	.help = "loaded modules by size",
	.columns = module_columns,
	.nr_columns = ARRAY_SIZE(module_columns),
	.sort = "-size_bytes,name",
};

static u32 possible_cpus(const struct kernel *k)
{
	u32 n = 0;
	kernel_for_each_cpu(k, cpu) n++;
	return n;
}

static bool add_module(void *arg, const struct module *m)
{
	struct list *l = arg;
	const char *sentences[MAX_TAINT_FLAGS];
	char letters[MAX_TAINT_FLAGS + 1];
	table_add(l->t);
	table_set_text(l->t, MODULE_NAME, m->name);
	u64 size = m->core_bytes + m->init_bytes;
	table_set(l->t, MODULE_SIZE_BYTES, size);
	table_set(l->t, MODULE_OWNED_BYTES, size + m->percpu_bytes * possible_cpus(l->k));
	table_set(l->t, MODULE_TEXT_BYTES, m->text_bytes);
	table_set(l->t, MODULE_PERCPU_BYTES, m->percpu_bytes);
	table_set_signed(l->t, MODULE_REFCOUNT, m->refcount);
	if (m->has_taints) {
		taint_describe(m->taints, sentences, letters);
		table_set_text(l->t, MODULE_TAINTED, letters);
	} else {
		table_set_unknown(l->t, MODULE_TAINTED, "this kernel keeps no taint of modules");
	}
	table_set_text(l->t, MODULE_VERSION, m->version[0] ? m->version : NULL);
	table_set_text(l->t, MODULE_SRCVERSION, m->srcversion[0] ? m->srcversion : NULL);
	table_set(l->t, MODULE_ADDRESS, m->kva);
	return true;
}

static struct table *done(struct list *list, int failed)
{
	if (!failed)
		return list->t;
	table_free(list->t);
	return NULL;
}

struct table *modules_table(struct kernel *k, struct error *error)
{
	struct list list = {k, table_new(&modules_spec)};
	return done(&list, module_for_each(k, add_module, &list, error));
}

/* --- swap, hugetlb, mounts ----------------------------------------------------------------- */

static const struct column swap_columns[] = {
	[SWAP_PATH] = {"path", "AREA", "file or device"},
	[SWAP_PAGES] = {"pages", "SIZE", "pages of the area", COL_PAGES},
	[SWAP_USED_PAGES] = {"used_pages", "USED", "pages in use", COL_PAGES},
	[SWAP_PRIORITY] = {"priority", "PRIORITY", "higher is used first", COL_SIGNED},
};

const struct table_spec swaps_spec = {
	.key = "swaps",
	.title = "Swap areas",
	.help = "swap areas and their use",
	.columns = swap_columns,
	.nr_columns = ARRAY_SIZE(swap_columns),
};

static bool add_swap(void *arg, const struct swap_area *area)
{
	struct list *l = arg;
	table_add(l->t);
	if (area->path[0])
		table_set_text(l->t, SWAP_PATH, area->path);
	else
		table_set_unknown(l->t, SWAP_PATH, "its file can't be read");
	table_set(l->t, SWAP_PAGES, area->pages);
	table_set(l->t, SWAP_USED_PAGES, area->used_pages);
	table_set_signed(l->t, SWAP_PRIORITY, area->priority);
	return true;
}

struct table *swaps_table(struct kernel *k, struct error *error)
{
	struct list list = {k, table_new(&swaps_spec)};
	return done(&list, swap_for_each(k, add_swap, &list, error));
}

static const struct column hugetlb_columns[] = {
	[HUGETLB_SIZE] = {"page_bytes", "PAGE", "size of one huge page", COL_BYTES},
	[HUGETLB_TOTAL] = {"total", "TOTAL", "huge pages of the pool", COL_COUNT},
	[HUGETLB_FREE] = {"free", "FREE", "of these, in nobody's use", COL_COUNT},
	[HUGETLB_RESERVED] = {"reserved", "RESERVED", "free ones that are promised to a mapping",
			      COL_COUNT},
	[HUGETLB_SURPLUS] = {"surplus", "SURPLUS", "above the configured size", COL_COUNT},
	[HUGETLB_PAGES] = {"pages", "MEMORY", "memory of the pool", COL_PAGES},
};

const struct table_spec hugetlb_spec = {
	.key = "hugetlb",
	.title = "Hugetlb pools",
	.help = "pools of huge pages",
	.columns = hugetlb_columns,
	.nr_columns = ARRAY_SIZE(hugetlb_columns),
};

static bool add_pool(void *arg, const struct hugetlb_pool *p)
{
	struct list *l = arg;
	table_add(l->t);
	table_set(l->t, HUGETLB_SIZE, p->pages_per_huge * l->k->page_size);
	table_set(l->t, HUGETLB_TOTAL, p->total);
	table_set(l->t, HUGETLB_FREE, p->free);
	table_set(l->t, HUGETLB_RESERVED, p->reserved);
	table_set(l->t, HUGETLB_SURPLUS, p->surplus);
	table_set(l->t, HUGETLB_PAGES, p->total * p->pages_per_huge);
	return true;
}

struct table *hugetlb_table(struct kernel *k, struct error *error)
{
	struct list list = {k, table_new(&hugetlb_spec)};
	return done(&list, hugetlb_for_each(k, add_pool, &list, error));
}

static const struct column mount_columns[] = {
	[MOUNT_PATH] = {"path", "MOUNTED ON", "where, in init's namespace"},
	[MOUNT_DEVICE] = {"device", "DEVICE", "what"},
	[MOUNT_FSTYPE] = {"fstype", "TYPE", "file system"},
	[MOUNT_USED_PAGES] = {"used_pages", "USED", "tmpfs with a limit: pages that its files hold",
			      COL_PAGES, COLUMN_OPTIONAL},
	[MOUNT_MAX_PAGES] = {"max_pages", "LIMIT", "tmpfs: pages that it may hold", COL_PAGES,
			     COLUMN_OPTIONAL},
	[MOUNT_ADDRESS] = {"address", "MOUNT", "address of its struct mount", COL_ADDRESS,
			   COLUMN_WIDE},
};

const struct table_spec mounts_spec = {
	.key = "mounts",
	.title = "Mounts",
	.help = "mounted file systems of init's namespace; sizes of tmpfs",
	.columns = mount_columns,
	.nr_columns = ARRAY_SIZE(mount_columns),
};

static void set_name(struct table *t, unsigned column, enum read_status status, const char *name)
{
	if (status)
		table_set_unknown(t, column, read_status_text(status));
	else
		table_set_text(t, column, name);
}

static bool add_mount(void *arg, const struct mount *m)
{
	struct list *l = arg;
	table_add(l->t);
	set_name(l->t, MOUNT_PATH, m->path_status, m->path);
	set_name(l->t, MOUNT_DEVICE, m->device_status, m->device);
	set_name(l->t, MOUNT_FSTYPE, m->fstype_status, m->fstype);
	if (m->has_size) {
		table_set(l->t, MOUNT_USED_PAGES, m->used_pages);
		table_set(l->t, MOUNT_MAX_PAGES, m->max_pages);
	}
	table_set(l->t, MOUNT_ADDRESS, m->kva);
	return true;
}

struct table *mounts_table(struct kernel *k, struct error *error)
{
	struct list list = {k, table_new(&mounts_spec)};
	return done(&list, mount_for_each(k, add_mount, &list, error));
}

/* --- kernel log ---------------------------------------------------------------------------- */

static const struct column log_columns[] = {
	[LOG_SEQ] = {"seq", "SEQ", "number of the record", COL_COUNT, COLUMN_WIDE},
	[LOG_TIME] = {"time_ns", "TIME", "nanoseconds since boot", COL_TIME_NS},
	[LOG_LEVEL] = {"level", "LEVEL",
		       "0 emerg, 1 alert, 2 crit, 3 err, 4 warn, 5 notice, 6 info, 7 debug",
		       COL_COUNT, COLUMN_WIDE},
	[LOG_FACILITY] = {"facility", "FACILITY", "0 kernel, 1 user, ...", COL_COUNT, COLUMN_WIDE},
	[LOG_CALLER] = {"caller", "CALLER", "thread or CPU that logged it (CONFIG_PRINTK_CALLER)",
			.flags = COLUMN_WIDE | COLUMN_OPTIONAL},
	[LOG_TEXT] = {"text", "MESSAGE", "the message; may hold several lines"},
};

const struct table_spec log_spec = {
	.key = "log",
	.title = "Kernel log",
	.help = "records of the kernel's ring buffer, oldest first",
	.columns = log_columns,
	.nr_columns = ARRAY_SIZE(log_columns),
};

static bool add_log_record(void *arg, const struct log_record *r)
{
	struct list *l = arg;
	table_add(l->t);
	table_set(l->t, LOG_SEQ, r->seq);
	table_set(l->t, LOG_TIME, r->time_ns);
	if (r->level >= 0)
		table_set(l->t, LOG_LEVEL, (u64)r->level);
	if (r->facility >= 0)
		table_set(l->t, LOG_FACILITY, (u64)r->facility);
	if (r->has_caller)
		table_printf(l->t, LOG_CALLER, "%c%u", r->caller_is_cpu ? 'C' : 'T', r->caller);
	table_set_textn(l->t, LOG_TEXT, r->text, r->text_len);
	return true;
}

struct table *log_table(struct kernel *k, u64 *nr_lost, struct error *error)
{
	struct list list = {k, table_new(&log_spec)};
	return done(&list, printk_for_each(k, add_log_record, &list, nr_lost, error));
}

/* --- unreadable ---------------------------------------------------------------------------- */

static const struct column unreadable_columns[] = {
	[UNREADABLE_WHAT] = {"what", "WHAT", "kind of thing"},
	[UNREADABLE_WHY] = {"why", "WHY", "unmapped excluded truncated damaged io absent"},
	[UNREADABLE_FIRST_ADDRESS] = {"first_address", "FIRST", "lowest address of them",
				      COL_ADDRESS},
	[UNREADABLE_COUNT] = {"count", "COUNT", "how many", COL_COUNT},
};

const struct table_spec unreadable_spec = {
	.key = "unreadable",
	.title = "Not readable",
	.help = "what was needed and could not be read; the figures above are without it",
	.columns = unreadable_columns,
	.nr_columns = ARRAY_SIZE(unreadable_columns),
};

struct table *unreadable_table(const struct kernel *k)
{
	struct table *t = table_new(&unreadable_spec);
	for (size_t i = 0; i < k->unreadable.n; i++) {
		const struct unreadable *u = &k->unreadable.v[i];
		table_add(t);
		table_set_text(t, UNREADABLE_WHAT, u->what);
		table_set_text(t, UNREADABLE_WHY, read_status_name(u->why));
		table_set(t, UNREADABLE_FIRST_ADDRESS, u->first_address);
		table_set(t, UNREADABLE_COUNT, u->count);
	}
	return t;
}
