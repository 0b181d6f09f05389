/*
 * kallsyms: decode the kernel's own symbol table out of the dump.
 *
 * Each name is a length and that many codes; a code stands for a string of the token table
 * (scripts/kallsyms.c has paired the most frequent substrings until 256 codes were used up).  The
 * first character of the expanded name is the symbol's type.  kallsyms_markers holds the offset of
 * each 256th name, so a name in a hole costs the rest of its block only.
 *
 * Nothing tells which release's layout it is; the data must: markers agree with the lengths only
 * when those are read the right way, addresses as kallsyms_addresses.c says, and a symbol named
 * _text or _stext must stand where VMCOREINFO says.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "debuginfo/kallsyms_internal.h"

enum { TOKEN_PAD = 16, MAX_ALL_NAMES = 256 << 20 };

struct kallsyms {
	const struct reader *kernel;
	const struct kallsyms_tables *tables;
	size_t n;
	struct kallsyms_tokens tokens;
	struct window names;
	enum kallsyms_length length;
	u32 *markers; /* NULL when not found */
	struct kallsyms_addresses addresses;
};

/* --- tokens -------------------------------------------------------------------------------- */

static int read_index(const struct kallsyms *k, u16 *index, struct error *error)
{
	u64 address = k->tables->token_index;
	enum read_status status = reader_read(k->kernel, address, index, KALLSYMS_TOKEN_INDEX_SIZE);
	if (status)
		return error_set(error, EXIT_PARTIAL, "kallsyms_token_index at %#llx %s",
				 (unsigned long long)address, read_status_text(status));
	for (int i = 1; i < 256; i++)
		if (index[i] <= index[i - 1])
			return error_set(error, EXIT_INPUT,
					 "kallsyms_token_index at %#llx does not rise at token %d",
					 (unsigned long long)address, i);
	return 0;
}

/*
 * The strings, each ended by NUL within what could be read; returns the first token that is not, or
 * 256.
 */
static int split_tokens(struct kallsyms_tokens *tokens, struct window *w, const u16 *index)
{
	tokens->buffer = mem_calloc(w->loaded + TOKEN_PAD, 1);
	if (w->loaded)
		memcpy(tokens->buffer, w->bytes, w->loaded);
	for (int i = 0; i < 256; i++) {
		if (index[i] >= w->loaded)
			return i;
		tokens->text[i] = tokens->buffer + index[i];
		tokens->len[i] = (u16)strnlen(tokens->text[i],
					      u64_min(KALLSYMS_MAX_NAME, w->loaded - index[i]));
		if (!window_has(w, index[i], tokens->len[i] + (size_t)1))
			return i;
	}
	return 256;
}

static int read_tokens(struct kallsyms *k, struct error *error)
{
	u16 index[256];
	if (read_index(k, index, error))
		return -1;
	struct window w;
	window_init(&w, k->kernel, k->tables->token_table, index[255] + KALLSYMS_MAX_NAME);
	window_has(&w, 0, w.size);
	int split = split_tokens(&k->tokens, &w, index);
	window_done(&w);
	if (split == 256)
		return 0;
	return error_set(error, EXIT_PARTIAL,
			 "kallsyms_token_table at %#llx: token %d at offset %u is not readable",
			 (unsigned long long)k->tables->token_table, split, index[split]);
}

/* Expand len codes into out (KALLSYMS_MAX_NAME + TOKEN_PAD bytes); returns the length, longer names
 * are cut.
 */
static size_t expand(const struct kallsyms_tokens *tokens, const u8 *codes, size_t len, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		size_t add = tokens->len[codes[i]];
		if (add > KALLSYMS_MAX_NAME - n)
			break;
		memcpy(out + n, tokens->text[codes[i]], TOKEN_PAD);
		if (add > TOKEN_PAD)
			memcpy(out + n + TOKEN_PAD, tokens->text[codes[i]] + TOKEN_PAD,
			       add - TOKEN_PAD);
		n += add;
	}
	return n;
}

/* --- names and markers --------------------------------------------------------------------- */

size_t kallsyms_skip_names(struct window *names, enum kallsyms_length kind, size_t offset, size_t n)
{
	size_t data, len;
	for (size_t i = 0; i < n; i++) {
		offset = kallsyms_name_at(names, kind, offset, &data, &len);
		if (!offset)
			return 0;
	}
	return offset;
}

static size_t nr_blocks(const struct kallsyms *k)
{
	return (k->n + KALLSYMS_BLOCK - 1) / KALLSYMS_BLOCK;
}

