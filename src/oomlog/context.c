/*
 * See context.h.  The kernel prints a report in one order (enum stage), and never two OOM reports
 * at the same time (oom_lock); allocation failures and other warnings may come in between.  So a
 * line that is earlier in that order than what its block has already seen begins another block.
 */
#include "oomlog/context.h"

enum {
	CONTEXT_GAP_US = 20 * 1000000, /* between lines of one report */
	CLOCK_DISORDER_US = 200000,
	CONTEXT_CLOSE_US = 120 * 1000000,
	MOST_IDLE_LINES = 400, /* other lines inside of a report that goes on */
	MOST_AFTER_LINES = 40, /* after its end */
	SAME_KILL_US = 1000000,
	/* Lines of a report follow one another: a headless kill line further away is another event.
	 */
	NEAR_LINES = 3,
};

static u64 hash_text(u64 hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (u8)*text) * 0x100000001b3u;
	return (hash ^ 0xff) * 0x100000001b3u;
}

static u64 key_of(const struct stamp *stamp)
{
	u64 hash = 0xcbf29ce484222325u ^ stamp->shape;
	return hash_text(hash_text(hash, stamp->host), stamp->caller);
}

static void close_block(struct contexts *cs, struct block **block)
{
	struct block *b = *block;
	*block = NULL; /* first: the receiver looks at what is open */
	if (b)
		cs->closed(cs->arg, b);
}

static void close_context(struct contexts *cs, struct context *c)
{
	/* in the order of their first lines: the receiver sorts what is left */
	close_block(cs, &c->event);
	close_block(cs, &c->other);
	*c = (struct context){0};
	if (cs->last == c)
		cs->last = NULL;
}

void contexts_close_all(struct contexts *cs)
{
	for (size_t i = 0; i < MOST_CONTEXTS; i++)
		close_context(cs, &cs->list[i]);
}

bool contexts_idle(const struct contexts *cs)
{
	for (size_t i = 0; i < MOST_CONTEXTS; i++)
		if (cs->list[i].event || cs->list[i].other)
			return false;
	return true;
}

/* --- which stream --- */

/* How far a clock went on; negative: another clock, or another boot. */
static s64 clock_step(const struct context *c, struct known now)
{
	return now.known && c->last_us.known ? now.value - c->last_us.value : 0;
}

static bool unfinished(const struct context *c)
{
	return c->event && !c->event->kill_seen && !c->event->e.panic;
}

static struct context *new_context(struct contexts *cs, u64 key)
{
	struct context *oldest = &cs->list[0];
	for (size_t i = 0; i < MOST_CONTEXTS; i++) {
		struct context *c = &cs->list[i];
		if (!c->used) {
			oldest = c;
			break;
		}
		if (c->last_line < oldest->last_line)
			oldest = c;
	}
	close_context(cs, oldest);
	oldest->key = key;
	oldest->used = true;
	return oldest;
}

/* The stream of the same key whose clock is nearest, not behind by more than a rounding. */
static struct context *nearest(struct contexts *cs, u64 key, struct known now)
{
	struct context *best = NULL;
	for (size_t i = 0; i < MOST_CONTEXTS; i++) {
		struct context *c = &cs->list[i];
		if (!c->used || c->key != key)
			continue;
		s64 step = clock_step(c, now);
		/* CPUs take their stamps before they get to print: a little disorder is normal */
		if (step < -CLOCK_DISORDER_US || step > CONTEXT_GAP_US)
			continue;
		if (!best || step < clock_step(best, now) ||
		    (step == clock_step(best, now) && c->last_line > best->last_line))
			best = c;
	}
	return best;
}

