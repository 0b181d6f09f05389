/*
 * Findings: what a log of OOM events gives cause to say, and what to do.
 *
 * Advice holds for kernels and systemd of today; what is deprecated (oom_adj) is not advised, and
 * what can do harm says so.  Each finding is one row of the table below, or of the table of
 * reasons.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/oom_context.h"
#include "base/text.h"

/* --- why requests failed -------------------------------------------------------------------- */

static const struct reason {
	const char *key, *title, *next_step;
	enum severity severity;
} reasons[] = {
	{"really-empty", "Memory was used up",
	 "the suspects tell who held it. Limit what may grow (MemoryMax= or memory.max of its cgroup, "
	 "MemoryHigh= to slow it down first), or give more memory; swap helps against bursts, not "
	 "against leaks",
	 SEVERITY_CRITICAL},
	{"fragmentation", "Enough memory was free, but not in one piece",
	 "find who asks for such large blocks (the trigger's call trace); more watermark room "
	 "(vm.min_free_kbytes, a little) and vm.compaction_proactiveness (5.9 and later) keep larger "
	 "blocks in stock",
	 SEVERITY_WARNING},
	{"wrong-zone", "The zones that the kernel can use for this were full, others had room",
	 "on 32-bit machines low memory is what runs out, however much RAM there is: a 64-bit kernel "
	 "ends that. Else look who needs DMA memory",
	 SEVERITY_CRITICAL},
	{"one-node", "One NUMA node was full", "numastat -m; let it use more than one node",
	 SEVERITY_WARNING},
	{"cpuset", "The nodes of a cpuset were full, not the machine",
	 "widen cpuset.mems, or move something away from these nodes", SEVERITY_WARNING},
	{"mempolicy", "The nodes of a memory policy were full, not the machine",
	 "numactl --preferred or --interleave in place of --membind", SEVERITY_WARNING},
	{"reserves", "What was free is kept back for others",
	 "vm.min_free_kbytes and vm.lowmem_reserve_ratio: are they larger than needed?",
	 SEVERITY_WARNING},
	{"cma-only", "What was free is CMA, which only movable pages may use",
	 "a smaller CMA area (cma= on the command line)", SEVERITY_WARNING},
	{"cgroup-limit", "A cgroup reached its limit",
	 "memory.max may be too low, or something in it grows: memory.stat and memory.peak tell. "
	 "memory.high slows it down before it dies; memory.oom.group=1 when a part alone is of no use; "
	 "memory.min or memory.low protects others, it does not help this one",
	 SEVERITY_WARNING},
	{"false-oom", "An OOM without a failed allocation",
	 "a page fault handler or a cgroup charge failed; look at what was faulting (call trace), and "
	 "whether a fixed kernel is to be had",
	 SEVERITY_WARNING},
	{"sysrq", "Someone asked for a kill (SysRq f)",
	 "nothing failed by itself; kernel.sysrq decides who may ask", SEVERITY_NOTE},
	{"recovered", "Memory was there again when the report was printed",
	 "a burst: look at what happened in that second; the report alone does not explain it",
	 SEVERITY_WARNING},
};

static void find_reasons(const struct oom_context *c, struct table *findings)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		const struct reason *r = &reasons[i];
		char evidence[200], key[40];
		size_t n = 0;
		const struct oom_brief *first = NULL;
		for (size_t j = 0; j < c->briefs.n; j++) {
			const struct oom_brief *b = &c->briefs.v[j];
			if (!b->failed_key || strcmp(b->failed_key, r->key))
				continue;
			first = first ? first : b;
			n++;
		}
		if (!n)
			continue;
		snprintf(evidence, sizeof(evidence), "%zu event%s, the first is number %llu%s%.80s",
			 n, n == 1 ? "" : "s", (unsigned long long)first->id,
			 first->memcg ? ": cgroup " : "", first->memcg ? first->memcg : "");
		snprintf(key, sizeof(key), "oom_%s", r->key);
		for (char *p = key; *p; p++)
			*p = *p == '-' ? '_' : *p;
		finding_add(findings, r->severity, key, r->title, evidence, r->next_step);
	}
}

