/*
 * ELF dumps: one PT_LOAD per range of physical memory, found by p_paddr (p_vaddr is 0 in QEMU's),
 *and PT_NOTE with the registers and VMCOREINFO.
 *
 *	/proc/vmcore and its copies	the kernel's text has a segment of its own over the same
 *memory QEMU dump-guest-memory		program headers at any e_phoff
 *	makedumpfile -E			p_filesz < p_memsz: the rest was excluded; so many segments
 *that e_phnum is PN_XNUM and section header 0 has the number
 *	/proc/kcore			segments without a physical address (vmalloc, modules) have
 *					p_paddr -1; before Linux 4.19 all had 0: both are left out
 *
 * A segment's part behind the end of the file is READ_TRUNCATED.  Only 64 bits, little endian.
 */
#include <elf.h>
#include <string.h>

#include "base/cursor.h"
#include "dump/container.h"
#include "dump/runs.h"

enum {
	PAGE = 4096,
	PHDR_BYTES = 56,
	SHDR_BYTES = 64,
	EHDR_BYTES = 64,
	MAX_PHENTSIZE = 1024,
	PHDRS_AT_ONCE = 64
};
static const u64 MAX_PADDR = (u64)1 << 56; /* no machine has more address lines */

struct elf {
	struct runs runs;
	size_t hint; /* the run that was read last */
};

struct header {
	u16 type, machine, phentsize;
	u64 phoff, shoff, phnum;
};

struct segment {
	u32 type;
	u64 offset, vaddr, paddr, filesz, memsz;
};

static bool elf_probe(const u8 *head, size_t len)
{
	return len >= EHDR_BYTES && !memcmp(head, ELFMAG, SELFMAG) &&
	       (head[EI_CLASS] == ELFCLASS32 || head[EI_CLASS] == ELFCLASS64);
}

static int refuse(const struct file *file, const char *what, struct error *error)
{
	return error_set(error, EXIT_INPUT, "%s is %s", file->name, what);
}

static int check_ident(const struct file *file, const u8 *ident, u16 type, struct error *error)
{
	if (ident[EI_DATA] != ELFDATA2LSB)
		return refuse(
			file,
			"a big-endian ELF file (s390x, ppc64): only little-endian 64-bit dumps can be read",
			error);
	if (ident[EI_CLASS] != ELFCLASS64)
		return refuse(file, "a 32-bit ELF file: only dumps of 64-bit machines can be read",
			      error);
	if (type == ET_EXEC || type == ET_DYN)
		return refuse(
			file,
			"an ELF program, not a dump: if it is the kernel's image, pass it with --vmlinux",
			error);
	if (type == ET_REL)
		return refuse(file, "an ELF object (a kernel module?), not a dump", error);
	if (type != ET_CORE)
		return refuse(file, "an ELF file, but not a core dump", error);
	return 0;
}

/* e_phnum is 16 bits; with PN_XNUM the number is sh_info of section header 0. */
static int count_phdrs(struct file *file, struct header *h, struct error *error)
{
	u8 bytes[SHDR_BYTES];
	if (h->phnum != PN_XNUM)
		return 0;
	if (file_read(file, h->shoff, bytes, sizeof(bytes)))
		return error_set(
			error, EXIT_INPUT,
			"%s: the number of ELF segments is in a section header at %llu, past the end of the file",
			file->name, (unsigned long long)h->shoff);
	struct cursor c = cursor_over(bytes, sizeof(bytes));
	cursor_skip(&c, 44);
	h->phnum = cursor_u32(&c);
	return 0;
}

static int read_header(struct file *file, struct header *h, struct error *error)
{
	u8 bytes[EHDR_BYTES];
	if (file_read(file, 0, bytes, sizeof(bytes)))
		return refuse(file, "cut off within its ELF header: copy the dump again", error);
	struct cursor c = cursor_over(bytes, sizeof(bytes));
	cursor_skip(&c, EI_NIDENT);
	h->type = cursor_u16(&c);
	h->machine = cursor_u16(&c);
	cursor_skip(&c, 4 + 8);
	h->phoff = cursor_u64(&c);
	h->shoff = cursor_u64(&c);
	cursor_skip(&c, 4 + 2);
	h->phentsize = cursor_u16(&c);
	h->phnum = cursor_u16(&c);
	if (check_ident(file, bytes, h->type, error))
		return -1;
	if (h->phnum && (h->phentsize < PHDR_BYTES || h->phentsize > MAX_PHENTSIZE))
		return error_set(error, EXIT_INPUT,
				 "%s: ELF program headers of %u bytes: the header is damaged",
				 file->name, h->phentsize);
	return count_phdrs(file, h, error);
}

