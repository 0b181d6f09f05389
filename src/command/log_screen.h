/* The screens of `memwho log`: one event, and the whole. */
#ifndef COMMAND_LOG_SCREEN_H
#define COMMAND_LOG_SCREEN_H

#include "analysis/oom.h"
#include "sink/sink.h"

/* One event: what a tired engineer must see first, then the details. */
void log_screen_event(FILE *out, const struct oom_analysis *analysis,
		      const struct sink_options *options);
/* One line: a stable signature, then what changes. */
void log_screen_summary(FILE *out, const struct oom_analysis *analysis);
/* "  3  Nov 21 05:34:58  global  tail (143)  really-empty" */
void log_screen_line(FILE *out, const struct oom_analysis *analysis);
/* A row of suspects_spec. */
void log_screen_suspects(FILE *out, const struct table *suspects,
			 const struct sink_options *options);
/* Text in lines of the width, the further ones indented. */
void log_screen_wrapped(FILE *out, const char *text, unsigned indent,
			const struct sink_options *options);

#endif
