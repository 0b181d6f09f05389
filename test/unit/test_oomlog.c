/*
 * The grammar of OOM logs: lines of every generation and every vendor, what they mean, and what
 * must not be concluded from pieces of them.  Whole logs are compared by test/oomlog/run.
 *
 * A case is a text and what is read from it, written in one line: what is not known does not
 * appear.
 */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "oomlog/oomlog.h"

struct facts {
	FILE *out;
};

static void put(struct facts *f, const char *key, const char *text)
{
	if (text)
		fprintf(f->out, " %s=%s", key, text);
}

static void putn(struct facts *f, const char *key, struct known k)
{
	if (k.known)
		fprintf(f->out, " %s=%lld", key, (long long)k.value);
}

static void put_time(struct facts *f, const struct oom_time *time)
{
	put(f, "uptime", time->uptime);
	put(f, "wall", time->wall);
	put(f, "kmsg", time->kmsg_usec);
	put(f, "real", time->realtime_usec);
}

static void put_info(struct facts *f, const struct oom_meminfo *info)
{
	for (int i = 0; i < OOM_MEM_N; i++)
		putn(f, oom_mem_keys[i], info->mem[i]);
	for (size_t i = 0; i < info->zones.n; i++) {
		const struct oom_zone *zone = &info->zones.v[i];
		fprintf(f->out, " %s(", zone->name);
		putn(f, "free", zone->field[OOM_ZONE_FREE]);
		putn(f, "min", zone->field[OOM_ZONE_MIN]);
		putn(f, "all_unreclaimable", zone->field[OOM_ZONE_ALL_UNRECLAIMABLE]);
		for (u32 n = 0; n < zone->nr_reserve; n++)
			putn(f, "reserve", zone->reserve[n]);
		for (u32 n = 0; n < zone->nr_orders; n++)
			fprintf(f->out, " %lld*%llu%s", (long long)zone->order[n].blocks.value,
				(unsigned long long)zone->order[n].block_kb,
				zone->order[n].types ? zone->order[n].types : "");
		fputs(")", f->out);
	}
	for (size_t i = 0; i < info->slabs.n; i++)
		fprintf(f->out, " slab=%s:%lld", info->slabs.v[i].name,
			(long long)known_or(info->slabs.v[i].used_kb, -1));
	for (size_t i = 0; i < info->alloc_tags.n; i++) {
		const struct oom_alloc_tag *tag = &info->alloc_tags.v[i];
		fprintf(f->out, " tag=%s:%s:%s:%s", tag->size_text, tag->file,
			tag->module ? tag->module : "-", tag->function);
	}
}

static void put_victims(struct facts *f, const struct oom_event *e)
{
	for (size_t i = 0; i < e->victims.n; i++) {
		const struct oom_victim *v = &e->victims.v[i];
		fprintf(f->out, " victim(");
		put(f, "comm", v->comm);
		putn(f, "pid", v->pid);
		putn(f, "uid", v->uid);
		putn(f, "vm", v->total_vm_kb);
		putn(f, "anon", v->anon_rss_kb);
		putn(f, "adj", v->oom_score_adj);
		putn(f, "score", v->score);
		putn(f, "of", v->parent_pid);
		putn(f, "gen", v->generation);
		fputs(")", f->out);
	}
	if (e->has_chosen)
		fprintf(f->out, " chosen=%s", e->chosen.comm);
	for (size_t i = 0; i < e->reaped_pids.n; i++)
		fprintf(f->out, " reaped=%lld", (long long)e->reaped_pids.v[i]);
}

