/* System.map and /proc/kallsyms texts. */
#include <unistd.h>

#include "debuginfo/symbols.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char path[] = "/dev/shm/memwho-fuzz-XXXXXX";
	struct symbols *symbols = symbols_new();
	struct symbol symbol;
	u64 value;
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, data, size) < 0)
		return 0;
	close(fd);
	symbols_add_map(symbols, path, 0x1000, NULL);
	symbols_seal(symbols);
	symbols_find(symbols, "a", "m", &symbol);
	symbols_at(symbols, 0xffffffff81000000, &symbol, &value);
	symbols_map_lookup(path, "a", &value);
	symbols_free(symbols);
	unlink(path);
	return 0;
}
