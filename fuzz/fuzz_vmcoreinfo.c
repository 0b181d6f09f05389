/* VMCOREINFO: any bytes, and the questions that the program asks. */
#include "debuginfo/vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct vmcoreinfo info;
	u64 value;
	s64 number;
	vmcoreinfo_parse(&info, (const char *)data, size);
	for (size_t i = 0; i < info.nr_lines; i++)
		vmcoreinfo_hex(&info, info.lines[i].key, &value);
	vmcoreinfo_symbol(&info, "a", &value);
	vmcoreinfo_number(&info, "a", &number);
	vmcoreinfo_done(&info);
	return 0;
}
