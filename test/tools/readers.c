/*
 * readers: what the readers of files, memory areas, DRBD, slab objects and socket buffers say of a
 * dump, to be compared with the lab's truth and with the kernel's own counters.
 *
 *	readers files|inodes|vmas|drbd|slabs|net DUMP
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kernel/walk.h"
#include "object/drbd.h"
#include "object/file.h"
#include "object/kva_set.h"
#include "object/page.h"
#include "object/page_frag.h"
#include "object/skb.h"
#include "object/sock.h"
#include "object/storage.h"
#include "object/vma.h"
#include "object/slab_object.h"

struct tool {
	struct kernel *k;
	struct kva_set seen;
};

static void put_file(struct kernel *k, u64 mapping)
{
	struct file_info f;
	char title[1200];
	file_of_mapping(k, mapping, &f);
	printf("    %-14s %-10s %-8s ino %-6llu pages %-6llu users %s%-3llu w %llu size %llu%s%s %s\n",
	       file_kind_name(f.kind), f.fstype, f.device, (unsigned long long)f.ino,
	       (unsigned long long)f.nr_pages, f.users_known ? "" : "?",
	       (unsigned long long)f.users, (unsigned long long)f.writers,
	       (unsigned long long)f.size_bytes, f.other_mount_ns ? " other-ns" : "",
	       f.status ? read_status_name(f.status) : "", file_title(&f, title, sizeof(title)));
}

static bool put_open(void *arg, const struct open_file *o)
{
	struct tool *t = arg;
	printf("%u %u %s fd %d mapped %llu\n", o->pid, o->tgid, o->comm, o->fd,
	       (unsigned long long)o->mapped_bytes);
	if (kva_set_add(&t->seen, o->mapping))
		put_file(t->k, o->mapping);
	return true;
}

static void show_files(struct kernel *k)
{
	struct tool t = {.k = k};
	struct error error = ERROR_INIT;
	if (file_for_each_open(k, put_open, &t, &error))
		printf("%s\n", error.text);
	kva_set_done(&t.seen);
}

static bool put_device(void *arg, const struct drbd_device *d)
{
	printf("%2u: %s/%u cs:%s ro:%s/%s ds:%s/%s lo:%lld pe:%lld ua:%lld ap:%lld ap_bio %lld pages %lld+%lld "
	       "requests %llu with %llu pages, bitmap %llu\n",
	       d->minor, d->resource, d->volume, d->connection_state, d->role, d->peer_role,
	       d->disk, d->peer_disk, (long long)d->local_io,
	       (long long)(d->application_pending + d->resync_pending),
	       (long long)d->unacknowledged, (long long)d->application_pending,
	       (long long)d->application_bios, (long long)d->pages_in_use,
	       (long long)d->pages_in_use_by_net, (unsigned long long)d->peer_requests,
	       (unsigned long long)d->peer_request_pages, (unsigned long long)d->bitmap_pages);
	return true;
}

static bool put_connection(void *arg, const struct drbd_connection *c)
{
	printf("%s: %s sockets 0x%llx 0x%llx\n", c->resource, c->state,
	       (unsigned long long)c->data_socket, (unsigned long long)c->meta_socket);
	return true;
}

static void show_drbd(struct kernel *k)
{
	struct error error = ERROR_INIT;
	struct drbd_pages pages;
	if (!drbd_load(k))
		printf("no DRBD\n");
	if (drbd_device_for_each(k, put_device, NULL, &error) ||
	    drbd_connection_for_each(k, put_connection, NULL, &error))
		printf("%s\n", error.text);
	if (drbd_page_for_each(k, &pages, NULL, NULL, &error)) {
		printf("%s\n", error.text);
		return;
	}
	printf("pool %d vacant %llu types %d in use %lld\n", pages.has_pool,
	       (unsigned long long)pages.pool_vacant, pages.types_known,
	       (long long)pages.pages_in_use);
	for (u32 i = 0; i < NR_DRBD_PAGE_KINDS; i++)
		printf("  %-40s %llu\n", drbd_page_kind_title(i),
		       (unsigned long long)pages.by_kind[i]);
}

/* --- slab objects --------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef void (*slab_page_fn)(void *arg, u64 page_kva, const u8 *bytes);

static void each_slab(struct kernel *k, const struct memmap *map, slab_page_fn fn, void *arg)
{
	struct page_layout layout;
	struct error error = ERROR_INIT;
	if (page_layout_init(&layout, k, &error)) {
		printf("%s\n", error.text);
		return;
	}
	for (size_t i = 0; i < map->nr_sections; i++) {
		const struct memmap_section *s = &map->sections[i];
		u8 piece[64 * 256];
		u64 n = sizeof(piece) / layout.page_bytes;
		for (u64 j = 0; j < s->nr_pages; j += n) {
			if (kernel_read(k, s->kva + j * layout.page_bytes, piece,
					n * layout.page_bytes))
				continue;
			for (u64 l = 0; l < n; l++) {
				struct page_frame page;
				page_decode(&layout, piece + l * layout.page_bytes, &page);
				if (page_is_slab(&layout, &page) && !page.tail)
					fn(arg, s->kva + (j + l) * layout.page_bytes,
					   piece + l * layout.page_bytes);
			}
		}
	}
}

struct slab_count {
	u64 slabs, objects, allocated, uncertain, charged;
};

struct slab_show {
	struct slab_index index;
	struct slab_view view;
	struct slab_count *counts;
	u64 statuses[NR_READ_STATUS], slabs;
	bool bytes;
	double seconds;
};

static void count_slab(void *arg, u64 page_kva, const u8 *bytes)
{
	struct slab_show *s = arg;
	double start = now();
	enum read_status status = slab_view_read(&s->index, page_kva, bytes, s->bytes, &s->view);
	s->seconds += now() - start;
	s->statuses[status]++;
	s->slabs++;
	if (status)
		return;
	struct slab_count *c = &s->counts[s->view.cache - s->index.caches.v];
	u32 n = 0;
	for (u32 i = 0; slab_view_next(&s->view, &i); i++, n++) {
		u64 objcg = 0;
		if (slab_view_objcg(&s->index, &s->view, i, &objcg) == READ_OK && objcg)
			c->charged++;
	}
	if (n != s->view.nr_allocated)
		printf("%u bits, %u allocated\n", n, s->view.nr_allocated);
	c->slabs++;
	c->objects += s->view.objects;
	c->allocated += n;
	c->uncertain += s->view.nr_uncertain;
}

static void show_slabs(struct kernel *k)
{
	struct memmap map;
	struct error error = ERROR_INIT;
	static struct slab_show s;
	double start = now();
	if (memmap_open(&map, k, &error)) {
		printf("%s\n", error.text);
		return;
	}
	if (slab_index_open(&s.index, k, &map, &error)) {
		printf("%s\n", error.text);
		memmap_close(&map);
		return;
	}
	printf("index %.3f s, %zu caches, %zu CPU lists, %zu objects in sheaves\n", now() - start,
	       s.index.caches.n, s.index.free.cpu_lists.n, s.index.free.objects.n);
	s.counts = mem_calloc(s.index.caches.n, sizeof(*s.counts));
	each_slab(k, &map, count_slab, &s);
	printf("%llu slabs, %.0f ns each;", (unsigned long long)s.slabs, s.seconds * 1e9 / s.slabs);
	for (u32 i = 0; i < NR_READ_STATUS; i++)
		printf(" %s %llu", read_status_name(i), (unsigned long long)s.statuses[i]);
	printf("\n");
	u64 same = 0, allocated = 0, charged = 0;
	for (size_t i = 0; i < s.index.caches.n; i++) {
		const struct slab_cache *c = &s.index.caches.v[i].cache;
		const struct slab_count *n = &s.counts[i];
		allocated += n->allocated;
		charged += n->charged;
		if (n->slabs == c->slabs && n->objects == c->objects_total &&
		    n->allocated == c->objects_allocated && !n->uncertain) {
			same++;
			continue;
		}
		printf("%-24s slabs %llu %llu objects %llu %llu allocated %llu %llu uncertain %llu %llu flags %llx\n",
		       c->name, (unsigned long long)n->slabs, (unsigned long long)c->slabs,
		       (unsigned long long)n->objects, (unsigned long long)c->objects_total,
		       (unsigned long long)n->allocated, (unsigned long long)c->objects_allocated,
		       (unsigned long long)n->uncertain, (unsigned long long)c->objects_uncertain,
		       (unsigned long long)c->flags);
	}
	printf("%llu of %zu caches agree; %llu objects, %llu charged\n", (unsigned long long)same,
	       s.index.caches.n, (unsigned long long)allocated, (unsigned long long)charged);
	slab_view_done(&s.view);
	slab_index_close(&s.index);
	memmap_close(&map);
	free(s.counts);
}

/* --- sockets and their buffers -------------------------------------------------------------- */

