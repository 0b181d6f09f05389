/*
 * BTF: the input is one, or two, a u16 in front giving the length of the first: then the second is
 * a module's on top of it.  Every type of it is asked everything.
 */
#include "debuginfo/typeinfo.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static bool use_member(void *arg, const char *name, const struct type_member *member)
{
	struct type_member m;
	const struct typeinfo *types = arg;
	typeinfo_member(types, member->type, "a", &m);
	return strlen(name) < 1000;
}

static bool use_enumerator(void *arg, const char *name, s64 value)
{
	return value || *name;
}

static void ask(struct typeinfo *types)
{
	struct type_member m;
	u64 n;
	s64 value;
	for (type_id id = 0; id < 64; id++) {
		typeinfo_size(types, id, &n);
		typeinfo_target(types, id, &n);
		typeinfo_find(types, typeinfo_name(types, id));
		typeinfo_member(types, id, "a[1].b", &m);
		typeinfo_for_each_member(types, id, use_member, types);
		typeinfo_for_each_enumerator(types, id, use_enumerator, NULL);
	}
	typeinfo_enumerator(types, NULL, "E", &value);
	typeinfo_variable(types, "v");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct typeinfo *base, *module;
	u16 first;
	if (size < sizeof(first))
		return 0;
	memcpy(&first, data, sizeof(first));
	data += sizeof(first);
	size -= sizeof(first);
	size_t split = first < size ? first : size;
	if (typeinfo_from_btf(&base, data, split, true, NULL, NULL))
		return 0;
	ask(base);
	if (typeinfo_from_btf(&module, data + split, size - split, true, base, NULL) == 0) {
		ask(module);
		typeinfo_free(module);
	}
	typeinfo_free(base);
	return 0;
}
