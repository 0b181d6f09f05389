/*
 * Files behind pages, as no dump of the lab has them: names by label, containers' mounts, block
 * devices with partitions, and pointers that only look like an address_space.  Offsets are ours.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "object/file.h"
#include "support/fakekernel.h"

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

/* inode with its mapping inside; one super block, one mount. */
enum { INODE = 0x1000, I_DATA = 0x80, SUPER = 0x2000, TYPE = 0x2100, MOUNT = 0x2200 };
enum { FILE_D = 0x3000, DIR_D = 0x3100, ROOT_D = 0x3200, TOP_D = 0x3300, TOP_MOUNT = 0x2400 };
enum { NAMES = 0x5000, PROXY = 0x2600, TASK = 0x2700, NS = 0x2800 };
enum {
	I_SB,
	I_MAPPING = 8,
	I_INO = 16,
	I_MODE = 24,
	I_NLINK = 28,
	I_SIZE = 32,
	I_DENTRY = 40,
	I_COUNT = 48,
	I_WRITERS = 52,
	I_BLOCKS = 56
};
enum { M_HOST, M_NRPAGES = 8 };
enum { D_PARENT, D_NAME = 8, D_PPREV = 16, D_ALIAS = 24, D_COUNT = 40 };
enum { S_TYPE, S_MAGIC = 8, S_ID = 16, S_ROOT = 48, S_MOUNTS = 56 };
enum { MNT_PARENT, MNT_POINT = 8, MNT_MNT = 16, MNT_INSTANCE = 48, MNT_NS = 64 };
#define TMPFS 0x01021994

static void put_schema(struct fake_kernel *f)
{
	static const struct {
		enum datum_id id;
		u64 value, size;
	} rows[] = {
		{mapping_host, M_HOST, 8},
		{mapping_nrpages, M_NRPAGES, 8},
		{inode_sb, I_SB, 8},
		{inode_mapping, I_MAPPING, 8},
		{inode_data, I_DATA, 64},
		{inode_ino, I_INO, 8},
		{inode_mode, I_MODE, 2},
		{inode_nlink, I_NLINK, 4},
		{inode_size, I_SIZE, 8},
		{inode_dentries, I_DENTRY, 8},
		{inode_count, I_COUNT, 4},
		{inode_writecount, I_WRITERS, 4},
		{inode_blocks, I_BLOCKS, 8},
		{hlist_first, 0, 8},
		{hlist_next, 0, 8},
		{dentry_alias, D_ALIAS, 16},
		{dentry_hash_pprev, D_PPREV, 8},
		{dentry_count, D_COUNT, 4},
		{dentry_parent, D_PARENT, 8},
		{dentry_name, D_NAME, 8},
		{super_id, S_ID, 32},
		{super_root, S_ROOT, 8},
		{super_type, S_TYPE, 8},
		{super_magic, S_MAGIC, 8},
		{super_mounts, S_MOUNTS, 16},
		{mount_instance, MNT_INSTANCE, 16},
		{mount_ns, MNT_NS, 8},
		{mount_parent, MNT_PARENT, 8},
		{mount_mountpoint, MNT_POINT, 8},
		{mount_mnt, MNT_MNT, 32},
		{vfsmount_root, 0, 8},
		{file_system_name, 0, 8},
		{init_task, FAKE_BASE + TASK, 8},
		{task_nsproxy, 0, 8},
		{nsproxy_mnt_ns, 0, 8},
		{bdev_inode_vfs, 0x40, 0x100},
		{bdev_inode_bdev, 0, 0x40},
		{bdev_disk, 0, 8},
		{bdev_flags, 8, 4},
		{bdev_openers, 12, 4},
		{disk_name, 0, 32},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
	f->k.schema.datum[dentry_count].is_signed = true;
}

static u64 put_text(struct fake_kernel *f, u64 at, const char *text)
{
	fake_write(f, at, text, strlen(text) + 1);
	return kva(at);
}

static void put_dentry(struct fake_kernel *f, u64 at, u64 parent, const char *name, bool hashed,
		       u32 count)
{
	fake_write_u64(f, at + D_PARENT, kva(parent));
	fake_write_u64(f, at + D_NAME, put_text(f, NAMES + (at - 0x3000), name));
	fake_write_u64(f, at + D_PPREV, hashed ? kva(0x100) : 0);
	fake_write(f, at + D_COUNT, &count, 4);
}

/* /mnt/box on the file system "fstype", with logs/big.log in it. */
static struct fake_kernel *make(const char *fstype, u64 magic)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	const u16 mode = 0100644;
	const u32 nlink = 1;
	fake_kernel_init(f);
	put_schema(f);
	fake_write_u64(f, INODE + I_SB, kva(SUPER));
	fake_write_u64(f, INODE + I_MAPPING, kva(INODE + I_DATA));
	fake_write_u64(f, INODE + I_INO, 77);
	fake_write(f, INODE + I_MODE, &mode, 2);
	fake_write(f, INODE + I_NLINK, &nlink, 4);
	fake_write_u64(f, INODE + I_SIZE, 123456);
	fake_write_u64(f, INODE + I_BLOCKS, 4096);
	fake_write_u64(f, INODE + I_DENTRY, kva(FILE_D + D_ALIAS));
	fake_write_u64(f, INODE + I_DATA + M_HOST, kva(INODE));
	fake_write_u64(f, INODE + I_DATA + M_NRPAGES, 31);
	fake_write_u64(f, SUPER + S_TYPE, kva(TYPE));
	fake_write_u64(f, SUPER + S_MAGIC, magic);
	fake_write(f, SUPER + S_ID, "sda1", 5);
	fake_write_u64(f, SUPER + S_ROOT, kva(ROOT_D));
	fake_write_u64(f, SUPER + S_MOUNTS, kva(MOUNT + MNT_INSTANCE));
	fake_write_u64(f, TYPE, put_text(f, NAMES + 0x800, fstype));
	fake_write_u64(f, MOUNT + MNT_INSTANCE, kva(SUPER + S_MOUNTS));
	fake_write_u64(f, MOUNT + MNT_MNT, kva(ROOT_D));
	fake_write_u64(f, MOUNT + MNT_PARENT, kva(TOP_MOUNT));
	fake_write_u64(f, MOUNT + MNT_POINT, kva(TOP_D));
	fake_write_u64(f, MOUNT + MNT_NS, kva(NS));
	fake_write_u64(f, TOP_MOUNT + MNT_PARENT, kva(TOP_MOUNT));
	fake_write_u64(f, TOP_MOUNT + MNT_MNT, kva(TOP_D + 0x80));
	fake_write_u64(f, TASK, kva(PROXY));
	fake_write_u64(f, PROXY, kva(NS));
	put_dentry(f, FILE_D, DIR_D, "big.log", true, 2);
	put_dentry(f, DIR_D, ROOT_D, "logs", true, 1);
	put_dentry(f, ROOT_D, ROOT_D, "/", false, 1);
	put_dentry(f, TOP_D, TOP_D + 0x80, "box", true, 1);
	put_dentry(f, TOP_D + 0x80, TOP_D + 0x80, "/", false, 1);
	return f;
}

