/* Who owns pages without marking them; between census.c and its parts. */
#ifndef ANALYSIS_CENSUS_CLAIMS_H
#define ANALYSIS_CENSUS_CLAIMS_H

#include "analysis/census.h"

/* Claim all of it.  What can't be read is told to kernel_unreadable and stays unclaimed. */
void census_claim(struct census *census);
/* Kernel addresses [kva, kva + bytes): their page frames. */
void claim_range(struct census *census, u8 owner, u64 kva, u64 bytes);

/*
 * How many page tables a machine of that memory may have that are worth reading: a bound for
 * damaged ones, which may lead in circles.  One in 64 page frames, and some for small machines.
 */
u64 census_most_tables(const struct kernel *k);

/* Parts of it, in the order that they must come: the first claim of a page stays. */
void claim_vmalloc(
	struct census *census); /* needs all that lies in vmalloc space too to be claimed */
void claim_page_tables_of_tasks(struct census *census);
void claim_free_pages_of_cpus(struct census *census);
void claim_drivers(struct census *census);

#endif
