/*
 * Escaping, one character at a time.
 *
 * safe_next() turns the next character into what a terminal may see, with its width; everything
 * that writes or measures safe text is a loop over it, so they can't disagree.
 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text_utf8.h"

/* One step of output: bytes to write, and the columns that they take. */
struct step {
	char bytes[16];
	size_t len;
	unsigned width;
};

static void escape_bytes(struct step *step, const char *text, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	step->len = 0;
	for (size_t i = 0; i < n; i++) {
		u8 byte = (u8)text[i];
		char escaped[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
		memcpy(step->bytes + step->len, escaped, 4);
		step->len += 4;
	}
	step->width = (unsigned)step->len;
}

/* Returns how many bytes of text the step stands for. */
static size_t safe_next(const char *text, size_t len, struct step *step)
{
	u32 code;
	size_t n = utf8_decode(text, len, &code);
	if (!n || utf8_hidden(code)) {
		n = n ? n : 1;
		escape_bytes(step, text, n);
		return n;
	}
	memcpy(step->bytes, text, n);
	step->len = n;
	step->width = utf8_width(code);
	return n;
}

/*
 * How many bytes from here on are printable ASCII: nearly all text is, and goes out in one piece.
 */
static size_t plain_run(const char *text, size_t len, const char *except)
{
	size_t n = 0;
	while (n < len && text[n] >= ' ' && text[n] < 0x7f && !strchr(except, text[n]))
		n++;
	return n;
}

void text_put_safe(FILE *out, const char *text, size_t len)
{
	struct step step;
	for (size_t at = 0; at < len;) {
		size_t plain = plain_run(text + at, len - at, "");
		fwrite(text + at, 1, plain, out);
		at += plain;
		if (at == len)
			break;
		at += safe_next(text + at, len - at, &step);
		fwrite(step.bytes, 1, step.len, out);
	}
}

size_t text_safe(char *buffer, size_t size, const char *text, size_t len)
{
	struct step step;
	size_t needed = 0, used = 0;
	for (size_t at = 0; at < len;) {
		at += safe_next(text + at, len - at, &step);
		if (used == needed && size > step.len && used < size - step.len) {
			memcpy(buffer + used, step.bytes, step.len);
			used += step.len;
		}
		needed += step.len;
	}
	if (size)
		buffer[used] = '\0';
	return needed;
}

size_t text_safe_width(const char *text, size_t len)
{
	struct step step;
	size_t width = 0;
	for (size_t at = 0; at < len;) {
		at += safe_next(text + at, len - at, &step);
		width += step.width;
	}
	return width;
}

void text_put_safe_cut(FILE *out, const char *text, size_t len, size_t columns, const char *mark)
{
	if (text_safe_width(text, len) <= columns) {
		text_put_safe(out, text, len);
		return;
	}
	struct step step;
	size_t width = 0;
	for (size_t at = 0; at < len;) {
		at += safe_next(text + at, len - at, &step);
		if (width + step.width + 1 > columns)
			break;
		fwrite(step.bytes, 1, step.len, out);
		width += step.width;
	}
	if (columns)
		fputs(mark, out);
}

static const char *json_short_escape(u32 code)
{
	switch (code) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

static void put_json_code(FILE *out, u32 code)
{
	if (code > 0xffff) {
		code -= 0x10000;
		fprintf(out, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
	} else {
		fprintf(out, "\\u%04x", code);
	}
}

static size_t put_json_next(FILE *out, const char *text, size_t len)
{
	u32 code;
	size_t n = utf8_decode(text, len, &code);
	if (!n) {
		put_json_code(out, (u8)text[0]);
		return 1;
	}
	const char *escape = json_short_escape(code);
	if (escape)
		fputs(escape, out);
	else if (utf8_hidden(code) || code == '<' || code == '>' || code == '&')
		put_json_code(out, code);
	else
		fwrite(text, 1, n, out);
	return n;
}

void text_put_json(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (size_t at = 0; at < len;) {
		size_t plain = plain_run(text + at, len - at, "\"\\<>&");
		fwrite(text + at, 1, plain, out);
		at += plain;
		if (at < len)
			at += put_json_next(out, text + at, len - at);
	}
	fputc('"', out);
}

bool text_contains(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}
