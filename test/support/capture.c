#include "support/capture.h"

#include <stdlib.h>

void capture_begin(struct capture *capture)
{
	*capture = (struct capture){0};
	capture->out = open_memstream(&capture->text, &capture->len);
}

const char *capture_text(struct capture *capture)
{
	if (capture->out)
		fclose(capture->out);
	capture->out = NULL;
	return capture->text;
}

void capture_done(struct capture *capture)
{
	capture_text(capture);
	free(capture->text);
	capture->text = NULL;
}
