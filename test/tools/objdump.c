/*
 * What the readers of src/object say about a dump, as lines of tab-separated fields: for comparing
 * with the guest's own /proc, and for looking at.
 *
 *	objdump resource|vmalloc|percpu|memcg|pipe DUMP
 */
#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"
#include "object/cgroup.h"
#include "object/module.h"
#include "object/percpu.h"
#include "object/pipe.h"
#include "object/resource.h"
#include "object/vmalloc.h"

typedef unsigned long long ull;

static bool print_resource(void *arg, const struct resource *r)
{
	printf("%u\t%llx\t%llx\t%llx\t%s\n", r->depth, (ull)r->start, (ull)r->end, (ull)r->flags,
	       r->name);
	return true;
}

static bool print_ram(void *arg, u64 start_paddr, u64 nr_bytes)
{
	printf("ram\t%llx\t%llx\n", (ull)start_paddr, (ull)nr_bytes);
	return true;
}

static int dump_resource(struct kernel *k, struct error *error)
{
	return resource_for_each(k, print_resource, NULL, error) ||
	       resource_for_each_ram(k, print_ram, NULL, error);
}

static bool count_page(void *arg, u64 index, u64 page_kva)
{
	++*(u64 *)arg;
	return true;
}

static bool print_area(void *arg, const struct vmalloc_area *a)
{
	struct kernel *k = arg;
	char caller[256] = "-";
	u64 nr_pages = 0;
	vmalloc_for_each_page(k, a, count_page, &nr_pages);
	if (a->caller)
		kernel_symbolize(k, a->caller, caller, sizeof(caller));
	printf("%llx\t%llu\t%llu\t%s\t%s%s%s\t%llx\t%llu\t%llu\t%llx\t%lld\t%s\n", (ull)a->kva,
	       (ull)a->size_bytes, (ull)a->mapped_bytes, vmalloc_kind_name(a->kind),
	       a->usermap ? "u" : "", a->owns_pages ? "o" : "", a->unfinished ? "!" : "",
	       (ull)a->flags, (ull)a->nr_pages, (ull)nr_pages, (ull)a->phys_addr,
	       a->has_requested_size ? (long long)a->requested_size_bytes : -1, caller);
	return true;
}

static int dump_vmalloc(struct kernel *k, struct error *error)
{
	return vmalloc_for_each(k, print_area, k, error);
}

static bool print_range(void *arg, const struct percpu_range *r)
{
	printf("%llx\t%llu\t%u\t%s\n", (ull)r->kva, (ull)r->nr_pages, r->cpu,
	       r->first_chunk ? "first" : "-");
	*(u64 *)arg += r->nr_pages;
	return true;
}

static int dump_percpu(struct kernel *k, struct error *error)
{
	struct percpu_layout l = {0};
	u64 nr_pages = 0;
	int failed = percpu_for_each_page_range(k, print_range, &nr_pages, &l, error);
	printf("total_pages\t%llu\nnr_units\t%u\nunit_pages\t%llu\nfirst_base\t%llx\nfirst_pages\t%llu\n"
	       "nr_chunks\t%llu\nnr_populated\t%llu\n",
	       (ull)nr_pages, l.nr_units, (ull)l.unit_pages, (ull)l.first_chunk_base,
	       (ull)l.first_chunk_pages, (ull)l.nr_chunks, (ull)l.nr_populated);
	return failed;
}

static void print_counter(const char *name, const struct memcg_counter *c)
{
	if (c->known)
		printf("\t%s=%llu/%lld", name, (ull)c->usage, (long long)c->max);
}

