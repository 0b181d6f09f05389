/* Findings: a table with one spec, which every command and the report share. */
#include "base/table.h"

static const char *const severities[] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_CRITICAL] = "critical",
};

static const struct column columns[] = {
	[FINDING_SEVERITY] = {"severity", "SEVERITY", "critical, warning or note"},
	[FINDING_KEY] = {"key", "KEY", "a stable word for this kind of finding",
			 .flags = COLUMN_JSON_ONLY},
	[FINDING_TITLE] = {"title", "FINDING", "the finding as a sentence"},
	[FINDING_EVIDENCE] = {"evidence", "EVIDENCE", "the numbers that it rests on",
			      .flags = COLUMN_WIDE},
	[FINDING_NEXT_STEP] = {"next_step", "NEXT STEP", "what to do about it",
			       .flags = COLUMN_WIDE},
};

const struct table_spec findings_spec = {
	.key = "findings",
	.title = "Findings",
	.help = "what was noticed on the way",
	.columns = columns,
	.nr_columns = ARRAY_SIZE(columns),
};

const char *severity_name(enum severity severity)
{
	return severities[severity];
}

void finding_add(struct table *findings, enum severity severity, const char *key, const char *title,
		 const char *evidence, const char *next_step)
{
	table_add(findings);
	table_set_text(findings, FINDING_SEVERITY, severity_name(severity));
	table_set_text(findings, FINDING_KEY, key);
	table_set_text(findings, FINDING_TITLE, title);
	table_set_text(findings, FINDING_EVIDENCE, evidence);
	table_set_text(findings, FINDING_NEXT_STEP, next_step);
}