/* "x cpuset=..", "Comm: x": of the report that x began, when two are printed at the same time. */
static struct context *named_context(struct contexts *cs, u64 key, struct known now,
				     const struct parse *parse)
{
	const struct capture *comm = parse_find(parse, F_COMM);
	struct context *own = NULL;
	if (!comm || (parse->kind != LINE_CPUSET && parse->kind != LINE_ORIGIN))
		return NULL;
	for (size_t i = 0; i < MOST_CONTEXTS; i++) {
		struct context *c = &cs->list[i];
		const struct oom_event *e = c->event ? &c->event->e : NULL;
		if (!c->used || c->key != key || !e || c->event->stage > STAGE_STACK ||
		    !e->trigger.comm)
			continue;
		s64 step = clock_step(c, now);
		if (step < -CLOCK_DISORDER_US || step > CONTEXT_GAP_US)
			continue;
		if (str_is(comm->text, str_of(e->trigger.comm)) && !e->trigger.pid.known &&
		    (!own || c->event->order < own->event->order))
			own = c;
	}
	return own;
}

static struct context *find_context(struct contexts *cs, const struct line *line,
				    const struct parse *parse)
{
	const struct stamp *stamp = &line->stamp;
	struct known now = stamp_clock(stamp);
	if (!stamp->prefixed) {
		bool near = cs->last && line->number - cs->last->last_line <= 64;
		return near ? cs->last : new_context(cs, key_of(stamp));
	}
	u64 key = key_of(stamp);
	struct context *c = nearest(cs, key, now);
	bool starts = parse->kind == LINE_HEADER;
	if (c && starts && now.known && unfinished(c) && clock_step(c, now) > 0)
		c = NULL;
	struct context *own = named_context(cs, key, now, parse);
	if (own)
		return own;
	/* a head that was pasted without its prefix: the next line has one */
	if (!c && !starts && cs->last && !cs->last->prefixed && cs->last->event &&
	    cs->last->event->e.lines == 1 && cs->last->event->header_seen &&
	    line->number - cs->last->last_line <= NEAR_LINES) {
		c = cs->last;
		c->key = key;
	}
	return c ? c : new_context(cs, key);
}

/* --- which block --- */

static bool memory_stage(enum stage stage)
{
	return stage == STAGE_MEMORY || stage == STAGE_SLABS;
}

/* May a Mem-Info line go into this block, or does it begin another dump? */
static bool takes_memory(const struct block *b, enum line_kind kind)
{
	if (b->stage > STAGE_SLABS)
		return false;
	return kind != LINE_MEMINFO || !b->e.info.any;
}

static bool near_kill(const struct block *b, const struct line *line)
{
	if (line->number - b->last_kill_line > NEAR_LINES)
		return false;
	struct known now = stamp_clock(&line->stamp);
	return !now.known || !b->last_us.known || now.value - b->last_us.value <= SAME_KILL_US;
}

static bool same_chosen(const struct block *b, const struct parse *parse)
{
	const struct capture *pid = parse_find(parse, F_PID);
	return pid && b->choice.pid.known && b->choice.pid.value == pid->n;
}

static bool same_victim(struct block *b, const struct parse *parse)
{
	const struct capture *pid = parse_find(parse, F_PID);
	return pid && block_victim(b, pid->n);
}

/* To 2.6.15: one line for each task that shares the memory, all of the same name. */
static bool same_name(const struct block *b, const struct parse *parse)
{
	const struct capture *comm = parse_find(parse, F_COMM);
	const struct oom_victim *last = &b->e.victims.v[b->e.victims.n - 1];
	return comm && last->comm && str_is(comm->text, str_of(last->comm));
}

/*
 * "Killed process": the first one ends a report.  More of them belong to it when a whole cgroup is
 * killed, when they answer another "Kill process" line, or, to 2.6.15, for each task that shares
 * the memory; on their own they are events whose head was rate limited (10 in 5 seconds).
 */
static bool takes_killed(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *reason = parse_find(parse, F_REASON);
	if (b->choosing || !b->e.victims.n)
		return !b->e.panic;
	if (b->e.group_kill || same_victim(b, parse))
		return true;
	bool sized = parse_find(parse, F_TOTAL_VM) != NULL;
	bool cgroup = reason && str_contains(reason->text, STR("cgroup"));
	bool follows = near_kill(b, line);
	return follows && ((cgroup && b->e.is_memcg) || (!sized && same_name(b, parse)));
}

