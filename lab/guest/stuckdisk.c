// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stuckdisk - a disk whose I/O can be held up for ever.
 *
 *	stuckdisk create NAME DEVICE	a device-mapper disk over DEVICE; prints its node, /dev/dm-N
 *	stuckdisk suspend NAME		from now on nothing sent to it completes
 *
 * What dmsetup would do, without its libraries: the device mapper keeps the requests of a suspended
 * device on a list, with no timeout.
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

struct request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[128];
};

static int control(unsigned long command, struct request *rq, const char *name)
{
	int fd = open("/dev/mapper/control", O_RDWR);

	rq->head.version[0] = DM_VERSION_MAJOR;
	rq->head.data_size = sizeof(*rq);
	rq->head.data_start = sizeof(rq->head);
	snprintf(rq->head.name, sizeof(rq->head.name), "%s", name);
	if (fd < 0 || ioctl(fd, command, rq) < 0) {
		perror("stuckdisk");
		return -1;
	}
	return 0;
}

static int create(const char *name, const char *device)
{
	struct request rq = { 0 };
	uint64_t bytes;
	int fd = open(device, O_RDONLY);

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes) < 0) {
		perror(device);
		return 1;
	}
	if (control(DM_DEV_CREATE, &rq, name))
		return 1;
	memset(&rq, 0, sizeof(rq));
	rq.head.target_count = 1;
	rq.target.length = bytes / 512;
	rq.target.next = sizeof(rq.target) + sizeof(rq.parameters);
	strcpy(rq.target.target_type, "linear");
	snprintf(rq.parameters, sizeof(rq.parameters), "%s 0", device);
	if (control(DM_TABLE_LOAD, &rq, name))
		return 1;
	memset(&rq, 0, sizeof(rq));
	if (control(DM_DEV_SUSPEND, &rq, name)) /* without the flag: resume */
		return 1;
	printf("/dev/dm-%u\n", minor(rq.head.dev));
	return 0;
}

static int suspend(const char *name)
{
	struct request rq = { .head.flags = DM_SUSPEND_FLAG | DM_NOFLUSH_FLAG | DM_SKIP_LOCKFS_FLAG };

	return control(DM_DEV_SUSPEND, &rq, name) ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "create"))
		return create(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "suspend"))
		return suspend(argv[2]);
	return 2;
}
