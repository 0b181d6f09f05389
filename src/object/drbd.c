/*
 * Resources hang on drbd_resources; each has connections (a list) and devices (an IDR by volume);
 * a device knows its peers, 8.4 has one.  drivers/block/drbd/drbd_int.h.
 *
 * A device's connection state is the larger of its own and its connection's, as drbd_read_state()
 * has it.  Names of states: drbd_strings.c; their numbers are of the netlink interface
 * (include/linux/drbd.h) and don't change.
 */
#include "object/drbd.h"

#include <stdio.h>

#include "kernel/walk.h"
#include "kernel/xarray.h"
#include "object/module_data.h"

static const char *const connection_states[] = {
	"StandAlone",	  "Disconnecting", "Unconnected",   "Timeout",	    "BrokenPipe",
	"NetworkFailure", "ProtocolError", "TearDown",	    "WFConnection", "WFReportParams",
	"Connected",	  "StartingSyncS", "StartingSyncT", "WFBitMapS",    "WFBitMapT",
	"WFSyncUUID",	  "SyncSource",	   "SyncTarget",    "VerifyS",	    "VerifyT",
	"PausedSyncS",	  "PausedSyncT",   "Ahead",	    "Behind",
};
static const char *const roles[] = {"Unknown", "Primary", "Secondary"};
static const char *const disk_states[] = {
	"Diskless", "Attaching", "Failed",     "Negotiating", "Inconsistent",
	"Outdated", "DUnknown",	 "Consistent", "UpToDate",
};

static const char *name_of(const char *const *names, size_t n, u64 value)
{
	return value < n ? names[value] : "?";
}
#define NAME_OF(names, value) name_of(names, ARRAY_SIZE(names), value)

bool drbd_load(struct kernel *k)
{
	if (!module_is_there(k, "drbd", "drbd_resources"))
		return false;
	module_load_group(k, group_drbd_pool, NULL);
	module_load_group(k, group_drbd, NULL);
	return true;
}

/* --- walks ---------------------------------------------------------------------------------- */

static int visit_resources(struct kernel *k, void (*fn)(void *arg, u64 resource), void *arg,
			   struct error *error)
{
	struct list_walk walk;
	u64 head, link;
	if (!kernel_has(k, drbd_resource_list))
		return error_set(
			error, EXIT_PARTIAL,
			"DRBD's structures: its module is not loaded, or has no types in this dump (kernels before 5.11 keep none)");
	if (!kernel_has_group(k, group_drbd, error))
		return -1;
	enum read_status status = kernel_global(k, drbd_resources, &head);
	if (status)
		return error_set(error, EXIT_PARTIAL, "DRBD's list of resources %s",
				 read_status_text(status));
	for (list_walk_init(&walk, k, head); list_walk_next(&walk, &link);)
		fn(arg, kernel_container(k, link, drbd_resource_list));
	if (walk.status)
		kernel_unreadable(k, "list of DRBD resources", walk.status, walk.at);
	return 0;
}

struct visit {
	struct kernel *k;
	drbd_visit_fn fn;
	void *arg;
};

static void visit_devices_of(void *arg, u64 resource)
{
	struct visit *v = arg;
	struct xarray_walk walk;
	u64 idr = kernel_member(v->k, resource, drbd_resource_devices), volume, device;
	for (xarray_walk_init(&walk, v->k, kernel_member(v->k, idr, idr_root));
	     xarray_walk_next(&walk, &volume, &device);)
		v->fn(v->arg, resource, device);
	if (walk.status)
		kernel_unreadable(v->k, "devices of a DRBD resource", walk.status, walk.at);
}

int drbd_visit_devices(struct kernel *k, drbd_visit_fn fn, void *arg, struct error *error)
{
	struct visit v = {k, fn, arg};
	if (!kernel_has_group(k, group_xarray, error))
		return -1;
	return visit_resources(k, visit_devices_of, &v, error);
}

static void visit_connections_of(void *arg, u64 resource)
{
	struct visit *v = arg;
	struct list_walk walk;
	u64 link;
	for (list_walk_init(&walk, v->k, kernel_member(v->k, resource, drbd_resource_connections));
	     list_walk_next(&walk, &link);)
		v->fn(v->arg, resource, kernel_container(v->k, link, drbd_connection_list));
	if (walk.status)
		kernel_unreadable(v->k, "connections of a DRBD resource", walk.status, walk.at);
}

int drbd_visit_connections(struct kernel *k, drbd_visit_fn fn, void *arg, struct error *error)
{
	struct visit v = {k, fn, arg};
	return visit_resources(k, visit_connections_of, &v, error);
}

/* --- a device ------------------------------------------------------------------------------- */

static s64 counter(struct kernel *k, u64 device, enum datum_id id)
{
	u64 value;
	return kernel_get(k, device, id, &value) ? -1 : (s64)value;
}

