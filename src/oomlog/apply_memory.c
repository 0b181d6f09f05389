/*
 * What the lines below Mem-Info change: counters, nodes, zones, free blocks, the slab dump and the
 * allocation tags.
 */
#include <stddef.h>

#include "oomlog/apply.h"

/* --- the machine --- */

void apply_meminfo(struct block *b, const struct line *line, const struct parse *parse)
{
	b->meminfo_head = true;
	b->e.info.any = true;
}

static void set_mem(struct block *b, s32 id, s64 value)
{
	struct known *mem = &b->e.info.mem[id];
	if (mem->known && mem->value != value)
		b->mem_conflict[id] = true;
	*mem = (struct known){value, !b->mem_conflict[id]};
}

void apply_mem(struct block *b, const struct line *line, const struct parse *parse)
{
	for (size_t i = 0; i < parse->n; i++)
		if (parse->c[i].field == F_MEM && parse->c[i].n >= 0)
			set_mem(b, parse->c[i].index, parse->c[i].n);
	b->e.info.any = true;
	b->meminfo_totals = b->meminfo_totals || b->e.info.mem[OOM_MEM_RAM].known;
}

void apply_node(struct block *b, const struct line *line, const struct parse *parse)
{
	enum { MOST_NODES = 4096 };
	const struct capture *number = parse_find(parse, F_NODE);
	if (!number || parse->partial || b->e.info.nodes.n >= MOST_NODES)
		return;
	struct oom_node *node = vec_push(&b->e.info.nodes);
	node->node = (s32)number->n;
	for (size_t i = 0; i < parse->n; i++)
		if (parse->c[i].field == F_NODE_KV)
			block_set_number(&node->field[parse->c[i].index], parse->c[i].n);
	b->e.info.any = true;
}

static struct oom_zone *last_zone(struct block *b)
{
	return b->e.info.zones.n ? &b->e.info.zones.v[b->e.info.zones.n - 1] : NULL;
}

/* The zone of this node and name; made when it is not there. */
static struct oom_zone *find_zone(struct block *b, const struct parse *parse, bool for_buddy)
{
	enum { MOST_ZONES = 4096 };
	const struct capture *number = parse_find(parse, F_NODE), *name = parse_find(parse, F_ZONE);
	s32 node = number ? (s32)number->n : -1;
	if (!name || b->e.info.zones.n >= MOST_ZONES)
		return NULL;
	for (size_t i = 0; i < b->e.info.zones.n; i++) {
		struct oom_zone *zone = &b->e.info.zones.v[i];
		if (zone->node == node && str_is(name->text, str_of(zone->name)) &&
		    !(for_buddy ? zone->has_buddy : zone->has_line))
			return zone;
	}
	struct oom_zone *zone = vec_push(&b->e.info.zones);
	zone->node = node;
	zone->name = block_keep(b, name->text);
	return zone;
}

/* The same zone twice in one report: two reports are mixed, and neither line can be trusted. */
static void forget_mixed(struct block *b, struct oom_zone *zone)
{
	for (struct oom_zone *other = b->e.info.zones.v; other < zone; other++) {
		if (other->node != zone->node || strcmp(other->name, zone->name) != 0)
			continue;
		if (memcmp(other->field, zone->field, sizeof(zone->field)) != 0)
			memset(other->field, 0, sizeof(other->field));
		b->e.info.zones.n--; /* it is the last one */
		return;
	}
}

void apply_zone(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_zone *zone = parse->partial ? NULL : find_zone(b, parse, false);
	if (!zone)
		return;
	zone->has_line = true;
	for (size_t i = 0; i < parse->n; i++)
		if (parse->c[i].field == F_ZONE_KV)
			block_set_number(&zone->field[parse->c[i].index], parse->c[i].n);
	b->e.info.any = true;
	forget_mixed(b, zone);
}

/* It follows its zone's line; a list that lost a number is dropped: nobody knows which one. */
void apply_reserve(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_zone *zone = last_zone(b);
	if (!zone || zone->nr_reserve || zone->has_buddy || parse->damaged || parse->garbage ||
	    parse->loose || line->doubtful)
		return;
	for (size_t i = 0; i < parse->n && zone->nr_reserve < OOM_MAX_RESERVES; i++)
		zone->reserve[zone->nr_reserve++] = (struct known){parse->c[i].n, true};
}

