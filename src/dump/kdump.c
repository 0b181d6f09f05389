/*
 * kdump-compressed files: what makedumpfile writes by default, and QEMU's kdump-zlib/-lzo/-snappy.
 *
 *	block 0			struct disk_dump_header
 *	block 1			struct kdump_sub_header, and behind it VMCOREINFO and ELF notes
 *	1 + sub_hdr_size	1st bitmap: page frames that exist; 2nd bitmap: those that are in
 *the file
 *	+ bitmap_blocks		a page descriptor for each bit that is set in the 2nd bitmap
 *	behind them		packed pages
 * (makedumpfile's IMPLEMENTATION and diskdump_mod.h.)  Header version 1 has the dump level, 2 split
 * sets, 3 VMCOREINFO, 4 ELF notes, 5 erased data (not used here), 6 page frame numbers of 64 bits.
 * Only files of 64-bit little-endian machines: the structures are those of the machine that
 *crashed.
 *
 * A split set (makedumpfile --split) is several such files; each has the whole bitmaps, and
 *descriptors for its own range of page frames.  Parts may be missing: their pages are
 *READ_TRUNCATED.
 */
#include "dump/kdump.h"

#include <elf.h>
#include <string.h>

#include "base/cursor.h"

enum {
	HEADER_BYTES = 464,
	SUB_HEADER_BYTES = 104,
	MIN_BLOCK = 4096,
	MAX_BLOCK = 65536,
	PAGE_CACHE_BYTES = 8 << 20,
	TAIL_DESCS =
		1 << 20, /* how far back to look for the last page that does not share its bytes */
	STATUS_INCOMPLETE = 0x8,
	STATUS_EXCLUDED_VMEMMAP = 0x10,
	UTSNAME_FIELD = 65,
};

/* Larger than any machine; keeps offsets of bitmaps and descriptors far from overflow. */
static const u64 MAX_PFN = (u64)1 << 44;

struct header {
	u32 version, status, block_size, sub_blocks, bitmap_blocks;
	u64 max_pfn;
	char release[UTSNAME_FIELD + 1], machine[UTSNAME_FIELD + 1];
	u64 time_sec, time_usec;
	/* sub header */
	u64 phys_base;
	int dump_level;
	bool split;
	u64 start_pfn, end_pfn;
	u64 vmcoreinfo_offset, vmcoreinfo_size, notes_offset, notes_size;
};

static bool kdump_probe(const u8 *head, size_t len)
{
	return len >= 8 && !memcmp(head, "KDUMP   ", 8);
}

static bool is_block_size(u32 size)
{
	return size >= MIN_BLOCK && size <= MAX_BLOCK && !(size & (size - 1));
}