static u64 connection_state_of(struct kernel *k, u64 device)
{
	struct list_walk walk;
	u64 link, connection, cstate, state = UINT64_MAX;
	if (kernel_get(k, device, drbd_state_conn, &state))
		return UINT64_MAX;
	list_walk_init(&walk, k, kernel_member(k, device, drbd_device_peer_devices));
	if (list_walk_next(&walk, &link) &&
	    kernel_get(k, kernel_container(k, link, drbd_peer_device_list),
		       drbd_peer_device_connection, &connection) == READ_OK &&
	    kernel_get(k, connection, drbd_connection_cstate, &cstate) == READ_OK)
		state = u64_max(state, cstate);
	return state;
}

static void read_states(struct kernel *k, struct drbd_device *d)
{
	u64 role, peer, disk, pdsk;
	role = peer = disk = pdsk = UINT64_MAX;
	kernel_get(k, d->kva, drbd_state_role, &role);
	kernel_get(k, d->kva, drbd_state_peer, &peer);
	kernel_get(k, d->kva, drbd_state_disk, &disk);
	kernel_get(k, d->kva, drbd_state_pdsk, &pdsk);
	d->connection_state = NAME_OF(connection_states, connection_state_of(k, d->kva));
	d->role = NAME_OF(roles, role);
	d->peer_role = NAME_OF(roles, peer);
	d->disk = NAME_OF(disk_states, disk);
	d->peer_disk = NAME_OF(disk_states, pdsk);
}

static void read_counters(struct kernel *k, struct drbd_device *d)
{
	u64 bitmap;
	d->application_bios = counter(k, d->kva, drbd_ap_bio_cnt);
	d->application_pending = counter(k, d->kva, drbd_ap_pending_cnt);
	d->resync_pending = counter(k, d->kva, drbd_rs_pending_cnt);
	d->unacknowledged = counter(k, d->kva, drbd_unacked_cnt);
	d->local_io = counter(k, d->kva, drbd_local_cnt);
	d->pages_in_use = counter(k, d->kva, drbd_pp_in_use);
	d->pages_in_use_by_net = counter(k, d->kva, drbd_pp_in_use_by_net);
	if (kernel_get(k, d->kva, drbd_device_bitmap, &bitmap) == READ_OK && bitmap)
		kernel_get(k, bitmap, drbd_bitmap_nr_pages, &d->bitmap_pages);
	drbd_visit_peer_requests(k, d->kva, NULL, NULL, &d->peer_requests, &d->peer_request_pages);
}

struct give_device {
	struct kernel *k;
	drbd_device_fn fn;
	void *arg;
	bool stopped;
};

static void give_device(void *arg, u64 resource, u64 kva)
{
	struct give_device *g = arg;
	struct drbd_device d = {.kva = kva};
	u64 minor, volume;
	if (g->stopped)
		return;
	enum read_status status = kernel_get(g->k, kva, drbd_device_minor, &minor);
	if (!status)
		status = kernel_get(g->k, kva, drbd_device_vnr, &volume);
	if (status) {
		kernel_unreadable(g->k, "DRBD device", status, kva);
		return;
	}
	d.minor = (u32)minor;
	d.volume = (u32)volume;
	kernel_get_text_at(g->k, resource, drbd_resource_name, d.resource, sizeof(d.resource));
	read_states(g->k, &d);
	read_counters(g->k, &d);
	g->stopped = !g->fn(g->arg, &d);
}

int drbd_device_for_each(struct kernel *k, drbd_device_fn fn, void *arg, struct error *error)
{
	struct give_device g = {.k = k, .fn = fn, .arg = arg};
	return drbd_visit_devices(k, give_device, &g, error);
}

/* --- a connection --------------------------------------------------------------------------- */

struct give_connection {
	struct kernel *k;
	drbd_connection_fn fn;
	void *arg;
	bool stopped;
};

static void give_connection(void *arg, u64 resource, u64 kva)
{
	struct give_connection *g = arg;
	struct drbd_connection c = {.kva = kva};
	u64 state;
	if (g->stopped)
		return;
	enum read_status status = kernel_get(g->k, kva, drbd_connection_cstate, &state);
	if (status) {
		kernel_unreadable(g->k, "DRBD connection", status, kva);
		return;
	}
	c.state = NAME_OF(connection_states, state);
	kernel_get_text_at(g->k, resource, drbd_resource_name, c.resource, sizeof(c.resource));
	kernel_get(g->k, kva, drbd_connection_data_socket, &c.data_socket);
	kernel_get(g->k, kva, drbd_connection_meta_socket, &c.meta_socket);
	g->stopped = !g->fn(g->arg, &c);
}

int drbd_connection_for_each(struct kernel *k, drbd_connection_fn fn, void *arg,
			     struct error *error)
{
	struct give_connection g = {.k = k, .fn = fn, .arg = arg};
	return drbd_visit_connections(k, give_connection, &g, error);
}
