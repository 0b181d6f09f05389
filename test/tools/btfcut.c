/*
 * btfcut: cut a kernel's BTF down to some types, so that a few 10 KB of it can be kept with the
 *tests.
 *
 *	btfcut [-B base.btf] in.btf names.txt out.btf
 *
 * in.btf is raw BTF or an ELF file with a .BTF section; with -B it is a module's, and the output
 *stands alone. names.txt has one name a line as typeinfo_find() takes it ("struct page", "enum
 *zone_stat_item", "spinlock_t"), "var runqueues", or "enumerator MM_ANONPAGES" for the enum that
 *has it; # starts a comment. A name that this kernel does not have is told and left out.
 *
 * Kept is what the named types hold by value, whole.  What they only point to becomes a forward
 *declaration, or void when it has no name; so do functions.  The output is BTF by the kernel's own
 *rules (bpftool reads it).
 */
#include <stdio.h>

#include "base/mem.h"
#include "debuginfo/btf_format.h"
#include "debuginfo/elf_file.h"
#include "debuginfo/hash.h"
#include "debuginfo/typeinfo_internal.h"

/* What becomes of a type of the input.  WHOLE wins over POINTED. */
enum mark { DROPPED, POINTED, WHOLE };

struct cut {
	const struct typeinfo *types;
	type_id n; /* ids below it exist */
	u8 *marks;
	type_id *new_ids;
	VEC(u32) words; /* the types of the output */
	VEC(char) strings;
	u32 *string_hash; /* offset + 1 in strings */
	u32 string_hash_size;
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "btfcut: %s: %s\n", what, why);
	exit(1);
}

/* --- marking ------------------------------------------------------------------------------- */

static void record_of(const struct cut *cut, type_id id, struct type_record *record,
		      struct btf_type *t)
{
	cut->types->ops->record(cut->types, id, record);
	*t = (struct btf_type){0};
	if (record->details)
		memcpy(t, record->details, sizeof(*t));
}

static void mark(struct cut *cut, type_id id, enum mark how);

static void mark_members(struct cut *cut, const struct type_record *record)
{
	struct member_record member;
	for (u32 i = 0; i < record->nr_members; i++)
		if (record->owner->ops->member(record->owner, record, i, &member))
			mark(cut, member.type, WHOLE);
}

static void mark_array(struct cut *cut, const struct type_record *record)
{
	struct btf_array array;
	memcpy(&array, (const u8 *)record->details + BTF_TYPE_SIZE, sizeof(array));
	mark(cut, array.type, WHOLE);
	mark(cut, array.index_type, WHOLE);
}

/* What the type brings along, when it is kept this way. */
static void mark_parts(struct cut *cut, const struct type_record *record, u32 kind, enum mark how)
{
	switch (kind) {
	case BTF_STRUCT:
	case BTF_UNION:
		if (how == WHOLE)
			mark_members(cut, record);
		break;
	case BTF_ARRAY:
		if (how == WHOLE)
			mark_array(cut, record);
		break;
	case BTF_PTR:
		mark(cut, record->target, POINTED);
		break;
	case BTF_TYPEDEF:
	case BTF_VOLATILE:
	case BTF_CONST:
	case BTF_RESTRICT:
	case BTF_TYPE_TAG:
	case BTF_VAR:
		mark(cut, record->target, how);
		break;
	}
}

static void mark(struct cut *cut, type_id id, enum mark how)
{
	struct type_record record;
	struct btf_type t;
	if (id == 0 || id >= cut->n || cut->marks[id] >= how)
		return;
	cut->marks[id] = (u8)how;
	record_of(cut, id, &record, &t);
	mark_parts(cut, &record, btf_kind(&t), how);
}

/* --- writing ------------------------------------------------------------------------------- */

static u32 string(struct cut *cut, const char *text)
{
	u32 mask = cut->string_hash_size - 1, at = (u32)hash_bytes(text, strlen(text)) & mask;
	if (!*text)
		return 0;
	for (; cut->string_hash[at]; at = (at + 1) & mask)
		if (strcmp(cut->strings.v + cut->string_hash[at] - 1, text) == 0)
			return cut->string_hash[at] - 1;
	u32 offset = (u32)cut->strings.n;
	cut->string_hash[at] = offset + 1;
	do
		*vec_push(&cut->strings) = *text;
	while (*text++);
	return offset;
}

static void put(struct cut *cut, u32 word)
{
	*vec_push(&cut->words) = word;
}

