/*
 * The dispatcher with a set of its own: a list, a command with every kind of option, one that
 * fails. Command lines are given as one string; the outputs go through real files.
 */
#include "support/capture.h"
#include "support/cmocka_all.h"
#include "support/sample_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/help.h"
#include "sink/json.h"

/* --- a set of commands --------------------------------------------------------------------- */

struct session {
	int opened;
};

static int sessions_open;

static int prepare(struct command_context *context)
{
	if (!strcmp(context->operands[0], "-"))
		return error_set(&context->error, EXIT_INPUT, "standard input is no dump");
	context->session = mem_alloc(sizeof(*context->session));
	context->sink.page_size = 4096;
	sessions_open++;
	return 0;
}

static void release(struct session *session)
{
	sessions_open--;
	free(session);
}

static int run_list(struct command_context *context)
{
	struct table *table = sample_table();
	struct table *findings = table_new(&findings_spec);
	finding_add(findings, SEVERITY_WARNING, "w", "a warning", NULL, NULL);
	int result = command_emit(context, table);
	if (!result && context->common.verbose)
		result = command_emit_more(context, findings);
	table_free(table);
	table_free(findings);
	return result;
}

static const struct command list = {
	.name = "list",
	.summary = "list it: [all] of 'it'",
	.arguments = "DUMP...",
	.help = "First paragraph with a - hyphen.\n\n.second paragraph \\ backslash.",
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = 1,
	.spec = &sample_spec,
	.run = run_list,
};

struct own_options {
	bool all;
	const char *name;
	u64 count, size;
	unsigned shape;
	const char *html;
};

static const char *const shapes[] = {"round", "square", NULL};

static const struct command_option own_rows[] = {
	{"all", 'a', NULL, "everything", OPTION_FLAG, offsetof(struct own_options, all)},
	{"name", 'N', "NAME", "a name", OPTION_TEXT, offsetof(struct own_options, name)},
	{"count", 0, "N", "a count", OPTION_COUNT, offsetof(struct own_options, count)},
	{"size", 'S', "SIZE", "a size", OPTION_SIZE, offsetof(struct own_options, size)},
	{"shape", 0, "SHAPE", "a shape", OPTION_CHOICE, offsetof(struct own_options, shape),
	 shapes},
	{"html", 0, "[=FILE]", "a page", OPTION_OUTPUT, offsetof(struct own_options, html)},
};

/* Shows what it was given. */
static int run_show(struct command_context *context)
{
	const struct own_options *own = context->options;
	fprintf(context->out,
		"all=%d name=%s count=%d size=%d shape=%s html=%s map=%d verbose=%d:", own->all,
		own->name ? own->name : "", (int)own->count, (int)own->size, shapes[own->shape],
		own->html ? own->html : "",
		(int)(context->common.map ? strlen(context->common.map) : 0),
		context->common.verbose);
	for (size_t i = 0; i < context->nr_operands; i++)
		fprintf(context->out, " [%s]", context->operands[i]);
	fputc('\n', context->out);
	return EXIT_PARTIAL;
}

static const struct command show = {
	.name = "show",
	.summary = "show what it was given",
	.arguments = "[WORD [WORD]]",
	.options = own_rows,
	.nr_options = ARRAY_SIZE(own_rows),
	.options_size = sizeof(struct own_options),
	.common = OPTIONS_DUMP,
	.max_operands = 2,
	.run = run_show,
};

/* Fails in the middle of its document. */
static int run_fail(struct command_context *context)
{
	struct json_writer *w = command_json(context);
	if (w) {
		json_key(w, "half");
		json_array_begin(w);
		json_object_begin(w);
		json_key(w, "waiting");
	}
	command_note(context, "a \033note %d", 1);
	return error_set(&context->error, EXIT_INPUT, "broken <here>");
}

static const struct command fail = {
	.name = "fail",
	.summary = "fail",
	.common = OPTIONS_OUTPUT,
	.run = run_fail,
};

static const struct command *const commands[] = {&list, &show, &fail, &command_help,
						 &command_version};

static const struct command_need needs[] = {{1, "a dump"}, {2, "a second dump"}};

static const struct command_set set = {
	.commands = commands,
	.nr_commands = ARRAY_SIZE(commands),
	.on_dump = &list,
	.needs = needs,
	.nr_needs = ARRAY_SIZE(needs),
	.prepare = prepare,
	.release = release,
};

