#include "support/sample_table.h"

static const struct column part_columns[] = {
	[PART_ZONE] = {"zone", "ZONE", "a zone"},
	[PART_FREE] = {"free", "FREE", "its free pages", COL_PAGES},
};

const struct table_spec part_spec = {
	.key = "parts",
	.title = "Parts",
	.help = "rows within a row",
	.columns = part_columns,
	.nr_columns = ARRAY_SIZE(part_columns),
};

static const struct column columns[] = {
	[SAMPLE_NAME] = {"name", "NAME", "a name"},
	[SAMPLE_PID] = {"pid", "PID", "a process", COL_PID},
	[SAMPLE_OBJECTS] = {"objects", "OBJECTS", "a count", COL_COUNT},
	[SAMPLE_ADJ] = {"adj", "ADJ", "may be negative", COL_SIGNED, COLUMN_WIDE},
	[SAMPLE_BYTES] = {"bytes", "SIZE", "a size", COL_BYTES},
	[SAMPLE_PAGES] = {"pages", "RSS", "pages", COL_PAGES},
	[SAMPLE_KIB] = {"kib", "SWAP", "KiB", COL_KIB, COLUMN_WIDE},
	[SAMPLE_SHARE] = {"share", "SHARE", "percent of all", COL_PERCENT},
	[SAMPLE_AGE] = {"age_s", "AGE", "seconds", COL_SECONDS, COLUMN_WIDE},
	[SAMPLE_STARTED] = {"started_ns", "STARTED", "since boot", COL_TIME_NS, COLUMN_WIDE},
	[SAMPLE_TIME] = {"time", "TIME", "a moment", COL_UNIX_TIME, COLUMN_WIDE},
	[SAMPLE_ADDRESS] = {"address", "ADDRESS", "where", COL_ADDRESS},
	[SAMPLE_KERNEL] = {"kernel", "KERNEL", "yes or no", COL_BOOL},
	[SAMPLE_TAGS] = {"tags", "TAGS", "texts", COL_LIST},
	[SAMPLE_ORDERS] = {"orders", "ORDERS", "numbers", COL_NUMBERS, COLUMN_WIDE},
	[SAMPLE_PARTS] = {"parts", "PARTS", "a table", COL_TABLE, COLUMN_JSON_ONLY, &part_spec},
	[SAMPLE_HOLDER] = {"holder", "HOLDER", "a record", COL_RECORD, COLUMN_JSON_ONLY,
			   &part_spec},
	[SAMPLE_NOTE] = {"note", "NOTE", "a text that may be missing", COL_TEXT, COLUMN_OPTIONAL},
};

const struct table_spec sample_spec = {
	.key = "samples",
	.title = "Samples",
	.help = "a column of every type",
	.columns = columns,
	.nr_columns = ARRAY_SIZE(columns),
	.sort = "-bytes,name",
};

static struct table *parts(size_t n)
{
	struct table *table = table_new(&part_spec);
	for (size_t i = 0; i < n; i++) {
		table_add(table);
		table_printf(table, PART_ZONE, "zone%zu", i);
		table_set(table, PART_FREE, i * 256);
	}
	return table;
}

static void add_full_row(struct table *table)
{
	static const char *const tags[] = {"GFP_KERNEL", "a, b"};
	static const u64 orders[] = {3, 0, 9};
	table_add(table);
	table_set_text(table, SAMPLE_NAME, "java");
	table_set(table, SAMPLE_PID, 4711);
	table_set(table, SAMPLE_OBJECTS, 1234567);
	table_set_signed(table, SAMPLE_ADJ, -1000);
	table_set(table, SAMPLE_BYTES, GIB(3) / 2);
	table_set(table, SAMPLE_PAGES, 393216);
	table_set(table, SAMPLE_KIB, 2048);
	table_set_real(table, SAMPLE_SHARE, 12.5);
	table_set_real(table, SAMPLE_AGE, 3723.5);
	table_set(table, SAMPLE_STARTED, 1500000000);
	table_set(table, SAMPLE_TIME, 1717156800);
	table_set(table, SAMPLE_ADDRESS, 0xffff888012345678);
	table_set(table, SAMPLE_KERNEL, false);
	table_set_list(table, SAMPLE_TAGS, tags, ARRAY_SIZE(tags));
	table_set_numbers(table, SAMPLE_ORDERS, orders, ARRAY_SIZE(orders));
	table_set_table(table, SAMPLE_PARTS, parts(2));
	table_set_table(table, SAMPLE_HOLDER, parts(1));
	table_set_text(table, SAMPLE_NOTE, "first");
}

struct table *sample_table(void)
{
	struct table *table = table_new(&sample_spec);
	add_full_row(table);
	table_add(table);
	table_set_text(table, SAMPLE_NAME, "\033[2J\xff</script>\u202e");
	table_set(table, SAMPLE_PID, 2);
	table_set(table, SAMPLE_OBJECTS, 0);
	table_set(table, SAMPLE_BYTES, 512);
	table_set(table, SAMPLE_KERNEL, true);
	table_set_list(table, SAMPLE_TAGS, NULL, 0);
	table_add(table);
	table_set_text(table, SAMPLE_NAME, "mysqld");
	table_set(table, SAMPLE_PID, 99);
	table_set(table, SAMPLE_OBJECTS, 1);
	table_set_status(table, SAMPLE_BYTES, READ_EXCLUDED, 0);
	table_set_unknown(table, SAMPLE_PAGES, "no \"mm\" \033there");
	return table;
}
