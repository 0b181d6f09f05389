/* Claims of page frames: a byte for each, in sections where there are any. */
#include "analysis/census.h"

#include <stdlib.h>

void claims_init(struct page_claims *c, const struct memmap *map)
{
	*c = (struct page_claims){.map = map, .nr_owners = 1};
	c->sections = mem_calloc(map->nr_sections, sizeof(*c->sections));
}

void claims_done(struct page_claims *c)
{
	for (size_t i = 0; c->sections && i < c->map->nr_sections; i++)
		free(c->sections[i]);
	free(c->sections);
	arena_done(&c->arena);
	*c = (struct page_claims){0};
}

static const char others[] = "others";

static bool same_owner(const struct page_owner *o, enum page_class class, u64 kva, const char *what)
{
	return o->class == class && o->kva == kva &&
	       (o->what == what || (o->what && what && !strcmp(o->what, what)));
}

u8 claims_owner(struct page_claims *c, enum page_class class, u64 kva, const char *what)
{
	for (unsigned i = 1; i < c->nr_owners; i++) {
		if (same_owner(&c->owners[i], class, kva, what))
			return (u8)i;
	}
	/* The last ones are kept for what finds no room of its own: one for each class. */
	if (c->nr_owners > MAX_OWNERS - NR_PAGE_CLASSES && (!what || strcmp(what, others)))
		return claims_owner(c, class, 0, others);
	c->owners[c->nr_owners] = (struct page_owner){
		.class = class, .kva = kva, .what = what ? arena_strdup(&c->arena, what) : NULL};
	return (u8)c->nr_owners++;
}

void claims_add(struct page_claims *c, u8 owner, u64 pfn, u64 nr_pages)
{
	while (nr_pages) {
		const struct memmap_section *s = memmap_next_section(c->map, pfn);
		if (!s || s->pfn >= pfn + nr_pages)
			return;
		if (s->pfn > pfn) {
			nr_pages -= s->pfn - pfn;
			pfn = s->pfn;
		}
		size_t index = (size_t)(s - c->map->sections);
		u64 first = pfn - s->pfn, n = u64_min(nr_pages, s->nr_pages - first);
		if (!c->sections[index]) {
			c->sections[index] = mem_alloc(s->nr_pages);
			c->bytes += s->nr_pages;
		}
		u8 *claim = c->sections[index] + first;
		for (u64 i = 0; i < n; i++) {
			if (!claim[i] ||
			    (c->owners[claim[i]].only_reserved && !c->owners[owner].maps_others))
				claim[i] = owner;
		}
		pfn += n;
		nr_pages -= n;
	}
}

u8 claims_of(const struct page_claims *c, u64 pfn)
{
	const struct memmap_section *s = memmap_section(c->map, pfn);
	const u8 *section = s ? c->sections[s - c->map->sections] : NULL;
	return section ? section[pfn - s->pfn] : OWNER_NONE;
}