/* --- running a line ------------------------------------------------------------------------ */

/* Everything happens in a directory of its own, with two dumps in it. */
static char directory[] = "/tmp/memwho-test-XXXXXX";

struct outcome {
	int status;
	struct error error;
	char *out;
	struct capture notes;
};

static char *read_text(const char *path)
{
	size_t used = 0, n;
	char *text = calloc(1, 1 << 18);
	FILE *file = fopen(path, "re");
	while (file && (n = fread(text + used, 1, (1 << 18) - 1 - used, file)) > 0)
		used += n;
	if (file)
		fclose(file);
	return text;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	fputs(text, file);
	fclose(file);
}

static struct outcome run_with(const struct command_set *commands_of, const char *line)
{
	struct outcome o = {.error = ERROR_INIT};
	char words[512], *argv[32] = {(char *)"memwho"}, *save = NULL;
	int argc = 1;
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &save); word && argc < 31;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	int old = dup(STDOUT_FILENO), fd = open("stdout.txt", O_CREAT | O_TRUNC | O_WRONLY, 0600);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	capture_begin(&o.notes);
	struct command_host host = {.notes = o.notes.out};
	o.status = command_main(commands_of, &host, argc, argv, &o.error);
	dup2(old, STDOUT_FILENO);
	close(old);
	close(fd);
	capture_text(&o.notes);
	o.out = read_text("stdout.txt");
	return o;
}

static struct outcome run_line(const char *line)
{
	return run_with(&set, line);
}

static void outcome_done(struct outcome *o)
{
	free(o->out);
	capture_done(&o->notes);
}

struct line_case {
	const char *line;
	int status;
	const char *out;  /* whole, or with a leading '*' a part of it */
	const char *says; /* part of the error; "" when there is none */
};

static bool matches(const char *text, const char *wanted)
{
	return *wanted == '*' ? strstr(text, wanted + 1) != NULL : !strcmp(text, wanted);
}

static void check_lines(const struct line_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct outcome o = run_line(cases[i].line);
		if (o.status != cases[i].status)
			fail_msg("memwho %s: exit status %d (%s)", cases[i].line, o.status,
				 o.error.text);
		if (!matches(o.out, cases[i].out))
			fail_msg("memwho %s: prints \"%s\" and not \"%s\"", cases[i].line, o.out,
				 cases[i].out);
		if (!strstr(o.error.text, cases[i].says) || (!*cases[i].says && *o.error.text))
			fail_msg("memwho %s: says \"%s\" and not \"%s\"", cases[i].line,
				 o.error.text, cases[i].says);
		assert_int_equal(sessions_open, 0);
		outcome_done(&o);
	}
}

#define SHOWN(all, name, count, size, shape, html, map, verbose, operands)                   \
	"all=" all " name=" name " count=" count " size=" size " shape=" shape " html=" html \
	" map=" map " verbose=" verbose ":" operands "\n"

