/*
 * What is concluded from a report: its books, why the request failed, why this victim, what if, and
 * both formulas of badness.  Expected figures are worked out by hand from the texts.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "analysis/oom.h"

/* --- badness -------------------------------------------------------------------------------- */

static void test_badness_old(void **state)
{
	static const u64 children[] = {4000, 100};
	struct badness_old t = {.total_vm = 10000, .hz = 250};
	assert_int_equal(badness_old(&t), 10000);
	t.children = children;
	t.nr_children = 2;
	assert_int_equal(badness_old(&t), 10000 + 2001 + 51);
	t.children_whole = true;
	assert_int_equal(badness_old(&t), 14100);
	t.children_whole = false;
	t.cpu_jiffies = 16 << 11; /* SHIFT_HZ 8, and 3: 16, whose root is 4 */
	assert_int_equal(badness_old(&t), 3013);
	t.run_seconds = 16384; /* 16 in units of 1024 s; the root of its root is 2 */
	assert_int_equal(badness_old(&t), 1506);
	t.nice = 5;
	assert_int_equal(badness_old(&t), 3012);
	t.admin = true;
	assert_int_equal(badness_old(&t), 753);
	t.rawio = true;
	assert_int_equal(badness_old(&t), 188);
	t.other_nodes = true;
	assert_int_equal(badness_old(&t), 23);
	t.oom_adj = 3;
	assert_int_equal(badness_old(&t), 184);
	t.oom_adj = -2;
	assert_int_equal(badness_old(&t), 5);
	t.oom_adj = -17;
	assert_int_equal(badness_old(&t), 0);
	/* nothing left, and still made larger: 1 is shifted */
	t = (struct badness_old){.total_vm = 1, .hz = 100, .admin = true, .oom_adj = 4};
	assert_int_equal(badness_old(&t), 16);
	/* HZ 100 and 1000: the same five hours of CPU time */
	t = (struct badness_old){.total_vm = 10000, .hz = 100, .cpu_jiffies = 100 * 18000};
	assert_int_equal(badness_old(&t), 10000 / 41); /* 1800000 >> 10 = 1757 */
	t.hz = 1000;
	t.cpu_jiffies = 1000 * 18000;
	assert_int_equal(badness_old(&t), 10000 / 46); /* 18000000 >> 13 = 2197 */
}

static void test_badness_new(void **state)
{
	/* Debian 6.12.107, 65406 pages of RAM, 11583 reserved, no swap; the log's own rows */
	struct badness_new tail = {.rss = 46955, .tables = 102, .total = 53823};
	assert_int_equal(badness_new(&tail), 47057);
	assert_int_equal(badness_printed_score(47057, 53823), 874);
	tail.oom_score_adj = -500;
	assert_int_equal(badness_new(&tail), 47057 - 500 * 53);
	tail.oom_score_adj = 0;
	tail.bonus = BONUS_OF_OWN;
	assert_int_equal(badness_new(&tail), 47057 - 1411);
	tail.bonus = BONUS_OF_TOTAL;
	assert_int_equal(badness_new(&tail), 47057 - 30 * 53);
	assert_int_equal(badness_printed_score(-5, 1000), 1);
	assert_int_equal(badness_printed_score(0, 0), 0);
	/* What /proc shows of an idle task since 5.9, and of an exempt one. */
	assert_int_equal(badness_proc_score(0, 53823), 666);
	assert_int_equal(badness_proc_score(-1000 * 53, 53000), 0);
}

/* --- a report ------------------------------------------------------------------------------- */

struct run {
	const struct what_if *what_if;
	unsigned n;
	char kind[20], failed[24], failed_text[1024], why[24], why_text[1024], answer[256],
		signature[256];
	struct oom_account account;
	char account_why[128];
	s64 score;
};

static void copy(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from ? from : "");
}

static void take_event(void *arg, const struct oom_event *event)
{
	struct run *r = arg;
	struct oom_analysis a;
	oom_analyse(&a, event, NULL, r->what_if);
	r->n++;
	copy(r->kind, sizeof(r->kind), a.kind);
	copy(r->failed, sizeof(r->failed), a.failed.key);
	copy(r->failed_text, sizeof(r->failed_text), a.failed.text);
	copy(r->why, sizeof(r->why), a.choice.key);
	copy(r->why_text, sizeof(r->why_text), a.choice.text);
	copy(r->answer, sizeof(r->answer), a.what_if);
	copy(r->signature, sizeof(r->signature), a.signature);
	copy(r->account_why, sizeof(r->account_why), a.account.why);
	r->account = a.account;
	r->score = known_or(a.choice.victim_score, -1);
	oom_analysis_done(&a);
}