/* Markers were unsigned long until 5.0 (80ffbaa5b1bd). */
static bool read_markers_at(struct kallsyms *k, u64 address, size_t width)
{
	struct window w;
	size_t n = nr_blocks(k);
	window_init(&w, k->kernel, address, n * width);
	bool good = window_has(&w, 0, n * width);
	for (size_t i = 0; good && i < n; i++) {
		u64 marker = width == 8 ? window_u64(&w, i * 8) : window_u32(&w, i * 4);
		u64 last = i ? k->markers[i - 1] : 0;
		good = i == 0 ? marker == 0
			      : marker >= last + KALLSYMS_BLOCK &&
					marker - last <= KALLSYMS_BLOCK * KALLSYMS_MAX_NAME;
		k->markers[i] = (u32)marker;
	}
	window_done(&w);
	return good;
}

/*
 * VMCOREINFO does not tell where the markers are.  They end where token_table begins; in 6.2
 * and 6.3 kallsyms_seqs_of_names, 3 bytes a symbol, stands between them.
 */
static void find_markers(struct kallsyms *k)
{
	u64 ends[] = {k->tables->token_table, (k->tables->token_table - 3 * k->n) & ~(u64)7};
	k->markers = mem_calloc(nr_blocks(k), sizeof(*k->markers));
	if (k->tables->markers && (read_markers_at(k, k->tables->markers, 4) ||
				   read_markers_at(k, k->tables->markers, 8)))
		return;
	for (size_t width = 4; width <= 8; width += 4)
		for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
			if (nr_blocks(k) > 1 &&
			    read_markers_at(k, (ends[i] - nr_blocks(k) * width) & ~(u64)7, width))
				return;
	free(k->markers);
	k->markers = NULL;
}

/* Blocks whose length agrees with the markers, read this way. */
static size_t nr_blocks_fit(struct kallsyms *k, enum kallsyms_length kind)
{
	size_t fit = 0;
	for (size_t i = 0; i + 1 < nr_blocks(k); i++)
		fit += kallsyms_skip_names(&k->names, kind, k->markers[i], KALLSYMS_BLOCK) ==
		       k->markers[i + 1];
	return fit;
}

static int choose_length(struct kallsyms *k, struct error *error)
{
	k->length = LENGTH_ULEB;
	if (!k->markers || nr_blocks(k) < 2)
		return 0;
	size_t uleb = nr_blocks_fit(k, LENGTH_ULEB);
	if (uleb == nr_blocks(k) - 1)
		return 0;
	size_t byte = nr_blocks_fit(k, LENGTH_BYTE);
	if (byte > uleb)
		k->length = LENGTH_BYTE;
	if (byte || uleb || k->names.nr_holes)
		return 0;
	return error_set(
		error, EXIT_INPUT,
		"kallsyms_names at %#llx: lengths of the names do not agree with kallsyms_markers",
		(unsigned long long)k->tables->names);
}

/* Offset of name i, for the few that are wanted alone; false when it can't be reached. */
static bool name_offset(struct kallsyms *k, size_t i, size_t *offset)
{
	size_t start = k->markers ? k->markers[i / KALLSYMS_BLOCK] : 0;
	size_t skip = k->markers ? i % KALLSYMS_BLOCK : i;
	*offset = skip ? kallsyms_skip_names(&k->names, k->length, start, skip) : start;
	return !skip || *offset;
}

/* --- the check against VMCOREINFO ---------------------------------------------------------- */

static bool name_is_text(struct kallsyms *k, size_t i)
{
	char name[KALLSYMS_MAX_NAME + TOKEN_PAD];
	size_t offset, data, len;
	if (!name_offset(k, i, &offset) ||
	    !kallsyms_name_at(&k->names, k->length, offset, &data, &len))
		return true; /* in a hole: no proof against it */
	size_t n = expand(&k->tokens, k->names.bytes + data, len, name);
	return (n == 6 && memcmp(name + 1, "_text", 5) == 0) ||
	       (n == 7 && memcmp(name + 1, "_stext", 6) == 0);
}

/*
 * Some symbol at text_base must be called _text or _stext: else names and addresses are out of
 * step.
 */