static void test_options(void **state)
{
	static const struct line_case cases[] = {
		{"show", 4, SHOWN("0", "", "0", "0", "round", "", "0", "0", ""), ""},
		{"show -av --name=x y", 4, SHOWN("1", "x", "0", "0", "round", "", "0", "1", " [y]"),
		 ""},
		{"-a show y --name x", 4, SHOWN("1", "x", "0", "0", "round", "", "0", "0", " [y]"),
		 ""},
		{"--name show show -Nz", 4, SHOWN("0", "z", "0", "0", "round", "", "0", "0", ""),
		 ""},
		{"-aNx show", 4, SHOWN("1", "x", "0", "0", "round", "", "0", "0", ""), ""},
		{"show -S 1.5K --count=0x10 --shape square", 4,
		 SHOWN("0", "", "16", "1536", "square", "", "0", "0", ""), ""},
		{"show --name=", 4, SHOWN("0", "", "0", "0", "round", "", "0", "0", ""), ""},
		{"show --name -x", 4, SHOWN("0", "-x", "0", "0", "round", "", "0", "0", ""), ""},
		{"show -- -a --x", 4,
		 SHOWN("0", "", "0", "0", "round", "", "0", "0", " [-a] [--x]"), ""},
		{"show - -", 4, SHOWN("0", "", "0", "0", "round", "", "0", "0", " [-] [-]"), ""},
		{"--map xyz show show", 4,
		 SHOWN("0", "", "0", "0", "round", "", "3", "0", " [show]"), ""},
		{"show --html", 4, SHOWN("0", "", "0", "0", "round", "-", "0", "0", ""), ""},
		{"show --html a.html", 4, SHOWN("0", "", "0", "0", "round", "a.html", "0", "0", ""),
		 ""},
		{"show --html a", 4, SHOWN("0", "", "0", "0", "round", "-", "0", "0", " [a]"), ""},
		{"show a --html b", 4, SHOWN("0", "", "0", "0", "round", "b", "0", "0", " [a]"),
		 ""},
		{"show dump --html dump2", 4,
		 SHOWN("0", "", "0", "0", "round", "-", "0", "0", " [dump] [dump2]"), ""},
		{"show dump --html -", 4,
		 SHOWN("0", "", "0", "0", "round", "-", "0", "0", " [dump]"), ""},
		{"show dump --html --all", 4,
		 SHOWN("1", "", "0", "0", "round", "-", "0", "0", " [dump]"), ""},
		{"show --al", 2, "", "unknown option --al; did you mean --all?\nmemwho help show"},
		{"show -x", 2, "", "unknown option -x"},
		{"show --sort pid", 2, "", "show: unknown option --sort"},
		{"show --all=yes", 2, "", "--all takes no value"},
		{"show --name", 2, "", "--name wants a value: --name NAME"},
		{"show -N", 2, "", "--name wants a value"},
		{"show --count -1", 2, "", "\"-1\" is no number"},
		{"show --size 1.5", 2, "", "is no size"},
		{"show --shape flat", 2, "", "\"flat\" is none of round, square"},
		{"show --html=", 2, "", "is no file"},
		{"show a b c", 2, "",
		 "too many operands, the first that is too many: c\nusage: memwho show [WORD [WORD]]"},
		{"list", 2, "", "an operand is missing\nusage: memwho list DUMP..."},
		{"", 2, "", "a dump or a command is expected"},
		{"-v", 2, "", "a dump or a command is expected"},
	};
	check_lines(cases, ARRAY_SIZE(cases));
}

static void test_commands(void **state)
{
	static const struct line_case cases[] = {
		{"lits dump", 2, "",
		 "\"lits\" is neither a command nor a file; did you mean \"list\"?"},
		{"xyzzy", 2, "",
		 "\"xyzzy\" is neither a command nor a file\nmemwho help lists the commands"},
		{"/nonexistent/vmcore", 3, "", "/nonexistent/vmcore: No such file or directory"},
		{"dump -c pid --no-header", 0, "4711\n   2\n  99\n", ""},
		{"dump dump2 -c pid --no-header", 0, "4711\n   2\n  99\n", ""},
		{"list dump -c pid --no-header -s pid -n 2", 0, " 2\n99\n", ""},
		{"list dump -c pid -s pid -n 2", 0, "PID\n  2\n 99\n(2 of 3 rows: --limit)\n", ""},
		{"list dump -c pid --no-header -n 0", 0, "4711\n   2\n  99\n", ""},
		{"list dump -c pages -f pages>1G --no-header", 0, "1.5 GiB\n", ""},
		{"list dump -c pages -f pages>1G --no-header --bytes", 0, "1610612736\n", ""},
		{"list dump -c pid -f pid=2 -v --no-header", 0, "2\n\nwarning   a warning\n", ""},
		{"list dump -c pid -f pid=2 --color=always", 0, "\033[1mPID\033[0m\n  2\n", ""},
		{"-", 3, "", "standard input is no dump"},
		{"list dump --filter pd=2", 2, "",
		 "--filter: samples has no column \"pd\"; did you mean \"pid\"?"},
		{"list dump --sort nope", 2, "", "--sort: samples has no column"},
		{"list dump --columns nope", 2, "", "--columns: samples has no column"},
		{"list --columns help", 0,
		 "*pid         PID      pid              always      a process\n", ""},
		{"list --columns help --json", 0, "*\"key\": \"address\"", ""},
		{"help list --nope", 2, "", "unknown option --nope"},
		{"version", 0, "*version:  " MEMWHO_VERSION "\n", ""},
		{"--version", 0, "memwho " MEMWHO_VERSION "\n", ""},
		{"list --version", 0, "memwho " MEMWHO_VERSION "\n", ""},
		{"help", 0, "*  list         list it: [all] of 'it'\n", ""},
		{"--help", 0, "*Exit status:\n  0  ", ""},
		{"help lis", 2, "", "no command is called \"lis\"; did you mean \"list\"?"},
		{"help list", 0, "*\nColumns: name pid objects ", ""},
		{"list --help", 0, "*usage: memwho list DUMP... [options]\n", ""},
		{"-h list", 0, "*Needs:\n  a dump\n", ""},
		{"help show", 0, "*  -N, --name NAME          a name\n", ""},
		{"help --completion tcsh", 2, "", "\"tcsh\" is none of bash, zsh, fish"},
	};
	check_lines(cases, ARRAY_SIZE(cases));
}