static struct run analyse(const char *text, const char *what_if)
{
	struct run r = {0};
	struct what_if *terms = NULL;
	struct error error = ERROR_INIT;
	if (what_if)
		assert_int_equal(what_if_parse(&terms, what_if, &error), 0);
	r.what_if = terms;
	const struct oomlog_options options = {.arg = &r, .event = take_event};
	struct oomlog *log = oomlog_new(&options);
	while (*text) {
		size_t len = strcspn(text, "\n");
		oomlog_feed(log, &(struct oomlog_line){.text = text, .len = len});
		text += len;
		text += *text == '\n';
	}
	oomlog_finish(log);
	oomlog_free(log);
	what_if_free(terms);
	return r;
}

#define COUNTERS                                                                                 \
	"Mem-Info:\n"                                                                            \
	"active_anon:1000 inactive_anon:20000 isolated_anon:10\n"                                \
	" active_file:100 inactive_file:200 isolated_file:5\n"                                   \
	" unevictable:50 dirty:3 writeback:4\n"                                                  \
	" slab_reclaimable:500 slab_unreclaimable:1500\n"                                        \
	" mapped:300 shmem:700 pagetables:60\n"                                                  \
	" sec_pagetables:2 bounce:0\n"                                                           \
	" kernel_misc_reclaimable:7\n"                                                           \
	" free:400 free_pcp:33 free_cma:0\n"                                                     \
	"Node 0 active_anon:4000kB inactive_anon:80000kB active_file:400kB inactive_file:800kB " \
	"unevictable:200kB isolated(anon):40kB isolated(file):20kB mapped:1200kB dirty:12kB "    \
	"writeback:16kB shmem:2800kB writeback_tmp:0kB kernel_stack:1600kB pagetables:240kB "    \
	"sec_pagetables:8kB all_unreclaimable? yes\n"
#define ZONE(name, free, min, high, managed)                                               \
	"Node 0 " name " free:" free "kB boost:0kB min:" min "kB low:" min "kB high:" high \
	"kB reserved_highatomic:0KB active_anon:0kB inactive_anon:0kB active_file:0kB "    \
	"inactive_file:0kB unevictable:0kB writepending:0kB present:" managed              \
	"kB managed:" managed                                                              \
	"kB mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB\n"
#define SMALL_BLOCKS(name)                                                                   \
	"Node 0 " name ": 100*4kB (UME) 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB " \
	"0*1024kB 0*2048kB 0*4096kB = 400kB\n"
#define TOTALS                                                                               \
	"Node 0 hugepages_total=8 hugepages_free=8 hugepages_surp=0 hugepages_size=2048kB\n" \
	"1000 total pagecache pages\n"                                                       \
	"Free swap  = 0kB\n"                                                                 \
	"Total swap = 40000kB\n"                                                             \
	"40000 pages RAM\n"                                                                  \
	"0 pages HighMem/MovableOnly\n"                                                      \
	"4000 pages reserved\n"
#define TASKS                                                                                  \
	"Tasks state (memory values in pages):\n"                                              \
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n" \
	"[      1]     0     1     1000      100    40960        0             0 init\n"       \
	"[     50]     0    50     3000     9000    40960      500         -1000 guard\n"      \
	"[     77]  1000    77    30000    12000    81920     1000             0 hog\n"        \
	"[     88]  1000    88    20000    10000    81920      500             0 second\n"
#define KILL                                                                                      \
	"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom," \
	"task_memcg=/,task=hog,pid=77,uid=1000\n"                                                 \
	"Out of memory: Killed process 77 (hog) total-vm:120000kB, anon-rss:48000kB, "            \
	"file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:80kB oom_score_adj:0\n"
#define HEAD(gfp, order)                                                               \
	"hog invoked oom-killer: gfp_mask=" gfp ", order=" order ", oom_score_adj=0\n" \
	"CPU: 1 PID: 77 Comm: hog Not tainted 6.12.1-amd64 #1\n"
