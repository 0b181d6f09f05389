/*
 * The program's edge: what the library must not know.
 *
 * Standard streams, terminal, locale, signals, and the words for an error.  SIGPIPE is ignored so
 * that a pager that closes early is an error of writing like any other; sink/output.h keeps it
 * apart and it ends quietly.
 */
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "command/commands.h"
#include "sink/progress_line.h"

static bool takes_colours(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb") != 0;
}

static unsigned terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	u64 width;
	if (!isatty(STDOUT_FILENO))
		return 0;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return columns && text_parse_u64(columns, &width) && width < 10000 ? (unsigned)width : 80;
}

/* The error's first line after our name, further lines (hints) below it. */
static void tell(const struct error *error)
{
	const char *line = error->text, *prefix = "memwho: ";
	while (*line) {
		size_t len = strcspn(line, "\n");
		fputs(prefix, stderr);
		text_put_safe(stderr, line, len);
		fputc('\n', stderr);
		line += len + (line[len] == '\n');
		prefix = "        ";
	}
}

int main(int argc, char *argv[])
{
	/* Only the character set: numbers are written and read with a point everywhere. */
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	struct progress_line line;
	progress_line_init(&line, stderr, utf8);
	struct command_host host = {
		.progress = isatty(STDERR_FILENO) ? &line.progress : NULL,
		.notes = stderr,
		.terminal = takes_colours(),
		.utf8 = utf8,
		.width = terminal_width(),
	};
	struct error error = ERROR_INIT;
	int status = command_main(&memwho_commands, &host, argc, argv, &error);
	if (host.progress)
		progress_line_wipe(&line);
	progress_line_done(&line);
	tell(&error);
	return status;
}
