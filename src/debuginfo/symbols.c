/*
 * The symbol table: an array of 16-byte records in the order of adding, their names in one buffer,
 * and two indexes of 32-bit record numbers made by symbols_seal(): by name (open addressing) and by
 * address (sorted).
 *
 * A kernel has 100 to 250 thousand symbols, kallsyms delivers them sorted, and the whole table is
 * made at every start: so nothing is sorted that is sorted already, nothing is allocated per
 * symbol, and a hash of a name is computed once.  Later seals (modules) only merge what is new.
 *
 * Absolute symbols (type A, or below the kernel's half: constants, and per-cpu offsets of x86-64
 * before 6.15) have numbers that are no places; they stand in an index of their own and so never
 * answer symbols_at().
 */
#include "debuginfo/symbols.h"

#include <string.h>

#include "base/mem.h"
#include "debuginfo/hash.h"

enum {
	MAX_MODULES = 0xffff,
	COARSE = 64,
	/*
	 * No more slots than this are looked at for a name.  The most frequent one of a kernel,
	 * __func__.0, stands for 400 symbols; millions of equal names, made to keep us busy, are
	 * found by address only.
	 */
	MAX_PROBES = 2048,
};

struct record {
	u64 address;
	u32 name;   /* offset in names */
	u16 module; /* 0: the kernel; else number in modules, counted from 1 */
	char type;
};

struct address_index {
	u32 *v;
	size_t n;
};

struct symbols {
	VEC(struct record) records;
	VEC(const char *) modules;
	struct arena arena; /* the modules' names */
	char *names;
	size_t names_len, names_room;

	size_t nr_lost;

	size_t nr_sealed;
	u32 *hash; /* record number + 1; 0 = free */
	size_t hash_size;
	struct address_index located, absolute;
	u64 *coarse; /* address of each COARSE-th of located: the top of the search, all in cache */
};

struct symbols *symbols_new(void)
{
	return mem_alloc(sizeof(struct symbols));
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	vec_done(&s->records);
	vec_done(&s->modules);
	arena_done(&s->arena);
	free(s->names);
	free(s->hash);
	free(s->located.v);
	free(s->absolute.v);
	free(s->coarse);
	free(s);
}

/* --- adding -------------------------------------------------------------------------------- */

static u16 module_number(struct symbols *s, const char *module)
{
	if (!module)
		return 0;
	for (size_t i = s->modules.n; i-- > 0;) /* symbols of one module come in a row */
		if (strcmp(s->modules.v[i], module) == 0)
			return (u16)(i + 1);
	if (s->modules.n == MAX_MODULES)
		return MAX_MODULES;
	*vec_push(&s->modules) = arena_strdup(&s->arena, module);
	return (u16)s->modules.n;
}

/* Room for `more` bytes of names; false when they would not be addressable by 32 bits. */
static bool names_reserve(struct symbols *s, size_t more)
{
	if (more > UINT32_MAX - s->names_len)
		return false;
	if (s->names_len + more > s->names_room) {
		s->names_room = u64_max(s->names_room * 2, u64_max(s->names_len + more, KIB(64)));
		s->names = mem_realloc(s->names, s->names_room);
	}
	return true;
}

void symbols_add(struct symbols *s, const char *name, size_t name_len, u64 address, char type,
		 const char *module)
{
	name_len = strnlen(name, name_len);
	if (s->records.n >= UINT32_MAX / 2 || !names_reserve(s, name_len + 1))
		return;
	*vec_push(&s->records) = (struct record){
		.address = address,
		.name = (u32)s->names_len,
		.module = module_number(s, module),
		.type = type,
	};
	memcpy(s->names + s->names_len, name, name_len);
	s->names[s->names_len + name_len] = 0;
	s->names_len += name_len + 1;
}

