// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading small files, and printing them to the port. */
#include "truth.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUF_SIZE (1 << 20)

static char out[BUF_SIZE]; /* the file being made */
static size_t out_len;
static int port = -1;

int out_open(const char *path)
{
	port = open(path, O_WRONLY | O_NOCTTY);
	return port;
}

void out_prepare(void)
{
	memset(out, 1, sizeof(out));
}

static void write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(port, p, n);

		if (done <= 0)
			_exit(1);
		p += done;
		n -= done;
	}
}

void out_line(const char *line)
{
	write_all(line, strlen(line));
	write_all("\n", 1);
}

void emit(const char *name)
{
	char head[512];

	write_all(head, snprintf(head, sizeof(head), "FILE %s %zu\n", name, out_len));
	write_all(out, out_len);
	write_all("\n", 1);
	out_len = 0;
}

void add(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + out_len, BUF_SIZE - out_len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < BUF_SIZE - out_len)
		out_len += n;
}

/* Appends a file's content; false when it cannot be read. */
static int add_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = -1;

	if (fd < 0)
		return 0;
	while (out_len < BUF_SIZE && (n = read(fd, out + out_len, BUF_SIZE - out_len)) > 0)
		out_len += n;
	close(fd);
	return n >= 0;
}

void copy(const char *path, const char *name)
{
	if (add_file(path))
		emit(name);
	out_len = 0;
}

int slurp(char *buf, size_t size, const char *fmt, ...)
{
	char path[512];
	va_list ap;
	ssize_t n;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		n = 0;
	buf[n] = '\0';
	if (n > 0 && buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	return n > 0;
}

void each_entry(const char *path, void (*fn)(const char *dir, const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			fn(path, e->d_name);
	closedir(dir);
}

int is_number(const char *s)
{
	return s[0] != '\0' && strspn(s, "0123456789") == strlen(s);
}
