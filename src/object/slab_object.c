/*
 * Decoding a slab: its struct page says how many slots it has and how many are in use; the rest
 * hang on lists through the free objects themselves.  mm/slub.c, mm/slab.h.
 *
 * Objects start red_left_pad bytes into their slot when the cache has red zones, and the lists'
 * pointers are to objects.  The slab's memory is read at once, so that following a list is loads
 * from a buffer; a full slab that no CPU allocates from is not read at all.
 */
#include "object/slab_object.h"

#include <string.h>

/* --- the index ------------------------------------------------------------------------------ */

static bool add_cache(void *arg, const struct slab_cache *c)
{
	struct slab_index *index = arg;
	u64 offset = 0, pad = 0, random = 0;
	kernel_get(index->k, c->kva, cache_offset, &offset);
	kernel_get(index->k, c->kva, cache_red_left_pad, &pad);
	kernel_get(index->k, c->kva, cache_random, &random);
	index->hiding = c->hiding;
	struct slab_index_cache *entry = vec_push(&index->caches);
	*entry = (struct slab_index_cache){.cache = *c,
					   .random = random,
					   .free_pointer_at = (u32)offset,
					   .red_left_pad = (u32)u64_min(pad, c->size)};
	slab_free_set_add(&index->free, index->k, c->kva);
	return true;
}

static int by_kva(const void *a, const void *b)
{
	const struct slab_index_cache *x = a, *y = b;
	return x->cache.kva < y->cache.kva ? -1 : x->cache.kva > y->cache.kva;
}

static void find_objcg_layout(struct slab_index *index)
{
	struct kernel *k = index->k;
	u64 size = sizeof(u64);
	index->objcg = k->schema.variant[variant_objcg];
	index->objcg_mask = k->schema.quirk[quirk_objcg_flags_mask];
	if (index->objcg == OBJCG_EXTS) {
		kernel_size(k, obj_ext_size, &size);
		index->objcg_at = (u32)kernel_datum(k, obj_ext_objcg)->value;
	}
	index->objcg_stride = (u32)size;
}

int slab_index_open(struct slab_index *index, struct kernel *k, const struct memmap *map,
		    struct error *error)
{
	u64 page_bytes;
	*index = (struct slab_index){.k = k, .map = map};
	if (!kernel_has_group(k, group_page, error))
		return -1;
	kernel_size(k, page_struct_size, &page_bytes);
	index->page_bytes = (u32)page_bytes;
	if (slab_cache_for_each(k, &index->whole, add_cache, index, error)) {
		slab_index_close(index);
		return -1;
	}
	if (index->caches.n)
		qsort(index->caches.v, index->caches.n, sizeof(*index->caches.v), by_kva);
	slab_free_set_sort(&index->free);
	find_objcg_layout(index);
	return 0;
}

void slab_index_close(struct slab_index *index)
{
	vec_done(&index->caches);
	slab_free_set_done(&index->free);
}

const struct slab_index_cache *slab_index_find(const struct slab_index *index, u64 cache)
{
	size_t low = 0, high = index->caches.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (index->caches.v[middle].cache.kva < cache)
			low = middle + 1;
		else
			high = middle;
	}
	return low < index->caches.n && index->caches.v[low].cache.kva == cache
		       ? &index->caches.v[low]
		       : NULL;
}

const struct slab_index_cache *slab_index_named(const struct slab_index *index, const char *name)
{
	for (size_t i = 0; i < index->caches.n; i++) {
		if (!strcmp(index->caches.v[i].cache.name, name))
			return &index->caches.v[i];
	}
	return NULL;
}

/* --- one slab ------------------------------------------------------------------------------- */

/* As many slots as a slab of this cache has: of the usual order, or of the smallest. */
static bool plausible(const struct slab_cache *c, u64 objects)
{
	return objects && objects <= SLAB_MAX_OBJECTS && objects <= c->objects_per_slab &&
	       (objects == c->objects_per_slab || !c->min_objects || objects >= c->min_objects);
}

static enum read_status read_header(const struct slab_index *index, const u8 *page,
				    struct slab_view *v, u64 *freelist)
{
	const struct kernel *k = index->k;
	u64 cache = 0, objects = 0, inuse = 0, frozen = 0;
	u32 n = index->page_bytes;
	if (kernel_get_from(k, page, n, slab_cache, &cache) ||
	    kernel_get_from(k, page, n, slab_objects, &objects) ||
	    kernel_get_from(k, page, n, slab_inuse, &inuse) ||
	    kernel_get_from(k, page, n, slab_freelist, freelist))
		return READ_ABSENT;
	kernel_get_from(k, page, n, slab_frozen, &frozen);
	if (!cache || !objects)
		return READ_ABSENT;
	v->cache = slab_index_find(index, cache);
	if (!v->cache)
		return READ_DAMAGED;
	const struct slab_cache *c = &v->cache->cache;
	/* A page of KFENCE's pool: kfence_guarded_alloc() sets one object and nothing else. */
	if (objects == 1 && c->objects_per_slab > 1 && c->min_objects > 1)
		return READ_ABSENT;
	if (!plausible(c, objects) || inuse > objects)
		return READ_DAMAGED;
	v->objects = (u32)objects;
	v->inuse = (u32)inuse;
	v->frozen = frozen;
	v->size = c->size;
	return READ_OK;
}