static u32 u32_at(const u8 *bytes, size_t offset)
{
	u32 value;
	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

/* Tell the machines whose structures are laid out differently by where a sane block size stands. */
static int block_size_error(const struct file *file, const u8 *bytes, struct error *error)
{
	enum { BLOCK_SIZE_32 = 416, BLOCK_SIZE_64 = 428 };
	if (is_block_size(__builtin_bswap32(u32_at(bytes, BLOCK_SIZE_64))))
		return error_set(
			error, EXIT_INPUT,
			"%s: kdump-compressed dump of a big-endian machine (s390x, ppc64): only little-endian "
			"64-bit dumps can be read",
			file->name);
	if (is_block_size(u32_at(bytes, BLOCK_SIZE_32)))
		return error_set(
			error, EXIT_INPUT,
			"%s: kdump-compressed dump of a 32-bit machine: only dumps of 64-bit machines can be read",
			file->name);
	return error_set(
		error, EXIT_INPUT,
		"%s: kdump-compressed header with block size %u (4096 to 65536 expected): the header is damaged",
		file->name, u32_at(bytes, BLOCK_SIZE_64));
}

static void parse_main(struct header *h, const u8 *bytes)
{
	struct cursor c = cursor_over(bytes, HEADER_BYTES);
	cursor_skip(&c, 8);
	h->version = cursor_u32(&c);
	const char *utsname = cursor_bytes(&c, 6 * UTSNAME_FIELD);
	memcpy(h->release, utsname + 2 * UTSNAME_FIELD, UTSNAME_FIELD);
	memcpy(h->machine, utsname + 4 * UTSNAME_FIELD, UTSNAME_FIELD);
	cursor_align(&c, 8);
	h->time_sec = cursor_u64(&c);
	h->time_usec = cursor_u64(&c);
	h->status = cursor_u32(&c);
	h->block_size = cursor_u32(&c);
	h->sub_blocks = cursor_u32(&c);
	h->bitmap_blocks = cursor_u32(&c);
	h->max_pfn = cursor_u32(&c);
}

static void parse_sub(struct header *h, const u8 *bytes)
{
	struct cursor c = cursor_over(bytes, SUB_HEADER_BYTES);
	h->phys_base = cursor_u64(&c);
	h->dump_level = (int)cursor_u32(&c);
	h->split = cursor_u32(&c) && h->version >= 2;
	h->start_pfn = cursor_u64(&c);
	h->end_pfn = cursor_u64(&c);
	h->vmcoreinfo_offset = cursor_u64(&c);
	h->vmcoreinfo_size = cursor_u64(&c);
	h->notes_offset = cursor_u64(&c);
	h->notes_size = cursor_u64(&c);
	cursor_skip(&c, 16);
	if (h->version >= 6) {
		h->start_pfn = cursor_u64(&c);
		h->end_pfn = cursor_u64(&c);
		h->max_pfn = cursor_u64(&c);
	}
	if (h->version < 1)
		h->dump_level = -1;
	if (h->version < 3)
		h->vmcoreinfo_size = 0;
	if (h->version < 4)
		h->notes_size = 0;
	if (!h->split) {
		h->start_pfn = 0;
		h->end_pfn = h->max_pfn;
	}
}

static int check_counts(const struct file *file, const struct header *h, struct error *error)
{
	if (!h->max_pfn || h->max_pfn > MAX_PFN)
		return error_set(error, EXIT_INPUT,
				 "%s: kdump header counts %llu page frames: the header is damaged",
				 file->name, (unsigned long long)h->max_pfn);
	if ((u64)h->bitmap_blocks * h->block_size < h->max_pfn / 8)
		return error_set(
			error, EXIT_INPUT,
			"%s: kdump header has %u bitmap blocks of %u bytes for %llu page frames: too few, the "
			"header is damaged",
			file->name, h->bitmap_blocks, h->block_size,
			(unsigned long long)h->max_pfn);
	if (h->start_pfn > h->end_pfn)
		return error_set(
			error, EXIT_INPUT,
			"%s: kdump sub header: page frames from %#llx up to %#llx: it is damaged",
			file->name, (unsigned long long)h->start_pfn,
			(unsigned long long)h->end_pfn);
	return 0;
}

static int read_header(struct file *file, struct header *h, struct error *error)
{
	u8 bytes[HEADER_BYTES], sub[SUB_HEADER_BYTES];
	memset(h, 0, sizeof(*h));
	if (file_read(file, 0, bytes, sizeof(bytes)))
		return error_set(error, EXIT_INPUT,
				 "%s: kdump-compressed dump, cut off in its header (%llu bytes are "
				 "there): copy it again",
				 file->name, (unsigned long long)file->size);
	parse_main(h, bytes);
	if (!is_block_size(h->block_size))
		return block_size_error(file, bytes, error);
	if (file_read(file, h->block_size, sub, sizeof(sub)))
		return error_set(
			error, EXIT_INPUT,
			"%s: kdump-compressed dump, cut off in its sub header (%llu bytes are "
			"there): copy it again",
			file->name, (unsigned long long)file->size);
	parse_sub(h, sub);
	return check_counts(file, h, error);
}

/* --- one file ------------------------------------------------------------------------------ */

/* The codec that the header names for the whole file; flags of single pages may still differ. */
static int check_codec(const struct file *file, const struct header *h, struct error *error)
{
	const struct codec *codec = codec_by_flags(h->status);
	if (!codec || codec->decode)
		return 0;
	return error_set(
		error, EXIT_INPUT,
		"%s: its pages are compressed with %s, which this memwho was built without: use a build with it",
		file->name, codec->name);
}

static void init_part(struct kdump_part *part, struct file *file, const struct header *h)
{
	u64 bitmaps = (1 + (u64)h->sub_blocks) * h->block_size;
	u64 bitmap_bytes = (u64)h->bitmap_blocks * h->block_size;
	bool two = bitmap_bytes / 2 >=
		   (h->max_pfn + 7) / 8; /* else there is one for both (diskdump's full dumps) */
	part->file = file;
	part->start_pfn = u64_min(h->start_pfn, h->max_pfn);
	part->end_pfn = u64_min(h->end_pfn, h->max_pfn);
	part->descs = bitmaps + bitmap_bytes;
	pagemap_init(&part->ram, file, bitmaps, h->max_pfn);
	pagemap_init(&part->dumped, file, two ? bitmaps + bitmap_bytes / 2 : bitmaps, h->max_pfn);
	part->truncated = !file->complete || (h->status & STATUS_INCOMPLETE);
}

/* Where the last page ends that has bytes of its own; 0 when none was found near the end. */
static u64 last_data_end(const struct kdump_part *part, u32 block_size)
{
	enum { AT_ONCE = 1024 };
	u8 bytes[AT_ONCE * 24];
	u64 stop = part->nr_pages > TAIL_DESCS ? part->nr_pages - TAIL_DESCS : 0;
	for (u64 end = part->nr_pages; end > stop;) {
		u64 n = u64_min(AT_ONCE, end);
		if (file_read(part->file, part->descs + (end - n) * KDUMP_DESC_BYTES, bytes,
			      n * KDUMP_DESC_BYTES))
			return 0;
		for (u64 i = n; i--;) {
			struct cursor c =
				cursor_over(bytes + i * KDUMP_DESC_BYTES, KDUMP_DESC_BYTES);
			u64 offset = cursor_u64(&c), size = cursor_u32(&c);
			if (offset > part->data && size && size <= block_size &&
			    offset < INT64_MAX - size)
				return offset + size;
		}
		end -= n;
	}
	return 0;
}

/*
 * Whether the file ends before what its descriptors promise.  No header has the size of the file,
 * so the last page has to tell; one mad descriptor is not believed.  Returns the bytes that are
 * missing.
 */
static u64 measure_part(struct kdump_part *part, u32 block_size)
{
	u64 size = part->file->size;
	u64 bits_end = part->dumped.offset + (part->dumped.nr_bits + 7) / 8;
	bool all_bits = part->dumped.nr_bits >= part->end_pfn;
	if (pagemap_rank(&part->dumped, u64_min(part->start_pfn, part->dumped.nr_bits),
			 &part->first_rank))
		part->first_rank = 0;
	u64 last_rank = part->first_rank;
	if (pagemap_rank(&part->dumped, u64_min(part->end_pfn, part->dumped.nr_bits), &last_rank))
		last_rank = part->dumped.nr_set;
	part->nr_pages = last_rank - u64_min(part->first_rank, last_rank);
	part->data = part->descs + part->nr_pages * KDUMP_DESC_BYTES;
	u64 promised = all_bits ? part->data : u64_max(bits_end, part->data);
	if (promised <= size &&
	    !part->file->flattened) /* those say themselves whether they are complete */
		promised = u64_max(promised, last_data_end(part, block_size));
	if (all_bits && promised <= size)
		return 0;
	if (promised > part->data && (promised - part->data) / block_size > part->nr_pages)
		return 0;
	part->truncated = true;
	return promised > size ? promised - size : 0;
}

static int open_part(struct image *image, struct kdump_part *part, struct file *file,
		     struct header *h, struct error *error)
{
	struct image_info *info = &image->info;
	if (read_header(file, h, error) || check_codec(file, h, error))
		return -1;
	init_part(part, file, h);
	pagemap_index(&part->dumped);
	info->missing_bytes += measure_part(part, h->block_size);
	info->complete &= !part->truncated;
	return 0;
}

/* --- split sets ---------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct kdump_part *x = a, *y = b;
	return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
}

/* Files of one set have the same header but for their range. */
static int check_same(const struct file *file, const struct header *h,
		      const struct file *first_file, const struct header *first,
		      struct error *error)
{
	if (!h->split)
		return error_set(error, EXIT_INPUT,
				 "%s is a whole dump, not one of a split set: give it alone",
				 file->name);
	if (h->block_size != first->block_size || h->max_pfn != first->max_pfn ||
	    h->time_sec != first->time_sec || h->time_usec != first->time_usec ||
	    strcmp(h->release, first->release))
		return error_set(error, EXIT_INPUT, "%s and %s are parts of different dumps",
				 first_file->name, file->name);
	return 0;
}

/* Gaps between the parts are files that were not given. */
static int check_ranges(struct image *image, struct kdump *k, struct error *error)
{
	u64 covered = 0;
	qsort(k->parts, k->nr_parts, sizeof(*k->parts), by_start);
	for (size_t i = 0; i < k->nr_parts; i++) {
		struct kdump_part *part = &k->parts[i];
		if (part->start_pfn < covered)
			return error_set(
				error, EXIT_INPUT,
				"%s and %s hold the same pages: one file of the set was given twice",
				k->parts[i - 1].file->name, part->file->name);
		if (part->start_pfn > covered)
			image->info.complete = false;
		covered = part->end_pfn;
	}
	if (covered < k->max_pfn)
		image->info.complete = false;
	return 0;
}

static int open_parts(struct image *image, struct kdump *k, struct header *first,
		      struct error *error)
{
	for (size_t i = 0; i < image->nr_files; i++) {
		struct header h;
		if (open_part(image, &k->parts[i], image->files[i], i ? &h : first, error))
			return -1;
		if (image->nr_files > 1 &&
		    check_same(image->files[i], i ? &h : first, image->files[0], first, error))
			return -1;
	}
	k->max_pfn = first->max_pfn;
	return check_ranges(image, k, error);
}

/* --- what is told about it ----------------------------------------------------------------- */

static u16 elf_machine(const char *machine)
{
	static const struct {
		const char *name;
		u16 machine;
	} rows[] = {{"x86_64", EM_X86_64},
		    {"aarch64", EM_AARCH64},
		    {"riscv64", EM_RISCV},
		    {"ppc64le", EM_PPC64}};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].name, machine))
			return rows[i].machine;
	}
	return 0;
}