static int check_text(struct kallsyms *k, u64 text_base, struct error *error)
{
	enum { MAX_ALIASES = 64 };
	size_t tried = 0;
	u64 address;
	for (size_t i = 0; i < k->n && text_base && tried < MAX_ALIASES; i++) {
		if (!kallsyms_address(&k->addresses, i, &address) || address != text_base)
			continue;
		if (name_is_text(k, i))
			return 0;
		tried++;
	}
	if (!text_base || (tried == 0 && k->addresses.window.nr_holes))
		return 0;
	return error_set(error, EXIT_INPUT,
			 "kallsyms: none of %zu symbols at %#llx is _text or _stext", tried,
			 (unsigned long long)text_base);
}

/* --- all of it ----------------------------------------------------------------------------- */

static int read_num_syms(struct kallsyms *k, struct error *error)
{
	u32 n;
	enum read_status status = reader_read(k->kernel, k->tables->num_syms, &n, sizeof(n));
	if (status)
		return error_set(error, EXIT_PARTIAL, "kallsyms_num_syms at %#llx %s",
				 (unsigned long long)k->tables->num_syms, read_status_text(status));
	if (n == 0 || n > KALLSYMS_MAX_SYMS)
		return error_set(error, EXIT_INPUT, "kallsyms_num_syms at %#llx is %u",
				 (unsigned long long)k->tables->num_syms, n);
	k->n = n;
	return 0;
}

struct adding {
	struct symbols *symbols;
	size_t name_bytes, added;
};

static void add_name(struct kallsyms *k, struct adding *to, size_t i, size_t data, size_t len)
{
	char name[KALLSYMS_MAX_NAME + TOKEN_PAD];
	u64 address;
	if (!kallsyms_address(&k->addresses, i, &address))
		return;
	size_t n = expand(&k->tokens, k->names.bytes + data, len, name);
	to->name_bytes += n;
	if (n < 2 || to->name_bytes > MAX_ALL_NAMES)
		return;
	symbols_add(to->symbols, name + 1, n - 1, address, name[0], NULL);
	to->added++;
}

/* Names first .. end of a block; stops at a hole. Returns the offset after the last one, or 0. */
static size_t add_block(struct kallsyms *k, struct adding *to, size_t first, size_t end,
			size_t offset)
{
	size_t data, len;
	for (size_t i = first; i < end; i++) {
		offset = kallsyms_name_at(&k->names, k->length, offset, &data, &len);
		if (!offset)
			return 0;
		add_name(k, to, i, data, len);
	}
	return offset;
}

static size_t add_all(struct kallsyms *k, struct symbols *symbols)
{
	struct adding to = {.symbols = symbols};
	size_t offset = 0;
	symbols_reserve(symbols, k->n, k->n * 24);
	for (size_t first = 0; first < k->n; first += KALLSYMS_BLOCK) {
		if (k->markers)
			offset = k->markers[first / KALLSYMS_BLOCK];
		offset = add_block(k, &to, first, u64_min(first + KALLSYMS_BLOCK, k->n), offset);
		if (!offset && !k->markers)
			break;
	}
	return to.added;
}

static int load(struct kallsyms *k, struct symbols *symbols, u64 text_base, struct error *error)
{
	if (read_num_syms(k, error) || read_tokens(k, error))
		return -1;
	window_init(&k->names, k->kernel, k->tables->names, k->n * KALLSYMS_MAX_NAME);
	find_markers(k);
	if (choose_length(k, error))
		return -1;
	if (!kallsyms_addresses_open(&k->addresses, k->kernel, k->tables, k->n, text_base))
		return error_set(error, EXIT_INPUT,
				 "kallsyms: no table of %zu rising addresses with _text at %#llx",
				 k->n, (unsigned long long)text_base);
	if (check_text(k, text_base, error))
		return -1;
	size_t added = add_all(k, symbols);
	if (added == 0)
		return error_set(error, EXIT_PARTIAL,
				 "kallsyms_names at %#llx: no name is readable",
				 (unsigned long long)k->tables->names);
	symbols_note_lost(symbols, k->n - added);
	return 0;
}

int kallsyms_load(struct symbols *symbols, const struct reader *kernel,
		  const struct kallsyms_tables *tables, u64 text_base, struct error *error)
{
	struct kallsyms k = {.kernel = kernel, .tables = tables};
	if (!tables->num_syms || !tables->names || !tables->token_table || !tables->token_index)
		return error_set(
			error, EXIT_INPUT,
			"kallsyms: num_syms, names, token_table or token_index is not known");
	int result = load(&k, symbols, text_base, error);
	free(k.tokens.buffer);
	free(k.markers);
	window_done(&k.names);
	window_done(&k.addresses.window);
	return result;
}
