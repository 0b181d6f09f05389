/*
 * The writer: straight from the descriptions of the formats, on purpose without any of src/dump, so
 * that a misunderstanding there is not repeated here.
 */
#include "support/dumpmake.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif

#include "base/mem.h"

const char dumpmake_vmcoreinfo[] =
	"OSRELEASE=6.1.0-test\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff81000000\n"
	"NUMBER(phys_base)=4096\n";

void bytes_put(struct bytes *b, u64 offset, const void *bytes, size_t len)
{
	size_t end = (size_t)offset + len;
	if (end > b->room) {
		b->room = end + end / 2 + 4096;
		b->v = mem_realloc(b->v, b->room);
	}
	if (end > b->n) {
		memset(b->v + b->n, 0, end - b->n);
		b->n = end;
	}
	if (len)
		memcpy(b->v + offset, bytes, len);
}

void bytes_done(struct bytes *b)
{
	free(b->v);
	*b = (struct bytes){0};
}

static void put32(struct bytes *b, u64 offset, u32 value)
{
	bytes_put(b, offset, &value, sizeof(value));
}

static void put64(struct bytes *b, u64 offset, u64 value)
{
	bytes_put(b, offset, &value, sizeof(value));
}

void dumpmake_page(u64 pfn, void *page, size_t size)
{
	memset(page, 0, size);
	if (pfn % 7 == 0)
		return;
	u64 *words = page, x = pfn * 0x9e3779b97f4a7c15ULL + 1;
	for (size_t i = 0; i < size / 8; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (pfn % 5 == 0)
			words[i] = x;
		else
			words[i] = i % 16 ? pfn : x;
	}
}

enum read_status dumpmake_status(u64 pfn)
{
	if (pfn >= 160 && pfn < 256)
		return READ_UNMAPPED;
	if (pfn % 11 == 3 || (pfn >= 700 && pfn < 1300))
		return READ_EXCLUDED;
	return READ_OK;
}

/* --- kdump-compressed ---------------------------------------------------------------------- */

static size_t pack_page(u32 codec, const void *page, size_t size, u8 *out, size_t room)
{
	switch (codec) {
#ifdef HAVE_ZLIB
	case 0x1: {
		uLongf n = room;
		return compress2(out, &n, page, size, 1) == Z_OK ? n : 0;
	}
#endif
#ifdef HAVE_LZO
	case 0x2: {
		static u8 work[LZO1X_1_MEM_COMPRESS] __attribute__((aligned(16)));
		lzo_uint n = room;
		return lzo1x_1_compress(page, size, out, &n, work) == LZO_E_OK ? n : 0;
	}
#endif
#ifdef HAVE_SNAPPY
	case 0x4: {
		size_t n = room;
		return snappy_compress(page, size, (char *)out, &n) == SNAPPY_OK ? n : 0;
	}
#endif
#ifdef HAVE_ZSTD
	case 0x20: {
		size_t n = ZSTD_compress(out, room, page, size, 1);
		return ZSTD_isError(n) ? 0 : n;
	}
#endif
	}
	return 0;
}

static void put_header(struct bytes *b, const struct kdump_spec *s, u32 bitmap_blocks)
{
	bytes_put(b, 0, "KDUMP   ", 8);
	put32(b, 8, s->version);
	bytes_put(b, 12 + 2 * 65, "6.1.0-test", 10);
	bytes_put(b, 12 + 4 * 65, "x86_64", 6);
	put64(b, 408, s->seconds);
	put32(b, 424, s->codec | s->status);
	put32(b, 428, s->block_size);
	put32(b, 432, 2); /* sub header: one block, and one for VMCOREINFO */
	put32(b, 436, bitmap_blocks);
	put32(b, 440, (u32)s->nr_pfns);
}

