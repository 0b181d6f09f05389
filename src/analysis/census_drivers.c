/* Pages of subsystems and drivers that keep books of their own: pipes, the network's page
 * fragments, DRBD. */
#include <stdio.h>

#include "analysis/census_claims.h"
#include "object/book.h"
#include "object/drbd.h"
#include "object/page_frag.h"
#include "object/pipe.h"

struct driver_claim {
	struct census *census;
	u8 owner;
};

static void claim_page(const struct driver_claim *claim, u64 page_kva)
{
	u64 pfn;
	if (memmap_pfn(&claim->census->map, page_kva, &pfn))
		claims_add(&claim->census->claims, claim->owner, pfn, 1);
}

static void claim_kva(const struct driver_claim *claim, u64 kva)
{
	if (kva)
		claim_range(claim->census, claim->owner, kva, 1);
}

static bool claim_pipe_page(void *arg, const struct pipe *pipe, const struct pipe_page *page)
{
	(void)pipe;
	claim_page(arg, page->page_kva);
	return true;
}

static void claim_page_frag(void *arg, const struct page_frag *frag)
{
	if (frag->page)
		claim_page(arg, frag->page);
	else
		claim_kva(arg, frag->kva);
}

static void claim_drbd_page(void *arg, const struct drbd_page *page)
{
	struct census *census = arg;
	char what[128];
	snprintf(what, sizeof(what), "DRBD: %s", drbd_page_kind_title(page->kind));
	const struct driver_claim claim = {census,
					   claims_owner(&census->claims, PC_DRIVER_KNOWN, 0, what)};
	if (page->page)
		claim_page(&claim, page->page);
	else
		claim_kva(&claim, page->kva);
}

static void claim_book_range(void *arg, const struct book_range *range)
{
	struct census *census = arg;
	u8 owner = claims_owner(&census->claims, PC_DRIVER_KNOWN, 0, range->what);
	u64 pfn;
	if (range->kva)
		claim_range(census, owner, range->kva,
			    range->nr_pages << census->k->page_shift);
	else if (memmap_pfn(&census->map, range->page, &pfn))
		claims_add(&census->claims, owner, pfn, range->nr_pages);
}

static struct driver_claim claim_for(struct census *census, const char *what)
{
	return (struct driver_claim){census,
				     claims_owner(&census->claims, PC_DRIVER_KNOWN, 0, what)};
}

void claim_drivers(struct census *census)
{
	struct error error;
	struct driver_claim pipes = claim_for(census, "pipe buffers"),
			    frags = claim_for(census,
					      "pages that tasks and CPUs cut network data from");
	pipe_for_each_page(census->k, claim_pipe_page, &pipes, &error);
	page_frag_for_each(census->k, claim_page_frag, &frags, &error);
	if (drbd_load(census->k)) {
		struct drbd_pages pages;
		drbd_page_for_each(census->k, &pages, claim_drbd_page, census, &error);
	}
	book_for_each_range(census->k, claim_book_range, census);
}