static int dump_memcg(struct kernel *k, struct error *error)
{
	struct memcg_tree tree;
	if (memcg_tree_load(&tree, k, true, error))
		return -1;
	if (tree.stats_why)
		printf("# %s\n", tree.stats_why);
	for (size_t i = 0; i < tree.n; i++) {
		const struct memcg *m = &tree.v[i];
		printf("%s\tkva=%llx\tid=%lld\tino=%llu\t%s%s%s\tchildren=%u\tdead=%u", m->path,
		       (ull)m->kva, (long long)m->id, (ull)m->inode, m->online ? "on" : "off",
		       m->cgroup_online ? "" : ",removed", m->unified ? "" : ",v1", m->nr_children,
		       m->nr_dead_below);
		if (m->has_references)
			printf("\trefs=%llu", (ull)m->references);
		print_counter("memory", &m->memory);
		print_counter("swap", &m->swap);
		print_counter("memsw", &m->memsw);
		print_counter("kmem", &m->kmem);
		print_counter("tcpmem", &m->tcpmem);
		printf("\thigh=%lld\tlow=%lld\tmin=%lld\tpeak=%llu\toom_group=%d\toom=%llu\toom_kill=%llu",
		       (long long)m->memory_high, (long long)m->memory_low,
		       (long long)m->memory_min, (ull)m->memory_peak, m->oom_group,
		       (ull)m->oom_events, (ull)m->oom_kills);
		for (size_t s = 0; s < NR_MEMCG_STATS; s++) {
			if (m->has_total[s])
				printf("\t%s=%lld/%lld", memcg_stat_name(s), (long long)m->total[s],
				       (long long)m->local[s]);
		}
		printf("\n");
	}
	memcg_tree_done(&tree);
	return 0;
}

static bool print_pipe(void *arg, const struct pipe *p)
{
	printf("pipe:[%llu]\t%llx\t%s[%u]\tslots=%u\tused=%u\tpages=%llu\tanon=%lld\tspare=%u\t"
	       "bytes=%llu\treaders=%u\twriters=%u\n",
	       (ull)p->ino, (ull)p->kva, p->comm, p->pid, p->nr_slots, p->nr_used, (ull)p->nr_pages,
	       p->anon_known ? (long long)p->nr_anon_pages : -1, p->nr_spare_pages, (ull)p->bytes,
	       p->readers, p->writers);
	return true;
}

static bool count_pipe_page(void *arg, const struct pipe *pipe, const struct pipe_page *page)
{
	++*(u64 *)arg;
	return true;
}

static int dump_pipe(struct kernel *k, struct error *error)
{
	u64 nr_pages = 0;
	int failed = pipe_for_each(k, print_pipe, NULL, error) ||
		     pipe_for_each_page(k, count_pipe_page, &nr_pages, error);
	printf("pages\t%llu\n", (ull)nr_pages);
	return failed;
}

static const struct reader_row {
	const char *name;
	int (*dump)(struct kernel *k, struct error *error);
} readers[] = {
	{"resource", dump_resource}, {"vmalloc", dump_vmalloc}, {"percpu", dump_percpu},
	{"memcg", dump_memcg},	     {"pipe", dump_pipe},
};

static const struct reader_row *find_reader(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		if (!strcmp(readers[i].name, name))
			return &readers[i];
	}
	return NULL;
}

static int run(const struct reader_row *reader, const char *path, struct error *error)
{
	const struct kernel_options options = {0};
	struct image *image;
	struct kernel *k;
	const char *paths[] = {path};
	if (image_open(&image, paths, 1, NULL, error))
		return -1;
	if (kernel_open(&k, image, &options, error)) {
		image_close(image);
		return -1;
	}
	modules_load_symbols(k);
	int failed = reader->dump(k, error);
	for (size_t i = 0; i < k->unreadable.n; i++) {
		const struct unreadable *u = &k->unreadable.v[i];
		fprintf(stderr, "unreadable: %s: %s, %llu times, first at 0x%llx\n", u->what,
			read_status_name(u->why), (ull)u->count, (ull)u->first_address);
	}
	kernel_close(k);
	return failed;
}

int main(int argc, char **argv)
{
	struct error error = ERROR_INIT;
	const struct reader_row *reader = argc == 3 ? find_reader(argv[1]) : NULL;
	if (!reader) {
		fprintf(stderr, "usage: objdump resource|vmalloc|percpu|memcg|pipe DUMP\n");
		return 2;
	}
	if (run(reader, argv[2], &error)) {
		fprintf(stderr, "objdump: %s\n", error.text);
		return 1;
	}
	return 0;
}