#define MOVABLE "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP)"
#define KERNEL "0xcc0(GFP_KERNEL)"
#define FULL ZONE("Normal", "400", "500", "700", "144000") "lowmem_reserve[]: 0 0 0 0\n"

static const char whole[] =
	HEAD(MOVABLE, "0") COUNTERS FULL SMALL_BLOCKS("Normal") TOTALS TASKS KILL;

static void test_account(void **state)
{
	struct run r = analyse(whole, NULL);
	const struct oom_account *a = &r.account;
	assert_int_equal(r.n, 1);
	assert_int_equal(a->managed.value, 36000);
	assert_int_equal(a->classes[OOM_CLASS_ANON].value, 21010); /* shmem is not added again */
	assert_int_equal(a->classes[OOM_CLASS_FILE].value, 305);
	assert_int_equal(a->classes[OOM_CLASS_KERNEL_STACK].value, 400); /* 1600 kB */
	assert_int_equal(a->classes[OOM_CLASS_HUGETLB].value, 4096);
	assert_int_equal(a->accounted.value,
			 400 + 33 + 21010 + 305 + 50 + 500 + 1500 + 7 + 60 + 2 + 400 + 4096);
	assert_int_equal(a->unaccounted.value, 36000 - a->accounted.value);
	/* 2 CPUs: threshold 2 * fls(2) * (1 + fls(1)) = 8; 18 counters on the node, free by zone */
	assert_true(a->error.known);
	assert_true(a->error.value > 2 * 8 * 15 && a->error.value < 2 * (8 * 25 + 31));
}

/* A line that is lost must not make a remainder that is wrong. */
static void test_account_of_damaged(void **state)
{
	static const char *const lost[] = {
		"active_anon:1000",   " active_file:100", " unevictable:50",
		" slab_reclaimable:", " mapped:300",	  " sec_pagetables:",
		" free:400",	      "40000 pages RAM",  "4000 pages reserved"};
	for (size_t i = 0; i < ARRAY_SIZE(lost); i++) {
		char text[sizeof(whole)];
		snprintf(text, sizeof(text), "%s", whole);
		char *line = strstr(text, lost[i]);
		assert_non_null(line);
		char *end = strchr(line, '\n') + 1;
		memmove(line, end, strlen(end) + 1);
		struct run r = analyse(text, NULL);
		assert_false(r.account.unaccounted.known);
		assert_true(*r.account_why);
	}
}

/* --- why it failed -------------------------------------------------------------------------- */

#define TAIL TOTALS TASKS KILL

static const struct failed_case {
	const char *what, *text, *key, *says;
} failed_cases[] = {
	{"used up", whole, "really-empty", "min 500.0 KiB"},
	{"a little above min, below high: the last look wants more",
	 HEAD(MOVABLE, "0")
		 COUNTERS ZONE("Normal", "600", "500", "700",
			       "144000") "lowmem_reserve[]: 0 0 0 0\n" SMALL_BLOCKS("Normal") TAIL,
	 "really-empty", "high 700.0 KiB"},
	{"plenty by the time of the report",
	 HEAD(MOVABLE, "0")
		 COUNTERS ZONE("Normal", "60000", "500", "700",
			       "144000") "lowmem_reserve[]: 0 0 0 0\n" SMALL_BLOCKS("Normal") TAIL,
	 "recovered", "would have succeeded"},
	{"enough pages, no block",
	 HEAD("0x40cc0(GFP_KERNEL|__GFP_COMP)", "4")
		 COUNTERS ZONE("Normal", "60000", "500", "700",
			       "144000") "lowmem_reserve[]: 0 0 0 0\n" SMALL_BLOCKS("Normal") TAIL,
	 "fragmentation", "64.0 KiB in one piece (order 4"},
	{"lower zones full, HighMem not",
	 HEAD(KERNEL, "0") COUNTERS ZONE(
		 "Normal", "400", "500", "700",
		 "144000") "lowmem_reserve[]: 0 0 2000 2000\n" ZONE("HighMem", "90000", "500",
								    "700", "144000")
		 SMALL_BLOCKS("Normal") SMALL_BLOCKS("HighMem") TAIL,
	 "wrong-zone", "87.9 MiB are free where it may not go"},
	{"free, but kept for requests that need the zone",
	 HEAD(MOVABLE, "0") COUNTERS
		 ZONE("DMA", "15000", "100", "140", "15360") "lowmem_reserve[]: 0 9000 9000 9000 9000\n" ZONE(
			 "DMA32", "400", "500", "700",
			 "144000") "lowmem_reserve[]: 0 0 0 0 0\n" SMALL_BLOCKS("DMA")
			 SMALL_BLOCKS("DMA32") TAIL,
	 "reserves", "kept for requests that need this zone 35.2 MiB"},
	{"nobody asked",
	 HEAD("0x0", "0") COUNTERS ZONE("Normal", "60000", "500", "700", "144000")
		 SMALL_BLOCKS("Normal") TAIL,
	 "false-oom", "VM_FAULT_OOM"},
	{"asked for by hand", HEAD("0xcc0(GFP_KERNEL)", "-1") COUNTERS FULL TAIL, "sysrq",
	 "SysRq f"},
	{"one zone is cut away",
	 HEAD(MOVABLE, "0") COUNTERS ZONE(
		 "DMA", "15000", "100", "140",
		 "15360") "lowmem_reserve[]: 0 9000 9000 9000 9000\n" SMALL_BLOCKS("DMA")
		 SMALL_BLOCKS("DMA32") TAIL,
	 "", "not all lines of the zones"},
	{"the zones are cut away", HEAD(MOVABLE, "0") COUNTERS TASKS KILL, "", "not in the text"},
	{"the mask is cut away", COUNTERS FULL SMALL_BLOCKS("Normal") TAIL, "",
	 "gfp mask is not in the text"},
};

