/*
 * The boot order: from an open image to a kernel whose data can be asked for by name.
 *
 *	1. VMCOREINFO: the dump's note, else found in memory
 *	2. machine and page tables (src/arch), and whether they translate: the release string must
 *be where they say
 *	3. symbols: kallsyms out of the dump, a map or vmlinux when given
 *	4. types: BTF out of the dump, else the vmlinux's
 *	5. schema: every datum resolved against these
 *	6. the direct map, which needs a variable that needs all of the above
 *	7. CPUs and their per-cpu offsets
 */
#include "kernel/boot.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

static bool fact_symbol(void *context, const char *name, u64 *kva)
{
	const struct kernel *k = context;
	return vmcoreinfo_symbol(&k->vmcoreinfo, name, kva);
}

static bool fact_number(void *context, const char *name, s64 *value)
{
	const struct kernel *k = context;
	return vmcoreinfo_number(&k->vmcoreinfo, name, value);
}

struct note_root {
	const struct arch *arch;
	u64 root;
};

static bool root_of_note(void *arg, const char *name, size_t name_len, u32 type, const void *desc,
			 size_t desc_len)
{
	struct note_root *found = arg;
	return !(found->arch->note_root &&
		 found->arch->note_root(name, name_len, type, desc, desc_len, &found->root));
}

static struct arch_facts boot_facts(struct kernel *k)
{
	struct note_root note = {.arch = k->arch};
	image_for_each_note(k->image, root_of_note, &note);
	const struct image_info *info = image_info(k->image);
	return (struct arch_facts){
		.context = k,
		.symbol = fact_symbol,
		.number = fact_number,
		.page_size = k->page_size,
		.phys_base = info->phys_base,
		.has_phys_base = info->has_phys_base,
		.root_register = note.root,
	};
}

static void boot_vmcoreinfo(struct kernel *k)
{
	size_t len;
	const char *text = image_vmcoreinfo(k->image, &len);
	if (text)
		vmcoreinfo_parse(&k->vmcoreinfo, text, len);
	else
		k->vmcoreinfo_found_by_scan = boot_find_vmcoreinfo(k);

	const char *release = vmcoreinfo_text(&k->vmcoreinfo, "OSRELEASE");
	k->release = release ? release : "";
	k->build_id = vmcoreinfo_text(&k->vmcoreinfo, "BUILD-ID");
	k->has_kaslr_offset = vmcoreinfo_hex(&k->vmcoreinfo, "KERNELOFFSET", &k->kaslr_offset);
}

/*
 * The container names the machine; raw memory does not, but VMCOREINFO's lines differ by machine.
 */
static int boot_arch(struct kernel *k, struct error *error)
{
	const struct image_info *info = image_info(k->image);
	s64 n;
	k->arch = arch_find(info->elf_machine);
	if (!k->arch && !info->elf_machine) {
		bool arm64 = vmcoreinfo_number(&k->vmcoreinfo, "kimage_voffset", &n);
		k->arch = arch_find(arm64 ? EM_AARCH64 : EM_X86_64);
	}
	if (!k->arch)
		return error_set(
			error, EXIT_INPUT,
			"the dump is of a machine that memwho does not know (ELF machine %u); it reads x86-64 and "
			"arm64 dumps",
			info->elf_machine);
	return 0;
}

static void boot_page_size(struct kernel *k)
{
	const char *text = vmcoreinfo_text(&k->vmcoreinfo, "PAGESIZE");
	u64 size = text ? strtoull(text, NULL, 10) : 0;
	if (size != 4096 && size != 16384 && size != 65536)
		size = image_info(k->image)->page_size ? image_info(k->image)->page_size : 4096;
	k->page_size = (u32)size;
	k->page_shift = (u32)__builtin_ctzll(size);
	u64 block = image_info(k->image)->page_size ? image_info(k->image)->page_size : 4096;
	k->max_pfn = image_info(k->image)->max_pfn * block / size;
}

/*
 * Is the release string where init_uts_ns is?  READ_OK also when there is nothing to compare;
 * READ_UNMAPPED: something else is there.
 */
static enum read_status check_translation(struct kernel *k)
{
	u64 uts;
	char bytes[512];
	size_t len = strlen(k->release);
	if (!len || !vmcoreinfo_symbol(&k->vmcoreinfo, "init_uts_ns", &uts))
		return READ_OK;
	enum read_status status = vspace_read(&k->vspace, uts, bytes, sizeof(bytes));
	if (status)
		return status;
	return memmem(bytes, sizeof(bytes), k->release, len) ? READ_OK : READ_UNMAPPED;
}

/*
 * Page tables and the image's linear map.  One damaged page must not end it: whether the kernel is
 * there is judged by what else can be read of it, in boot_judge_image().
 */
static int boot_paging(struct kernel *k, struct error *error)
{
	struct vspace *vs = &k->vspace;
	struct arch_facts facts = boot_facts(k);
	vs->image = k->image;
	vs->arch = k->arch;
	if (k->arch->paging_setup(&vs->paging, &vs->image_map, &facts, error))
		return -1;
	k->image_check = check_translation(k);
	if (k->image_check == READ_OK)
		return 0;
	/* Do the page tables know it better? */
	struct linear_map map = vs->image_map;
	vs->image_map = (struct linear_map){0};
	enum read_status by_tables = check_translation(k);
	if (by_tables == READ_OK)
		k->image_check = READ_OK;
	else
		vs->image_map = map;
	return 0;
}

