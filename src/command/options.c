/*
 * Reading the command line by the rows.
 *
 * getopt_long is not used: where the command stands is not known before the line was looked at
 * once, an option's argument can depend on the words around it (OPTION_OUTPUT), and a misspelt
 * option deserves a suggestion.
 */
#include "command/options.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/text_suggest.h"

static bool find_name(const struct option_reader *r, const char *name, size_t len,
		      struct option_word *word)
{
	for (size_t i = 0; i < r->nr_sources; i++)
		for (size_t j = 0; j < r->sources[i].n; j++) {
			const struct command_option *option = &r->sources[i].options[j];
			if (strlen(option->name) != len || memcmp(option->name, name, len))
				continue;
			word->option = option;
			word->target = r->sources[i].target;
			return true;
		}
	return false;
}

static bool find_letter(const struct option_reader *r, char letter, struct option_word *word)
{
	for (size_t i = 0; i < r->nr_sources; i++)
		for (size_t j = 0; j < r->sources[i].n; j++) {
			if (r->sources[i].options[j].letter != letter)
				continue;
			word->option = &r->sources[i].options[j];
			word->target = r->sources[i].target;
			return true;
		}
	return false;
}

static int unknown_name(const struct option_reader *r, const char *name, size_t len,
			struct error *error)
{
	struct suggestion near = suggestion_for(name, len);
	for (size_t i = 0; i < r->nr_sources; i++)
		for (size_t j = 0; j < r->sources[i].n; j++)
			suggestion_try(&near, r->sources[i].options[j].name);
	return error_set(error, EXIT_USAGE, "unknown option --%.*s%s%s%s", (int)u64_min(len, 60),
			 name, near.best ? "; did you mean --" : "", near.best ? near.best : "",
			 near.best ? "?" : "");
}

/* --- a file to write, or the next operand? ------------------------------------------------- */

static bool ends_in(const char *word, const char *name)
{
	size_t word_len = strlen(word), len = strlen(name);
	return word_len > len && word[word_len - len - 1] == '.' &&
	       !strcmp(word + word_len - len, name);
}

/* Nothing is lost by writing there: no such file, no regular file, empty, or an earlier result. */
static bool may_be_written(const char *path)
{
	struct stat st;
	if (stat(path, &st) || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return true;
	if (S_ISBLK(st.st_mode))
		return false;
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	int first = fgetc(file);
	fclose(file);
	return first == EOF || first == '{' || first == '<';
}

static bool is_output(const struct option_reader *r, const struct command_option *option,
		      const char *next)
{
	if (!next)
		return false;
	if (!strcmp(next, "-") || ends_in(next, option->name))
		return true;
	return r->input_seen && *next != '-' && may_be_written(next);
}

/* --- words --------------------------------------------------------------------------------- */

/* The option is known; given is what followed "=" or the letter, NULL when nothing did. */
static int take_value(struct option_reader *r, struct option_word *word, const char *given,
		      struct error *error)
{
	const struct command_option *option = word->option;
	const char *next = r->at < r->argc ? r->argv[r->at] : NULL;
	word->value = given;
	if (option->kind == OPTION_FLAG && given)
		return error_set(error, EXIT_USAGE, "--%s takes no value", option->name);
	if (option->kind == OPTION_FLAG || given)
		return 1;
	if (option->kind == OPTION_OUTPUT && !is_output(r, option, next)) {
		word->value = "-";
		return 1;
	}
	if (!next)
		return error_set(error, EXIT_USAGE, "--%s wants a value: --%s %s", option->name,
				 option->name, option->argument);
	word->value = next;
	r->at++;
	return 1;
}

static int long_option(struct option_reader *r, const char *text, struct option_word *word,
		       struct error *error)
{
	size_t len = strcspn(text, "=");
	if (find_name(r, text, len, word))
		return take_value(r, word, text[len] ? text + len + 1 : NULL, error);
	return r->lenient ? 1 : unknown_name(r, text, len, error);
}

static int next_letter(struct option_reader *r, struct option_word *word, struct error *error)
{
	char letter = *r->letters++;
	const char *rest = *r->letters ? r->letters : NULL;
	r->letters = rest;
	if (!find_letter(r, letter, word))
		return r->lenient ? 1 : error_set(error, EXIT_USAGE, "unknown option -%c", letter);
	if (word->option->kind == OPTION_FLAG || word->option->kind == OPTION_OUTPUT)
		rest = NULL;
	else
		r->letters = NULL;
	return take_value(r, word, rest, error);
}

int option_next(struct option_reader *r, struct option_word *word, struct error *error)
{
	*word = (struct option_word){.index = r->at};
	if (r->letters)
		return next_letter(r, word, error);
	if (r->at >= r->argc)
		return 0;
	const char *text = r->argv[r->at++];
	if (!r->operands_only && !strcmp(text, "--")) {
		r->operands_only = true;
		return option_next(r, word, error);
	}
	if (r->operands_only || text[0] != '-' || !text[1]) {
		word->operand = text;
		return 1;
	}
	if (text[1] == '-')
		return long_option(r, text + 2, word, error);
	r->letters = text + 1;
	return next_letter(r, word, error);
}

/* --- values -------------------------------------------------------------------------------- */

static int store_choice(const struct option_word *word, unsigned *target, struct error *error)
{
	const struct command_option *option = word->option;
	char list[256] = "";
	size_t used = 0;
	for (unsigned i = 0; option->choices[i]; i++) {
		const char *choice = option->choices[i];
		if (*choice && !strcmp(choice, word->value)) {
			*target = i;
			return 0;
		}
		if (*choice && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", choice);
	}
	return error_set(error, EXIT_USAGE, "--%s: \"%.60s\" is none of %s", option->name,
			 word->value, list);
}

static int bad_value(const struct option_word *word, const char *wanted, struct error *error)
{
	return error_set(error, EXIT_USAGE, "--%s: \"%.60s\" is no %s", word->option->name,
			 word->value, wanted);
}

int option_store(const struct option_word *word, struct error *error)
{
	void *target = (char *)word->target + word->option->offset;
	switch (word->option->kind) {
	case OPTION_FLAG:
		*(bool *)target = true;
		return 0;
	case OPTION_TEXT:
	case OPTION_OUTPUT:
		if (!*word->value && word->option->kind == OPTION_OUTPUT)
			return bad_value(word, "file", error);
		*(const char **)target = word->value;
		return 0;
	case OPTION_COUNT:
		return text_parse_u64(word->value, target) ? 0 : bad_value(word, "number", error);
	case OPTION_SIZE:
		return text_parse_size(word->value, target)
			       ? 0
			       : bad_value(word, "size (512, 10M, 1.5G)", error);
	case OPTION_CHOICE:
		return store_choice(word, target, error);
	}
	return 0;
}
