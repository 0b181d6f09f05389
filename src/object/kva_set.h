/*
 * A set of kernel addresses: what a walk has seen already.
 */
#ifndef OBJECT_KVA_SET_H
#define OBJECT_KVA_SET_H

#include "base/types.h"

struct kva_set {
	u64 *slots; /* open addressing; 0 is free */
	size_t n, room;
};

/* true when it was not in there.  0 is never in it and never added. */
bool kva_set_add(struct kva_set *set, u64 kva);
bool kva_set_has(const struct kva_set *set, u64 kva);
void kva_set_done(struct kva_set *set);

#endif