static void put_event(void *arg, const struct oom_event *e)
{
	struct facts *f = arg;
	fputs("event", f->out);
	if (e->header_missing)
		fputs(" headless", f->out);
	put_time(f, &e->time);
	put(f, "by", e->trigger.comm);
	putn(f, "pid", e->trigger.pid);
	put(f, "kernel", e->trigger.kernel);
	put(f, "gfp", e->gfp_mask);
	putn(f, "order", e->order);
	putn(f, "adj", e->trigger_oom_score_adj);
	put(f, "nodemask", e->nodemask);
	put(f, "constraint", e->constraint);
	put(f, "memcg", e->oom_memcg);
	put(f, "task_memcg", e->task_memcg);
	putn(f, "usage", e->memcg[OOM_LIMIT_MEMORY].usage_kb);
	putn(f, "failcnt", e->memcg[OOM_LIMIT_MEMORY].failcnt);
	put_info(f, &e->info);
	for (size_t i = 0; i < e->tasks.n; i++) {
		fprintf(f->out, " task=%s", e->tasks.v[i].name);
		putn(f, "rss", e->tasks.v[i].field[OOM_TASK_RSS]);
		putn(f, "pgtables", e->tasks.v[i].field[OOM_TASK_PGTABLES_BYTES]);
	}
	put_victims(f, e);
	if (e->printed_copies > 1)
		fprintf(f->out, " copies=%u", e->printed_copies);
	fprintf(f->out, " %s\n", oom_ended_keys[e->ended]);
}

static void put_failure(void *arg, const struct oom_failure *failure)
{
	struct facts *f = arg;
	fputs("failure", f->out);
	put(f, "by", failure->trigger.comm);
	putn(f, "pid", failure->trigger.pid);
	putn(f, "order", failure->order);
	put(f, "mode", failure->mode);
	putn(f, "bytes", failure->vmalloc_bytes);
	put_info(f, &failure->info);
	fputs("\n", f->out);
}

static void put_dump(void *arg, const struct oom_show_mem *dump)
{
	struct facts *f = arg;
	fputs("dump", f->out);
	put_info(f, &dump->info);
	fputs("\n", f->out);
}

static void put_notice(void *arg, const struct oom_notice *notice)
{
	struct facts *f = arg;
	fprintf(f->out, "notice %s", oom_notice_keys[notice->kind]);
	put(f, "victim", notice->victim);
	putn(f, "pid", notice->pid);
	fputs("\n", f->out);
}

/* What is read from a text; the caller frees it. */
static char *facts_of(const char *text)
{
	char *buffer;
	size_t size;
	struct facts f = {open_memstream(&buffer, &size)};
	struct oomlog_options options = {&f, put_event, put_failure, put_dump, put_notice, 0};
	struct oomlog *log = oomlog_new(&options);
	while (*text) {
		const char *end = strchr(text, '\n');
		size_t n = end ? (size_t)(end - text) : strlen(text);
		oomlog_feed(log, &(struct oomlog_line){.text = text, .len = n, .cut_end = !end});
		text += n + (end != NULL);
	}
	oomlog_finish(log);
	oomlog_free(log);
	fclose(f.out);
	return buffer;
}

struct log_case {
	const char *title, *text, *facts;
};

#define HEADER "tail invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"