static void test_failed(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(failed_cases); i++) {
		const struct failed_case *c = &failed_cases[i];
		struct run r = analyse(c->text, NULL);
		if (strcmp(r.failed, c->key) || !strstr(r.failed_text, c->says))
			fail_msg("%s: \"%s\": %s", c->what, r.failed, r.failed_text);
	}
}

/* CMA pages are free and of no use to a request that is not movable; to a movable one they are. */
static void test_failed_cma(void **state)
{
	static const char zone[] =
		"Node 0 Normal free:60000kB boost:0kB min:500kB low:600kB high:700kB "
		"reserved_highatomic:0KB active_anon:0kB inactive_anon:0kB active_file:0kB "
		"inactive_file:0kB unevictable:0kB writepending:0kB present:144000kB "
		"managed:144000kB mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:59700kB\n"
		"lowmem_reserve[]: 0 0 0\n";
	char text[8192];
	snprintf(text, sizeof(text), "%s%s%s%s", HEAD(KERNEL, "0") COUNTERS, zone,
		 SMALL_BLOCKS("Normal"), TAIL);
	struct run r = analyse(text, NULL);
	assert_string_equal(r.failed, "cma-only");
	snprintf(text, sizeof(text), "%s%s%s%s", HEAD(MOVABLE, "0") COUNTERS, zone,
		 SMALL_BLOCKS("Normal"), TAIL);
	r = analyse(text, NULL);
	assert_string_equal(r.failed, "recovered");
}

static void test_failed_memcg(void **state)
{
	static const char text[] = HEAD(
		"0xcc0(GFP_KERNEL)",
		"0") "memory: usage 20480kB, limit 20480kB, failcnt 132\n"
		     "swap: usage 0kB, limit 9007199254740988kB, failcnt 0\n"
		     "Memory cgroup stats for /job:\nanon 19000000\n" TASKS
		     "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		     "oom_memcg=/job,task_memcg=/job/a,task=hog,pid=77,uid=1000\n"
		     "Memory cgroup out of memory: Killed process 77 (hog) total-vm:120000kB, "
		     "anon-rss:48000kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:80kB "
		     "oom_score_adj:0\n";
	struct run r = analyse(text, NULL);
	assert_string_equal(r.kind, "memcg");
	assert_string_equal(r.failed, "cgroup-limit");
	assert_non_null(strstr(r.failed_text, "20.0 MiB of 20.0 MiB, reached 132 times"));
	assert_non_null(strstr(r.failed_text, "a limit above /job/a"));
	assert_false(r.account.unaccounted.known);
}

static void test_masks(void **state)
{
	assert_true(oom_mask_has("0-1", 1));
	assert_false(oom_mask_has("0-1", 2));
	assert_true(oom_mask_has("0,4-7", 5));
	assert_false(oom_mask_has("0,4-7", 3));
	assert_true(oom_mask_has("(null)", 3));
	assert_true(oom_mask_has(NULL, 3));
	assert_true(oom_mask_has("", 3));
	assert_true(oom_mask_has("-", 3) || true); /* garbage ends */
}

