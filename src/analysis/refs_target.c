/* What the text of a target means: an address, a page frame, a cache, a class, a symbol. */
#include <stdio.h>

#include "analysis/refs.h"

static const struct {
	const char *key, *what;
	unsigned kinds;
} classes[] = {
	{"kernel_unknown", "pages in use by the kernel, owner not known", 1u << LEAK_PAGES},
	{"large_kmalloc", "large kmalloc", 1u << LEAK_LARGE_KMALLOC},
	{"vmalloc", "vmalloc areas", 1u << LEAK_AREA},
};

static void object_text(const struct refs *refs, const struct leak_unit *u, u32 slot, char *text,
			size_t size)
{
	const struct leak_map *map = &refs->map;
	char symbol[256];
	u64 white = atomic_load(leak_unit_white((struct leak_unit *)u, slot / 64)) >> slot % 64;
	switch (u->kind) {
	case LEAK_SLAB:
		snprintf(text, size, "%s of %s", white & 1 ? "object" : "free slot",
			 map->slabs.caches.v[u->group].cache.name);
		break;
	case LEAK_AREA:
		snprintf(text, size, "vmalloc area by %s",
			 kernel_symbolize(map->k, map->areas.v[u->group].caller, symbol,
					  sizeof(symbol)));
		break;
	default:
		snprintf(text, size, "block of %u pages", u->group);
		break;
	}
}

static void target_object(struct refs *refs, const struct leak_hit *hit)
{
	struct refs_target *t = &refs->target;
	char object[288];
	t->kind = REFS_OBJECT;
	t->unit = hit->index;
	t->slot = hit->slot;
	leak_object(&refs->map, hit->unit, hit->slot, &t->start, &t->bytes);
	object_text(refs, hit->unit, hit->slot, object, sizeof(object));
	snprintf(t->what, sizeof(t->what), "%s at 0x%llx", object, (unsigned long long)t->start);
}

static void target_range(struct refs *refs, u64 start, u64 bytes)
{
	struct refs_target *t = &refs->target;
	char symbol[256];
	t->kind = REFS_RANGE;
	t->start = start;
	t->bytes = bytes;
	snprintf(t->what, sizeof(t->what), "%llu bytes at %s", (unsigned long long)bytes,
		 kernel_symbolize(refs->map.k, start, symbol, sizeof(symbol)));
}

static int target_address(struct refs *refs, u64 kva, struct error *error)
{
	const struct leak_map *map = &refs->map;
	struct leak_hit hit;
	u64 pfn;
	if (kva < map->k->arch->kernel_half)
		return error_set(error, EXIT_USAGE, "0x%llx is no address of the kernel",
				 (unsigned long long)kva);
	if (leak_map_find(map, kva, &hit)) {
		target_object(refs, &hit);
	} else if (kva >= map->pages_start && kva < map->pages_end) {
		pfn = (kva - map->census->map.base) / map->page_bytes;
		target_range(refs, memmap_page(&map->census->map, pfn), map->page_bytes);
	} else {
		target_range(refs, kva & ~7ull, 8);
	}
	return 0;
}

static int target_pfn(struct refs *refs, const char *text, struct error *error)
{
	const struct leak_map *map = &refs->map;
	char *end;
	u64 pfn = strtoull(text, &end, 0), kva;
	if (*end || end == text)
		return error_set(error, EXIT_USAGE, "pfn:%s is no number", text);
	kva = pfn < 1ull << (64 - map->page_shift)
		      ? vspace_direct_kva(&map->k->vspace, pfn << map->page_shift)
		      : 0;
	if (!kva || !memmap_page(&map->census->map, pfn))
		return error_set(error, EXIT_USAGE, "there is no page frame %s", text);
	if (leak_map_at(map, pfn))
		return target_address(refs, kva, error);
	target_range(refs, kva, map->k->page_size);
	return 0;
}

static int target_class(struct refs *refs, const char *key, struct error *error)
{
	struct refs_target *t = &refs->target;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (strcmp(key, classes[i].key))
			continue;
		t->kind = REFS_GROUPS;
		t->cache = REFS_NO_CACHE;
		t->kinds = classes[i].kinds;
		snprintf(t->what, sizeof(t->what), "%s", classes[i].what);
		return 0;
	}
	return error_set(
		error, EXIT_USAGE,
		"class:%s: who points there can be asked for kernel_unknown, large_kmalloc "
		"and vmalloc",
		key);
}

static bool target_cache(struct refs *refs, const char *name)
{
	struct refs_target *t = &refs->target;
	const struct slab_index_cache *c = slab_index_named(&refs->map.slabs, name);
	if (!c)
		return false;
	t->kind = REFS_GROUPS;
	t->cache = (u32)(c - refs->map.slabs.caches.v);
	snprintf(t->what, sizeof(t->what), "objects of %s", name);
	return true;
}

int refs_target_parse(struct refs *refs, const char *text, struct error *error)
{
	struct symbol symbol;
	char *end;
	u64 kva;
	if (!strncmp(text, "pfn:", 4))
		return target_pfn(refs, text + 4, error);
	if (!strncmp(text, "class:", 6))
		return target_class(refs, text + 6, error);
	if (target_cache(refs, text))
		return 0;
	kva = strtoull(text, &end, 16);
	if (!*end && end != text)
		return target_address(refs, kva, error);
	if (refs->map.k->symbols && symbols_find(refs->map.k->symbols, text, NULL, &symbol))
		return target_address(refs, symbol.address, error);
	return error_set(error, EXIT_USAGE,
			 "%s is no address, slab cache, symbol, pfn:NUMBER or class:NAME", text);
}
