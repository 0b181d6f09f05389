/* A stdio stream over a file descriptor that remembers its first error. */
#include "sink/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
	struct output *output = cookie;
	size_t done = 0;
	while (done < size && !output->failed_errno) {
		ssize_t n = write(output->fd, bytes + done, size - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			output->failed_errno = errno;
	}
	errno = output->failed_errno;
	return done == size ? (ssize_t)size : 0;
}

static int close_fd(void *cookie)
{
	struct output *output = cookie;
	if (close(output->fd) && !output->failed_errno)
		output->failed_errno = errno;
	return output->failed_errno ? EOF : 0;
}

int output_open(struct output *output, const char *path, struct error *error)
{
	bool standard = !strcmp(path, "-");
	*output = (struct output){.name = standard ? "standard output" : path};
	output->fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
			      : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (output->fd < 0)
		return error_set(error, EXIT_INTERNAL, "opening %s for writing: %s", output->name,
				 strerror(errno));
	cookie_io_functions_t functions = {.write = write_all, .close = close_fd};
	output->file = fopencookie(output, "w", functions);
	if (!output->file) {
		close(output->fd);
		return error_set(error, EXIT_INTERNAL, "opening %s for writing: %s", output->name,
				 strerror(errno));
	}
	setvbuf(output->file, NULL, _IOFBF, 1 << 16);
	return 0;
}

int output_close(struct output *output, struct error *error)
{
	if (!output->file)
		return 0;
	bool failed = fclose(output->file) != 0;
	output->file = NULL;
	if (!failed && !output->failed_errno)
		return 0;
	if (output->failed_errno == EPIPE)
		return error_set(error, EXIT_REPORT, "%s", "");
	return error_set(error, EXIT_INTERNAL, "writing %s: %s", output->name,
			 output->failed_errno ? strerror(output->failed_errno) : "failed");
}