static void put_sub_header(struct bytes *b, const struct kdump_spec *s)
{
	u64 at = s->block_size;
	put64(b, at, 0x1000000);
	put32(b, at + 8, 31);
	if (s->version >= 2) {
		put32(b, at + 12, s->split);
		put64(b, at + 16, s->start_pfn);
		put64(b, at + 24, s->end_pfn);
	}
	if (s->version >= 3) {
		put64(b, at + 32, 2 * at);
		put64(b, at + 40, strlen(dumpmake_vmcoreinfo));
		bytes_put(b, 2 * at, dumpmake_vmcoreinfo, strlen(dumpmake_vmcoreinfo));
	}
	if (s->version >= 4) {
		Elf64_Nhdr note = {.n_namesz = 5, .n_descsz = 6, .n_type = NT_PRSTATUS};
		put64(b, at + 48, 2 * at + 1024);
		put64(b, at + 56, sizeof(note) + 8 + 8);
		bytes_put(b, 2 * at + 1024, &note, sizeof(note));
		bytes_put(b, 2 * at + 1024 + sizeof(note), "CORE\0\0\0\0desc01\0\0", 16);
	}
	if (s->version >= 6) {
		put64(b, at + 80, s->start_pfn);
		put64(b, at + 88, s->end_pfn);
		put64(b, at + 96, s->nr_pfns);
	}
}

static void put_bit(struct bytes *b, u64 at, u64 bit)
{
	b->v[at + bit / 8] |= (u8)(1 << bit % 8);
}

static struct kdump_spec with_defaults(const struct kdump_spec *spec)
{
	struct kdump_spec s = *spec;
	if (!s.version)
		s.version = 6;
	if (!s.block_size)
		s.block_size = 4096;
	if (!s.split)
		s.end_pfn = s.nr_pfns;
	return s;
}

static u64 bitmap_blocks_of(const struct kdump_spec *s)
{
	u64 bits = (u64)s->block_size * 8;
	return (s->nr_pfns + bits - 1) / bits;
}

u64 dumpmake_kdump_descs(const struct kdump_spec *spec)
{
	struct kdump_spec s = with_defaults(spec);
	return (3 + 2 * bitmap_blocks_of(&s)) * s.block_size;
}

struct kdump_writer {
	struct bytes *b;
	const struct kdump_spec *s;
	u64 desc, data, zero;
};

static void put_page(struct kdump_writer *w, u64 pfn)
{
	static u8 page[65536], packed[2 * 65536];
	u32 size = w->s->block_size;
	dumpmake_page(pfn, page, size);
	bool is_zero = pfn % 7 == 0;
	size_t n = w->s->codec ? pack_page(w->s->codec, page, size, packed, sizeof(packed)) : 0;
	bool packs = n && n < size;
	u32 flags = packs ? w->s->codec : 0;
	n = packs ? n : size;
	u64 offset = is_zero && w->zero ? w->zero : w->data;
	if (w->s->unwritten_from && pfn >= w->s->unwritten_from) {
		put64(w->b, w->desc + 16, 0);
		return;
	}
	if (w->s->has_wild && w->s->wild_pfn == pfn)
		put64(w->b, w->desc, (u64)1 << 50);
	else
		put64(w->b, w->desc, offset);
	put32(w->b, w->desc + 8, (u32)n);
	put32(w->b, w->desc + 12, flags);
	put64(w->b, w->desc + 16, 0);
	if (offset == w->data) {
		bytes_put(w->b, offset, packs ? packed : page, n);
		if (w->s->has_bad && w->s->bad_pfn == pfn)
			memset(w->b->v + offset, 0xff, n);
		w->data += n;
	}
	if (is_zero)
		w->zero = offset;
}