static struct file_info look(struct fake_kernel *f, u64 mapping)
{
	struct file_info info;
	fake_kernel_start(f, 0);
	file_of_mapping(&f->k, kva(mapping), &info);
	fake_kernel_done(f);
	free(f);
	return info;
}

static void check_title(const struct file_info *info, const char *want)
{
	char title[1200];
	assert_string_equal(file_title(info, title, sizeof(title)), want);
}

static void named(void **state)
{
	struct file_info i = look(make("ext4", 0xef53), INODE + I_DATA);
	assert_int_equal(i.status, READ_OK);
	assert_int_equal(i.kind, FILE_REGULAR);
	assert_int_equal(i.ino, 77);
	assert_int_equal(i.nr_pages, 31);
	assert_int_equal(i.size_bytes, 123456);
	assert_int_equal(i.users, 2);
	assert_true(i.mounted && !i.other_mount_ns && !i.deleted);
	check_title(&i, "/box/logs/big.log");
	i = look(make("tmpfs", TMPFS), INODE + I_DATA);
	assert_int_equal(i.kind, FILE_TMPFS);
	assert_int_equal(i.users, 1); /* tmpfs itself holds the other */
	i = look(make("hugetlbfs", 0x958458f6), INODE + I_DATA);
	assert_int_equal(i.kind, FILE_HUGETLB);
	assert_int_equal(i.nr_pages, 512); /* by i_blocks */
}

static void mounts(void **state)
{
	struct fake_kernel *f = make("ext4", 0xef53);
	fake_write_u64(f, MOUNT + MNT_NS, kva(NS + 8));
	struct file_info i = look(f, INODE + I_DATA);
	assert_true(i.mounted && i.other_mount_ns);
	f = make("ext4", 0xef53);
	fake_write_u64(f, MOUNT + MNT_NS, -22ull); /* the kernel's own */
	i = look(f, INODE + I_DATA);
	assert_false(i.mounted);
	check_title(&i, "sda1:/logs/big.log");
	f = make("ext4", 0xef53);
	fake_write_u64(f, MOUNT + MNT_MNT, kva(DIR_D)); /* a part of the file system is mounted */
	i = look(f, INODE + I_DATA);
	check_title(&i, "/box/big.log");
	f = make("ext4", 0xef53);
	fake_write_u64(f, INODE + I_DENTRY, 0);
	i = look(f, INODE + I_DATA);
	check_title(&i, "ext4 sda1 inode 77");
}

