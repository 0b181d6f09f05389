/*
 * DRBD's page pool where damage has bent its chain, and its structs as an idle and a stalled device
 * have them.  Offsets are ours; drivers/block/drbd/drbd_int.h of 6.1.
 */
#include "support/cmocka_all.h"

#include "object/drbd.h"
#include "support/fakekernel.h"

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

enum { PRIVATE = 40, POOL = 0x100, VACANT = 0x108, RESOURCES = 0x110 };

static void put_pool(struct fake_kernel *f, const u64 *pages, size_t n, u64 end, u32 vacant)
{
	fake_datum(f, page_private, PRIVATE, 8);
	fake_datum(f, drbd_resources, kva(RESOURCES), 16);
	fake_datum(f, drbd_pp_pool, kva(POOL), 8);
	fake_datum(f, drbd_pp_vacant, kva(VACANT), 4);
	u64 at = POOL;
	for (size_t i = 0; i < n; i++) {
		fake_write_u64(f, at, kva(pages[i]));
		at = pages[i] + PRIVATE;
	}
	fake_write_u64(f, at, end);
	fake_write(f, VACANT, &vacant, 4);
}

static void pool(void **state)
{
	static const u64 pages[] = {0x1000, 0x1040, 0x1080, 0x2000, 0x2040};
	static const struct {
		const char *name;
		size_t n;
		u64 end, kept;
		u64 found_min, found_max;
		enum read_status status;
	} cases[] = {
		{"empty", 0, 0, 0, 0, 0, READ_OK},
		{"whole", 5, 0, 0, 5, 5, READ_OK},
		{"circle", 5, FAKE_BASE + 0x1080, 0, 5, 20, READ_DAMAGED},
		{"its own successor", 5, FAKE_BASE + 0x2040, 0, 5, 20, READ_DAMAGED},
		{"into user memory", 5, 0x1000, 0, 5, 5, READ_UNMAPPED},
		{"cut off", 5, 0, 0x2000, 3, 3, READ_TRUNCATED},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct drbd_pages found;
		struct error error = ERROR_INIT;
		fake_kernel_init(f);
		put_pool(f, pages, cases[i].n, cases[i].end, 5);
		fake_kernel_start(f, cases[i].kept);
		if (drbd_page_for_each(&f->k, &found, NULL, NULL, &error))
			fail_msg("%s: %s", cases[i].name, error.text);
		u64 n = found.by_kind[DRBD_PAGE_VACANT];
		if (n < cases[i].found_min || n > cases[i].found_max)
			fail_msg("%s: %llu pages", cases[i].name, (unsigned long long)n);
		assert_true(found.has_pool && !found.types_known);
		assert_int_equal(found.pool_vacant, 5);
		assert_int_equal(found.pages_in_use, -1);
		assert_int_equal(f->k.unreadable.n, cases[i].status ? 1 : 0);
		if (cases[i].status)
			assert_int_equal(f->k.unreadable.v[0].why, cases[i].status);
		fake_kernel_done(f);
		free(f);
	}
}

/* No DRBD at all, and one without types: sentences, no pages. */
static void absent(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct drbd_pages found;
	struct error error = ERROR_INIT;
	fake_kernel_init(f);
	fake_kernel_start(f, 0);
	assert_int_equal(drbd_page_for_each(&f->k, &found, NULL, NULL, &error), -1);
	assert_true(error.text[0]);
	assert_int_equal(drbd_device_for_each(&f->k, NULL, NULL, &error), -1);
	assert_non_null(strstr(error.text, "types"));
	fake_kernel_done(f);
	free(f);
}

/* --- structs -------------------------------------------------------------------------------- */

enum { RESOURCE = 0x3000, CONNECTION = 0x3200, DEVICE = 0x3400, PEER = 0x3600, BITMAP = 0x3700 };
enum { REQUEST = 0x4000, PAGE = 0x5000, NAME = 0x3180 };