struct bytes dumpmake_kdump(const struct kdump_spec *spec)
{
	struct kdump_spec s = with_defaults(spec);
	struct bytes b = {0};
	u64 blocks = bitmap_blocks_of(&s);
	u64 ram = 3 * (u64)s.block_size, dumped = ram + blocks * s.block_size,
	    descs = dumped + blocks * s.block_size;
	put_header(&b, &s, (u32)(2 * blocks));
	put_sub_header(&b, &s);
	bytes_put(&b, descs, NULL, 0);
	u64 nr = 0;
	for (u64 pfn = 0; pfn < s.nr_pfns; pfn++) {
		enum read_status status = dumpmake_status(pfn);
		if (status != READ_UNMAPPED)
			put_bit(&b, ram, pfn);
		if (status == READ_OK)
			put_bit(&b, dumped, pfn);
		nr += status == READ_OK && pfn >= s.start_pfn && pfn < s.end_pfn;
	}
	struct kdump_writer w = {.b = &b, .s = &s, .desc = descs, .data = descs + nr * 24};
	for (u64 pfn = s.start_pfn; pfn < s.end_pfn; pfn++) {
		if (dumpmake_status(pfn))
			continue;
		put_page(&w, pfn);
		w.desc += 24;
	}
	return b;
}

/* --- ELF ----------------------------------------------------------------------------------- */

static void put_range(struct bytes *b, u64 offset, u64 paddr, u64 len)
{
	u8 page[4096];
	for (u64 done = 0; done < len;) {
		u64 skip = (paddr + done) % 4096, n = u64_min(4096 - skip, len - done);
		dumpmake_page((paddr + done) / 4096, page, sizeof(page));
		bytes_put(b, offset + done, page + skip, (size_t)n);
		done += n;
	}
}

static void put_elf_header(struct bytes *b, const struct elf_spec *s, u64 phoff, u64 shoff,
			   u64 phnum)
{
	Elf64_Ehdr ehdr = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = s->type ? s->type : ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = phoff,
		.e_shoff = shoff,
		.e_ehsize = 64,
		.e_phentsize = 56,
		.e_phnum = (u16)(s->xnum ? PN_XNUM : phnum),
		.e_shentsize = 64,
		.e_shnum = s->xnum,
	};
	bytes_put(b, 0, &ehdr, sizeof(ehdr));
	if (s->xnum) {
		Elf64_Shdr shdr = {.sh_info = (u32)phnum};
		bytes_put(b, shoff, &shdr, sizeof(shdr));
	}
}

static u64 put_notes(struct bytes *b, u64 offset)
{
	Elf64_Nhdr status = {.n_namesz = 5, .n_descsz = 6, .n_type = NT_PRSTATUS};
	Elf64_Nhdr info = {.n_namesz = 11, .n_descsz = (u32)strlen(dumpmake_vmcoreinfo)};
	u64 at = offset;
	bytes_put(b, at, &status, sizeof(status));
	bytes_put(b, at + sizeof(status), "CORE\0\0\0\0desc01\0\0", 16);
	at += sizeof(status) + 16;
	bytes_put(b, at, &info, sizeof(info));
	bytes_put(b, at + sizeof(info), "VMCOREINFO\0", 12);
	bytes_put(b, at + sizeof(info) + 12, dumpmake_vmcoreinfo, info.n_descsz);
	at += sizeof(info) + 12 + align_up(info.n_descsz, 4);
	bytes_put(b, at, NULL, 0);
	return at - offset;
}

struct bytes dumpmake_elf(const struct elf_spec *s)
{
	struct bytes b = {0};
	u64 phoff = s->phoff ? s->phoff : 64, phnum = s->nr_loads + !s->no_note;
	u64 shoff = phoff + phnum * 56, at = shoff + 64;
	put_elf_header(&b, s, phoff, shoff, phnum);
	Elf64_Phdr *phdrs = mem_calloc(phnum, sizeof(*phdrs));
	size_t n = 0;
	if (!s->no_note) {
		phdrs[n] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = at};
		phdrs[n].p_filesz = put_notes(&b, at);
		at += phdrs[n++].p_filesz;
	}
	for (size_t i = 0; i < s->nr_loads; i++, n++) {
		const struct elf_load *l = &s->loads[i];
		phdrs[n] = (Elf64_Phdr){.p_type = PT_LOAD,
					.p_offset = at,
					.p_vaddr = l->vaddr,
					.p_paddr = l->paddr,
					.p_filesz = l->filesz,
					.p_memsz = l->memsz};
		put_range(&b, at, l->paddr, l->filesz);
		at += l->filesz;
	}
	bytes_put(&b, phoff, phdrs, phnum * sizeof(*phdrs));
	free(phdrs);
	return b;
}

