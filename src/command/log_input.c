/* One input of `memwho log` as a stream of bytes. */
#include "command/log_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IN_BYTES = 256 << 10 };

static const struct signature {
	const char *bytes, *what;
} not_logs[] = {
	{"\177ELF", "an ELF file: a crash dump is read with memwho DUMP"},
	{"KDUMP   ", "a crash dump: memwho DUMP reads it, with the log inside"},
	{"makedumpfile", "a crash dump: memwho DUMP reads it, with the log inside"},
};

static s64 read_fd(int fd, void *buffer, size_t room, const char *name, struct error *error)
{
	ssize_t n;
	do
		n = read(fd, buffer, room);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_set(error, EXIT_INPUT, "%s: reading failed: %s", name, strerror(errno))
		     : n;
}

/* The head that was looked at, then the rest. */
static s64 read_plain(void *context, void *buffer, size_t room, struct error *error)
{
	struct log_input *input = context;
	size_t left = input->head_len - input->head_at;
	if (!left)
		return read_fd(input->fd, buffer, room, input->name, error);
	size_t n = u64_min(left, room);
	memcpy(buffer, input->head + input->head_at, n);
	input->head_at += n;
	return (s64)n;
}

static int refill(struct log_input *input, struct error *error)
{
	s64 n = read_plain(input, input->in, IN_BYTES, error);
	if (n < 0)
		return -1;
	input->io.in = input->in;
	input->io.in_len = (size_t)n;
	input->io.last = n == 0;
	return 0;
}

static s64 read_unpacked(void *context, void *buffer, size_t room, struct error *error)
{
	struct log_input *input = context;
	struct unpack_io *io = &input->io;
	while (!input->ended) {
		if (!io->in_len && !io->last && refill(input, error))
			return -1;
		size_t before = io->in_len;
		io->out = buffer;
		io->out_room = room;
		enum unpack_status status = input->unpacker->step(input->state, io);
		size_t made = room - io->out_room;
		bool stuck = !made && io->in_len == before;
		input->ended = status != UNPACK_MORE || (stuck && (io->last || before));
		input->damaged |=
			status == UNPACK_DAMAGED || (input->ended && status == UNPACK_MORE);
		if (made)
			return (s64)made;
	}
	return 0;
}

static int start_unpacking(struct log_input *input, struct error *error)
{
	input->packed = input->unpacker->name;
	input->state = input->unpacker->start ? input->unpacker->start() : NULL;
	if (!input->state)
		return error_set(
			error, EXIT_INPUT,
			"%s is compressed with %s, which this memwho cannot unpack: %s %s | memwho log",
			input->name, input->packed, input->unpacker->hint, input->name);
	input->in = mem_alloc(IN_BYTES);
	input->source.read = read_unpacked;
	input->source.total = 0;
	return 0;
}

/* A pipe may give less than asked for. */
static int read_head(struct log_input *input, struct error *error)
{
	while (input->head_len < LOG_INPUT_HEAD) {
		s64 n = read_fd(input->fd, input->head + input->head_len,
				LOG_INPUT_HEAD - input->head_len, input->name, error);
		if (n < 0)
			return -1;
		if (!n)
			break;
		input->head_len += (size_t)n;
	}
	return 0;
}

static int look_at(struct log_input *input, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_logs); i++) {
		size_t len = strlen(not_logs[i].bytes);
		if (input->head_len >= len && !memcmp(input->head, not_logs[i].bytes, len))
			return error_set(error, EXIT_INPUT, "%s is %s", input->name,
					 not_logs[i].what);
	}
	input->journal = input->head_len >= 8 && !memcmp(input->head, "LPKSHHRH", 8);
	input->unpacker = unpacker_for(input->head, input->head_len);
	return input->unpacker ? start_unpacking(input, error) : 0;
}

int log_input_open(struct log_input *input, const char *path, struct error *error)
{
	struct stat st;
	bool standard = !strcmp(path, "-");
	*input = (struct log_input){.name = standard ? "standard input" : path};
	input->fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0 || fstat(input->fd, &st)) {
		error_set(error, EXIT_INPUT, "%s: %s", input->name, strerror(errno));
		log_input_close(input);
		return -1;
	}
	input->source = (struct source){.read = read_plain, .context = input};
	if (S_ISREG(st.st_mode))
		input->source.total = (u64)st.st_size;
	if (read_head(input, error) || look_at(input, error)) {
		log_input_close(input);
		return -1;
	}
	posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void log_input_close(struct log_input *input)
{
	if (input->state)
		input->unpacker->finish(input->state);
	free(input->in);
	if (input->fd >= 0)
		close(input->fd);
	*input = (struct log_input){.fd = -1};
}