static void put_structs(struct fake_kernel *f)
{
	static const struct {
		enum datum_id id;
		u64 value, size;
	} rows[] = {
		{idr_root, 0, 16},
		{xarray_head, 8, 8},
		{xarray_marker, 8, 8},
		{xa_node_shift, 0, 1},
		{xa_node_offset, 1, 1},
		{xa_node_parent, 8, 8},
		{xa_node_slots, 40, 512},
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
		{drbd_state_role, 24, 4},
		{drbd_state_peer, 24, 4},
		{drbd_state_conn, 24, 4},
		{drbd_state_disk, 24, 4},
		{drbd_state_pdsk, 24, 4},
		{drbd_pp_in_use, 32, 4},
		{drbd_pp_in_use_by_net, 36, 4},
		{drbd_active_ee, 40, 16},
		{drbd_peer_request_link, 0, 16},
		{drbd_peer_request_pages, 16, 8},
		{drbd_device_bitmap, 56, 8},
		{drbd_bitmap_pages, 0, 8},
		{drbd_bitmap_nr_pages, 8, 8},
	};
	static const struct {
		enum datum_id id;
		u32 shift, bits;
	} fields[] = {
		/* union drbd_state of a little-endian machine */
		{drbd_state_role, 0, 2}, {drbd_state_peer, 2, 2},  {drbd_state_conn, 4, 5},
		{drbd_state_disk, 9, 4}, {drbd_state_pdsk, 13, 4},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		f->k.schema.datum[fields[i].id].bit_shift = fields[i].shift;
		f->k.schema.datum[fields[i].id].bit_size = fields[i].bits;
	}
	f->k.schema.datum[xa_node_slots].stride = 8;
	f->k.schema.datum[xa_node_slots].nr_elements = 64;
}

static void put_list(struct fake_kernel *f, u64 head, u64 link)
{
	fake_write_u64(f, head, kva(link));
	fake_write_u64(f, link, kva(head));
}

static void put_device(struct fake_kernel *f)
{
	const u32 minor = 7, state = 1 | 2 << 2 | 10 << 4 | 8 << 9 | 4 << 13, in_use = 3,
		  connected = 9;
	put_list(f, RESOURCES, RESOURCE);
	fake_write_u64(f, RESOURCE + 16, kva(NAME));
	fake_write(f, NAME, "data", 5);
	put_list(f, RESOURCE + 24, CONNECTION);
	fake_write_u64(f, RESOURCE + 40 + 8, kva(DEVICE)); /* the IDR's only entry */
	fake_write(f, CONNECTION + 16, &connected, 4);
	fake_write_u64(f, CONNECTION + 24, kva(0x9000));
	fake_write(f, DEVICE, &minor, 4);
	put_list(f, DEVICE + 8, PEER);
	fake_write_u64(f, PEER + 16, kva(CONNECTION));
	fake_write(f, DEVICE + 24, &state, 4);
	fake_write(f, DEVICE + 32, &in_use, 4);
	put_list(f, DEVICE + 40, REQUEST);
	fake_write_u64(f, REQUEST + 16, kva(PAGE));
	fake_write_u64(f, PAGE + PRIVATE, kva(PAGE + 64));
	fake_write_u64(f, PAGE + 64 + PRIVATE, kva(PAGE + 128));
	fake_write_u64(f, DEVICE + 56, kva(BITMAP));
	fake_write_u64(f, BITMAP, kva(BITMAP + 64));
	fake_write_u64(f, BITMAP + 8, 2);
	fake_write_u64(f, BITMAP + 64, kva(PAGE + 0x400));
	fake_write_u64(f, BITMAP + 72, kva(PAGE + 0x440));
}

static bool keep_device(void *arg, const struct drbd_device *d)
{
	*(struct drbd_device *)arg = *d;
	return true;
}

static void device(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct drbd_device d = {0};
	struct drbd_pages found;
	struct error error = ERROR_INIT;
	fake_kernel_init(f);
	put_pool(f, NULL, 0, 0, 0);
	put_structs(f);
	put_device(f);
	fake_kernel_start(f, 0);
	if (drbd_device_for_each(&f->k, keep_device, &d, &error))
		fail_msg("%s", error.text);
	assert_int_equal(d.minor, 7);
	assert_string_equal(d.resource, "data");
	assert_string_equal(d.connection_state, "Connected");
	assert_string_equal(d.role, "Primary");
	assert_string_equal(d.peer_role, "Secondary");
	assert_string_equal(d.disk, "UpToDate");
	assert_string_equal(d.peer_disk, "Inconsistent");
	assert_int_equal(d.pages_in_use, 3);
	assert_int_equal(d.application_bios, -1);
	assert_int_equal(d.peer_requests, 1);
	assert_int_equal(d.peer_request_pages, 3);
	assert_int_equal(drbd_page_for_each(&f->k, &found, NULL, NULL, &error), 0);
	assert_true(found.types_known);
	assert_int_equal(found.pages_in_use, 3);
	assert_int_equal(found.by_kind[DRBD_PAGE_PEER_REQUEST], 3);
	assert_int_equal(found.by_kind[DRBD_PAGE_BITMAP], 2);
	assert_int_equal(found.by_kind[DRBD_PAGE_SOCKET], 1);
	assert_int_equal(f->k.unreadable.n, 0);
	fake_kernel_done(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool),
		cmocka_unit_test(absent),
		cmocka_unit_test(device),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
