/*
 * The schema against the types of real kernels: test/btf/KERNEL.btf is that kernel's BTF, cut down
 * to what the schema asks for (test/btf/README.md), test/golden/layout-KERNEL.txt what the schema
 * must find in it.  A new kernel that moves something, and a row that comes to mean something else,
 * show as a difference of one line.
 *
 * Offsets of the golden tables were compared with `bpftool btf dump` of the whole BTF when they
 * were made: test/check-layout does it. MEMWHO_UPDATE=1 writes the golden tables anew.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "kernel/schema.h"

static const char *const kernels[] = {"5.10", "6.1", "6.12", "7.2", "arm64-6.1", "arm64-7.2-16k"};

static char *read_file(const char *path, size_t *size)
{
	FILE *in = fopen(path, "re");
	if (!in)
		return NULL;
	char *bytes = calloc(1, 1 << 20);
	*size = fread(bytes, 1, (1 << 20) - 1, in);
	fclose(in);
	return bytes;
}

static void put_row(FILE *out, const struct schema *schema, u32 i)
{
	static const char *const types[] = {
		[ROW_DATUM] = "member", [ROW_SIZE] = "size", [ROW_ENUM] = "enum"};
	const struct schema_row *row = &schema_rows[i];
	const struct datum *d = &schema->datum[i];
	char path[128] = "";
	if (row->type == ROW_GLOBAL)
		return;
	if (row->type == ROW_GROUP) {
		fprintf(out, "%s\n", row->id);
		return;
	}
	if (d->state != DATUM_PRESENT) {
		fprintf(out, "  %-28s absent\n", row->id);
		return;
	}
	schema_alternative(row, d->alternative, path, sizeof(path));
	fprintf(out, "  %-28s %s %llu", row->id, types[row->type], (unsigned long long)d->value);
	if (row->type == ROW_DATUM)
		fprintf(out, " size %llu", (unsigned long long)d->size);
	if (d->bit_size)
		fprintf(out, " bits %u+%u", d->bit_shift, d->bit_size);
	if (d->stride)
		fprintf(out, " elements %llu of %llu", (unsigned long long)d->nr_elements,
			(unsigned long long)d->stride);
	fprintf(out, "  %s\n", path);
}

/* Variants need globals too: what is chosen when these are all there is decided by types alone. */
static void put_schema(FILE *out, const struct schema *schema)
{
	for (u32 i = 0; i < NR_DATA; i++)
		put_row(out, schema, i);
	for (u32 i = 0; i < NR_VARIANTS; i++)
		fprintf(out, "variant %s: %s\n", variant_title(i),
			variant_choice_title(schema->variant[i]));
}

static char *layout_of(const char *kernel)
{
	char path[256];
	size_t size;
	struct error error = ERROR_INIT;
	struct typeinfo *types;
	struct schema *schema = malloc(sizeof(*schema));
	snprintf(path, sizeof(path), "test/btf/%s.btf", kernel);
	char *btf = read_file(path, &size), *text = NULL;
	if (!btf)
		fail_msg("%s is missing", path);
	if (typeinfo_from_btf(&types, btf, size, true, NULL, &error))
		fail_msg("%s: %s", path, error.text);
	schema_resolve(schema, types, NULL, NULL);
	FILE *out = open_memstream(&text, &size);
	put_schema(out, schema);
	fclose(out);
	typeinfo_free(types);
	free(schema);
	free(btf);
	return text;
}

static void first_difference(const char *kernel, const char *want, const char *got)
{
	while (*want && *got) {
		size_t a = strcspn(want, "\n"), b = strcspn(got, "\n");
		if (a != b || memcmp(want, got, a))
			fail_msg("%s: wanted \"%.*s\", got \"%.*s\"", kernel, (int)a, want, (int)b,
				 got);
		want += a + 1;
		got += b + 1;
	}
	fail_msg("%s: one table is longer: \"%.80s\" against \"%.80s\"", kernel, want, got);
}

static void matrix(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		char path[256];
		size_t size;
		char *got = layout_of(kernels[i]);
		snprintf(path, sizeof(path), "test/golden/layout-%s.txt", kernels[i]);
		if (getenv("MEMWHO_UPDATE")) {
			FILE *out = fopen(path, "we");
			assert_non_null(out);
			fputs(got, out);
			fclose(out);
		}
		char *want = read_file(path, &size);
		if (!want)
			fail_msg("%s is missing", path);
		if (strcmp(want, got))
			first_difference(kernels[i], want, got);
		free(want);
		free(got);
	}
}

/* A kernel without any types: VMCOREINFO's own offsets still give the log. */
static void log_without_types(void **state)
{
	static const char text[] =
		"OSRELEASE=5.10.0\nPAGESIZE=4096\nSYMBOL(prb)=ffffffff82a5f2a8\n"
		"SIZE(printk_ringbuffer)=80\nOFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=40\n"
		"OFFSET(printk_ringbuffer.fail)=72\nSIZE(prb_desc_ring)=40\nOFFSET(prb_desc_ring.count_bits)=0\n"
		"OFFSET(prb_desc_ring.descs)=8\nOFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"
		"OFFSET(prb_desc_ring.tail_id)=32\nSIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\n"
		"OFFSET(prb_desc.text_blk_lpos)=8\nSIZE(prb_data_blk_lpos)=16\nOFFSET(prb_data_blk_lpos.begin)=0\n"
		"OFFSET(prb_data_blk_lpos.next)=8\nSIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\n"
		"OFFSET(printk_info.ts_nsec)=8\nOFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n"
		"SIZE(prb_data_ring)=32\nOFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\n"
		"SIZE(atomic_long_t)=8\nOFFSET(atomic_long_t.counter)=0\n";
	struct vmcoreinfo info;
	struct schema *schema = malloc(sizeof(*schema));
	vmcoreinfo_parse(&info, text, sizeof(text) - 1);
	schema_resolve(schema, NULL, NULL, &info);
	assert_true(schema->group_usable[group_printk]);
	assert_int_equal(schema->variant[variant_log], LOG_RINGBUFFER);
	assert_int_equal(schema->datum[printk_info_text_len].value, 16);
	assert_int_equal(schema->datum[printk_info_text_len].size, 2);
	assert_int_equal(schema->datum[prb].value, 0xffffffff82a5f2a8);
	assert_int_equal(schema->datum[prb_text_data_ring].value, 40);
	assert_false(schema->group_usable[group_task]);
	struct error error = ERROR_INIT;
	schema_group_error(schema, group_task, &error);
	assert_non_null(strstr(error.text, "task_struct.tasks"));
	vmcoreinfo_done(&info);
	free(schema);
}

/*
 * Every row says something that can be looked up, and no alternative is longer than the resolver
 * takes.
 */
static void rows_are_sound(void **state)
{
	for (u32 i = 0; i < NR_DATA; i++) {
		const struct schema_row *row = &schema_rows[i];
		char path[128];
		u32 n = 0;
		while (row->type != ROW_GROUP && schema_alternative(row, n, path, sizeof(path))) {
			assert_true(path[0] && path[0] != ' ');
			if (row->type == ROW_DATUM && !strchr(path, '.'))
				fail_msg("%s: \"%s\" is no member path", row->id, path);
			n++;
		}
		u32 bars = 0;
		for (const char *c = row->paths; *c; c++)
			bars += *c == '|';
		if (row->type != ROW_GROUP && n != bars + 1)
			fail_msg("%s: an alternative is too long", row->id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix),
		cmocka_unit_test(log_without_types),
		cmocka_unit_test(rows_are_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