/*
 * Neither names nor types, and not even the release where it should be: nothing of this kernel can
 * be found.
 */
static int boot_judge_image(struct kernel *k, struct error *error)
{
	u64 uts = 0;
	if (k->image_check == READ_OK)
		return 0;
	vmcoreinfo_symbol(&k->vmcoreinfo, "init_uts_ns", &uts);
	kernel_unreadable(k, "kernel release",
			  k->image_check == READ_UNMAPPED ? READ_DAMAGED : k->image_check, uts);
	if (k->types || symbols_count(k->symbols))
		return 0;
	if (k->image_check == READ_UNMAPPED)
		return error_set(
			error, EXIT_INPUT,
			"the kernel's memory is not where VMCOREINFO says: kernel release %s is not at init_uts_ns, and neither symbols nor "
			"types can be found; the dump is damaged, or its VMCOREINFO is of another kernel",
			k->release);
	k->types_why = arena_printf(&k->arena, "the kernel's image, which holds them, %s",
				    read_status_text(k->image_check));
	return 0;
}

static void boot_direct_map(struct kernel *k)
{
	struct arch_facts facts = boot_facts(k);
	struct symbol symbol;
	u64 base = 0;
	const char *name = k->arch->direct_map_symbol;
	if (name && k->symbols && symbols_find(k->symbols, name, NULL, &symbol))
		kernel_read_u64(k, symbol.address, &base);
	struct linear_map map;
	if (!k->arch->direct_map(&map, &k->vspace.paging, &facts, base,
				 k->max_pfn << k->page_shift))
		return;
	/*
	 * Believe it only when the page tables agree for a page that they do map: that of the root
	 * table.
	 */
	u64 paddr, run, probe = map.start + (k->vspace.paging.root_paddr - map.paddr);
	if (paging_walk(&k->vspace.paging, k->image, probe, &paddr, &run) == READ_OK &&
	    paddr == k->vspace.paging.root_paddr)
		k->vspace.direct_map = map;
}

struct kernel_range boot_image_range(const struct kernel *k)
{
	u64 text;
	struct kernel_range range = {0};
	if (vmcoreinfo_symbol(&k->vmcoreinfo, "_stext", &text) ||
	    vmcoreinfo_symbol(&k->vmcoreinfo, "_text", &text)) {
		range.start = text & ~(MIB(2) - 1);
		range.end = range.start + MIB(128);
	}
	return range;
}

bool boot_scan(struct kernel *k, u64 start, u64 end, size_t overlap, scan_fn fn, void *arg)
{
	enum { PIECE = 256 * 1024 };
	u8 *bytes = mem_alloc(PIECE + overlap);
	size_t kept = 0; /* bytes carried over from the piece before */
	bool stop = false;
	for (u64 kva = start; kva < end && !stop;) {
		u64 paddr, run;
		if (vspace_translate(&k->vspace, kva, &paddr, &run) != READ_OK) {
			kva = (kva | (k->page_size - 1)) + 1;
			kept = 0;
			continue;
		}
		size_t len = u64_min(u64_min(run, PIECE), end - kva);
		if (kernel_read(k, kva, bytes + kept, len)) {
			len = u64_min(len, k->page_size - kva % k->page_size);
			if (kernel_read(k, kva, bytes + kept, len)) {
				kva += len;
				kept = 0;
				continue;
			}
		}
		stop = fn(arg, kva - kept, bytes, kept + len);
		kva += len;
		size_t keep = u64_min(overlap, kept + len);
		memmove(bytes, bytes + kept + len - keep, keep);
		kept = keep;
	}
	free(bytes);
	return stop;
}

static int boot(struct kernel *k, const struct kernel_options *options, struct error *error)
{
	boot_vmcoreinfo(k);
	boot_page_size(k);
	if (boot_arch(k, error) || boot_paging(k, error))
		return -1;
	if (boot_symbols(k, options, error) || boot_types(k, options, error) ||
	    boot_judge_image(k, error))
		return -1;
	schema_resolve(&k->schema, k->types, k->symbols, &k->vmcoreinfo);
	if (!k->has_data_symbols) {
		boot_exported_symbols(k);
		schema_resolve(&k->schema, k->types, k->symbols, &k->vmcoreinfo);
	}
	boot_direct_map(k);
	boot_cpus(k);
	return 0;
}

int kernel_open(struct kernel **kernel, struct image *image, const struct kernel_options *options,
		struct error *error)
{
	static const struct kernel_options no_options;
	struct kernel *k = mem_alloc(sizeof(*k));
	k->image = image;
	k->progress = options ? options->progress : NULL;
	pthread_mutex_init(&k->unreadable_lock, NULL);
	if (boot(k, options ? options : &no_options, error)) {
		k->image = NULL;
		kernel_close(k);
		return -1;
	}
	*kernel = k;
	return 0;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	typeinfo_free(k->types);
	symbols_free(k->symbols);
	vmcoreinfo_done(&k->vmcoreinfo);
	if (k->image)
		image_close(k->image);
	arena_done(&k->arena);
	vec_done(&k->unreadable);
	free(k->percpu_offset);
	pthread_mutex_destroy(&k->unreadable_lock);
	free(k);
}