static const char list_json[] =
	"{\n \"schema\": \"memwho.list/1\",\n \"tool\": {\n  \"version\": \"" MEMWHO_VERSION
	"\"\n },\n \"samples\": [\n  {\n   \"pid\": 4711\n  }\n ]\n}\n";

static void test_json(void **state)
{
	const struct line_case cases[] = {
		{"list dump -c pid -f pid=4711 --json", 0, list_json, ""},
		{"--json list dump -c pid -f pid=4711", 0, list_json, ""},
		{"list --json dump -c pid -f pid=4711", 0, list_json, ""},
		{"list dump --json - -c pid -f pid=4711", 0, list_json, ""},
		{"--json - dump -c pid -f pid=4711", 0, list_json, ""},
		{"list dump --json -c pid -n 1", 0, "*\"samples_total\": 3\n}\n", ""},
		{"list dump --json -v -c pid", 0,
		 "*\"findings\": [\n  {\n   \"severity\": \"warning\"", ""},
		{"fail --json", 3,
		 "*\"half\": [\n  {\n   \"waiting\": null\n  }\n ],\n \"error\": \"broken \\u003chere\\u003e\"\n}\n",
		 "broken <here>"},
		{"fail", 3, "", "broken <here>"},
	};
	check_lines(cases, ARRAY_SIZE(cases));
}

static void check_file(const char *path, const char *wanted)
{
	char *text = read_text(path);
	assert_string_equal(text, wanted);
	free(text);
	unlink(path);
}

static void test_output_files(void **state)
{
	static const char *const lines[] = {
		"list dump --json=r.json -c pid -f pid=4711 --no-header",
		"list dump --json r.json -c pid -f pid=4711 --no-header",
		"--json r.json dump -c pid -f pid=4711 --no-header",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct outcome o = run_line(lines[i]);
		assert_int_equal(o.status, 0);
		assert_string_equal(o.out, "4711\n");
		check_file("r.json", list_json);
		outcome_done(&o);
	}
	struct outcome o =
		run_line("list dump -c pid -f pid=4711 --no-header -o t.txt --json result");
	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "");
	check_file("t.txt", "4711\n");
	check_file("result", list_json);
	outcome_done(&o);
}