void symbols_reserve(struct symbols *s, size_t nr_symbols, size_t name_bytes)
{
	names_reserve(s, name_bytes);
	if (s->records.room < s->records.n + nr_symbols) {
		s->records.room = s->records.n + nr_symbols;
		s->records.v = mem_realloc(s->records.v, s->records.room * sizeof(*s->records.v));
	}
}

/* --- sealing: by name ---------------------------------------------------------------------- */

static u64 hash_of(const struct symbols *s, u32 i)
{
	const char *name = s->names + s->records.v[i].name;
	return hash_bytes(name, strlen(name));
}

static void hash_insert(struct symbols *s, u32 i, u64 hash)
{
	size_t mask = s->hash_size - 1, at = hash & mask;
	for (int probes = 0; probes < MAX_PROBES; probes++, at = (at + 1) & mask) {
		if (!s->hash[at]) {
			s->hash[at] = i + 1;
			return;
		}
	}
}

/*
 * Inserted in the order of adding, so of two equal names the first added is met first.  Slots are
 * fetched a few records ahead, else each insertion waits for memory.
 */
static void hash_add_from(struct symbols *s, size_t first)
{
	enum { AHEAD = 16 };
	u64 ahead[AHEAD];
	size_t n = s->records.n;
	for (size_t i = first; i < n + AHEAD; i++) {
		if (i >= first + AHEAD)
			hash_insert(s, (u32)(i - AHEAD), ahead[i % AHEAD]);
		if (i < n) {
			u64 hash = hash_of(s, (u32)i);
			__builtin_prefetch(&s->hash[hash & (s->hash_size - 1)], 1);
			ahead[i % AHEAD] = hash;
		}
	}
}

static void seal_names(struct symbols *s)
{
	size_t first = s->nr_sealed;
	if (s->hash_size < s->records.n + s->records.n / 2) {
		s->hash_size = 1024;
		while (s->hash_size < s->records.n + s->records.n / 2)
			s->hash_size *= 2;
		free(s->hash);
		s->hash = mem_calloc(s->hash_size, sizeof(*s->hash));
		first = 0;
	}
	hash_add_from(s, first);
}

/* --- sealing: by address ------------------------------------------------------------------- */

static bool is_absolute(const struct record *r)
{
	return r->type == 'A' || r->type == 'a' || !(r->address >> 63);
}

static u64 address_of(const struct symbols *s, u32 i)
{
	return s->records.v[i].address;
}

/* Stable merge of a[0..mid) and a[mid..n), both sorted. */
static void merge(const struct symbols *s, u32 *a, size_t mid, size_t n, u32 *scratch)
{
	if (mid == 0 || mid == n || address_of(s, a[mid - 1]) <= address_of(s, a[mid]))
		return;
	memcpy(scratch, a, mid * sizeof(*a));
	size_t i = 0, j = mid, out = 0;
	while (i < mid && j < n)
		a[out++] = address_of(s, a[j]) < address_of(s, scratch[i]) ? a[j++] : scratch[i++];
	memcpy(a + out, scratch + i, (mid - i) * sizeof(*a));
}

/*
 * Bottom-up merge sort: stable, and one comparison per run boundary where the input is sorted
 * already.
 */
static void sort_by_address(const struct symbols *s, u32 *a, size_t n, u32 *scratch)
{
	for (size_t width = 1; width < n; width *= 2)
		for (size_t start = 0; start + width < n; start += 2 * width)
			merge(s, a + start, width, u64_min(2 * width, n - start), scratch);
}

static bool is_sorted(const struct symbols *s, const u32 *a, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (address_of(s, a[i - 1]) > address_of(s, a[i]))
			return false;
	return true;
}

