/*
 * A bitmap over page frames that lies in a file, and how many bits are set before one of them.
 *
 * kdump-compressed files tell by such bitmaps what they hold; the descriptor of a page is found by
 * its rank among the set bits.  The bits stay in the file, behind its block cache; in memory there
 * are a u16 for each 512 of them and a u64 for each 32768: 70 KiB for 64 GiB of RAM, 35 MiB for 32
 * TiB.
 */
#ifndef DUMP_PAGEMAP_H
#define DUMP_PAGEMAP_H

#include "dump/file.h"

struct pagemap {
	struct file *file;
	u64 offset;  /* of the bitmap in the file */
	u64 nr_bits; /* as many as count: those that are in the file, and no more than there are
		      * page frames
		      */
	u64 nr_set;  /* after pagemap_index */
	u64 *block_rank;
	u16 *line_rank;
};

/* nr_bits is cut to what the file has. */
void pagemap_init(struct pagemap *map, struct file *file, u64 offset, u64 nr_bits);
void pagemap_done(struct pagemap *map);

/* Read all bits once and count them.  Bits that turn out not to be there cut nr_bits. */
void pagemap_index(struct pagemap *map);

/*
 * Whether pfn's bit is set, and for how many page frames from there on (1 to max) that is the same.
 * READ_TRUNCATED past nr_bits.
 */
enum read_status pagemap_run(const struct pagemap *map, u64 pfn, u64 max, bool *set, u64 *run);

/* The number of set bits before pfn (pfn <= nr_bits).  Needs pagemap_index. */
enum read_status pagemap_rank(const struct pagemap *map, u64 pfn, u64 *rank);

#endif
