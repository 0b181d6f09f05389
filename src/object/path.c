/* Paths are built from the leaf upward, as fs/d_path.c does, into the end of the buffer. */
#include "object/path.h"

#include <string.h>

struct path_buffer {
	char *text;
	size_t at; /* first used byte */
};

static bool prepend(struct path_buffer *b, const char *name, size_t len)
{
	if (len + 1 > b->at)
		return false;
	b->at -= len;
	memcpy(b->text + b->at, name, len);
	b->text[--b->at] = '/';
	return true;
}

static enum read_status dentry_text(struct kernel *k, u64 dentry, char name[static 256])
{
	return kernel_get_text_at(k, dentry, dentry_name, name, 256);
}

/* At the root of a mount: go on at the place that it is mounted on; *top: there is none above it. */
static enum read_status cross_mount(struct kernel *k, u64 *vfsmount, u64 *dentry, bool *top)
{
	u64 mount = kernel_container(k, *vfsmount, mount_mnt), parent, mountpoint;
	*top = !*vfsmount;
	if (*top)
		return READ_OK;
	enum read_status status = kernel_get(k, mount, mount_parent, &parent);
	*top = !status && (parent == mount || !parent);
	if (status || *top)
		return status;
	status = kernel_get(k, mount, mount_mountpoint, &mountpoint);
	*top = !status && !mountpoint;
	if (status || *top)
		return status;
	*dentry = mountpoint;
	*vfsmount = kernel_member(k, parent, mount_mnt);
	return READ_OK;
}

enum read_status path_of(struct kernel *k, u64 dentry, u64 vfsmount, char *path, size_t size)
{
	enum { MAX_STEPS = 4096 };
	struct path_buffer b = {path, size - 1};
	if (!k->schema.group_usable[group_path])
		return READ_ABSENT;
	path[b.at] = '\0';
	for (int i = 0; i < MAX_STEPS; i++) {
		u64 root = 0, parent;
		char name[256];
		bool top;
		enum read_status status =
			vfsmount ? kernel_get(k, vfsmount, vfsmount_root, &root) : READ_OK;
		if (!status)
			status = kernel_get(k, dentry, dentry_parent, &parent);
		if (status)
			return status;
		if (dentry == root || parent == dentry) {
			status = cross_mount(k, &vfsmount, &dentry, &top);
			if (status)
				return status;
			if (top)
				break;
			continue;
		}
		status = dentry_text(k, dentry, name);
		if (status)
			return status;
		if (!prepend(&b, name, strlen(name)))
			break; /* too long for the buffer: the end of the path is kept */
		dentry = parent;
	}
	if (b.at == size - 1)
		path[--b.at] = '/';
	memmove(path, path + b.at, size - b.at);
	return READ_OK;
}