/* --- how it went on ------------------------------------------------------------------------- */

static void find_panics(const struct oom_context *c, struct table *findings)
{
	if (c->panic_on_oom_2)
		finding_add(
			findings, SEVERITY_WARNING, "panic_on_any_oom",
			"The kernel panics at every OOM (vm.panic_on_oom=2)",
			"the panic says \"compulsory\"",
			"2 means: also when only a cgroup, a cpuset or a memory policy is out of memory. "
			"1 panics only when the whole machine is. Useful with kdump; 0 kills a process");
	else if (c->panic_on_oom_1)
		finding_add(
			findings, SEVERITY_WARNING, "panic_on_oom",
			"The kernel panics when the machine is out of memory (vm.panic_on_oom=1)",
			"the panic says that panic_on_oom is enabled",
			"with kdump this leaves a dump that tells all; without, it is only a reboot. 1 "
			"leaves cgroups, cpusets and memory policies to the OOM killer");
	if (c->nr_no_killable)
		finding_add(
			findings, SEVERITY_CRITICAL, "no_killable", "Nobody was left to be killed",
			"all that remained is exempt (oom_score_adj -1000), or gone already",
			"give oom_score_adj -1000 to as few processes as possible; memory that no process "
			"holds (tmpfs, the kernel) does not come back by killing");
	if (c->nr_alloc_task)
		finding_add(findings, SEVERITY_NOTE, "oom_kill_allocating_task",
			    "vm.oom_kill_allocating_task is set",
			    "who asks for memory dies, whoever holds it",
			    "0 lets the kernel choose the largest");
}

/* Kills that freed next to nothing, and were followed by another. */
static void find_useless_kills(const struct oom_context *c, struct table *findings)
{
	size_t useless = 0;
	u64 first = 0;
	for (size_t i = 0; i + 1 < c->briefs.n; i++) {
		const struct oom_brief *b = &c->briefs.v[i];
		if (!b->freed_kb.known || !b->managed.known || !b->page_kb ||
		    b->freed_kb.value * 100 >= b->managed.value * b->page_kb)
			continue;
		first = first ? first : b->id;
		useless++;
	}
	char evidence[160];
	if (!useless)
		return;
	snprintf(
		evidence, sizeof(evidence),
		"%zu kill%s freed less than 1 %% of memory, and the next OOM followed (the first: event %llu)",
		useless, useless == 1 ? "" : "s", (unsigned long long)first);
	finding_add(
		findings, SEVERITY_WARNING, "useless_kills", "Kills did not help", evidence,
		"what fills memory is not what the processes hold by themselves: tmpfs, slab, drivers");
}

static void find_reaper(const struct oom_context *c, struct table *findings)
{
	for (size_t i = 0; i < c->briefs.n; i++) {
		const struct oom_brief *b = &c->briefs.v[i];
		char evidence[160], left[16];
		if (!b->left_kb.known || b->left_kb.value < 65536 || !b->freed_kb.known ||
		    b->left_kb.value * 2 < b->freed_kb.value)
			continue;
		snprintf(evidence, sizeof(evidence),
			 "event %llu: %s of %.64s were still there afterwards",
			 (unsigned long long)b->id, text_bytes(left, (u64)b->left_kb.value << 10),
			 b->victim ? b->victim : "?");
		finding_add(
			findings, SEVERITY_WARNING, "not_reaped",
			"The reaper could not free the victim's memory", evidence,
			"locked memory (mlock), huge pages and shared memory stay until the process is "
			"gone");
		return;
	}
}

