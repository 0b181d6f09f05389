/*
 * kallsyms: the input is a piece of kernel memory.  Its first bytes say where the tables are, so
 * that loading is reached without finding them; the scan has to find them by itself.
 */
#include "debuginfo/symbols.h"

#define START 0xffffffff81000000ull

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct memory {
	const u8 *bytes;
	size_t size;
};

static enum read_status read_memory(void *context, u64 address, void *buffer, size_t len)
{
	const struct memory *m = context;
	if (address < START || address - START > m->size || len > m->size - (address - START))
		return READ_UNMAPPED;
	memcpy(buffer, m->bytes + (address - START), len);
	return READ_OK;
}

static void load(const struct reader *reader, const struct kallsyms_tables *tables, u64 text_base)
{
	struct symbols *symbols = symbols_new();
	struct symbol symbol;
	u64 offset;
	kallsyms_load(symbols, reader, tables, text_base, NULL);
	symbols_seal(symbols);
	symbols_find(symbols, "_text", NULL, &symbol);
	symbols_at(symbols, START + 100, &symbol, &offset);
	symbols_free(symbols);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u16 at[8];
	if (size < sizeof(at))
		return 0;
	memcpy(at, data, sizeof(at));
	struct memory memory = {data + sizeof(at), size - sizeof(at)};
	struct reader reader = {read_memory, &memory};
	struct kallsyms_tables tables = {
		.num_syms = START + at[0],
		.names = START + at[1],
		.token_table = START + at[2],
		.token_index = START + at[3],
		.offsets = at[4] ? START + at[4] : 0,
		.relative_base = at[5] ? START + at[5] : 0,
		.addresses = at[6] ? START + at[6] : 0,
		.markers = at[7] ? START + at[7] : 0,
	};
	load(&reader, &tables, 0);
	load(&reader, &tables, START);
	if (kallsyms_scan(&tables, &reader, START, START + memory.size, NULL) == 0)
		load(&reader, &tables, 0);
	return 0;
}
