/* Open addressing with linear probing, at most two thirds full. */
#include "object/kva_set.h"

#include "base/mem.h"

enum { FIRST_ROOM = 64 };

static size_t place(u64 kva, size_t room)
{
	return (size_t)(kva * 0x9e3779b97f4a7c15ull >> 20) & (room - 1);
}

/* The slot that holds kva, or the free one where it belongs. */
static u64 *find(const struct kva_set *set, u64 kva)
{
	size_t i = place(kva, set->room);
	while (set->slots[i] && set->slots[i] != kva)
		i = (i + 1) & (set->room - 1);
	return &set->slots[i];
}

static void grow(struct kva_set *set)
{
	struct kva_set larger = {.n = set->n, .room = set->room ? set->room * 2 : FIRST_ROOM};
	larger.slots = mem_calloc(larger.room, sizeof(*larger.slots));
	for (size_t i = 0; i < set->room; i++) {
		if (set->slots[i])
			*find(&larger, set->slots[i]) = set->slots[i];
	}
	free(set->slots);
	*set = larger;
}

bool kva_set_add(struct kva_set *set, u64 kva)
{
	if (!kva)
		return false;
	if (set->n >= set->room / 3 * 2)
		grow(set);
	u64 *slot = find(set, kva);
	if (*slot)
		return false;
	*slot = kva;
	set->n++;
	return true;
}

bool kva_set_has(const struct kva_set *set, u64 kva)
{
	return set->n && kva && *find(set, kva) == kva;
}

void kva_set_done(struct kva_set *set)
{
	free(set->slots);
	*set = (struct kva_set){0};
}
