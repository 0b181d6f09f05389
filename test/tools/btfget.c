/*
 * btfget: the BTF of the kernel in a dump, as a file; and the names of all types that the schema
 *asks for.
 *
 *	btfget DUMP OUT.btf
 *	btfget --names
 */
#include <stdio.h>
#include <string.h>

#include "kernel/boot.h"

static void put_name(const char *path, size_t len)
{
	printf("%.*s\n", (int)len, path);
}

/* "struct.member" and "enum e.NAME" name a type before the dot; SIZE rows are names. */
static void put_names(void)
{
	for (u32 i = 0; i < NR_DATA; i++) {
		const struct schema_row *row = &schema_rows[i];
		char path[256];
		if (row->type == ROW_GROUP || row->type == ROW_GLOBAL)
			continue;
		for (u32 j = 0; schema_alternative(row, j, path, sizeof(path)); j++) {
			size_t len = strcspn(path, ".");
			if (path[len] || row->type == ROW_SIZE)
				put_name(path, len);
			else if (row->type == ROW_ENUM)
				printf("enumerator %s\n", path);
		}
	}
	/* What readers ask for by name. */
	static const char *const enums[] = {"enum vm_event_item", "enum zone_stat_item",
					    "enum node_stat_item", "struct cpumask"};
	for (size_t i = 0; i < ARRAY_SIZE(enums); i++)
		puts(enums[i]);
}

static int save(struct kernel *k, const char *path)
{
	struct btf_place place;
	if (!boot_find_btf(k, &place))
		return -1;
	u8 *bytes = mem_alloc(place.size);
	FILE *out = fopen(path, "we");
	int failed = !out || kernel_read(k, place.kva, bytes, place.size) ||
		     fwrite(bytes, 1, place.size, out) != place.size;
	if (out)
		failed |= fclose(out) != 0;
	free(bytes);
	return failed;
}

int main(int argc, char *argv[])
{
	struct error error = ERROR_INIT;
	struct image *image;
	struct kernel *k;
	if (argc == 2 && !strcmp(argv[1], "--names")) {
		put_names();
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: btfget DUMP OUT.btf | btfget --names\n");
		return 2;
	}
	const char *paths[] = {argv[1]};
	if (image_open(&image, paths, 1, NULL, &error) || kernel_open(&k, image, NULL, &error)) {
		fprintf(stderr, "btfget: %s\n", error.text);
		return 3;
	}
	int failed = save(k, argv[2]);
	kernel_close(k);
	return failed ? 3 : 0;
}
