/* The error chain: one fixed buffer, newest sentence in front. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, enum exit_status status, const char *fmt, ...)
{
	if (!error)
		return -1;
	error->exit_status = status;
	va_list args;
	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return -1;
}

int error_add(struct error *error, const char *fmt, ...)
{
	if (!error)
		return -1;
	char old[sizeof(error->text)];
	memcpy(old, error->text, sizeof(old));
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	size_t used = n < 0 ? 0 : u64_min((u64)n, sizeof(error->text) - 1);
	for (const char *tail = ": "; *tail && used < sizeof(error->text) - 1; tail++)
		error->text[used++] = *tail;
	size_t len = u64_min(strlen(old), sizeof(error->text) - 1 - used);
	memcpy(error->text + used, old, len);
	error->text[used + len] = '\0';
	return -1;
}