/* "Kill process": again for the same process, when its first child could not be killed. */
static bool takes_choose(const struct block *b, const struct line *line, const struct parse *parse)
{
	if (!b->kill_seen)
		return !b->e.panic;
	return b->e.victims.n && same_chosen(b, parse) && near_kill(b, line);
}

static bool takes_vz(const struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *ve = parse_find(parse, F_VE);
	struct known now = stamp_clock(&line->stamp);
	bool fresh =
		!now.known || !b->last_us.known || now.value - b->last_us.value <= CONTEXT_GAP_US;
	return b->e.ve.known && ve && b->e.ve.value == ve->n && fresh;
}

static bool event_takes(struct block *b, const struct line *line, const struct parse *parse)
{
	enum stage stage = line_stage(parse->kind);
	switch (parse->kind) {
	case LINE_KILLED:
		return !b->e.ve.known && takes_killed(b, line, parse);
	case LINE_KILLED_OLD:
		return !b->e.victims.n && b->header_seen;
	case LINE_CHOOSE:
		return takes_choose(b, line, parse);
	case LINE_LMK:
		return false;
	case LINE_VZ_EXIT:
	case LINE_VZ_SIGNAL:
		return takes_vz(b, line, parse);
	case LINE_NO_KILLABLE:
		return !b->kill_seen;
	case LINE_PANIC:
		return !b->kill_seen && !b->e.panic;
	case LINE_SHARING:
	case LINE_GROUP:
	case LINE_PROTECTION:
		return true;
	case LINE_OOM_KILL:
		return !b->e.constraint && !b->kill_seen;
	case LINE_OOM_KILL_REST:
		return b->e.constraint && !b->kill_seen;
	case LINE_CPUSET:
	case LINE_HARDWARE:
		return b->stage <= STAGE_STACK;
	case LINE_ORIGIN:
		return !b->kill_seen;
	case LINE_STAT:
		return b->stage <= STAGE_MEMCG;
	default:
		if (memory_stage(stage))
			return takes_memory(b, parse->kind);
		return stage >= b->stage;
	}
}

static bool other_takes(const struct block *b, const struct parse *parse)
{
	enum stage stage = line_stage(parse->kind);
	if (memory_stage(stage))
		return takes_memory(b, parse->kind);
	if (b->type == BLOCK_FAILURE)
		return stage == STAGE_STACK && !b->e.info.any;
	return false;
}

/* Kinds that show by themselves that there was an OOM. */
static bool opens_event(enum line_kind kind, const struct parse *parse)
{
	switch (kind) {
	case LINE_HEADER:
	case LINE_TASKS_INTRO:
	case LINE_TASKS_HEAD:
	case LINE_TASK:
	case LINE_OOM_KILL:
	case LINE_CHOOSE:
	case LINE_KILLED:
	case LINE_KILLED_OLD:
	case LINE_LMK:
	case LINE_VZ_EXIT:
	case LINE_VZ_SIGNAL:
	case LINE_GROUP:
	case LINE_NO_KILLABLE:
	case LINE_TASK_IN:
	case LINE_LIMIT:
	case LINE_STATS_HEAD:
		return !parse->partial || kind == LINE_TASK;
	default:
		return false;
	}
}

static bool oom_panic(const struct parse *parse)
{
	const struct capture *text = parse_find(parse, F_TEXT);
	return text && (str_contains(text->text, STR("ut of memory")) ||
			str_contains(text->text, STR("panic_on_oom")) ||
			str_contains(text->text, STR("deadlocked on memory")));
}

/* A dump without a head turns out to be an event's. */
static struct block *promote(struct context *c)
{
	struct block *b = c->other;
	b->type = BLOCK_EVENT;
	c->event = b;
	c->other = NULL;
	return b;
}

static struct block *open_block(struct contexts *cs, struct context *c, enum block_type type,
				const struct line *line)
{
	struct block **place = type == BLOCK_EVENT ? &c->event : &c->other;
	close_block(cs, place);
	*place = block_new(type, line);
	return *place;
}

