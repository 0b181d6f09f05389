/* The version, and what this build can read. */
#include "command/commands.h"
#include "command/help.h"

/* What an optional library is good for; a macro from the Makefile tells that it is compiled in. */
static const struct library {
	const char *name, *purpose;
	bool compiled_in;
} libraries[] = {
#ifdef HAVE_LIBDEFLATE
	{"libdeflate", "zlib pages of dumps, fast", true},
#else
	{"libdeflate", "zlib pages of dumps, fast", false},
#endif
#ifdef HAVE_ZLIB
	{"zlib", "zlib pages of dumps", true},
#else
	{"zlib", "zlib pages of dumps", false},
#endif
#ifdef HAVE_LZO
	{"lzo2", "LZO pages of dumps", true},
#else
	{"lzo2", "LZO pages of dumps", false},
#endif
#ifdef HAVE_SNAPPY
	{"snappy", "snappy pages of dumps", true},
#else
	{"snappy", "snappy pages of dumps", false},
#endif
#ifdef HAVE_ZSTD
	{"libzstd", "zstd pages of dumps, zstd files", true},
#else
	{"libzstd", "zstd pages of dumps, zstd files", false},
#endif
#ifdef HAVE_LZMA
	{"liblzma", "xz files", true},
#else
	{"liblzma", "xz files", false},
#endif
#ifdef HAVE_LIBDW
	{"libdw", "DWARF debuginfo, when a dump has no BTF", true},
#else
	{"libdw", "DWARF debuginfo, when a dump has no BTF", false},
#endif
#ifdef HAVE_LIBSYSTEMD
	{"libsystemd", "journals", true},
#else
	{"libsystemd", "journals", false},
#endif
};

enum { VERSION_NAME, VERSION_VERSION, VERSION_COMPILER, VERSION_LICENCE };

static const struct column version_columns[] = {
	[VERSION_NAME] = {"name", "program", "the name of the program"},
	[VERSION_VERSION] = {"version", "version", "its version"},
	[VERSION_COMPILER] = {"compiler", "compiler", "what it was compiled with"},
	[VERSION_LICENCE] = {"licence", "licence", "SPDX"},
};

static const struct table_spec version_spec = {
	.key = "version",
	.title = "Version",
	.help = "this program",
	.columns = version_columns,
	.nr_columns = ARRAY_SIZE(version_columns),
};

enum { LIBRARY_NAME, LIBRARY_COMPILED_IN, LIBRARY_PURPOSE };

static const struct column library_columns[] = {
	[LIBRARY_NAME] = {"name", "LIBRARY", "the library's name"},
	[LIBRARY_COMPILED_IN] = {"compiled_in", "BUILT IN", "whether this build uses it", COL_BOOL},
	[LIBRARY_PURPOSE] = {"purpose", "FOR", "what it is used for"},
};

static const struct table_spec libraries_spec = {
	.key = "libraries",
	.title = "Optional libraries",
	.help = "what this build can read",
	.columns = library_columns,
	.nr_columns = ARRAY_SIZE(library_columns),
};

static struct table *version_record(void)
{
	struct table *record = table_new(&version_spec);
	table_add(record);
	table_set_text(record, VERSION_NAME, "memwho");
	table_set_text(record, VERSION_VERSION, MEMWHO_VERSION);
#ifdef __clang__
	table_set_text(record, VERSION_COMPILER, __VERSION__);
#else
	table_set_text(record, VERSION_COMPILER, "gcc " __VERSION__);
#endif
	table_set_text(record, VERSION_LICENCE, "GPL-2.0-or-later");
	return record;
}

static struct table *library_table(void)
{
	struct table *table = table_new(&libraries_spec);
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		table_add(table);
		table_set_text(table, LIBRARY_NAME, libraries[i].name);
		table_set(table, LIBRARY_COMPILED_IN, libraries[i].compiled_in);
		table_set_text(table, LIBRARY_PURPOSE, libraries[i].purpose);
	}
	return table;
}

int version_line(struct command_context *context)
{
	fputs("memwho " MEMWHO_VERSION "\n", context->text_output.file);
	return sink_check(context->text_output.file, &context->error);
}

static int run(struct command_context *context)
{
	struct table *record = version_record(), *table = library_table();
	int result = command_emit_record(context, record);
	if (!result)
		result = command_emit_more(context, table);
	table_free(record);
	table_free(table);
	return result;
}

const struct command command_version = {
	.name = "version",
	.summary = "the version, and which optional libraries are built in",
	.help = "Tells what this build can read: dumps are compressed in several ways, each of which wants its library.",
	.common = OPTIONS_OUTPUT,
	.run = run,
};