static const char *describe(struct image *image, const struct kdump *k, const struct header *h)
{
	const struct codec *codec = codec_by_flags(h->status);
	const char *parts = "";
	if (h->split)
		parts = arena_printf(&image->arena, ", %zu file%s of a split set%s", k->nr_parts,
				     k->nr_parts == 1 ? "" : "s",
				     image->info.complete ? "" : " that is not complete");
	return arena_printf(&image->arena, "kdump-compressed v%u, %s%s%s%s", h->version,
			    codec ? codec->name : "not compressed", image_wrapping(image), parts,
			    h->status & STATUS_EXCLUDED_VMEMMAP ? ", unused struct pages excluded"
								: "");
}

static void fill_info(struct image *image, const struct kdump *k, const struct header *h)
{
	struct image_info *info = &image->info;
	info->kind = image->files[0]->flattened ? "flattened" : "kdump";
	info->elf_machine = elf_machine(h->machine);
	info->page_size = k->block_size;
	info->max_pfn = k->max_pfn;
	info->dump_level = h->dump_level;
	info->phys_base = h->phys_base;
	info->has_phys_base = info->elf_machine == EM_X86_64;
	info->release = h->release[0] ? arena_strdup(&image->arena, h->release) : NULL;
	info->description = describe(image, k, h);
}

