/*
 * Data of modules: MODULE_GROUPs of schema.def, resolved when somebody asks for them.
 */
#ifndef OBJECT_MODULE_DATA_H
#define OBJECT_MODULE_DATA_H

#include "kernel/kernel.h"

/*
 * Resolve a MODULE_GROUP against its module's symbols and BTF (5.11), or against the kernel's when
 * it is built in.  Changes k->schema and k->symbols: call it before threads share the context; a
 * second call costs little.  0: the group is usable; else why not.
 */
int module_load_group(struct kernel *k, enum datum_id group, struct error *error);

/* Is the module loaded, or built in as far as `symbol`, one of its own, tells? */
bool module_is_there(struct kernel *k, const char *name, const char *symbol);

#endif
