/* The end of a command's output; between command.c and emit.c. */
#ifndef COMMAND_EMIT_H
#define COMMAND_EMIT_H

#include "command/command.h"

/* Complete the JSON document, if one was begun. */
int emit_finish(struct command_context *context, bool failed, struct error *error);

#endif
