/*
 * The map of physical addresses: what /proc/iomem shows, and which of it is RAM.
 *
 * kernel/resource.c keeps a tree under iomem_resource: children lie within their parent, siblings
 * are sorted by address and never overlap.  That order is what bounds the walk.
 */
#ifndef OBJECT_RESOURCE_H
#define OBJECT_RESOURCE_H

#include "kernel/kernel.h"

struct resource {
	u64 kva;
	u64 start, end;	 /* physical addresses, end included */
	u64 flags;	 /* IORESOURCE_* of include/linux/ioport.h */
	u32 depth;	 /* 0: a line without indentation in /proc/iomem */
	bool system_ram; /* IORESOURCE_SYSRAM: RAM of the page allocator, or a part of it (kernel
			    code, a crash kernel) */
	char name[64];	 /* "" when not readable */
};

/* All, in the order of /proc/iomem: parents before children, by address. */
typedef bool (*resource_fn)(void *arg, const struct resource *resource);
int resource_for_each(struct kernel *k, resource_fn fn, void *arg, struct error *error);

/*
 * RAM as the machine told the kernel at boot or by hotplug: outermost resources with
 * IORESOURCE_SYSRAM, each once, by address.  Bytes, not whole pages: a partial first or last page
 * is the caller's to round.
 */
typedef bool (*resource_ram_fn)(void *arg, u64 start_paddr, u64 nr_bytes);
int resource_for_each_ram(struct kernel *k, resource_ram_fn fn, void *arg, struct error *error);

#endif