static const struct log_case headers[] = {
	{"2.6.8", "oom-killer: gfp_mask=0xd0\n", "event gfp=0xd0 not-shown\n"},
	{"2.6.16", "oom-killer: gfp_mask=0x201d2, order=1\n",
	 "event gfp=0x201d2 order=1 not-shown\n"},
	{"2.6.24", "a b invoked oom-killer: gfp_mask=0x201d2, order=0, oomkilladj=-17\n",
	 "event by=a b gfp=0x201d2 order=0 not-shown\n"},
	{"3.0", "x invoked oom-killer: gfp_mask=0x200da, order=0, oom_adj=0, oom_score_adj=5\n",
	 "event by=x gfp=0x200da order=0 adj=5 not-shown\n"},
	{"4.11: two blanks",
	 "x:1 invoked oom-killer: gfp_mask=0x16080c0(GFP_KERNEL|__GFP_ZERO), nodemask=0-1,3,  order=0, "
	 "oom_score_adj=0\n",
	 "event by=x:1 gfp=0x16080c0(GFP_KERNEL|__GFP_ZERO) order=0 adj=0 nodemask=0-1,3 not-shown\n"},
	{"sysrq",
	 "kworker/0:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0\n",
	 "event by=kworker/0:1 gfp=0xcc0(GFP_KERNEL) order=-1 adj=0 not-shown\n"},
	{"6.11's second line",
	 HEADER "CPU: 1 UID: 7 PID: 12 Comm: tail Tainted: G        W  O       6.12.1-x #1 SMP\n",
	 "event by=tail pid=12 kernel=6.12.1-x gfp=0xcc0(GFP_KERNEL) order=0 adj=0 not-shown\n"},
	{"release in brackets",
	 "x invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=0\n"
	 "Pid: 5, comm: x Not tainted (2.6.26-2-686 #1)\n",
	 "event by=x pid=5 kernel=2.6.26-2-686 gfp=0xd0 order=0 not-shown\n"},
	{"another task's warning gives the release only",
	 HEADER "CPU: 1 PID: 99 Comm: other Not tainted 5.9.0 #1\n",
	 "event by=tail kernel=5.9.0 gfp=0xcc0(GFP_KERNEL) order=0 adj=0 not-shown\n"},
	{"prose",
	 "The line 'tail invoked oom-killer: this' is what I saw, and then it was killed.\n", ""},
	{"brackets in the name",
	 "[    1.500000] runc:[2:INIT] invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=-998\n",
	 "event uptime=1.500000 by=runc:[2:INIT] gfp=0x0() order=0 adj=-998 not-shown\n"},
};

static const struct log_case kills[] = {
	{"2.4", "VM: killing process watchdog\n", "event headless victim( comm=watchdog) kill\n"},
	{"2.6.8", "Out of Memory: Killed process 6906 (kdm_greet).\n",
	 "event headless victim( comm=kdm_greet pid=6906) kill\n"},
	{"2.6.16: a child",
	 "Out of Memory: Kill process 1810 (p) score 50338 and children.\nOut of memory: Killed process 4368 (c).\n",
	 "event headless victim( comm=c pid=4368 of=1810) kill\n"},
	{"the choice only", "[    1.500000] Out of memory: Kill process 3 (x) score 1\n",
	 "event headless uptime=1.500000 chosen=x kill\n"},
	{"RHEL 6",
	 "Out of memory: Kill process 7 (a (b)) score 900 or sacrifice child\n"
	 "Killed process 7, UID 48, (a (b)) total-vm:10kB, anon-rss:9kB, file-rss:1kB\n",
	 "event headless victim( comm=a (b) pid=7 uid=48 vm=10 anon=9 score=900) kill\n"},
	{"RHEL 7",
	 "Killed process 7 (java), UID 1000, total-vm:10kB, anon-rss:9kB, file-rss:1kB, shmem-rss:0kB\n",
	 "event headless victim( comm=java pid=7 uid=1000 vm=10 anon=9) kill\n"},
	{"5.4",
	 "Memory cgroup out of memory: Killed process 7 ((sd-pam)) total-vm:10kB, anon-rss:9kB, file-rss:0kB, "
	 "shmem-rss:0kB, UID:5 pgtables:4kB oom_score_adj:-5\n",
	 "event headless victim( comm=(sd-pam) pid=7 uid=5 vm=10 anon=9 adj=-5) kill\n"},
	{"4.6's reaper",
	 "Killed process 7 (x) total-vm:10kB, anon-rss:9kB, file-rss:0kB, shmem-rss:0kB\n"
	 "oom_reaper: reaped process 7 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0lkB\n",
	 "event headless victim( comm=x pid=7 vm=10 anon=9) reaped=7 kill\n"},
	{"OpenVZ", "OOM killed process tail (pid=4457, ve=13516) exited, free=43104 gen=24502.\n",
	 "event victim( comm=tail pid=4457 gen=24502) kill\n"},
	{"OpenVZ 2.6.32",
	 "Out of memory in UB 123: OOM killed process 4 (x y) score 0 vm:10kB, rss:20kB, swap:30kB\n",
	 "event headless victim( comm=x y pid=4 vm=10 score=0) kill\n"},
	{"kubelet",
	 "Warning SystemOOM node/x System OOM encountered, victim process: promtail, pid: 4321\n",
	 "event headless victim( comm=promtail pid=4321) kill\n"},
	{"panic, 4.18", "Kernel panic - not syncing: Out of memory and no killable processes...\n",
	 "event headless panic\n"},
	{"panic of another kind", "Kernel panic - not syncing: softlockup: hung tasks\n", ""},
	{"a cgroup without anybody", HEADER "Out of memory and no killable processes...\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 no-killable\n"},
	{"two heads were rate limited",
	 "[    1.000001] Out of memory: Killed process 7 (x) total-vm:10kB, anon-rss:9kB, file-rss:0kB\n"
	 "[    1.200001] Out of memory: Killed process 8 (x) total-vm:10kB, anon-rss:9kB, file-rss:0kB\n",
	 "event headless uptime=1.000001 victim( comm=x pid=7 vm=10 anon=9) kill\n"
	 "event headless uptime=1.200001 victim( comm=x pid=8 vm=10 anon=9) kill\n"},
	{"the same line from console and syslog",
	 "[    1.000001] Out of memory: Killed process 7 (x) total-vm:10kB, anon-rss:9kB, file-rss:0kB\n"
	 "Jan  1 00:00:01 h kernel: [    1.000001] Out of memory: Killed process 7 (x) total-vm:10kB, anon-rss:9kB, "
	 "file-rss:0kB\n",
	 "event headless uptime=1.000001 victim( comm=x pid=7 vm=10 anon=9) copies=2 kill\n"},
};

