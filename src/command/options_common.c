/* The options that commands share, in groups: one home for what each of them means. */
#include "command/options.h"

#define TARGET(member) offsetof(struct common_options, member)

static const char *const colour_choices[] = {
	[COLOUR_AUTO] = "auto",
	[COLOUR_ALWAYS] = "always",
	[COLOUR_NEVER] = "never",
	[COLOUR_NEVER + 1] = NULL,
};

static const struct command_option general[] = {
	{"help", 'h', NULL, "show what the command does and its options", OPTION_FLAG,
	 TARGET(help)},
	{"version", 0, NULL, "show the version", OPTION_FLAG, TARGET(version)},
	{"verbose", 'v', NULL, "more columns and more detail", OPTION_FLAG, TARGET(verbose)},
	{"quiet", 'q', NULL, "no progress and no notes on standard error", OPTION_FLAG,
	 TARGET(quiet)},
	{"color", 0, "WHEN", "colours: auto (a terminal, unless NO_COLOR is set), always or never",
	 OPTION_CHOICE, TARGET(colour), colour_choices},
};

static const struct command_option output[] = {
	{"json", 0, "[=FILE]",
	 "write JSON: to standard output in place of the text, or to FILE as well as the text",
	 OPTION_OUTPUT, TARGET(json)},
	{"output", 'o', "FILE", "write what would go to standard output to FILE", OPTION_TEXT,
	 TARGET(output)},
	{"bytes", 'b', NULL, "sizes in bytes and counts ungrouped, for scripts", OPTION_FLAG,
	 TARGET(bytes)},
	{"no-header", 0, NULL, "rows only: no titles, no remarks", OPTION_FLAG, TARGET(no_header)},
};

static const struct command_option list[] = {
	{"sort", 's', "KEYS", "sort by these columns, -KEY descending: --sort -bytes,name",
	 OPTION_TEXT, TARGET(sort)},
	{"columns", 'c', "KEYS",
	 "show these columns; +KEY adds, -KEY removes; all; help lists them", OPTION_TEXT,
	 TARGET(columns)},
	{"filter", 'f', "TERMS",
	 "keep rows for which all terms hold: 'bytes>10M,name~kmalloc'; = != < <= > >= ~ !~, KEY=? for unknown",
	 OPTION_TEXT, TARGET(filter)},
	{"limit", 'n', "N", "show the first N rows; 0: all", OPTION_COUNT, TARGET(limit)},
};

static const struct command_option dump[] = {
	{"map", 0, "FILE",
	 "System.map (or /proc/kallsyms) of the crashed kernel, when the dump has no symbols",
	 OPTION_TEXT, TARGET(map)},
	{"vmlinux", 0, "FILE",
	 "the crashed kernel with BTF or debuginfo, or its /sys/kernel/btf/vmlinux, when the dump's own types are damaged or missing",
	 OPTION_TEXT, TARGET(vmlinux)},
};

const struct option_group option_groups[] = {
	{OPTIONS_LIST, "List options", list, ARRAY_SIZE(list)},
	{OPTIONS_OUTPUT, "Output options", output, ARRAY_SIZE(output)},
	{OPTIONS_DUMP, "Dump options", dump, ARRAY_SIZE(dump)},
	{OPTIONS_GENERAL, "General options", general, ARRAY_SIZE(general)},
};

const size_t nr_option_groups = ARRAY_SIZE(option_groups);