/*
 * Does it get an id?  Functions, and what is only pointed to and could not be declared, become
 * void.
 */
static bool is_written(const struct cut *cut, type_id id)
{
	struct type_record record;
	struct btf_type t;
	record_of(cut, id, &record, &t);
	u32 kind = btf_kind(&t);
	if (cut->marks[id] == DROPPED || kind == BTF_FUNC || kind == BTF_FUNC_PROTO ||
	    kind >= NR_BTF_KINDS)
		return false;
	bool can_be_pointed_to =
		kind != BTF_ARRAY && (*record.name || (kind != BTF_STRUCT && kind != BTF_UNION));
	return cut->marks[id] == WHOLE || can_be_pointed_to;
}

static void write_members(struct cut *cut, const struct type_record *record)
{
	const u8 *raw = (const u8 *)record->details + BTF_TYPE_SIZE;
	for (u32 i = 0; i < record->nr_members; i++) {
		struct btf_member m;
		struct member_record member;
		memcpy(&m, raw + i * sizeof(m), sizeof(m));
		record->owner->ops->member(record->owner, record, i, &member);
		put(cut, string(cut, member.name));
		put(cut, cut->new_ids[member.type]);
		put(cut, m.offset);
	}
}

static void write_enumerators(struct cut *cut, const struct type_record *record, size_t words)
{
	const u8 *raw = (const u8 *)record->details + BTF_TYPE_SIZE;
	for (u32 i = 0; i < record->nr_members; i++) {
		u32 e[3];
		const char *name;
		s64 value;
		memcpy(e, raw + i * words * 4, words * 4);
		record->owner->ops->enumerator(record->owner, record, i, &name, &value);
		put(cut, string(cut, name));
		for (size_t k = 1; k < words; k++)
			put(cut, e[k]);
	}
}

static void write_array(struct cut *cut, const struct type_record *record)
{
	struct btf_array array;
	memcpy(&array, (const u8 *)record->details + BTF_TYPE_SIZE, sizeof(array));
	put(cut, cut->new_ids[array.type]);
	put(cut, cut->new_ids[array.index_type]);
	put(cut, array.nelems);
}

static void write_type(struct cut *cut, type_id id)
{
	struct type_record record;
	struct btf_type t;
	u32 data;
	record_of(cut, id, &record, &t);
	u32 kind = btf_kind(&t);
	put(cut, string(cut, record.name));
	if ((kind == BTF_STRUCT || kind == BTF_UNION) && cut->marks[id] == POINTED) {
		put(cut, (u32)(kind == BTF_UNION) << 31 | BTF_FWD << 24);
		put(cut, 0);
		return;
	}
	put(cut, t.info);
	put(cut, record.has_size && kind != BTF_PTR ? t.size : cut->new_ids[record.target]);
	if (kind == BTF_STRUCT || kind == BTF_UNION)
		write_members(cut, &record);
	else if (kind == BTF_ENUM || kind == BTF_ENUM64)
		write_enumerators(cut, &record, kind == BTF_ENUM ? 2 : 3);
	else if (kind == BTF_ARRAY)
		write_array(cut, &record);
	else if (kind == BTF_INT || kind == BTF_VAR)
		put(cut, (memcpy(&data, (const u8 *)record.details + BTF_TYPE_SIZE, 4), data));
}

/* An array has no size or target in its head. */
static void write_types(struct cut *cut)
{
	type_id next = 1;
	for (type_id id = 1; id < cut->n; id++)
		if (is_written(cut, id))
			cut->new_ids[id] = next++;
	for (type_id id = 1; id < cut->n; id++) {
		size_t start = cut->words.n;
		if (!cut->new_ids[id])
			continue;
		write_type(cut, id);
		if ((cut->words.v[start + 1] >> 24 & 0x7f) == BTF_ARRAY)
			cut->words.v[start + 2] = 0;
	}
}

static void write_file(const struct cut *cut, const char *path)
{
	u32 type_len = (u32)cut->words.n * 4;
	struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = 1,
		.hdr_len = BTF_HEADER_MIN,
		.type_len = type_len,
		.str_off = type_len,
		.str_len = (u32)cut->strings.n,
	};
	FILE *out = fopen(path, "w");
	if (!out || fwrite(&header, BTF_HEADER_MIN, 1, out) != 1 ||
	    fwrite(cut->words.v, 1, type_len, out) != type_len ||
	    fwrite(cut->strings.v, 1, cut->strings.n, out) != cut->strings.n || fclose(out))
		die(path, "can't be written");
}

