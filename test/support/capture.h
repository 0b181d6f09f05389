/* A stream into memory, for what writes to a FILE. */
#ifndef SUPPORT_CAPTURE_H
#define SUPPORT_CAPTURE_H

#include <stdio.h>

struct capture {
	FILE *out;
	char *text;
	size_t len;
};

void capture_begin(struct capture *capture);
/* Close the stream; the text is good until capture_done(). */
const char *capture_text(struct capture *capture);
void capture_done(struct capture *capture);

#endif
