/* Bars: U+2588 is a full block, U+258F to U+2589 are one to seven eighths of one. */
#include "sink/bar.h"

static void put_blanks(FILE *out, unsigned n)
{
	fprintf(out, "%*s", (int)n, "");
}

static void put_blocks(FILE *out, unsigned eighths, unsigned cells)
{
	unsigned full = eighths / 8, rest = eighths % 8;
	for (unsigned i = 0; i < full; i++)
		fputs("\u2588", out);
	if (rest)
		fprintf(out, "\xe2\x96%c", 0x90 - rest);
	put_blanks(out, cells - full - (rest ? 1 : 0));
}

static void put_hashes(FILE *out, unsigned n, bool something, unsigned cells)
{
	unsigned used = n;
	for (unsigned i = 0; i < n; i++)
		fputc('#', out);
	if (!n && something && cells) {
		fputc('.', out);
		used = 1;
	}
	put_blanks(out, cells - used);
}

void bar_put(FILE *out, double share, unsigned cells, bool utf8)
{
	bool something = share > 0;
	double part = something ? share < 1 ? share : 1 : 0;
	unsigned eighths = (unsigned)(part * cells * 8 + 0.5);
	if (something && cells && !eighths)
		eighths = 1;
	if (utf8)
		put_blocks(out, eighths, cells);
	else
		put_hashes(out, (unsigned)(part * cells + 0.5), something, cells);
}