static void find_swap(const struct oom_context *c, struct table *findings)
{
	char evidence[120], total[16], left[16];
	if (!c->swap_total_kb.known)
		return;
	if (!c->swap_total_kb.value) {
		finding_add(
			findings, SEVERITY_NOTE, "no_swap", "There is no swap", "Total swap = 0kB",
			"some swap, or zram, gives room for what is never used again, and time to notice");
		return;
	}
	s64 free_kb = known_or(c->swap_free_kb, c->swap_total_kb.value);
	snprintf(evidence, sizeof(evidence), "%s of %s are free",
		 text_bytes(left, (u64)s64_max(0, free_kb) << 10),
		 text_bytes(total, (u64)s64_max(0, c->swap_total_kb.value) << 10));
	if (free_kb * 50 < c->swap_total_kb.value)
		finding_add(findings, SEVERITY_NOTE, "swap_full", "Swap was full", evidence, NULL);
	else if (free_kb * 2 > c->swap_total_kb.value)
		finding_add(
			findings, SEVERITY_NOTE, "swap_unused", "Much swap was free all the same",
			evidence,
			"memory that can't be swapped ran out (kernel, locked pages, a cgroup's swap limit), "
			"or the request could not wait");
}

/* Names whose death takes a machine out of reach. */
static const char *const vital[] = {
	"sshd",	       "systemd",     "systemd-logind", "systemd-journal",
	"dbus-daemon", "dbus-broker", "kubelet",	"containerd",
	"dockerd",     "init",	      "corosync",	"pacemakerd"};

static void find_vital(const struct oom_context *c, struct table *findings)
{
	for (size_t i = 0; i < c->kills.n; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(vital); j++) {
			char title[100];
			if (!c->kills.v[i].comm || strcmp(c->kills.v[i].comm, vital[j]))
				continue;
			snprintf(title, sizeof(title), "%s was killed", vital[j]);
			finding_add(
				findings, SEVERITY_WARNING, "vital_killed", title,
				"a process that the machine is run with",
				"OOMScoreAdjust=-900 in its unit (oom_score_adj; -1000 makes it exempt, even "
				"when it is the one that leaks)");
			return;
		}
	}
}

/* --- next time ------------------------------------------------------------------------------ */

static void find_evidence(const struct oom_context *c, struct table *findings)
{
	struct oom_growth g;
	bool kernel = false;
	for (size_t i = 0; i < c->nr_suspects; i++)
		kernel |= !strcmp(c->suspects[i].kind, "driver-pages") ||
			  !strcmp(c->suspects[i].kind, "slab");
	if (kernel || oom_growth(c, METRIC_UNACCOUNTED, &g))
		finding_add(
			findings, SEVERITY_NOTE, "evidence_for_next_time",
			"What would name the culprit next time",
			"a log shows how much the kernel holds, rarely who in it",
			"kdump with vm.panic_on_oom=1 (where a reboot is acceptable) leaves a dump that "
			"memwho reads; page_owner=on, slub_debug=U, or vm.mem_profiling=1 "
			"(6.10 and later, where built in) name who allocated; vm.oom_dump_tasks=1 keeps the table "
			"of tasks");
}

void oom_findings(struct oom_context *c, struct table *findings)
{
	char evidence[200];
	if (!c->nr_events)
		return;
	snprintf(evidence, sizeof(evidence), "%llu event%s, %llu process%s killed, %llu panic%s",
		 (unsigned long long)c->nr_events, c->nr_events == 1 ? "" : "s",
		 (unsigned long long)c->nr_kills, c->nr_kills == 1 ? "" : "es",
		 (unsigned long long)c->nr_panics, c->nr_panics == 1 ? "" : "s");
	finding_add(findings, SEVERITY_CRITICAL, "oom", "The OOM killer ran", evidence, NULL);
	find_reasons(c, findings);
	find_panics(c, findings);
	find_useless_kills(c, findings);
	find_reaper(c, findings);
	find_swap(c, findings);
	find_vital(c, findings);
	find_evidence(c, findings);
	if (c->nr_openvz)
		finding_add(
			findings, SEVERITY_NOTE, "openvz",
			"OpenVZ's log tells who was killed, not where memory was",
			"lines of kill_signal and \"OOM killed process\"",
			"/proc/user_beancounters (failcnt of privvmpages, oomguarpages) tells which limit "
			"of the container it was");
}