struct net_show {
	struct slab_index index;
	struct slab_view view;
	struct skb_reader skbs;
	struct sock_caches socks;
	u64 tx_truesize, nr, truesize, len, nr_shared, nr_sk, bytes[3], pieces[3];
	u64 nr_frags[2];
	struct {
		u64 sk, truesize;
	} by_sk[64];
};

static void count_skb(void *arg, const struct skb *skb)
{
	struct net_show *s = arg;
	s->nr++;
	s->truesize += skb->truesize;
	s->len += skb->len;
	s->nr_shared += skb->shared;
	s->nr_sk += skb->sk != 0;
	u64 dataref = 0;
	kernel_get(s->index.k, skb->head + skb->head_bytes - s->skbs.shared_info_bytes,
		   shared_info_dataref, &dataref);
	if (dataref >> 16)
		s->tx_truesize += skb->truesize;
	for (u32 i = 0; i < 64 && skb->sk; i++) {
		if (s->by_sk[i].sk && s->by_sk[i].sk != skb->sk)
			continue;
		s->by_sk[i].sk = skb->sk;
		s->by_sk[i].truesize += skb->truesize;
		break;
	}
}

static void count_memory(void *arg, const struct skb *skb, const struct skb_memory *m)
{
	struct net_show *s = arg;
	s->bytes[m->kind] += m->bytes;
	s->pieces[m->kind]++;
}