static struct segment parse_segment(const u8 *bytes)
{
	struct cursor c = cursor_over(bytes, PHDR_BYTES);
	struct segment s = {.type = cursor_u32(&c)};
	cursor_skip(&c, 4);
	s.offset = cursor_u64(&c);
	s.vaddr = cursor_u64(&c);
	s.paddr = cursor_u64(&c);
	s.filesz = cursor_u64(&c);
	s.memsz = cursor_u64(&c);
	return s;
}

/* --- segments to runs ---------------------------------------------------------------------- */

/* What is collected while the program headers are read. */
struct load {
	struct image *image;
	struct runs runs;
	struct runs at_zero; /* p_paddr 0, until it is known whether several have that */
	u64 nr_at_zero, zero_vaddr;
	u64 promised_end; /* of the file, by the headers */
};

static void add_segment(struct load *load, struct runs *runs, const struct segment *s)
{
	const struct file *file = load->image->files[0];
	if (s->paddr >= MAX_PADDR) /* -1 in /proc/kcore */
		return;
	u64 memsz = u64_min(s->memsz, MAX_PADDR - s->paddr);
	u64 filesz = u64_min(s->filesz, memsz);
	u64 there = s->offset < file->size ? u64_min(filesz, file->size - s->offset) : 0;
	u64 start = s->paddr;
	runs_add(runs, (struct run){start, start + there, s->offset, READ_OK});
	runs_add(runs, (struct run){start + there, start + filesz, 0, READ_TRUNCATED});
	runs_add(runs, (struct run){start + filesz, start + memsz, 0, READ_EXCLUDED});
	if (filesz && s->offset < UINT64_MAX - filesz)
		load->promised_end = u64_max(load->promised_end, s->offset + filesz);
}

static void take_segment(struct load *load, const struct segment *s)
{
	struct image *image = load->image;
	if (s->type == PT_NOTE) {
		if (!notes_add(&image->notes, image->files[0], s->offset, s->filesz))
			image->info.complete = false;
	} else if (s->type == PT_LOAD && s->paddr == 0) {
		if (!load->nr_at_zero || s->vaddr != load->zero_vaddr)
			load->nr_at_zero++;
		load->zero_vaddr = s->vaddr;
		add_segment(load, &load->at_zero, s);
	} else if (s->type == PT_LOAD) {
		add_segment(load, &load->runs, s);
	}
}

/* Headers behind the end of the file leave the image incomplete. */
static void read_segments(struct load *load, const struct header *h)
{
	struct file *file = load->image->files[0];
	u8 bytes[MAX_PHENTSIZE];
	for (u64 i = 0; i < h->phnum; i++) {
		u64 offset = h->phoff + i * h->phentsize;
		if (offset < h->phoff || file_read_cached(file, offset, bytes, h->phentsize)) {
			load->image->info.complete = false;
			load->promised_end =
				u64_max(load->promised_end, h->phoff + h->phnum * h->phentsize);
			return;
		}
		struct segment s = parse_segment(bytes);
		take_segment(load, &s);
	}
}

/* Several segments that claim address 0 have no physical addresses at all. */
static void settle_zero(struct load *load)
{
	if (load->nr_at_zero == 1) {
		for (size_t i = 0; i < load->at_zero.n; i++)
			runs_add(&load->runs, load->at_zero.v[i]);
	}
	vec_done(&load->at_zero);
}

static int nothing_error(const struct image *image, const struct load *load, const struct header *h,
			 struct error *error)
{
	const struct file *file = image->files[0];
	if (load->nr_at_zero > 1 && !image->notes.vmcoreinfo)
		return refuse(
			file,
			"the core dump of a process, or has no physical addresses: a dump of the whole machine "
			"is needed (vmcore)",
			error);
	if (!image->info.complete || load->promised_end > file->size)
		return error_set(
			error, EXIT_INPUT,
			"%s is cut off before the first page of memory (%llu bytes are there): copy the dump again",
			file->name, (unsigned long long)file->size);
	if (h->phnum == 0)
		return refuse(
			file,
			"an ELF file without segments (a Xen domain's dump?): it cannot be read",
			error);
	return refuse(file, "an ELF core without any memory segment that has a physical address",
		      error);
}