static const struct log_case memory[] = {
	{"2.6.8",
	 "oom-killer: gfp_mask=0xd0\nFree pages:      100kB (60kB HighMem)\n"
	 "Active:1 inactive:2 dirty:0 writeback:0 unstable:0 free:25 slab:3 mapped:4 pagetables:5\n"
	 "DMA free:44kB min:16kB low:32kB high:48kB active:4kB inactive:0kB present:16384kB\n"
	 "protections[]: 8 476 732\nDMA: 1*4kB 5*8kB = 44kB\n",
	 "event gfp=0xd0 active_pages=1 inactive_pages=2 dirty_pages=0 writeback_pages=0 unstable_pages=0 "
	 "slab_pages=3 mapped_pages=4 pagetables_pages=5 free_pages=25 free_kb=100 highmem_free_kb=60 "
	 "DMA( free=44 min=16 1*4 5*8) not-shown\n"},
	{"16 kB pages, migrate types",
	 HEADER "Node 0 DMA free:16kB boost:0kB min:8kB low:9kB all_unreclaimable? yes\n"
		"lowmem_reserve[]: 0 7 7\nNode 0 DMA: 1*16kB (UME) 0*32kB = 16kB\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 DMA( free=16 min=8 all_unreclaimable=1 reserve=0 reserve=7 "
	 "reserve=7 1*16UME 0*32) not-shown\n"},
	{"cut by a pager",
	 HEADER "Node 0 DMA free:16kB min:8kB low:9kB high:10kB active_anon:0kB ina>\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 DMA( free=16 min=8) not-shown\n"},
	{"cut inside of a number", HEADER "active_anon:1 inactive_anon:2 isolated_anon:0\n free:26",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 active_anon_pages=1 inactive_anon_pages=2 "
	 "isolated_anon_pages=0 not-shown\n"},
	{"two values for one counter", HEADER "Mem-Info:\n5 pages RAM\n6 pages RAM\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 not-shown\n"},
	{"the first line may lack its beginning", "5406 pages RAM\n0 pages HighMem/MovableOnly\n",
	 "dump highmem_pages=0\n"},
	{"slab dump and tags",
	 HEADER
	 "Mem-Info:\n9 pages RAM\nMemory allocations (profiling is currently turned on):\n"
	 "     1.50 GiB   131072 mm/slub.c:2326 func:alloc_slab_page\n"
	 "          512        3 fs/x.c:82 [xfs] func:xfs_alloc\n"
	 "Unreclaimable slab info:\nName                      Used          Total\nkmalloc-64              1360KB       1370KB\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 ram_pages=9 slab=kmalloc-64:1360 "
	 "tag=1.50 GiB:mm/slub.c:2326:-:alloc_slab_page tag=512:fs/x.c:82:xfs:xfs_alloc not-shown\n"},
};