/* Two counters at least: one alone is too little to begin a dump with. */
static bool opens_dump(const struct parse *parse)
{
	switch (parse->kind) {
	case LINE_MEMINFO:
		return true;
	case LINE_MEM:
		return parse->n >= 2;
	case LINE_ZONE:
	case LINE_NODE:
	case LINE_BUDDY:
		return parse->n >= 4 && !parse->partial;
	case LINE_TOTAL:
		return !parse->partial && !parse->garbage;
	default:
		return false;
	}
}

static struct block *event_block(struct contexts *cs, struct context *c, const struct line *line,
				 const struct parse *parse)
{
	enum line_kind kind = parse->kind;
	if (c->event && event_takes(c->event, line, parse))
		return c->event;
	if (!opens_event(kind, parse) && kind != LINE_PANIC)
		return NULL;
	/* the dump just before it is its own */
	if (c->other && c->other->type == BLOCK_SHOW_MEM && c->other->stage < line_stage(kind)) {
		close_block(cs, &c->event);
		return promote(c);
	}
	return open_block(cs, c, BLOCK_EVENT, line);
}

static bool takes(struct context *c, struct block *b, const struct line *line,
		  const struct parse *parse)
{
	return b == c->event ? event_takes(b, line, parse) : other_takes(b, parse);
}

/*
 * The block whose Mem-Info: came last, else the youngest that takes such a line: a failure inside
 * of a report has its own dump.
 */
static struct block *memory_block(struct contexts *cs, struct context *c, const struct line *line,
				  const struct parse *parse)
{
	struct block *order[] = {c->other, c->event};
	bool event_first = c->event && (!c->other || c->event->order > c->other->order);
	if (parse->kind != LINE_MEMINFO && c->memory)
		event_first = c->memory == c->event;
	for (int i = 0; i < 2; i++) {
		struct block *b = order[event_first ? 1 - i : i];
		if (!b || !takes(c, b, line, parse))
			continue;
		if (parse->kind == LINE_MEMINFO)
			c->memory = b;
		return b;
	}
	if (!opens_dump(parse))
		return NULL;
	struct block *dump = open_block(cs, c, BLOCK_SHOW_MEM, line);
	c->memory = dump;
	return dump;
}

static struct block *choose_block(struct contexts *cs, struct context *c, const struct line *line,
				  const struct parse *parse)
{
	enum stage stage = line_stage(parse->kind);
	switch (parse->kind) {
	case LINE_UNKNOWN:
	case LINE_NOISE:
	case LINE_NOTICE:
		return NULL;
	case LINE_HEADER:
		return parse->partial ? NULL : open_block(cs, c, BLOCK_EVENT, line);
	case LINE_FAILURE:
		if (parse->partial)
			return NULL;
		/* 3.x: the line with the size came just before */
		if (c->other && c->other->type == BLOCK_FAILURE && !c->other->f.mode &&
		    !c->other->f.order.known && c->other->f.vmalloc_bytes.known &&
		    cs->lines - c->other->touched <= NEAR_LINES)
			return c->other;
		return open_block(cs, c, BLOCK_FAILURE, line);
	case LINE_FAILURE_VMALLOC:
	case LINE_FAILURE_OLD:
		return parse->partial ? NULL : open_block(cs, c, BLOCK_FAILURE, line);
	case LINE_PANIC:
		if (!oom_panic(parse))
			return NULL;
		return event_block(cs, c, line, parse);
	default:
		break;
	}
	if (c->other && stage == STAGE_STACK && other_takes(c->other, parse) &&
	    (!c->event || c->other->order >= c->event->order))
		return c->other;
	return memory_stage(stage) ? memory_block(cs, c, line, parse)
				   : event_block(cs, c, line, parse);
}

/* --- lines --- */

static void age(struct contexts *cs, struct block **block)
{
	struct block *b = *block;
	if (b && cs->lines - b->touched >
			 (b->kill_seen || b->e.panic ? MOST_AFTER_LINES : MOST_IDLE_LINES))
		close_block(cs, block);
}

