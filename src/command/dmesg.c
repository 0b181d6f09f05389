/* memwho dmesg: the kernel log, as dmesg prints it. */
#include <string.h>

#include "analysis/tables.h"
#include "base/text.h"
#include "command/commands.h"
#include "command/session.h"

static const struct command_example examples[] = {
	{"memwho dmesg vmcore", "the log, as dmesg would print it"},
	{"memwho dmesg vmcore --filter 'text~out of memory'", "only records with these words"},
	{"memwho dmesg vmcore --filter 'level<=3'", "errors and worse"},
	{"memwho dmesg vmcore --columns time_ns,level,caller,text", "as a table"},
	{"memwho dmesg vmcore --json", "records as data"},
};

/* "[    4.314549] text"; further lines of a record get the same head, as dmesg does it. */
static void put_record(FILE *out, u64 time_ns, const char *text)
{
	do {
		size_t len = strcspn(text, "\n");
		fprintf(out, "[%5llu.%06llu] ", (unsigned long long)(time_ns / 1000000000),
			(unsigned long long)(time_ns / 1000 % 1000000));
		text_put_safe(out, text, len);
		fputc('\n', out);
		text += len;
		text += *text == '\n';
	} while (*text);
}

/* As text it is a log, not a table: unless columns were asked for. */
static int put_log(struct command_context *context, struct table *table)
{
	struct error *error = &context->error;
	const struct common_options *common = &context->common;
	if (common->filter && table_filter(table, common->filter, context->sink.page_size, error))
		return -1;
	if (common->sort && table_sort(table, common->sort, error))
		return -1;
	if (common->limit)
		table_truncate(table, common->limit);
	for (size_t i = 0; i < table_nr_rows(table); i++) {
		const struct value *row = table_row(table, i);
		put_record(context->out, row[LOG_TIME].u,
			   row[LOG_TEXT].state == VALUE_KNOWN ? row[LOG_TEXT].text : "");
	}
	return 0;
}

static int run(struct command_context *context)
{
	u64 nr_lost = 0;
	struct table *table = log_table(context->session->kernel, &nr_lost, &context->error);
	if (!table)
		return -1;
	bool as_table = context->common.columns || command_json(context);
	int result = as_table ? command_emit(context, table) : put_log(context, table);
	table_free(table);
	if (result)
		return -1;
	if (nr_lost)
		command_note(
			context,
			"%llu records of the log were lost: overwritten, or in the middle of being written",
			(unsigned long long)nr_lost);
	return session_finish(context);
}

const struct command command_dmesg = {
	.name = "dmesg",
	.summary = "the kernel log out of the dump",
	.arguments = "DUMP...",
	.help = "Prints the kernel's log buffer. Needs no types: on kernels without BTF the layout comes from VMCOREINFO.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &log_spec,
	.run = run,
};