/* --- reading ------------------------------------------------------------------------------- */

static struct typeinfo *open_raw(const char *path, const struct typeinfo *base)
{
	struct typeinfo *types;
	struct error error = ERROR_INIT;
	VEC(u8) bytes = {0};
	FILE *in = fopen(path, "r");
	if (!in)
		die(path, "can't be read");
	for (int c; (c = getc(in)) != EOF;)
		*vec_push(&bytes) = (u8)c;
	fclose(in);
	if (typeinfo_from_btf(&types, bytes.v, bytes.n, true, base, &error))
		die(path, error.text);
	vec_done(&bytes);
	return types;
}

static struct typeinfo *open_types(const char *path, const struct typeinfo *base)
{
	struct elf_file file;
	Elf64_Shdr section;
	struct typeinfo *types;
	struct error error = ERROR_INIT;
	if (elf_file_open(&file, path, NULL))
		return open_raw(path, base);
	const void *btf =
		elf_file_find(&file, ".BTF", &section) ? elf_file_data(&file, &section) : NULL;
	if (!btf)
		die(path, "has no .BTF");
	if (typeinfo_from_btf(&types, btf, section.sh_size, true, base, &error))
		die(path, error.text);
	elf_file_close(&file);
	return types;
}

static type_id count_types(const struct typeinfo *types)
{
	type_id id = 1;
	struct type_record record;
	for (;; id++) {
		types->ops->record(types, id, &record);
		if (!record.details)
			return id;
	}
}

struct enumerator_search {
	const char *name;
	bool found;
};

static bool is_enumerator(void *arg, const char *name, s64 value)
{
	struct enumerator_search *search = arg;
	search->found = !strcmp(name, search->name);
	return !search->found;
}

static type_id find_enumerator(const struct cut *cut, const char *name)
{
	type_id id;
	for (size_t i = 0; (id = cut->types->ops->enum_at(cut->types, i)); i++) {
		struct enumerator_search search = {.name = name};
		typeinfo_for_each_enumerator(cut->types, id, is_enumerator, &search);
		if (search.found)
			return id;
	}
	return 0;
}

static type_id find(const struct cut *cut, const char *name)
{
	if (strncmp(name, "enumerator ", 11) == 0)
		return find_enumerator(cut, name + 11);
	if (strncmp(name, "var ", 4) != 0)
		return typeinfo_find(cut->types, name);
	type_id id = 0;
	for (const struct typeinfo *types = cut->types; types && !id; types = types->base)
		id = types->ops->find(types, SPACE_VARIABLE, name + 4, strlen(name + 4));
	return id;
}

static void mark_names(struct cut *cut, const char *path)
{
	char line[512];
	FILE *in = fopen(path, "r");
	if (!in)
		die(path, "can't be read");
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "#\n")] = 0;
		while (*line && line[strlen(line) - 1] == ' ')
			line[strlen(line) - 1] = 0;
		if (!*line)
			continue;
		type_id id = find(cut, line);
		if (!id)
			fprintf(stderr, "btfcut: no %s\n", line);
		mark(cut, id, WHOLE);
	}
	fclose(in);
}

int main(int argc, char **argv)
{
	struct typeinfo *base = NULL;
	if (argc == 6 && strcmp(argv[1], "-B") == 0) {
		base = open_types(argv[2], NULL);
		argv += 2;
		argc -= 2;
	}
	if (argc != 4)
		die("usage", "btfcut [-B base.btf] in.btf names.txt out.btf");
	struct typeinfo *types = open_types(argv[1], base);
	struct cut cut = {.types = types, .n = count_types(types), .string_hash_size = 1 << 20};
	cut.marks = mem_calloc(cut.n, sizeof(*cut.marks));
	cut.new_ids = mem_calloc(cut.n, sizeof(*cut.new_ids));
	cut.string_hash = mem_calloc(cut.string_hash_size, sizeof(*cut.string_hash));
	vec_push(&cut.strings);
	mark_names(&cut, argv[2]);
	write_types(&cut);
	write_file(&cut, argv[3]);
	fprintf(stderr, "btfcut: %zu bytes of types, %zu of names\n", cut.words.n * 4,
		cut.strings.n);
	typeinfo_free(types);
	typeinfo_free(base);
	free(cut.marks);
	free(cut.new_ids);
	free(cut.string_hash);
	vec_done(&cut.words);
	vec_done(&cut.strings);
	return 0;
}