static void describe(struct image *image, const struct header *h)
{
	const struct elf *elf = image->private;
	struct image_info *info = &image->info;
	struct file *file = image->files[0];
	info->elf_machine = h->machine;
	info->kind = file->proc ? "proc-vmcore" : file->flattened ? "flattened" : "elf";
	info->description =
		arena_printf(&image->arena, "ELF, %llu segment%s%s", (unsigned long long)h->phnum,
			     h->phnum == 1 ? "" : "s", image_wrapping(image));
	info->max_pfn = (elf->runs.v[elf->runs.n - 1].end + PAGE - 1) / PAGE;
}

static int elf_open(struct image *image, struct error *error)
{
	struct file *file = image->files[0];
	struct header h = {0};
	if (read_header(file, &h, error))
		return -1;
	struct elf *elf = image->private = mem_alloc(sizeof(*elf));
	struct load load = {.image = image};
	read_segments(&load, &h);
	settle_zero(&load);
	elf->runs = load.runs;
	runs_settle(&elf->runs);
	bool any = false;
	for (size_t i = 0; i < elf->runs.n && !any; i++)
		any = elf->runs.v[i].status == READ_OK;
	if (!any)
		return nothing_error(image, &load, &h, error);
	if (load.promised_end > file->size) {
		image->info.complete = false;
		image->info.missing_bytes = load.promised_end - file->size;
	}
	describe(image, &h);
	return 0;
}

static void elf_close(struct image *image)
{
	struct elf *elf = image->private;
	if (elf)
		vec_done(&elf->runs);
	free(elf);
}

/* --- reading ------------------------------------------------------------------------------- */

static const struct run *run_at(struct elf *elf, u64 paddr, size_t *index)
{
	size_t i = __atomic_load_n(&elf->hint, __ATOMIC_RELAXED);
	if (paddr < elf->runs.v[i].start || paddr >= elf->runs.v[i].end) {
		i = runs_find(&elf->runs, paddr);
		if (i == elf->runs.n)
			return NULL;
		__atomic_store_n(&elf->hint, i, __ATOMIC_RELAXED);
	}
	*index = i;
	return &elf->runs.v[i];
}

static enum read_status elf_read(struct image *image, u64 paddr, void *buffer, size_t len,
				 u64 *fault)
{
	struct elf *elf = image->private;
	u8 *to = buffer;
	while (len) {
		size_t index;
		const struct run *run = run_at(elf, paddr, &index);
		*fault = paddr & ~(u64)(PAGE - 1);
		if (!run || paddr < run->start)
			return READ_UNMAPPED;
		if (run->status)
			return run->status;
		size_t n = (size_t)u64_min(len, run->end - paddr);
		u64 offset = run->offset + (paddr - run->start);
		enum read_status status = n < PAGE
						  ? file_read_cached(image->files[0], offset, to, n)
						  : file_read(image->files[0], offset, to, n);
		if (status)
			return status;
		to += n;
		paddr += n;
		len -= n;
	}
	return READ_OK;
}

/* The status at paddr, by the byte, and where it ends. */
static enum read_status status_at(struct elf *elf, u64 paddr, u64 *end)
{
	size_t index;
	const struct run *run = run_at(elf, paddr, &index);
	if (!run || paddr < run->start) {
		*end = run ? run->start : UINT64_MAX;
		return READ_UNMAPPED;
	}
	*end = run->end;
	for (index++; index < elf->runs.n;
	     index++) { /* neighbours that lie apart only in the file */
		const struct run *next = &elf->runs.v[index];
		if (next->start != *end || next->status != run->status)
			break;
		*end = next->end;
	}
	return run->status;
}

/* Segments need not begin or end at a page; a page is as good as its worst byte. */
static enum read_status elf_state(struct image *image, u64 paddr, u64 *run_bytes)
{
	u64 end, page_end = (paddr | (PAGE - 1)) + 1;
	enum read_status status = status_at(image->private, paddr, &end);
	if (end == UINT64_MAX || !page_end) {
		*run_bytes = UINT64_MAX - paddr;
		return status;
	}
	if (end >= page_end) {
		*run_bytes = (end & ~(u64)(PAGE - 1)) - paddr;
		return status;
	}
	while (!status && end < page_end)
		status = status_at(image->private, end, &end);
	*run_bytes = page_end - paddr;
	return status;
}

const struct container elf_container = {
	.kind = "elf",
	.probe = elf_probe,
	.open = elf_open,
	.read = elf_read,
	.state = elf_state,
	.close = elf_close,
};
