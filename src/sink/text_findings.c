/*
 * Findings as sentences:
 *
 *	critical  The slab cache kmalloc-2k holds 61 % of the memory
 *	          26,214,400 objects, 24.0 GiB; 98 % point into drbd.ko
 *	          next: memwho slabs --name kmalloc-2k
 */
#include "sink/sink.h"

#include "base/text.h"

enum { MARGIN = 10 };

static const char *colour_of(const char *severity)
{
	if (!strcmp(severity, severity_name(SEVERITY_CRITICAL)))
		return "\033[1;31m";
	if (!strcmp(severity, severity_name(SEVERITY_WARNING)))
		return "\033[1;33m";
	return "\033[1m";
}

static void put_safe(FILE *out, const char *text)
{
	text_put_safe(out, text, strlen(text));
}

static void put_detail(FILE *out, const char *label, const struct value *value)
{
	if (value->state != VALUE_KNOWN || !*value->text)
		return;
	fprintf(out, "%*s%s", MARGIN, "", label);
	put_safe(out, value->text);
	fputc('\n', out);
}

static void put_finding(FILE *out, const struct value *finding, const struct sink_options *options)
{
	const char *severity = finding[FINDING_SEVERITY].text;
	fprintf(out, "%s%-*s%s", options->colour ? colour_of(severity) : "", MARGIN, severity,
		options->colour ? "\033[0m" : "");
	put_safe(out,
		 finding[FINDING_TITLE].state == VALUE_KNOWN ? finding[FINDING_TITLE].text : "?");
	fputc('\n', out);
	put_detail(out, "", &finding[FINDING_EVIDENCE]);
	put_detail(out, "next: ", &finding[FINDING_NEXT_STEP]);
}

int sink_text_findings(FILE *out, const struct table *findings, const struct sink_options *options,
		       struct error *error)
{
	for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_NOTE; severity--)
		for (size_t row = 0; row < table_nr_rows(findings); row++)
			if (!strcmp(table_row(findings, row)[FINDING_SEVERITY].text,
				    severity_name((enum severity)severity)))
				put_finding(out, table_row(findings, row), options);
	return sink_check(out, error);
}
