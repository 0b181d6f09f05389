/* Pages of socket buffers; between census.c and its parts. */
#ifndef ANALYSIS_CENSUS_SOCKETS_H
#define ANALYSIS_CENSUS_SOCKETS_H

#include "analysis/census_pass.h"

struct sockets;
/* Before the pass: the caches whose slabs it shall remember.  NULL: they can't be told. */
struct sockets *sockets_open(struct census *census, struct kva_set *caches);
/* After it: the pages that buffers and sockets in these slabs hold. */
void sockets_claim(struct sockets *sockets, struct second_look *look);
void sockets_close(struct sockets *sockets);

#endif