static void deleted(void **state)
{
	struct fake_kernel *f = make("tmpfs", TMPFS);
	const u32 none = 0;
	fake_write(f, INODE + I_NLINK, &none, 4);
	put_dentry(f, FILE_D, DIR_D, "big.log", false, 1);
	struct file_info i = look(f, INODE + I_DATA);
	assert_true(i.deleted);
	assert_int_equal(i.users, 1);
	check_title(&i, "/box/logs/big.log (deleted)");
}

static void labels(void **state)
{
	static const struct {
		const char *label, *fstype;
		u64 magic;
		enum file_kind kind;
	} cases[] = {
		{"memfd:wayland", "tmpfs", TMPFS, FILE_MEMFD},
		{"memfd:big", "hugetlbfs", 0x958458f6, FILE_MEMFD},
		{"SYSV0000162e", "tmpfs", TMPFS, FILE_SYSV_SHM},
		{"dev/zero", "tmpfs", TMPFS, FILE_SHARED_ANON},
		{"drm mm object", "tmpfs", TMPFS, FILE_GRAPHICS},
		{"something", "tmpfs", TMPFS, FILE_KERNEL_SHMEM},
		{"anon_hugepage", "hugetlbfs", 0x958458f6, FILE_HUGETLB},
	};
	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		struct fake_kernel *f = make(cases[n].fstype, cases[n].magic);
		const u32 none = 0;
		fake_write(f, INODE + I_NLINK, &none, 4);
		put_dentry(f, FILE_D, FILE_D, cases[n].label, false, 1);
		struct file_info i = look(f, INODE + I_DATA);
		assert_int_equal(i.kind, cases[n].kind);
		assert_false(i.deleted);
		assert_int_equal(i.users, 1);
		check_title(&i, cases[n].label);
	}
}

static void block_devices(void **state)
{
	static const struct {
		const char *disk;
		u32 flags;
		const char *name;
	} cases[] = {
		{"sda", 0x100, "block device sda"},
		{"sda", 0x301, "block device sda1"},
		{"nvme0n1", 3, "block device nvme0n1p3"},
		{"drbd0", 0, "block device drbd0"},
	};
	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		struct fake_kernel *f = make("bdev", 0x62646576);
		const u32 openers = 4;
		fake_write_u64(f, INODE + I_DENTRY, 0);
		fake_write_u64(f, INODE - 0x40, put_text(f, NAMES + 0x900, cases[n].disk));
		fake_write(f, INODE - 0x40 + 8, &cases[n].flags, 4);
		fake_write(f, INODE - 0x40 + 12, &openers, 4);
		struct file_info i = look(f, INODE + I_DATA);
		assert_int_equal(i.kind, FILE_BLOCK_DEVICE);
		assert_int_equal(i.users, 4);
		check_title(&i, cases[n].name);
	}
}

static void hostile(void **state)
{
	/* An address space inside of nothing: the host is another's. */
	struct fake_kernel *f = make("ext4", 0xef53);
	fake_write_u64(f, 0x7000, kva(INODE));
	assert_int_equal(look(f, 0x7000).status, READ_DAMAGED);
	/* The host of gfs2's metadata is the block device's inode. */
	f = make("bdev", 0x62646576);
	fake_write_u64(f, 0x7000, kva(INODE));
	struct file_info i = look(f, 0x7000);
	assert_int_equal(i.status, READ_OK);
	assert_int_equal(i.kind, FILE_METADATA);
	/* A host that is no address. */
	f = make("ext4", 0xef53);
	fake_write_u64(f, 0x7000, 0x4141414141414141);
	assert_int_equal(look(f, 0x7000).status, READ_UNMAPPED);
	/* No host at all. */
	f = make("ext4", 0xef53);
	assert_int_equal(look(f, 0x7000).kind, FILE_NO_INODE);
	/* Names in a circle, parents in a circle, a list of mounts without an end. */
	f = make("ext4", 0xef53);
	fake_write_u64(f, FILE_D + D_ALIAS, kva(FILE_D + D_ALIAS));
	fake_write_u64(f, DIR_D + D_PARENT, kva(FILE_D));
	fake_write_u64(f, MOUNT + MNT_INSTANCE, kva(MOUNT + MNT_INSTANCE));
	i = look(f, INODE + I_DATA);
	assert_int_equal(i.status, READ_OK);
	assert_false(i.users_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named),	 cmocka_unit_test(mounts),
		cmocka_unit_test(deleted),	 cmocka_unit_test(labels),
		cmocka_unit_test(block_devices), cmocka_unit_test(hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