static const struct log_case tasks[] = {
	{"by the head",
	 HEADER
	 "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
	 "[    762]     0   762    27626     1788   290816        0             0 Web Content\n"
	 "[    763]     0   763    27626       12   290816        0             0 531\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 task=Web Content rss=1788 pgtables=290816 task=531 rss=12 "
	 "pgtables=290816 not-shown\n"},
	{"without a head the middle is unknown",
	 "[    1.1234] x\n[    1.200000] [  762]     0   762    27626     1788   290816        0             0 a\n"
	 "[    1.200001] Out of memory: Killed process 762 (a) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n",
	 "event headless uptime=1.200001 task=a rss=1788 victim( comm=a pid=762 vm=1 anon=1) kill\n"},
	{"of another table",
	 HEADER "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
		"[    762]     0   762    27626     1788   290816        0             0 a\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 task=a rss=1788 not-shown\n"},
};

static const struct log_case cgroups[] = {
	{"to 4.20, names with blanks",
	 HEADER "Task in /a b/c killed as a result of limit of /a b\n"
		"memory: usage 4kB, limit 8kB, failcnt 15\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 memcg=/a b task_memcg=/a b/c usage=4 failcnt=15 not-shown\n"},
	{"5.0",
	 HEADER
	 "oom-kill:constraint=CONSTRAINT_X_Y,nodemask=0-1,4,cpuset=a,b,mems_allowed=0-1,oom_memcg=/x,"
	 "task_memcg=/x/y,z,task=a,b,pid=7,uid=0\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 constraint=CONSTRAINT_X_Y memcg=/x task_memcg=/x/y,z "
	 "not-shown\n"},
	{"broken by another CPU",
	 HEADER "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)\nother text\n"
		",cpuset=/,mems_allowed=0,oom_memcg=/x\n,task_memcg=/y,task=t,pid=1,uid=2\n",
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 constraint=CONSTRAINT_MEMCG memcg=/x task_memcg=/y not-shown\n"},
};

static const struct log_case failures[] = {
	{"2.4", "__alloc_pages: 1-order allocation failed (gfp=0x1f0/0)\n",
	 "failure order=1 mode=0x1f0/0\n"},
	{"2.6", "swapper: page allocation failure. order:3, mode:0x20\n",
	 "failure by=swapper order=3 mode=0x20\n"},
	{"5.1",
	 "kworker/3:6: page allocation failure: order:0, mode:0xa20(GFP_ATOMIC), nodemask=(null),cpuset=/,mems_allowed=0\n",
	 "failure by=kworker/3:6 order=0 mode=0xa20(GFP_ATOMIC)\n"},
	{"vmalloc, 3.x",
	 "vmalloc: allocation failure: 12 bytes\nx: page allocation failure: order:0, mode:0x80d2\n",
	 "failure by=x order=0 mode=0x80d2 bytes=12\n"},
	{"vmalloc, 5.12",
	 "x: vmalloc error: size 12, exceeds total pages, mode:0xce0(GFP_KERNEL), nodemask=(null)\n",
	 "failure by=x mode=0xce0(GFP_KERNEL) bytes=12\n"},
};

/* One text, two reports at a time. */
static const struct log_case mixed[] = {
	{"a failure inside of a report has its own dump",
	 HEADER
	 "b: page allocation failure: order:4, mode:0x20(GFP_ATOMIC)\nMem-Info:\nactive_anon:1 free:2\n9 pages RAM\n"
	 "Mem-Info:\nactive_anon:3 free:4\n9 pages RAM\n",
	 "failure by=b order=4 mode=0x20(GFP_ATOMIC) active_anon_pages=1 free_pages=2 ram_pages=9\n"
	 "event by=tail gfp=0xcc0(GFP_KERNEL) order=0 adj=0 active_anon_pages=3 free_pages=4 ram_pages=9 not-shown\n"},
	{"by printk's caller",
	 "[    1.000001][  T1] a invoked oom-killer: gfp_mask=0x1, order=0\n"
	 "[    1.000002][  T2] b invoked oom-killer: gfp_mask=0x2, order=1\n"
	 "[    1.000003][  T1] 5 pages RAM\n[    1.000003][  T2] 6 pages RAM\n",
	 "event uptime=1.000001 by=a gfp=0x1 order=0 ram_pages=5 not-shown\n"
	 "event uptime=1.000002 by=b gfp=0x2 order=1 ram_pages=6 not-shown\n"},
	{"a dump long before a kill is not its own",
	 "[   11.000001] Mem-Info:\n[   11.000002] active_anon:5 free:6\n"
	 "[  500.000010] Out of memory: Killed process 5 (a) total-vm:10kB, anon-rss:9kB, file-rss:0kB\n",
	 "dump active_anon_pages=5 free_pages=6\n"
	 "event headless uptime=500.000010 victim( comm=a pid=5 vm=10 anon=9) kill\n"},
};

static const struct log_case wraps[] = {
	{"by a mail program",
	 "[   34.739137] mkfs.ext4 invoked\noom-killer: gfp_mask=0x101cc0(GFP_USER|__GFP_WRITE), order=0,\n"
	 "oom_score_adj=0\n[   34.8] x\n",
	 "event uptime=34.739137 by=mkfs.ext4 gfp=0x101cc0(GFP_USER|__GFP_WRITE) order=0 adj=0 not-shown\n"},
	{"by a terminal, in a word and in a number",
	 "[   34.739137] Memory cgroup out of memory: Killed process 925 (firewalld) total-vm:29\n"
	 "8292kB, anon-rss:21912kB, file-rss:0kB, shmem-r\nss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n",
	 "event headless uptime=34.739137 victim( comm=firewalld pid=925 uid=0 vm=298292 anon=21912 adj=0) kill\n"},
	{"nobody knows where the number ends",
	 "[   34.739137] Out of memory: Killed process 925 (f) total-vm:2kB, UID:0 pgtables:4kB oom_score_adj:9\n"
	 "00 bottles\n",
	 "event headless uptime=34.739137 victim( comm=f pid=925 uid=0 vm=2) kill\n"},
	{"the next line is a program's",
	 "[   34.739137] Out of memory: Killed process 925 (f) total-vm:2kB, oom_score_adj:9\nKilled\n",
	 "event headless uptime=34.739137 victim( comm=f pid=925 vm=2 adj=9) kill\n"},
};

static const struct log_case others[] = {
	{"systemd-oomd",
	 "Mai 03 10:00:00 host systemd-oomd[812]: Killed /user.slice/x.scope due to memory pressure for /user.slice\n",
	 "notice systemd-oomd victim=/user.slice/x.scope\n"},
	{"earlyoom",
	 "Mai 03 10:00:00 host earlyoom[1]: sending SIGTERM to process 123 uid 1000 \"firefox\": badness 900\n",
	 "notice earlyoom victim=firefox pid=123\n"},
	{"systemd",
	 "May 03 10:00:00 host systemd[1]: x.scope: A process of this unit has been killed by the OOM killer.\n",
	 "notice systemd victim=x.scope\n"},
	{"OpenVZ without an exit",
	 "kill_signal(13516.0): selected 1, signalled 1, queued 1, seq 4, exc 4826 0 red 1 331\n",
	 "notice openvz\n"},
};

static void check(const struct log_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *facts = facts_of(cases[i].text);
		bool begins = strncmp(facts, cases[i].facts, strlen(cases[i].facts)) == 0;
		bool whole =
			!cases[i].facts[0] || cases[i].facts[strlen(cases[i].facts) - 1] == '\n';
		if (!begins || (whole && strlen(facts) != strlen(cases[i].facts)))
			fail_msg("%s:\n%s\nexpected\n%s", cases[i].title, facts, cases[i].facts);
		free(facts);
	}
}