/* No way of writing the line destroys a dump. */
static void test_dumps_survive(void **state)
{
	static const char *const lines[] = {
		"list dump -o dump",	   "list dump --json=dump",  "list dump --json=./dump",
		"list dump --json dump2",  "list --json dump dump2", "--json dump",
		"list dump dump2 -o link",
	};
	assert_int_equal(symlink("dump2", "link"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct outcome o = run_line(lines[i]);
		char *first = read_text("dump"), *second = read_text("dump2");
		assert_string_equal(first, "KDUMP   ");
		assert_string_equal(second, "KDUMP   2");
		free(first);
		free(second);
		outcome_done(&o);
	}
}

static void test_write_errors(void **state)
{
	static const struct line_case cases[] = {
		{"list dump -o /dev/full", 5, "", "writing /dev/full: No space left on device"},
		{"list dump --json=/dev/full", 5, "*4711",
		 "writing /dev/full: No space left on device"},
		{"list dump -o /nonexistent/x", 5, "", "opening /nonexistent/x for writing"},
	};
	if (access("/dev/full", W_OK))
		skip();
	check_lines(cases, ARRAY_SIZE(cases));
}

static void test_notes(void **state)
{
	struct outcome o = run_line("fail");
	assert_string_equal(o.notes.text, "memwho: a \\x1bnote 1\n");
	outcome_done(&o);
	o = run_line("fail -q");
	assert_string_equal(o.notes.text, "");
	outcome_done(&o);
}

static void test_no_session(void **state)
{
	struct command_set bare = set;
	bare.prepare = NULL;
	struct outcome o = run_with(&bare, "list dump");
	assert_int_equal(o.status, EXIT_INTERNAL);
	outcome_done(&o);
	bare.on_dump = NULL;
	o = run_with(&bare, "dump");
	assert_int_equal(o.status, EXIT_USAGE);
	outcome_done(&o);
}

/* --- what is derived: judged by the programs that read it, when they are there ------------- */

static bool passes(const char *line, const char *command)
{
	struct outcome o = run_line(line);
	assert_int_equal(o.status, 0);
	write_text("derived", o.out);
	outcome_done(&o);
	return system(command) == 0;
}

static void test_derived(void **state)
{
	assert_true(passes(
		"help --man",
		"command -v groff >/dev/null || exit 0; "
		"test -z \"$(groff -man -ww -Tascii -P-cbou derived 2>&1 >rendered)\" && "
		"grep -Eq '[.]second +paragraph +.* backslash' rendered && grep -q 'EXIT STATUS' rendered"));
	assert_true(passes(
		"help --completion bash",
		"command -v bash >/dev/null || exit 0; bash -n derived && bash -c '. ./derived; "
		"COMP_WORDS=(memwho li) COMP_CWORD=1; _memwho; [ \"${COMPREPLY[0]}\" = list ] || exit 1; "
		"COMP_WORDS=(memwho show --shape s) COMP_CWORD=3; _memwho; [ \"${COMPREPLY[*]}\" = square ] "
		"|| exit 1; COMP_WORDS=(memwho list dump --sort pi) COMP_CWORD=4; _memwho; "
		"[ \"${COMPREPLY[*]}\" = pid ]'"));
	assert_true(passes("help --completion zsh",
			   "command -v zsh >/dev/null || exit 0; zsh -n derived"));
	assert_true(passes("help --completion fish",
			   "command -v fish >/dev/null || exit 0; fish -n derived"));
}

/* The program's own records: every row has its texts, no option or command stands twice. */
static void test_records(void **state)
{
	const struct command_set *real = &memwho_commands;
	for (size_t i = 0; i < real->nr_commands; i++) {
		const struct command *command = real->commands[i];
		assert_ptr_equal(command_find(real, command->name), command);
		assert_true(command->summary && command->help && command->run);
		assert_true(command->max_operands == 0 || command->arguments);
		for (size_t j = 0; j < command->nr_options; j++) {
			const struct command_option *option = &command->options[j];
			assert_true(option->name && option->help);
			assert_true(option->offset < command->options_size);
			assert_int_equal(option->kind == OPTION_FLAG, option->argument == NULL);
			assert_int_equal(option->kind == OPTION_CHOICE, option->choices != NULL);
			for (size_t g = 0; g < nr_option_groups; g++)
				for (size_t k = 0; k < option_groups[g].n; k++)
					assert_string_not_equal(option->name,
								option_groups[g].options[k].name);
		}
		for (size_t j = 0; command->spec && j < command->spec->nr_columns; j++) {
			unsigned column;
			const char *key = command->spec->columns[j].key;
			assert_true(command->spec->columns[j].help &&
				    command->spec->columns[j].title);
			assert_int_equal(
				table_spec_column(command->spec, key, strlen(key), &column, NULL),
				0);
			assert_int_equal(column, j);
		}
	}
}

static int enter_directory(void **state)
{
	if (!mkdtemp(directory) || chdir(directory))
		return -1;
	write_text("dump", "KDUMP   ");
	write_text("dump2", "KDUMP   2");
	return 0;
}

static int leave_directory(void **state)
{
	static const char *const files[] = {"dump",	  "dump2",   "link",
					    "stdout.txt", "derived", "rendered"};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(files[i]);
	return chdir("/") || rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),	      cmocka_unit_test(test_commands),
		cmocka_unit_test(test_json),	      cmocka_unit_test(test_output_files),
		cmocka_unit_test(test_dumps_survive), cmocka_unit_test(test_write_errors),
		cmocka_unit_test(test_notes),	      cmocka_unit_test(test_no_session),
		cmocka_unit_test(test_derived),	      cmocka_unit_test(test_records),
	};
	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
