/* Places of pointers: what they are called, and how often each was met. */
#include "analysis/leak_holder.h"

#include <stdio.h>
#include <stdlib.h>

#include "object/module.h"

/* --- names ---------------------------------------------------------------------------------- */

static bool add_percpu_name(void *arg, const struct symbol *symbol)
{
	struct leak_names *names = arg;
	if (symbol->address >= names->percpu_end || symbol->module)
		return symbol->address < names->percpu_end;
	*vec_push(&names->percpu) = (struct leak_percpu_name){symbol->address, symbol->name};
	return true;
}

void leak_names_open(struct leak_names *names, const struct leak_map *map)
{
	struct symbol end, start;
	*names = (struct leak_names){.map = map};
	modules_load_symbols(map->k);
	if (!map->k->symbols || !symbols_find(map->k->symbols, "__per_cpu_start", NULL, &start) ||
	    !symbols_find(map->k->symbols, "__per_cpu_end", NULL, &end) || start.address)
		return;
	names->percpu_end = end.address;
	symbols_for_each(map->k->symbols, add_percpu_name, names);
}

void leak_names_close(struct leak_names *names)
{
	vec_done(&names->percpu);
}

static const struct leak_percpu_name *percpu_name(const struct leak_names *names, u64 at)
{
	size_t low = 0, high = names->percpu.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (names->percpu.v[mid].at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low && at < names->percpu_end ? &names->percpu.v[low - 1] : NULL;
}

static u64 symbol_of(const struct leak_names *names, u64 address)
{
	struct symbol symbol;
	u64 offset;
	enum { LARGEST_VARIABLE = 64 << 20 };
	const struct symbols *symbols = names->map->k->symbols;
	return symbols && symbols_at(symbols, address, &symbol, &offset) &&
			       offset < LARGEST_VARIABLE
		       ? symbol.address
		       : 0;
}

static u64 percpu_symbol(const struct leak_names *names, u64 address)
{
	if (!names->percpu_end)
		return address >= names->map->k->arch->kernel_half ? symbol_of(names, address) : 0;
	return address < names->percpu_end ? address : 0;
}

struct leak_place leak_place_of(const struct leak_names *names, const struct leak_source *s, u64 at)
{
	struct leak_place place = {.kind = s->kind};
	switch (s->kind) {
	case IN_SLAB:
		place.name = s->id;
		place.offset = (u32)(at - s->start);
		break;
	case IN_AREA:
		place.name = names->map->areas.v[s->id].caller;
		break;
	case IN_STRUCT_PAGE:
		place.offset = (u32)(at - s->start);
		break;
	case IN_DATA:
		place.name = symbol_of(names, s->names_at + (at - s->start));
		break;
	case IN_PERCPU:
		place.name = percpu_symbol(names, s->names_at + (at - s->start));
		if (names->percpu_end && place.name) {
			const struct leak_percpu_name *p = percpu_name(names, place.name);
			place.name = p ? p->at : 0;
			place.offset = !place.name; /* the one at 0 has a name too */
		}
		break;
	default:
		break;
	}
	return place;
}

static const char *const source_names[NR_LEAK_SOURCES] = {
	[IN_SLAB] = "slab",
	[IN_PAGES] = "kernel pages",
	[IN_AREA] = "vmalloc",
	[IN_STRUCT_PAGE] = "struct page",
	[IN_DATA] = "kernel data",
	[IN_PERCPU] = "per-cpu memory",
	[IN_BOOT] = "memory taken at boot",
	[IN_STACK] = "kernel stacks",
	[IN_BAD_SLAB] = "slabs without readable objects",
	[IN_REGISTERS] = "registers",
};

/* "init_task", "leaky_requests [leaky]". */
static const char *symbol_text(const struct leak_names *names, u64 address, char *text, size_t size)
{
	struct symbol symbol;
	u64 offset;
	const struct symbols *symbols = names->map->k->symbols;
	if (!symbols || !symbols_at(symbols, address, &symbol, &offset) || offset)
		return kernel_symbolize(names->map->k, address, text, size);
	snprintf(text, size, "%s%s%s%s", symbol.name, symbol.module ? " [" : "",
		 symbol.module ? symbol.module : "", symbol.module ? "]" : "");
	return text;
}

static const char *percpu_text(const struct leak_names *names, const struct leak_place *p,
			       char *text, size_t size)
{
	if (names->percpu_end && (p->name || p->offset)) {
		const struct leak_percpu_name *name = percpu_name(names, p->name);
		snprintf(text, size, "per-cpu %s", name ? name->name : "?");
	} else if (p->name) {
		char symbol[256];
		snprintf(text, size, "per-cpu %s",
			 symbol_text(names, p->name, symbol, sizeof(symbol)));
	} else {
		snprintf(text, size, "%s", source_names[IN_PERCPU]);
	}
	return text;
}

const char *leak_place_text(const struct leak_names *names, const struct leak_place *p, char *text,
			    size_t size)
{
	struct kernel *k = names->map->k;
	char symbol[256];
	switch (p->kind) {
	case IN_SLAB:
		snprintf(text, size, "%s+%u", names->map->slabs.caches.v[p->name].cache.name,
			 p->offset);
		return text;
	case IN_STRUCT_PAGE:
		snprintf(text, size, "struct page+%u", p->offset);
		return text;
	case IN_PERCPU:
		return percpu_text(names, p, text, size);
	case IN_AREA:
		if (!p->name)
			break;
		snprintf(text, size, "vmalloc by %s",
			 kernel_symbolize(k, p->name, symbol, sizeof(symbol)));
		return text;
	case IN_DATA:
		if (p->name)
			return symbol_text(names, p->name, text, size);
		break;
	default:
		break;
	}
	snprintf(text, size, "%s", p->kind < NR_LEAK_SOURCES ? source_names[p->kind] : "?");
	return text;
}

const char *leak_place_module(const struct leak_names *names, const struct leak_place *p)
{
	struct symbol symbol;
	u64 offset;
	const struct symbols *symbols = names->map->k->symbols;
	if ((p->kind != IN_DATA && p->kind != IN_AREA) || !p->name || !symbols ||
	    !symbols_at(symbols, p->name, &symbol, &offset))
		return NULL;
	return symbol.module;
}

/* --- counting ------------------------------------------------------------------------------- */

void leak_tally_init(struct leak_tally *t)
{
	*t = (struct leak_tally){.slots = mem_calloc(LEAK_TALLY_ROOM, sizeof(*t->slots))};
}

void leak_tally_done(struct leak_tally *t)
{
	free(t->slots);
	*t = (struct leak_tally){0};
}

static bool same_place(const struct leak_place *a, const struct leak_place *b)
{
	return a->name == b->name && a->offset == b->offset && a->kind == b->kind;
}

static u64 hash_of(u32 target, const struct leak_place *p)
{
	u64 h = p->name * 0x9e3779b97f4a7c15ull ^ ((u64)target << 32 | p->kind << 24 | p->offset);
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9ull;
	return h ^ h >> 32;
}

void leak_tally_add(struct leak_tally *t, u32 target, const struct leak_place *place, u64 n, u64 at,
		    u64 value)
{
	for (u64 i = hash_of(target, place);; i++) {
		struct leak_count *c = &t->slots[i % LEAK_TALLY_ROOM];
		if (c->used && (c->target != target || !same_place(&c->place, place)))
			continue;
		if (!c->used) {
			if (t->n >= LEAK_TALLY_ROOM * 3 / 4) {
				t->dropped += n;
				return;
			}
			t->n++;
			*c = (struct leak_count){.target = target,
						 .used = true,
						 .place = *place,
						 .at = at,
						 .value = value};
		}
		c->n += n;
		if (at < c->at) {
			c->at = at;
			c->value = value;
		}
		return;
	}
}

void leak_tally_merge(struct leak_tally *into, const struct leak_tally *from)
{
	for (size_t i = 0; i < LEAK_TALLY_ROOM; i++) {
		const struct leak_count *c = &from->slots[i];
		if (c->used)
			leak_tally_add(into, c->target, &c->place, c->n, c->at, c->value);
	}
	into->dropped += from->dropped;
}

static int by_target_and_count(const void *a, const void *b)
{
	const struct leak_count *x = a, *y = b;
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->place.offset < y->place.offset ? -1 : x->place.offset > y->place.offset;
}

struct leak_count *leak_tally_sorted(const struct leak_tally *t, size_t *n)
{
	struct leak_count *counts = mem_calloc(t->n + 1, sizeof(*counts));
	*n = 0;
	for (size_t i = 0; i < LEAK_TALLY_ROOM; i++) {
		if (t->slots[i].used)
			counts[(*n)++] = t->slots[i];
	}
	qsort(counts, *n, sizeof(*counts), by_target_and_count);
	return counts;
}