#define CHECK(cases)                             \
	static void test_##cases(void **state)   \
	{                                        \
		(void)state;                     \
		check(cases, ARRAY_SIZE(cases)); \
	}
CHECK(headers)
CHECK(kills)
CHECK(memory)
CHECK(tasks)
CHECK(cgroups)
CHECK(failures)
CHECK(mixed)
CHECK(wraps)
CHECK(others)

static void test_skip_and_idle(void **state)
{
	(void)state;
	struct oomlog_options options = {0};
	struct oomlog *log = oomlog_new(&options);
	assert_true(oomlog_idle(log));
	const char *lines[] = {HEADER, "Mem-Info:"};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		oomlog_feed(log, &(struct oomlog_line){.text = lines[i],
						       .len = strcspn(lines[i], "\n")});
	assert_false(oomlog_idle(log));
	oomlog_skip(log);
	assert_true(oomlog_idle(log));
	oomlog_finish(log);
	assert_int_equal(oomlog_stats(log).events, 1);
	oomlog_free(log);
}

/* Whatever begins a report has a needle in it. */
static void test_needles(void **state)
{
	(void)state;
	static const struct log_case *const all[] = {headers, kills, failures, others};
	static const size_t sizes[] = {ARRAY_SIZE(headers), ARRAY_SIZE(kills), ARRAY_SIZE(failures),
				       ARRAY_SIZE(others)};
	size_t n;
	const struct oomlog_needle *needles = oomlog_needles(&n);
	for (size_t a = 0; a < ARRAY_SIZE(all); a++)
		for (size_t i = 0; i < sizes[a]; i++) {
			bool found = !all[a][i].facts[0];
			for (size_t k = 0; k < n && !found; k++)
				found = strstr(all[a][i].text, needles[k].text) != NULL;
			if (!found)
				fail_msg("no needle: %s", all[a][i].text);
		}
}

/* Long texts need no more memory than short ones: what is left of an event leaves. */
static void test_constant_memory(void **state)
{
	(void)state;
	struct oomlog_options options = {.hold_bytes = 1 << 16};
	struct oomlog *log = oomlog_new(&options);
	char line[160];
	for (int i = 0; i < 20000; i++) {
		int len = snprintf(
			line, sizeof(line),
			"[%5d.000000] Out of memory: Killed process %d (x) total-vm:%dkB, anon-rss:1kB",
			i, i + 2, i);
		oomlog_feed(log, &(struct oomlog_line){.text = line, .len = (size_t)len});
	}
	assert_true(oomlog_stats(log).events > 19000);
	oomlog_finish(log);
	assert_int_equal(oomlog_stats(log).events, 20000);
	oomlog_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers), cmocka_unit_test(test_kills),
		cmocka_unit_test(test_memory),	cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_cgroups), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_mixed),	cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_others),	cmocka_unit_test(test_skip_and_idle),
		cmocka_unit_test(test_needles), cmocka_unit_test(test_constant_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