static void read_notes(struct image *image, const struct header *h)
{
	struct file *file = image->files[0];
	if (!notes_add_vmcoreinfo(&image->notes, file, h->vmcoreinfo_offset, h->vmcoreinfo_size) ||
	    !notes_add(&image->notes, file, h->notes_offset, h->notes_size))
		image->info.complete = false;
}

/* With nothing to read a page from there is no dump. */
static int check_any(const struct image *image, const struct kdump *k, const struct header *h,
		     struct error *error)
{
	for (size_t i = 0; i < k->nr_parts; i++) {
		const struct kdump_part *part = &k->parts[i];
		if (part->nr_pages && part->file->size > part->data)
			return 0;
	}
	const char *advice =
		h->split ? ": a part of a split set that holds none; give all parts together"
		: image->info.complete ? ""
				       : ": it is cut off before the first one, copy it again";
	return error_set(error, EXIT_INPUT, "%s: kdump-compressed dump without a single page%s",
			 image->files[0]->name, advice);
}

static int kdump_open(struct image *image, struct error *error)
{
	struct kdump *k = image->private = mem_alloc(sizeof(*k));
	struct header h = {0};
	k->parts = mem_calloc(image->nr_files, sizeof(*k->parts));
	k->nr_parts = image->nr_files;
	if (open_parts(image, k, &h, error))
		return -1;
	k->block_size = h.block_size;
	k->shift = (unsigned)__builtin_ctz(h.block_size);
	k->pages = cache_new(k->block_size, PAGE_CACHE_BYTES);
	read_notes(image, &h);
	fill_info(image, k, &h);
	return check_any(image, k, &h, error);
}

static void kdump_close(struct image *image)
{
	struct kdump *k = image->private;
	if (!k)
		return;
	for (size_t i = 0; i < k->nr_parts; i++) {
		pagemap_done(&k->parts[i].ram);
		pagemap_done(&k->parts[i].dumped);
	}
	kdump_workers_done(&k->workers);
	cache_free(k->pages);
	free(k->parts);
	free(k);
}

const struct container kdump_container = {
	.kind = "kdump",
	.many_files = true,
	.probe = kdump_probe,
	.open = kdump_open,
	.read = kdump_read,
	.state = kdump_state,
	.close = kdump_close,
};