static void put_sock(void *arg, const struct sock_info *i)
{
	printf("  %-12s fam %u st %2u %u -> %u rx %llu tx %llu wmem %llu fwd %lld frag %d file %d\n",
	       i->protocol, i->family, i->state, i->local_port, i->peer_port,
	       (unsigned long long)i->receive_bytes, (unsigned long long)i->send_bytes,
	       (unsigned long long)i->wmem_alloc, (long long)i->forward_bytes, i->frag_page != 0,
	       i->file != 0);
}

static void net_slab(void *arg, u64 page_kva, const u8 *bytes)
{
	struct net_show *s = arg;
	if (slab_view_read(&s->index, page_kva, bytes, false, &s->view))
		return;
	if (skb_reader_wants(&s->skbs, s->view.cache))
		skb_slab(&s->skbs, &s->view, count_skb, count_memory, s);
	if (sock_caches_want(&s->socks, s->view.cache))
		sock_slab(&s->socks, &s->view, put_sock, s);
}

static void count_page_frag(void *arg, const struct page_frag *f)
{
	struct net_show *s = arg;
	s->nr_frags[f->owner]++;
}

static void show_net(struct kernel *k)
{
	struct memmap map;
	struct error error = ERROR_INIT;
	static struct net_show s;
	if (memmap_open(&map, k, &error) || slab_index_open(&s.index, k, &map, &error) ||
	    skb_reader_open(&s.skbs, k, &s.index, &error) ||
	    sock_caches_open(&s.socks, k, &s.index, &error) ||
	    page_frag_for_each(k, count_page_frag, &s, &error)) {
		printf("%s\n", error.text);
		return;
	}
	printf("caches %s %s, %zu of sockets, %zu idle buffers\n",
	       s.skbs.single ? s.skbs.single->cache.name : "-",
	       s.skbs.pairs ? s.skbs.pairs->cache.name : "-", s.socks.caches.n, s.skbs.idle.n);
	each_slab(k, &map, net_slab, &s);
	printf("%llu buffers, %llu of sockets, %llu shared, truesize %llu, len %llu, implausible %llu\n",
	       (unsigned long long)s.nr, (unsigned long long)s.nr_sk,
	       (unsigned long long)s.nr_shared, (unsigned long long)s.truesize,
	       (unsigned long long)s.len, (unsigned long long)s.skbs.nr_implausible);
	printf("  truesize of what is sent and not acknowledged: %llu\n",
	       (unsigned long long)s.tx_truesize);
	for (u32 i = 0; i < 3; i++)
		printf("  memory %u: %llu pieces, %llu bytes\n", i, (unsigned long long)s.pieces[i],
		       (unsigned long long)s.bytes[i]);
	for (u32 i = 0; i < 64 && s.by_sk[i].sk; i++) {
		struct sock_info info;
		enum read_status status = sock_read(k, s.by_sk[i].sk, &info);
		printf("  %s %u: buffers %llu, it says %llu\n",
		       status ? read_status_name(status) : info.protocol, info.local_port,
		       (unsigned long long)s.by_sk[i].truesize,
		       (unsigned long long)info.receive_bytes);
	}
	printf("page frags: %llu of tasks, %llu of CPUs\n", (unsigned long long)s.nr_frags[0],
	       (unsigned long long)s.nr_frags[1]);
	slab_view_done(&s.view);
	skb_reader_close(&s.skbs);
	sock_caches_close(&s.socks);
	slab_index_close(&s.index);
	memmap_close(&map);
}

