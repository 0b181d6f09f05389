/*
 * Names of files: from a dentry up to the root, across mounts.
 */
#ifndef OBJECT_PATH_H
#define OBJECT_PATH_H

#include "kernel/kernel.h"

/*
 * Path of a dentry as seen from the root of its mount's tree; vfsmount 0: within its file system
 * only.
 */
enum read_status path_of(struct kernel *k, u64 dentry, u64 vfsmount, char *path, size_t size);

#endif
