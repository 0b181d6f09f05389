/*
 * Readers of who holds pages, over memory that anybody wrote: files and their names, memory areas,
 * DRBD's pages, slabs, socket buffers.
 *
 * The schema is fixed, the memory is the input: pointers in it that point into it are followed. The
 * first byte chooses between layouts.
 */
#include <string.h>

#include "kernel/maple.h"
#include "kernel/xarray.h"
#include "object/drbd.h"
#include "object/file.h"
#include "object/skb.h"
#include "object/sock.h"
#include "object/vma.h"
#include "support/fakekernel.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { MAPPING = 0x100, INODE = 0x180, MM = 0x300, XARRAY = 0x380, PAGES = 0x400, SLOTS = 0x1000 };
enum { PAGE_BYTES = 64, SLOT_BYTES = 0x100, SKB_BYTES = 96, INFO_BYTES = 96 };

struct place {
	enum datum_id id;
	u64 value, size;
	u64 stride, nr_elements; /* arrays */
	u32 bit_shift, bit_size;
};

static const struct place places[] = {
	/* files */
	{mapping_host, 0, 8},
	{mapping_nrpages, 8, 8},
	{inode_sb, 0, 8},
	{inode_mapping, 8, 8},
	{inode_data, 0x80, 64},
	{inode_ino, 16, 8},
	{inode_mode, 24, 2},
	{inode_nlink, 28, 4},
	{inode_size, 32, 8},
	{inode_dentries, 40, 8},
	{inode_blocks, 48, 8},
	{hlist_first, 0, 8},
	{hlist_next, 0, 8},
	{dentry_parent, 0, 8},
	{dentry_name, 8, 8},
	{dentry_hash_pprev, 16, 8},
	{dentry_alias, 24, 16},
	{dentry_count, 40, 4},
	{super_type, 0, 8},
	{super_magic, 8, 8},
	{super_id, 16, 32},
	{super_root, 48, 8},
	{mount_ns, 8, 8},
	{mount_parent, 0, 8},
	{mount_mountpoint, 24, 8},
	{mount_mnt, 32, 32},
	{vfsmount_root, 0, 8},
	{file_system_name, 0, 8},
	{bdev_inode_vfs, 0x40, 0x100},
	{bdev_inode_bdev, 0, 0x40},
	{bdev_disk, 0, 8},
	{bdev_flags, 8, 4},
	{bdev_openers, 12, 4},
	{disk_name, 0, 32},
	{swapper_spaces, FAKE_BASE + 0x80, 8},
	{nr_swapper_spaces, FAKE_BASE + 0xc0, 8},
	{nr_swapfiles, FAKE_BASE + 0xe0, 4},
	{address_space_size, 64, 0},
	/* memory areas */
	{vma_start, 0, 8},
	{vma_end, 8, 8},
	{vma_file, 16, 8},
	{vma_next, 24, 8},
	{maple_range_pivots, 8, 120, 8, 15},
	{maple_range_slots, 128, 128, 8, 16},
	{maple_arange_pivots, 8, 72, 8, 9},
	{maple_arange_slots, 80, 80, 8, 10},
	/* arrays */
	{idr_root, 0, 16},
	{xarray_head, 8, 8},
	{xa_node_shift, 0, 1},
	{xa_node_offset, 1, 1},
	{xa_node_parent, 8, 8},
	{xa_node_slots, 40, 512, 8, 64},
	/* DRBD: its variables from 0x40 on */
	{page_private, 40, 8},
	{mempool_curr_nr, 0, 4},
	{mempool_elements, 8, 8},
	{drbd_resources, FAKE_BASE + 0x40, 16},
	{drbd_pp_pool, FAKE_BASE + 0x50, 8},
	{drbd_pp_vacant, FAKE_BASE + 0x58, 4},
	{drbd_buffer_page_pool, FAKE_BASE + 0x60, 64},
	{drbd_resource_list, 0, 16},
	{drbd_resource_name, 16, 8},
	{drbd_resource_connections, 24, 16},
	{drbd_resource_devices, 40, 24},
	{drbd_connection_list, 0, 16},
	{drbd_connection_cstate, 16, 4},
	{drbd_connection_data_sbuf, 24, 8},
	{drbd_device_minor, 0, 4},
	{drbd_device_vnr, 4, 4},
	{drbd_device_peer_devices, 8, 16},
	{drbd_peer_device_list, 0, 16},
	{drbd_peer_device_connection, 16, 8},
	{drbd_state_role, 24, 4, 0, 0, 0, 2},
	{drbd_state_peer, 24, 4, 0, 0, 2, 2},
	{drbd_state_conn, 24, 4, 0, 0, 4, 5},
	{drbd_state_disk, 24, 4, 0, 0, 9, 4},
	{drbd_state_pdsk, 24, 4, 0, 0, 13, 4},
	{drbd_pp_in_use, 32, 4},
	{drbd_pp_in_use_by_net, 36, 4},
	{drbd_active_ee, 40, 16},
	{drbd_peer_request_link, 0, 16},
	{drbd_peer_request_pages, 16, 8},
	{drbd_device_bitmap, 56, 8},
	{drbd_bitmap_pages, 0, 8},
	{drbd_bitmap_nr_pages, 8, 8},
	/* slabs */
	{slab_cache, 8, 8},
	{slab_freelist, 16, 8},
	{slab_inuse, 24, 4, 0, 0, 0, 16},
	{slab_objects, 24, 4, 0, 0, 16, 15},
	{slab_frozen, 24, 4, 0, 0, 31, 1},
	{slab_obj_exts, 32, 8},
	{obj_ext_objcg, 0, 8},
	/* socket buffers, sockets */
	{skb_size, SKB_BYTES, 0},
	{skb_next, 0, 8},
	{skb_prev, 8, 8},
	{skb_sk, 16, 8},
	{skb_len, 24, 4},
	{skb_data_len, 28, 4},
	{skb_head, 32, 8},
	{skb_data, 40, 8},
	{skb_tail, 48, 4},
	{skb_end, 52, 4},
	{skb_truesize, 56, 4},
	{skb_users, 60, 4},
	{fclones_skb2, SKB_BYTES, SKB_BYTES},
	{fclones_ref, 2 * SKB_BYTES, 4},
	{shared_info_size, INFO_BYTES, 0},
	{shared_info_nr_frags, 0, 1},
	{shared_info_dataref, 4, 4},
	{shared_info_frags, 16, 64, 16, 4},
	{skb_frag_page, 0, 8},
	{skb_frag_len, 8, 4},
	{skb_frag_offset, 12, 4},
	{sock_prot, 0, 8},
	{sock_family, 8, 2},
	{sock_state, 10, 1},
	{sock_refcount, 12, 4},
	{sock_rmem_alloc, 16, 4},
	{sock_wmem_alloc, 20, 4},
	{proto_name, 0, 32},
	{proto_slab, 32, 8},
	{proto_node, 40, 16},
};

