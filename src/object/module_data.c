/*
 * A module's types extend the kernel's (split BTF); the offsets are what is kept of them.
 */
#include "object/module_data.h"

#include <string.h>

#include "object/module.h"

struct wanted {
	const char *name;
	struct module module;
	bool found;
};

static bool compare_name(void *arg, const struct module *m)
{
	struct wanted *w = arg;
	w->found = !strcmp(m->name, w->name);
	if (w->found)
		w->module = *m;
	return !w->found;
}

static void resolve_in_module(struct kernel *k, enum datum_id group, const struct wanted *w)
{
	struct typeinfo *types = NULL;
	enum read_status status = module_types(k, &w->module, &types);
	if (status && status != READ_ABSENT)
		kernel_unreadable(k, "types of a module", status, w->module.kva);
	modules_load_symbols(k);
	schema_resolve_module(&k->schema, group, w->name, types, k->symbols);
	typeinfo_free(types);
}

int module_load_group(struct kernel *k, enum datum_id group, struct error *error)
{
	struct wanted w = {.name = schema_rows[group].module};
	if (k->schema.group_usable[group])
		return 0;
	if (module_for_each(k, compare_name, &w, error))
		return -1;
	if (w.found)
		resolve_in_module(k, group, &w);
	else
		schema_resolve_module(&k->schema, group, NULL, k->types, k->symbols);
	if (k->schema.group_usable[group])
		return 0;
	if (!w.found)
		return error_set(error, EXIT_PARTIAL, "%s: module %s is not loaded",
				 schema_rows[group].paths, w.name);
	schema_group_error(&k->schema, group, error);
	return error_add(error, "module %s", w.name);
}

bool module_is_there(struct kernel *k, const char *name, const char *symbol)
{
	struct wanted w = {.name = name};
	struct symbol found;
	module_for_each(k, compare_name, &w, NULL);
	return w.found || symbols_find(k->symbols, symbol, NULL, &found);
}
