/*
 * What stands before the kernel's words: time stamps of a dozen programs, levels, callers, hosts,
 * and what mail programs and pagers add.
 */
#ifndef OOMLOG_PREFIX_H
#define OOMLOG_PREFIX_H

#include "oomlog/oomlog.h"
#include "oomlog/str.h"

enum { STAMP_TEXT = 48, STAMP_CALLER = 24 };

/* Times and names as printed; empty: not shown. */
struct stamp {
	char uptime[STAMP_TEXT], wall[STAMP_TEXT], kmsg_usec[STAMP_TEXT], realtime_usec[STAMP_TEXT];
	char caller[STAMP_CALLER];
	char host[STAMP_TEXT];
	struct known uptime_us, wall_us;
	bool wall_has_year, wall_has_zone;
	u32 shape;     /* which kinds of prefix: lines of one stream have the same ones */
	bool prefixed; /* anything but blanks and quote marks */
	bool foreign;  /* another program's line (syslog tag with a pid): not the kernel's */
	bool fragment; /* one part of a netconsole message (ncfrag=), or of a container's line */
	u32 fragment_at, fragment_of; /* bytes: where it belongs, and how long the whole is */
};

/* What a stream taught us: the host's name in its lines. */
struct prefix_memory {
	char host[STAMP_TEXT];
};

/* Fills the stamp; returns what is left of the line: the message. */
struct str prefix_strip(struct str line, struct stamp *stamp, struct prefix_memory *memory);

/* "Oct  9 21:46:16", ISO 8601, dmesg -T, seconds since 1970: into wall_us and its flags. */
void wall_parse(const char *text, struct stamp *stamp);

#endif