/* Append the new records of one sort (absolute or not) and bring the index in order. */
static void index_update(const struct symbols *s, struct address_index *index, bool absolute)
{
	size_t old = index->n, room = old + (s->records.n - s->nr_sealed);
	if (room == old)
		return;
	index->v = mem_realloc(index->v, room * sizeof(*index->v));
	for (size_t i = s->nr_sealed; i < s->records.n; i++)
		if (is_absolute(&s->records.v[i]) == absolute)
			index->v[index->n++] = (u32)i;
	if (is_sorted(s, index->v, index->n))
		return;
	u32 *scratch = mem_calloc(index->n, sizeof(*scratch));
	sort_by_address(s, index->v + old, index->n - old, scratch);
	merge(s, index->v, old, index->n, scratch);
	free(scratch);
}

static void seal_addresses(struct symbols *s)
{
	index_update(s, &s->located, false);
	index_update(s, &s->absolute, true);
	free(s->coarse);
	s->coarse = mem_calloc(s->located.n / COARSE + 1, sizeof(*s->coarse));
	for (size_t i = 0; i < s->located.n; i += COARSE)
		s->coarse[i / COARSE] = address_of(s, s->located.v[i]);
}

void symbols_seal(struct symbols *s)
{
	seal_names(s);
	seal_addresses(s);
	s->nr_sealed = s->records.n;
}

/* --- asking -------------------------------------------------------------------------------- */

size_t symbols_count(const struct symbols *s)
{
	return s->records.n;
}

void symbols_note_lost(struct symbols *s, size_t n)
{
	s->nr_lost += n;
}

size_t symbols_nr_lost(const struct symbols *s)
{
	return s->nr_lost;
}

static struct symbol symbol_from(const struct symbols *s, const struct record *r)
{
	return (struct symbol){
		.name = s->names + r->name,
		.module = r->module ? s->modules.v[r->module - 1] : NULL,
		.address = r->address,
		.type = r->type,
	};
}

bool symbols_find(const struct symbols *s, const char *name, const char *module, struct symbol *out)
{
	if (!s->hash_size)
		return false;
	const struct record *best = NULL;
	size_t mask = s->hash_size - 1, at = hash_bytes(name, strlen(name)) & mask;
	for (int probes = 0; s->hash[at] && probes < MAX_PROBES; probes++, at = (at + 1) & mask) {
		const struct record *r = &s->records.v[s->hash[at] - 1];
		bool wanted = module ? r->module && strcmp(s->modules.v[r->module - 1], module) == 0
				     : !best || (best->module && !r->module);
		if (!wanted || strcmp(s->names + r->name, name) != 0)
			continue;
		best = r;
		if (module || !r->module)
			break;
	}
	if (!best)
		return false;
	*out = symbol_from(s, best);
	return true;
}

/* Number of elements that are <= address: first among each COARSE-th, then within one group. */
static size_t nr_at_or_below(const struct symbols *s, u64 address)
{
	size_t low = 0, high = (s->located.n + COARSE - 1) / COARSE;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (s->coarse[mid] <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return 0;
	high = u64_min(low * COARSE, s->located.n);
	low = (low - 1) * COARSE;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (address_of(s, s->located.v[mid]) <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * Of several at one address the first counts, as in the kernel's own get_symbol_pos(): traces then
 * agree.
 */
bool symbols_at(const struct symbols *s, u64 address, struct symbol *out, u64 *offset)
{
	size_t n = nr_at_or_below(s, address);
	if (n == 0)
		return false;
	u64 start = address_of(s, s->located.v[n - 1]);
	size_t first = start ? nr_at_or_below(s, start - 1) : 0;
	*out = symbol_from(s, &s->records.v[s->located.v[first]]);
	*offset = address - start;
	return true;
}

void symbols_for_each(const struct symbols *s, symbol_fn fn, void *arg)
{
	const struct address_index *a = &s->absolute, *b = &s->located;
	for (size_t i = 0, j = 0; i < a->n || j < b->n;) {
		bool take_absolute =
			j == b->n || (i < a->n && address_of(s, a->v[i]) <= address_of(s, b->v[j]));
		struct symbol symbol =
			symbol_from(s, &s->records.v[take_absolute ? a->v[i++] : b->v[j++]]);
		if (!fn(arg, &symbol))
			return;
	}
}