void contexts_tick(struct contexts *cs)
{
	cs->lines++;
	for (size_t i = 0; i < MOST_CONTEXTS; i++) {
		age(cs, &cs->list[i].event);
		age(cs, &cs->list[i].other);
	}
}

static const struct arch_word {
	const char *word, *arch;
} arch_words[] = {
	{"RIP: 00", "x86_64"},
	{"RAX: ", "x86_64"},
	{"entry_SYSCALL_64", "x86_64"},
	{"__x64_sys", "x86_64"},
	{"system_call_fastpath", "x86_64"},
	{"EAX: ", "i386"},
	{"entry_SYSENTER_32", "i386"},
	{"entry_INT80_32", "i386"},
	{"pstate: ", "aarch64"},
	{"x29: ", "aarch64"},
	{"el0_svc", "aarch64"},
	{"el0t_64_sync", "aarch64"},
	{"ret_fast_syscall", "arm"},
	{"unwind_backtrace", "arm"},
	{"Krnl PSW", "s390x"},
	{"__s390x_sys", "s390x"},
	{"NIP: ", "ppc64"},
	{"GPR00: ", "ppc64"},
	{"epc : ", "riscv64"},
	{"do_trap_ecall_u", "riscv64"},
	{"IAOQ", "parisc"},
};

/* Registers and functions of the call trace tell the machine. */
static void look_for_arch(struct block *b, struct str text)
{
	struct oom_origin *o = b->type == BLOCK_FAILURE ? &b->f.trigger : &b->e.trigger;
	if (o->arch || b->stage > STAGE_STACK)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(arch_words); i++)
		if (str_contains(text, str_of(arch_words[i].word))) {
			o->arch = arch_words[i].arch;
			o->arch_from = "registers";
			return;
		}
}

bool contexts_line(struct contexts *cs, const struct line *line, const struct parse *parse)
{
	contexts_tick(cs);
	struct context *c = find_context(cs, line, parse);
	struct known now = stamp_clock(&line->stamp);
	if (clock_step(c, now) > CONTEXT_CLOSE_US) {
		close_block(cs, &c->event);
		close_block(cs, &c->other);
	}
	c->last_line = line->last_number;
	c->prefixed = c->prefixed || line->stamp.prefixed;
	if (now.known)
		c->last_us = now;
	cs->last = c;
	struct block *b = choose_block(cs, c, line, parse);
	if (b) {
		block_apply(b, line, parse);
		b->touched = cs->lines;
		return true;
	}
	struct block *open =
		c->other && (!c->event || c->other->order > c->event->order) ? c->other : c->event;
	if (open && parse->kind == LINE_NOISE)
		look_for_arch(open, line->text);
	if (open && parse->kind == LINE_UNKNOWN && !open->kill_seen)
		block_unknown(open, line);
	return false;
}

void contexts_grammar(struct contexts *cs, const struct stamp *stamp, struct line_context *context)
{
	const struct context *c =
		stamp->prefixed ? nearest(cs, key_of(stamp), stamp_clock(stamp)) : cs->last;
	if (!c && cs->last && !cs->last->prefixed)
		c = cs->last;
	const struct block *b = c ? (c->event ? c->event : c->other) : NULL;
	if (!b)
		return;
	if (c->event && c->event->stage < STAGE_OOM_KILL)
		context->columns = &c->event->columns;
	const struct block *memory =
		c->other && (!c->event || c->other->order > c->event->order) ? c->other : b;
	context->in_stats = b->section == SECTION_STATS;
	context->in_slabs = memory->section == SECTION_SLABS || b->section == SECTION_SLABS;
	context->in_tags = memory->section == SECTION_TAGS || b->section == SECTION_TAGS;
}

struct block *contexts_event_of(struct contexts *cs, s64 pid)
{
	for (size_t i = 0; i < MOST_CONTEXTS; i++)
		if (cs->list[i].event && block_victim(cs->list[i].event, pid))
			return cs->list[i].event;
	return NULL;
}
