/*
 * What a gfp mask allows.
 *
 * The names are trusted where they are printed (4.6 and later).  Before, the zone is told by the
 * mask's lowest bits: __GFP_DMA 1, __GFP_HIGHMEM 2, __GFP_DMA32 4, and __GFP_MOVABLE 8 since 2.6.29
 * (include/linux/gfp.h); 2.6.23 to 2.6.28 had MOVABLE at 0x100000.
 */
#include <string.h>

#include "analysis/oom.h"

const char *const zone_rank_names[RANK_DEVICE + 1] = {
	[RANK_DMA] = "DMA",	    [RANK_DMA32] = "DMA32",	[RANK_NORMAL] = "Normal",
	[RANK_HIGHMEM] = "HighMem", [RANK_MOVABLE] = "Movable", [RANK_DEVICE] = "Device",
};

enum { BIT_DMA = 1, BIT_HIGHMEM = 2, BIT_DMA32 = 4, BIT_MOVABLE = 8, ZONE_BITS = 15 };
enum { BIT_THIS_NODE = 16 }; /* ours */

static const struct gfp_name {
	const char *name;
	unsigned bits;
} names[] = {
	{"GFP_DMA", BIT_DMA},
	{"__GFP_DMA", BIT_DMA},
	{"GFP_DMA32", BIT_DMA32},
	{"__GFP_DMA32", BIT_DMA32},
	{"__GFP_HIGHMEM", BIT_HIGHMEM},
	{"GFP_HIGHUSER", BIT_HIGHMEM},
	{"GFP_HIGHUSER_MOVABLE", BIT_HIGHMEM | BIT_MOVABLE},
	{"GFP_TRANSHUGE", BIT_HIGHMEM | BIT_MOVABLE},
	{"GFP_TRANSHUGE_LIGHT", BIT_HIGHMEM | BIT_MOVABLE},
	{"__GFP_MOVABLE", BIT_MOVABLE},
	{"__GFP_THISNODE", BIT_THIS_NODE},
	{"GFP_THISNODE", BIT_THIS_NODE},
};

static unsigned bits_of_name(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i].name) == len && !memcmp(names[i].name, name, len))
			return names[i].bits;
	}
	return 0;
}

static unsigned bits_of_names(const char *text)
{
	unsigned bits = 0;
	while (*text) {
		size_t len = strcspn(text, "| ");
		bits |= bits_of_name(text, len);
		text += len;
		text += strspn(text, "| ");
	}
	return bits;
}

static enum zone_rank rank_of_bits(unsigned bits)
{
	if (bits & BIT_DMA)
		return RANK_DMA;
	if (bits & BIT_DMA32)
		return RANK_DMA32;
	if (bits & BIT_HIGHMEM)
		return bits & BIT_MOVABLE ? RANK_MOVABLE : RANK_HIGHMEM;
	return RANK_NORMAL;
}

static bool has_zone(const struct oom_event *event, enum zone_rank rank)
{
	for (size_t i = 0; i < event->info.zones.n; i++) {
		if (zone_rank_of(event->info.zones.v[i].name) == rank)
			return true;
	}
	return false;
}

struct oom_gfp oom_gfp_of(const struct oom_event *event)
{
	struct oom_gfp gfp = {0};
	if (!event->gfp_names && !event->gfp_bits.known)
		return gfp;
	unsigned bits = event->gfp_names ? bits_of_names(event->gfp_names)
					 : (unsigned)event->gfp_bits.value & ZONE_BITS;
	gfp.known = true;
	gfp.zero = event->gfp_bits.known && !event->gfp_bits.value;
	gfp.highest = rank_of_bits(bits);
	gfp.movable = bits & BIT_MOVABLE;
	gfp.this_node = bits & BIT_THIS_NODE;
	/* A kernel without the zone takes Normal for it (OPT_ZONE_DMA, OPT_ZONE_DMA32). */
	if (gfp.highest < RANK_NORMAL && !has_zone(event, gfp.highest) &&
	    has_zone(event, RANK_NORMAL))
		gfp.highest = RANK_NORMAL;
	return gfp;
}

enum zone_rank zone_rank_of(const char *name)
{
	for (unsigned i = 0; name && i < RANK_DEVICE; i++) {
		if (!strcmp(name, zone_rank_names[i]))
			return i;
	}
	return RANK_DEVICE;
}

bool oom_mask_has(const char *mask, s32 node)
{
	if (!mask || !*mask || node < 0 || strspn(mask, "0123456789,-") != strlen(mask))
		return true;
	while (*mask) {
		char *end;
		long first = strtol(mask, &end, 10), last = first;
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (node >= first && node <= last)
			return true;
		mask = end + (*end == ',');
		if (*end && *end != ',')
			return true;
	}
	return false;
}
