/*
 * VMCOREINFO in memory.
 *
 * A dump without the note (QEMU without -device vmcoreinfo, raw memory) still holds the text twice:
 * crash_save_ vmcoreinfo_init() (kernel/vmcore_info.c) fills a page of its own with it, and a page
 * with the ELF note.  Both start on a page boundary: "OSRELEASE=", or a note header with the name
 * "VMCOREINFO" and then that.  An old copy of another kernel (the one before a kexec) may lie in
 * free memory: the copy that translates wins, so all are tried.
 */
#include <string.h>

#include "kernel/boot.h"

enum { NOTE_HEADER = 24, TEXT_MAX = 4096 };

static size_t text_start(const u8 *page)
{
	static const char start[] = "OSRELEASE=";
	if (!memcmp(page, start, sizeof(start) - 1))
		return 0;
	if (!memcmp(page + 12, "VMCOREINFO", 11) &&
	    !memcmp(page + NOTE_HEADER, start, sizeof(start) - 1))
		return NOTE_HEADER;
	return SIZE_MAX;
}

static bool take_text(struct kernel *k, const u8 *page, size_t start, size_t page_size)
{
	size_t len = strnlen((const char *)page + start, u64_min(TEXT_MAX, page_size - start));
	struct vmcoreinfo found;
	vmcoreinfo_parse(&found, (const char *)page + start, len);
	u64 address;
	if (!vmcoreinfo_text(&found, "PAGESIZE") ||
	    !vmcoreinfo_symbol(&found, "init_uts_ns", &address)) {
		vmcoreinfo_done(&found);
		return false;
	}
	k->vmcoreinfo = found;
	return true;
}

static bool search_piece(struct kernel *k, const u8 *bytes, size_t len)
{
	enum { STEP = 4096 };
	for (size_t at = 0; at + STEP <= len; at += STEP) {
		size_t start = text_start(bytes + at);
		if (start != SIZE_MAX && take_text(k, bytes + at, start, STEP))
			return true;
	}
	return false;
}

bool boot_find_vmcoreinfo(struct kernel *k)
{
	enum { PIECE = 1 << 20 };
	const struct image_info *info = image_info(k->image);
	u64 end = info->max_pfn * (info->page_size ? info->page_size : 4096);
	u8 *bytes = mem_alloc(PIECE);
	bool found = false;
	for (u64 paddr = 0; paddr < end && !found;) {
		u64 run;
		enum read_status status = image_state(k->image, paddr, &run);
		size_t len = u64_min(run, PIECE);
		if (status == READ_OK && image_read(k->image, paddr, bytes, len) == READ_OK)
			found = search_piece(k, bytes, len);
		paddr += status == READ_OK ? len : run;
		progress_step(k->progress, "searching VMCOREINFO", paddr, end);
	}
	progress_step(k->progress, "searching VMCOREINFO", end, end);
	free(bytes);
	return found;
}
