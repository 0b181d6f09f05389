/* Did it all get written?  One sentence for every sink. */
#include <errno.h>
#include <string.h>

#include "sink/sink.h"

int sink_check(FILE *out, struct error *error)
{
	bool failed = ferror(out);
	errno = 0;
	if (!fflush(out) && !failed)
		return 0;
	return error_set(error, EXIT_INTERNAL, "writing the output: %s",
			 errno ? strerror(errno) : "failed");
}