static const struct place as_list[] = {
	{super_mounts, 56, 16}, {mount_instance, 16, 16}, {mm_mmap, 0, 8}};
static const struct place as_newer[] = {{super_first_mount, 56, 8},
					{mount_next_for_sb, 16, 8},
					{mm_maple_root, 0, 8},
					{xarray_marker, 8, 8}};

static bool take_vma(void *arg, const struct vma *vma)
{
	*(u64 *)arg += vma->end;
	return true;
}

static bool take_device(void *arg, const struct drbd_device *device)
{
	*(u64 *)arg += strlen(device->role) + device->peer_request_pages;
	return true;
}

static void take_skb(void *arg, const struct skb *skb)
{
	*(u64 *)arg += skb->truesize;
}

static void take_memory(void *arg, const struct skb *skb, const struct skb_memory *memory)
{
	*(u64 *)arg += memory->bytes;
}

static void read_files(struct kernel *k, u64 *sum)
{
	char title[256];
	struct file_info info;
	file_of_mapping(k, FAKE_BASE + MAPPING, &info);
	*sum += strlen(file_title(&info, title, sizeof(title)));
	file_of_inode(k, FAKE_BASE + INODE, &info);
	*sum += strlen(file_title(&info, title, sizeof(title)));
	vma_for_each(k, FAKE_BASE + MM, take_vma, sum);
}