struct bytes dumpmake_raw(u64 nr_pfns)
{
	struct bytes b = {0};
	put_range(&b, 0, 0, nr_pfns * 4096);
	memset(b.v + 3 * 4096, 0, 4096);
	bytes_put(&b, 3 * 4096, dumpmake_vmcoreinfo, strlen(dumpmake_vmcoreinfo));
	return b;
}

/* --- around the file ----------------------------------------------------------------------- */

static void put_record(struct bytes *out, u64 offset, const u8 *bytes, u64 size)
{
	u64 header[2] = {__builtin_bswap64(offset), __builtin_bswap64(size)};
	bytes_put(out, out->n, header, sizeof(header));
	if (bytes)
		bytes_put(out, out->n, bytes, (size_t)size);
}

struct bytes dumpmake_flatten(const struct bytes *in, size_t record, unsigned flags)
{
	struct bytes out = {0};
	u64 one = __builtin_bswap64(1);
	bytes_put(&out, 0, "makedumpfile\0\x8b\xff\xff",
		  16); /* the field was never cleared by makedumpfile 1.6 */
	bytes_put(&out, 16, &one, 8);
	bytes_put(&out, 24, &one, 8);
	bytes_put(&out, 4096, NULL, 0);
	if (flags &
	    FLATTEN_OVERLAP) { /* wrong bytes first, over everything in records of odd sizes */
		u8 *wrong = mem_alloc(in->n);
		memset(wrong, 0xee, in->n);
		for (size_t at = 0; at < in->n; at += record * 3 + 5)
			put_record(&out, at, wrong, u64_min(record * 3 + 5, in->n - at));
		free(wrong);
	}
	size_t nr = (in->n + record - 1) / record;
	for (size_t i = 0; i < nr; i++) {
		size_t at = (flags & FLATTEN_BACKWARD ? nr - 1 - i : i) * record;
		put_record(&out, at, in->v + at, u64_min(record, in->n - at));
	}
	if (!(flags & FLATTEN_NO_END))
		put_record(&out, UINT64_MAX, NULL, UINT64_MAX);
	return out;
}

struct bytes dumpmake_pack(const struct bytes *in, const char *how)
{
	struct bytes out = {0};
	size_t room = in->n + in->n / 8 + 65536, n = 0;
	u8 *packed = mem_alloc(room);
#ifdef HAVE_ZLIB
	if (!strcmp(how, "gzip")) {
		z_stream z = {.next_in = in->v,
			      .avail_in = (uInt)in->n,
			      .next_out = packed,
			      .avail_out = (uInt)room};
		deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
		deflate(&z, Z_FINISH);
		n = z.total_out;
		deflateEnd(&z);
	}
#endif
#ifdef HAVE_LZMA
	if (!strcmp(how, "xz") &&
	    lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, in->v, in->n, packed, &n, room))
		n = 0;
#endif
#ifdef HAVE_ZSTD
	if (!strcmp(how, "zstd")) {
		ZSTD_CCtx *zstd = ZSTD_createCCtx();
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
		n = ZSTD_compress2(zstd, packed, room, in->v, in->n);
		ZSTD_freeCCtx(zstd);
	}
#endif
	bytes_put(&out, 0, packed, n);
	free(packed);
	return out;
}

char *dumpmake_write(const struct bytes *b, size_t len)
{
	char path[] = "/tmp/memwho-test-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, b->v, len) != (ssize_t)len)
		abort();
	close(fd);
	return mem_strdup(path);
}

void dumpmake_remove(char *path)
{
	unlink(path);
	free(path);
}