/* --- memory areas --------------------------------------------------------------------------- */

static bool put_vma(void *arg, const struct vma *v)
{
	printf("%u %llx-%llx %llx %s\n", *(u32 *)arg, (unsigned long long)v->start,
	       (unsigned long long)v->end, (unsigned long long)v->file_page_offset,
	       v->file ? "file" : "anon");
	return true;
}

static bool put_vmas(void *arg, const struct task *t)
{
	u32 pid = t->pid;
	if (t->mm)
		vma_for_each(arg, t->mm, put_vma, &pid);
	return true;
}

static void show_vmas(struct kernel *k)
{
	task_for_each(k, false, put_vmas, k, NULL);
}

/* --- all inodes of mounted file systems ----------------------------------------------------- */

static bool put_inodes(void *arg, const struct mount *m)
{
	struct tool *t = arg;
	struct list_walk walk;
	u64 link, mapping;
	if (!kva_set_add(&t->seen, m->super_block))
		return true;
	for (list_walk_init(&walk, t->k, kernel_member(t->k, m->super_block, super_inodes));
	     list_walk_next(&walk, &link);) {
		u64 inode = kernel_container(t->k, link, inode_sb_list);
		if (kernel_get(t->k, inode, inode_mapping, &mapping) == READ_OK)
			put_file(t->k, mapping);
	}
	return true;
}

static void show_inodes(struct kernel *k)
{
	struct tool t = {.k = k};
	struct mount devices = {0};
	mount_for_each(k, put_inodes, &t, NULL);
	if (kernel_variable(k, blockdev_superblock, 8, &devices.super_block) == READ_OK)
		put_inodes(&t, &devices);
	kva_set_done(&t.seen);
}

static const struct {
	const char *name;
	void (*show)(struct kernel *k);
} parts[] = {
	{"files", show_files}, {"drbd", show_drbd}, {"slabs", show_slabs},
	{"net", show_net},     {"vmas", show_vmas}, {"inodes", show_inodes},
};

int main(int argc, char *argv[])
{
	struct error error = ERROR_INIT;
	struct image *image;
	struct kernel *k;
	const char *paths[] = {argc > 2 ? argv[2] : ""};
	if (argc < 3 || image_open(&image, paths, 1, NULL, &error) ||
	    kernel_open(&k, image, NULL, &error)) {
		fprintf(stderr, "readers PART DUMP: %s\n", error.text);
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!strcmp(argv[1], parts[i].name))
			parts[i].show(k);
	}
	for (size_t i = 0; i < k->unreadable.n; i++)
		printf("unreadable: %s %s %llu first 0x%llx\n", k->unreadable.v[i].what,
		       read_status_name(k->unreadable.v[i].why),
		       (unsigned long long)k->unreadable.v[i].count,
		       (unsigned long long)k->unreadable.v[i].first_address);
	kernel_close(k);
	return 0;
}