void apply_buddy(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_zone *zone = find_zone(b, parse, true);
	if (!zone)
		return;
	zone->has_buddy = true;
	for (size_t i = 0; i < parse->n; i++) {
		const struct capture *c = &parse->c[i];
		if (c->field == F_BUDDY_TOTAL)
			block_set_number(&zone->buddy_total_kb, c->n);
		if (c->field != F_BUDDY || zone->nr_orders == OOM_MAX_ORDERS)
			continue;
		struct oom_buddy *order = &zone->order[zone->nr_orders];
		/* sizes double: where one is missing the orders behind it would be wrong */
		if (zone->nr_orders && (u64)c->more != 2 * order[-1].block_kb)
			break;
		*order = (struct oom_buddy){.blocks = {c->n, true}, .block_kb = (u64)c->more};
		block_set_text(b, &order->types, c->text);
		zone->nr_orders++;
	}
	b->e.info.any = true;
}

void apply_hugepages(struct block *b, const struct line *line, const struct parse *parse)
{
	enum { MOST_ROWS = 8192 };
	const struct capture *c = parse_find(parse, F_NODE);
	if (b->e.info.hugepages.n >= MOST_ROWS)
		return;
	struct oom_hugepages *row = vec_push(&b->e.info.hugepages);
	row->node = c ? (s32)c->n : -1;
	if ((c = parse_find(parse, F_HUGE_TOTAL)))
		block_set_number(&row->total, c->n);
	if ((c = parse_find(parse, F_HUGE_FREE)))
		block_set_number(&row->free, c->n);
	if ((c = parse_find(parse, F_HUGE_SURPLUS)))
		block_set_number(&row->surplus, c->n);
	if ((c = parse_find(parse, F_HUGE_SIZE)))
		block_set_number(&row->size_kb, c->n);
}

/* --- slabs and allocation tags --- */

void apply_slab_head(struct block *b, const struct line *line, const struct parse *parse)
{
	b->section = SECTION_SLABS;
}

void apply_slab(struct block *b, const struct line *line, const struct parse *parse)
{
	enum { MOST_SLABS = 8192 };
	if (parse->n != 3 || b->e.info.slabs.n >= MOST_SLABS)
		return;
	struct oom_slab *slab = vec_push(&b->e.info.slabs);
	slab->name = block_keep(b, parse->c[0].text);
	slab->used_kb = (struct known){parse->c[1].n, true};
	slab->total_kb = (struct known){parse->c[2].n, true};
}

void apply_slab_failed(struct block *b, const struct line *line, const struct parse *parse)
{
	b->e.info.slab_dump_failed = true;
}

void apply_tags_head(struct block *b, const struct line *line, const struct parse *parse)
{
	b->section = SECTION_TAGS;
	b->e.info.profiling_off = parse->which == 1;
}

/* "512 MiB", "1.50 GiB", "3176243200": the kernel rounds, so a size with a unit is not exact. */
static struct known size_of_text(struct str t)
{
	static const char units[] = "BKMGTPE";
	s64 whole;
	size_t n = str_number(t, &whole);
	double size = (double)whole, place = 0.1;
	if (!n || whole < 0)
		return (struct known){0};
	if (str_at(t, n) == '.')
		for (n++; is_digit(str_at(t, n)); n++, place /= 10)
			size += (t.s[n] - '0') * place;
	struct str unit = str_trim_left(str_from(t, n));
	const char *at =
		unit.len ? strchr(units, unit.s[0] >= 'a' ? unit.s[0] - 32 : unit.s[0]) : units;
	if (!at)
		return (struct known){0};
	double scale = str_contains(unit, STR("i")) ? 1024 : 1000;
	for (ptrdiff_t i = 0; i < at - units; i++)
		size *= scale;
	if (size > 9e18)
		return (struct known){0};
	return (struct known){(s64)size, true};
}

void apply_tag(struct block *b, const struct line *line, const struct parse *parse)
{
	enum { MOST_TAGS = 4096 };
	const struct capture *c;
	if (b->e.info.alloc_tags.n >= MOST_TAGS)
		return;
	struct oom_alloc_tag *tag = vec_push(&b->e.info.alloc_tags);
	if ((c = parse_find(parse, F_SIZE))) {
		block_set_text(b, &tag->size_text, c->text);
		tag->size_bytes = size_of_text(c->text);
	}
	if ((c = parse_find(parse, F_CALLS)))
		block_set_number(&tag->calls, c->n);
	if ((c = parse_find(parse, F_FILE)))
		block_set_text(b, &tag->file, c->text);
	if ((c = parse_find(parse, F_FUNCTION)))
		block_set_text(b, &tag->function, c->text);
	if ((c = parse_find(parse, F_MODULE)))
		block_set_text(b, &tag->module, c->text);
}
