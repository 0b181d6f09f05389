// SPDX-License-Identifier: GPL-2.0
/*
 * leaky - a module that leaks, for the lab.
 *
 * At load it takes `count` objects of the size that comes from kmalloc-256.  Each holds, as a
 * driver's request would, a pointer to a function of this module.  Three of four objects are then
 * forgotten: nothing points at them any more.  The fourth is kept on a list.  What it did stands in
 * its parameters, to be read from /sys/module/leaky/parameters.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

struct leaky_request {
	struct list_head list;
	void (*complete)(struct leaky_request *req);
	unsigned long serial;
	char payload[200];
};

static unsigned long count = 1000;
module_param(count, ulong, 0444);
MODULE_PARM_DESC(count, "how many objects to take");

static unsigned long kept, lost;
module_param(kept, ulong, 0444);
module_param(lost, ulong, 0444);

static LIST_HEAD(leaky_requests);

static noinline void leaky_complete(struct leaky_request *req)
{
	list_del(&req->list);
	kfree(req);
}

/* Its own function, so that no pointer to the last object stays in a caller's frame. */
static noinline int leaky_take(unsigned long serial)
{
	struct leaky_request *req = kmalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return -ENOMEM;
	memset(req, 0, sizeof(*req));
	req->complete = leaky_complete;
	req->serial = serial;
	snprintf(req->payload, sizeof(req->payload), "request %lu", serial);
	if (serial % 4 == 0) {
		list_add_tail(&req->list, &leaky_requests);
		kept++;
	} else {
		INIT_LIST_HEAD(&req->list);
		lost++;
	}
	return 0;
}

static int __init leaky_init(void)
{
	unsigned long i;

	BUILD_BUG_ON(sizeof(struct leaky_request) <= 192 || sizeof(struct leaky_request) > 256);
	for (i = 0; i < count && leaky_take(i) == 0; i++)
		if (i % 1024 == 0)
			cond_resched();
	pr_info("leaky: %lu objects kept, %lu lost\n", kept, lost);
	return 0;
}
module_init(leaky_init);

static void __exit leaky_exit(void)
{
	struct leaky_request *req, *next;

	list_for_each_entry_safe(req, next, &leaky_requests, list)
		req->complete(req);
}
module_exit(leaky_exit);

MODULE_DESCRIPTION("leaks memory on purpose, for the lab");
MODULE_LICENSE("GPL");
