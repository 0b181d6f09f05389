/* Words for the ways a read can end. */
#include "base/status.h"

#include "base/types.h"

static const struct {
	const char *name, *text;
} words[NR_READ_STATUS] = {
	[READ_OK] = {"ok", "is readable"},
	[READ_UNMAPPED] = {"unmapped", "is not mapped"},
	[READ_EXCLUDED] = {"excluded", "was excluded from the dump (dump level)"},
	[READ_TRUNCATED] = {"truncated", "lies past the end of the truncated dump"},
	[READ_DAMAGED] = {"damaged", "is damaged"},
	[READ_IO] = {"io", "could not be read from the file"},
	[READ_ABSENT] = {"absent", "does not exist in this kernel"},
};

const char *read_status_name(enum read_status status)
{
	return (size_t)status < ARRAY_SIZE(words) ? words[status].name : "unknown";
}

const char *read_status_text(enum read_status status)
{
	return (size_t)status < ARRAY_SIZE(words) ? words[status].text : "is unknown";
}