/* --- who ------------------------------------------------------------------------------------ */

static void test_choice(void **state)
{
	struct run r = analyse(whole, NULL);
	assert_string_equal(r.why, "highest-score");
	/* 36000 managed + 10000 pages of swap; 12000 + 1000 + 20 */
	assert_int_equal(r.score, 13020 * 1000 / 46000);
	assert_non_null(strstr(r.why_text, "next was second (88)"));
	assert_non_null(strstr(r.why_text, "2 of 4 are exempt"));
	static const char other[] =
		HEAD(MOVABLE, "0") COUNTERS FULL SMALL_BLOCKS("Normal") TOTALS TASKS
		"Out of memory: Killed process 88 (second) total-vm:80000kB, anon-rss:40000kB, "
		"file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:80kB oom_score_adj:0\n";
	r = analyse(other, NULL);
	assert_string_equal(r.why, "not-highest");
	static const char alloc[] = HEAD(MOVABLE, "0") COUNTERS FULL TOTALS TASKS
		"Out of memory (oom_kill_allocating_task): Killed process 88 (second) "
		"total-vm:80000kB, anon-rss:40000kB, file-rss:0kB, shmem-rss:0kB, UID:1000 "
		"pgtables:80kB oom_score_adj:0\n";
	r = analyse(alloc, NULL);
	assert_string_equal(r.why, "allocating-task");
}

static const struct {
	const char *terms, *says;
} what_ifs[] = {
	{"hog:adj=-1000", "second (88), score 228"},
	{"77:adj=-1000", "second (88)"},
	{"guard:adj=0", "hog (77), score 283 of 1000: the same"},
	{"hog:adj=-100", "second (88)"}, /* 13020 - 4600 */
	{"hog:gone,second:gone", "nobody"},
	{"hog:adj=-1000,second:adj=-1000,guard:adj=1", "guard (50)"},
	{"nosuch:adj=1", "no task \"nosuch\""},
	{"ram=+1G", "hog (77), score 42"}, /* 36000 + 262144 + 10000 */
	{"swap=0", "hog (77), score 361"},
};

static void test_what_if(void **state)
{
	static const char *const wrong[] = {"",	       "hog",	     "hog:adj=2000", "hog:adj=x",
					    "ram=big", "hog:nice=3", ":adj=1",	     "adj=1"};
	for (size_t i = 0; i < ARRAY_SIZE(what_ifs); i++) {
		struct run r = analyse(whole, what_ifs[i].terms);
		if (!strstr(r.answer, what_ifs[i].says))
			fail_msg("%s: %s", what_ifs[i].terms, r.answer);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct what_if *w;
		struct error error = ERROR_INIT;
		assert_int_equal(what_if_parse(&w, wrong[i], &error), -1);
		assert_int_equal(error.exit_status, EXIT_USAGE);
	}
}

static void test_signature(void **state)
{
	struct arena arena = ARENA_INIT;
	struct run r = analyse(whole, NULL);
	assert_string_equal(
		r.signature,
		"global failed=really-empty order=0 zone=Movable trigger=hog victim=hog");
	assert_string_equal(oom_stable_name("kworker/u8:3", &arena), "kworker/*");
	assert_string_equal(oom_stable_name("python3", &arena), "python3");
	assert_string_equal(oom_stable_name("java-12345", &arena), "java-*");
	assert_string_equal(
		oom_stable_name("/kubepods/burstable/pod1b2c3d4e-5f60-7a8b-9c0d-1e2f3a4b5c6d/x",
				&arena),
		"/kubepods/burstable/pod*/x");
	assert_string_equal(oom_stable_name("Web Content", &arena), "Web_Content");
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_badness_old),  cmocka_unit_test(test_badness_new),
		cmocka_unit_test(test_account),	     cmocka_unit_test(test_account_of_damaged),
		cmocka_unit_test(test_failed),	     cmocka_unit_test(test_failed_cma),
		cmocka_unit_test(test_failed_memcg), cmocka_unit_test(test_masks),
		cmocka_unit_test(test_choice),	     cmocka_unit_test(test_what_if),
		cmocka_unit_test(test_signature),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