static void read_drbd(struct kernel *k, u64 *sum)
{
	struct drbd_pages pages;
	struct xarray_walk walk;
	u64 index, entry;
	drbd_device_for_each(k, take_device, sum, NULL);
	drbd_page_for_each(k, &pages, NULL, NULL, NULL);
	for (xarray_walk_init(&walk, k, FAKE_BASE + XARRAY);
	     xarray_walk_next(&walk, &index, &entry);)
		*sum += index;
}

/* One cache of 128 bytes, 8 objects; page frame 1 is its slab. */
static void read_slabs(struct kernel *k, u64 *sum)
{
	struct memmap_section section = {0, 16, FAKE_BASE + PAGES, true};
	struct memmap map = {
		.k = k, .page_bytes = PAGE_BYTES, .sections = &section, .nr_sections = 1};
	struct slab_index index = {.k = k,
				   .map = &map,
				   .hiding = SLAB_PLAIN,
				   .page_bytes = PAGE_BYTES,
				   .objcg = OBJCG_EXTS,
				   .objcg_mask = 7,
				   .objcg_stride = 8};
	struct slab_index_cache *cache = vec_push(&index.caches);
	struct slab_view view = {0};
	cache->cache.kva = FAKE_BASE + 0x2000;
	cache->cache.size = SLOT_BYTES;
	cache->cache.objects_per_slab = 8;
	cache->free_pointer_at = 64;
	struct skb_reader reader = {
		.k = k, .skb_bytes = SKB_BYTES, .shared_info_bytes = INFO_BYTES, .single = cache};
	pthread_mutex_init(&reader.lock, NULL);
	for (u32 pairs = 0; pairs < 2; pairs++) {
		if (slab_view_read(&index, FAKE_BASE + PAGES + PAGE_BYTES, NULL, pairs, &view))
			break;
		reader.pairs = pairs ? cache : NULL;
		skb_slab(&reader, &view, take_skb, take_memory, sum);
		for (u32 i = 0; slab_view_next(&view, &i); i++) {
			struct sock_info info;
			u64 objcg;
			if (sock_read(k, slab_view_object(&view, i), &info) == READ_OK)
				*sum += strlen(info.protocol);
			slab_view_objcg(&index, &view, i, &objcg);
		}
	}
	skb_reader_close(&reader);
	slab_view_done(&view);
	slab_index_close(&index);
}

static void put(struct fake_kernel *f, const struct place *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		f->k.schema.datum[p[i].id] = (struct datum){
			.state = DATUM_PRESENT,
			.group = f->k.schema.datum[p[i].id].group,
			.value = p[i].value,
			.size = p[i].size,
			.stride = p[i].stride,
			.nr_elements = p[i].nr_elements,
			.bit_shift = p[i].bit_shift,
			.bit_size = p[i].bit_size,
		};
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	u64 sum = 0;
	if (!size)
		return free(f), 0;
	fake_kernel_init(f);
	memcpy(f->memory, data + 1, size - 1 < FAKE_BYTES ? size - 1 : FAKE_BYTES);
	put(f, places, ARRAY_SIZE(places));
	if (data[0] & 1)
		put(f, as_list, ARRAY_SIZE(as_list));
	else
		put(f, as_newer, ARRAY_SIZE(as_newer));
	fake_datum(f, page_lru, 8, 16); /* judges groups and variants */
	fake_kernel_start(f, data[0] & 2 ? 0x3000 : 0);
	read_files(&f->k, &sum);
	read_drbd(&f->k, &sum);
	read_slabs(&f->k, &sum);
	fake_kernel_done(f);
	free(f);
	return 0;
}
