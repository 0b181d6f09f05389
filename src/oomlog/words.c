/* The keys and words of fields.def and of the enums, for those who print or compare them. */
#include "oomlog/oomlog.h"

#define MEM(id, word, key) [OOM_MEM_##id] = key,
const char *const oom_mem_keys[OOM_MEM_N] = {
#include "oomlog/fields.def"
};
#undef MEM

#define NODE(id, word) [OOM_NODE_##id] = word,
const char *const oom_node_words[OOM_NODE_N] = {
#include "oomlog/fields.def"
};
#undef NODE

#define ZONE(id, word) [OOM_ZONE_##id] = word,
const char *const oom_zone_words[OOM_ZONE_N] = {
#include "oomlog/fields.def"
};
#undef ZONE

#define TASK(id, word) [OOM_TASK_##id] = word,
const char *const oom_task_words[OOM_TASK_N] = {
#include "oomlog/fields.def"
};
#undef TASK

const char *const oom_limit_keys[OOM_LIMIT_N] = {
	[OOM_LIMIT_MEMORY] = "memory",
	[OOM_LIMIT_MEMORY_SWAP] = "memory_swap",
	[OOM_LIMIT_KMEM] = "kmem",
	[OOM_LIMIT_SWAP] = "swap",
};

const char *const oom_ended_keys[] = {
	[OOM_ENDED_NOT_SHOWN] = "not-shown",
	[OOM_ENDED_KILL] = "kill",
	[OOM_ENDED_PANIC] = "panic",
	[OOM_ENDED_NO_KILLABLE] = "no-killable",
};

const char *const oom_failure_keys[] = {
	[OOM_FAILURE_PAGE] = "page allocation failure",
	[OOM_FAILURE_STALL] = "page allocation stall",
	[OOM_FAILURE_VMALLOC] = "vmalloc failure",
	[OOM_FAILURE_SLUB] = "slab allocation failure",
	[OOM_FAILURE_OLD] = NULL,
};

const char *const oom_notice_keys[] = {
	[OOM_NOTICE_SYSTEMD_OOMD] = "systemd-oomd",
	[OOM_NOTICE_EARLYOOM] = "earlyoom",
	[OOM_NOTICE_NOHANG] = "nohang",
	[OOM_NOTICE_OOMD] = "oomd",
	[OOM_NOTICE_LOWMEMORYKILLER] = "lowmemorykiller",
	[OOM_NOTICE_KUBERNETES] = "kubernetes",
	[OOM_NOTICE_SYSTEMD] = "systemd",
	[OOM_NOTICE_OPENVZ] = "openvz",
	[OOM_NOTICE_OTHER] = "other",
};

/*
 * "ut of " covers Out of memory and Out of Memory; "Killed process" the lines without any head;
 * "ages RAM" and "otal pagecache" a report whose head and Mem-Info: were cut away.
 */
#define NEEDLE(text)                   \
	{                              \
		text, sizeof(text) - 1 \
	}
static const struct oomlog_needle needles[] = {
	NEEDLE("oom-kill"),
	NEEDLE("oom_reaper"),
	NEEDLE("ut of memory"),
	NEEDLE("ut of Memory"),
	NEEDLE("Killed process"),
	NEEDLE("Mem-Info"),
	NEEDLE("Mem-info"),
	NEEDLE("page allocation"),
	NEEDLE("allocation failed"),
	NEEDLE("vmalloc: alloc"),
	NEEDLE("vmalloc error"),
	NEEDLE("OOM kill"),
	NEEDLE("kill_signal("),
	NEEDLE("killing process"),
	NEEDLE("owmemorykiller"),
	NEEDLE("lowmem_shrink"),
	NEEDLE("oom_score_adj"),
	NEEDLE("memory.oom.group"),
	NEEDLE("pages RAM"),
	NEEDLE("pages of RAM"),
	NEEDLE("systemd-oomd"),
	NEEDLE("earlyoom"),
	NEEDLE("SystemOOM"),
	NEEDLE("OOMKill"),
	NEEDLE("OOM victim"),
	NEEDLE("VM_FAULT_OOM"),
	NEEDLE("OOM killer"),
	NEEDLE("nohang"),
	NEEDLE("as a result of limit of"),
	NEEDLE("No available memory"),
	NEEDLE("Unable to allocate memory on node"),
	NEEDLE("deadlocked on memory"),
	NEEDLE("lmkd"),
	NEEDLE("lowmemory"),
	NEEDLE("free_pcp:"),
	NEEDLE("sharing same memory"),
	NEEDLE("panic_on_oom"),
};

const struct oomlog_needle *oomlog_needles(size_t *n)
{
	*n = ARRAY_SIZE(needles);
	return needles;
}