static void read_objcgs(const struct slab_index *index, const u8 *page, struct slab_view *v)
{
	const struct kernel *k = index->k;
	enum datum_id where = index->objcg == OBJCG_EXTS	 ? slab_obj_exts
			      : index->objcg == OBJCG_MEMCG_DATA ? slab_memcg_data
								 : page_obj_cgroups;
	u64 data, stride;
	v->objcgs = 0;
	v->objcg_stride = index->objcg_stride;
	if (!index->objcg || kernel_get_from(k, page, index->page_bytes, where, &data))
		return;
	v->objcgs = data & ~index->objcg_mask;
	if (kernel_get_from(k, page, index->page_bytes, slab_stride, &stride) == READ_OK && stride)
		v->objcg_stride = (u32)stride;
}

static enum read_status read_bytes(const struct slab_index *index, struct slab_view *v)
{
	enum { LARGEST_SLAB = 64 << 20 };
	u64 need = v->objects * v->size - v->cache->red_left_pad;
	if (v->nr_bytes)
		return READ_OK;
	if (need > LARGEST_SLAB)
		return READ_DAMAGED;
	if (need > v->room) {
		free(v->bytes);
		v->bytes = mem_alloc(need);
		v->room = need;
	}
	enum read_status status = kernel_read(index->k, v->first, v->bytes, need);
	v->nr_bytes = status ? 0 : need;
	return status;
}

/* The slot of an object; false: there is none. */
static bool slot_of(const struct slab_view *v, u64 object, u32 *slot)
{
	u64 distance = object - v->first;
	if (object < v->first || distance >= v->objects * v->size || distance % v->size)
		return false;
	*slot = (u32)(distance / v->size);
	return true;
}

/* false: it was free already, the list runs in a circle. */
static bool set_free(struct slab_view *v, u32 slot)
{
	u64 bit = 1ull << slot % 64;
	if (!(v->allocated[slot / 64] & bit))
		return false;
	v->allocated[slot / 64] &= ~bit;
	v->nr_allocated--;
	return true;
}

/* Returns how many slots the list freed; what comes behind a bad pointer is lost. */
static u32 follow(const struct slab_index *index, struct slab_view *v, u64 object)
{
	u32 nr = 0, slot, at = v->cache->free_pointer_at;
	while (object && slot_of(v, object, &slot) && set_free(v, slot)) {
		u64 stored, where = slot * v->size + at;
		nr++;
		if (where > v->nr_bytes || v->nr_bytes - where < sizeof(stored))
			break;
		memcpy(&stored, v->bytes + where, sizeof(stored));
		object = slab_free_pointer(index->hiding, v->cache->random, object + at, stored);
	}
	return nr;
}

static void free_in_sheaves(const struct slab_index *index, struct slab_view *v)
{
	u64 end = v->first + v->objects * v->size;
	u32 slot;
	if (!index->free.objects.n)
		return;
	for (size_t i = slab_free_set_from(&index->free, v->first);
	     i < index->free.objects.n && index->free.objects.v[i] < end; i++) {
		if (slot_of(v, index->free.objects.v[i], &slot))
			set_free(v, slot);
	}
}

static enum read_status read_free_slots(const struct slab_index *index, u64 freelist,
					struct slab_view *v)
{
	u64 cpu_list = slab_free_set_cpu_list(&index->free, v->slab);
	u32 free = v->objects - v->inuse, found = 0;
	if (freelist || cpu_list) {
		enum read_status status = read_bytes(index, v);
		if (status)
			return status;
		found = follow(index, v, freelist);
		follow(index, v, cpu_list);
	}
	v->nr_uncertain = free > found ? free - found : 0;
	free_in_sheaves(index, v);
	return READ_OK;
}

static void all_allocated(struct slab_view *v)
{
	u32 words = v->objects / 64, rest = v->objects % 64;
	memset(v->allocated, 0xff, words * sizeof(u64));
	if (rest)
		v->allocated[words] = (1ull << rest) - 1;
	v->nr_allocated = v->objects;
	v->nr_uncertain = 0;
}

enum read_status slab_view_read(const struct slab_index *index, u64 page_kva, const u8 *page,
				bool want_bytes, struct slab_view *v)
{
	u8 read[256];
	u64 freelist;
	enum read_status status;
	v->slab = page_kva;
	v->nr_bytes = 0;
	if (!page) {
		status = index->page_bytes <= sizeof(read)
				 ? kernel_read(index->k, page_kva, read, index->page_bytes)
				 : READ_ABSENT;
		if (status)
			return status;
		page = read;
	}
	status = read_header(index, page, v, &freelist);
	if (status)
		return status;
	if (!memmap_pfn(index->map, page_kva, &v->pfn))
		return READ_DAMAGED;
	u64 base = vspace_direct_kva(&index->k->vspace, v->pfn << index->k->page_shift);
	if (!base)
		return READ_UNMAPPED;
	v->first = base + v->cache->red_left_pad;
	read_objcgs(index, page, v);
	all_allocated(v);
	status = read_free_slots(index, freelist, v);
	if (!status && want_bytes)
		status = read_bytes(index, v);
	return status;
}

void slab_view_done(struct slab_view *view)
{
	free(view->bytes);
	view->bytes = NULL;
	view->nr_bytes = view->room = 0;
}

enum read_status slab_view_objcg(const struct slab_index *index, const struct slab_view *v, u32 i,
				 u64 *objcg)
{
	if (!index->objcg)
		return READ_ABSENT;
	*objcg = 0;
	if (!v->objcgs)
		return READ_OK;
	return kernel_read_u64(index->k, v->objcgs + (u64)i * v->objcg_stride + index->objcg_at,
			       objcg);
}
