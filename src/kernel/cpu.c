/*
 * CPUs: per-cpu data is read for every possible CPU.
 *
 * panic() stops the other CPUs, and stopping takes them out of the online mask; what they held in
 * per-cpu lists and counters is still there and still counts (CPUs that were taken offline properly
 * were drained and hold nothing).
 */
#include <string.h>

#include "kernel/boot.h"
#include "kernel/kernel.h"

static bool read_mask(struct kernel *k, enum datum_id id, struct cpumask *mask)
{
	u64 kva;
	size_t bytes = (k->nr_cpu_ids + 63) / 64 * 8;
	return kernel_global(k, id, &kva) == READ_OK &&
	       kernel_read(k, kva, mask->bits, bytes) == READ_OK;
}

static void clip_mask(struct cpumask *mask, u32 nr)
{
	for (u32 cpu = nr; cpu < KERNEL_MAX_CPUS && cpu % 64; cpu++)
		mask->bits[cpu / 64] &= ~(1ull << (cpu % 64));
}

/*
 * nr_cpu_ids is a variable, or a constant when NR_CPUS is small: then every word of the mask
 * counts.
 */
static u32 read_nr_cpu_ids(struct kernel *k)
{
	u64 n, size = 0;
	if (kernel_variable(k, nr_cpu_ids, 4, &n) == READ_OK && n >= 1 && n <= KERNEL_MAX_CPUS)
		return (u32)n;
	if (k->types && typeinfo_size(k->types, typeinfo_find(k->types, "struct cpumask"), &size) &&
	    size)
		return (u32)u64_min(size * 8, KERNEL_MAX_CPUS);
	return 64;
}

static void read_offsets(struct kernel *k)
{
	u64 table;
	k->percpu_offset = mem_calloc(k->nr_cpu_ids, sizeof(u64));
	enum read_status status = kernel_global(k, per_cpu_offset, &table);
	if (status == READ_OK)
		status = kernel_read(k, table, k->percpu_offset, k->nr_cpu_ids * sizeof(u64));
	if (status && status != READ_ABSENT)
		kernel_unreadable(k, "per-cpu offsets", status, table);
}

void boot_cpus(struct kernel *k)
{
	k->nr_cpu_ids = read_nr_cpu_ids(k);
	k->cpus_known = read_mask(k, cpu_possible_mask, &k->possible);
	read_mask(k, cpu_online_mask, &k->online);
	read_mask(k, cpu_present_mask, &k->present);
	clip_mask(&k->possible, k->nr_cpu_ids);
	clip_mask(&k->online, k->nr_cpu_ids);
	clip_mask(&k->present, k->nr_cpu_ids);
	if (!k->cpus_known)
		k->possible.bits[0] = 1;
	u32 last = 0;
	for (u32 cpu = 0; cpu < k->nr_cpu_ids; cpu++) {
		if (cpumask_test(&k->possible, cpu))
			last = cpu;
	}
	k->nr_cpu_ids = last + 1;
	read_offsets(k);

	u64 cpu;
	bool panicked = kernel_variable(k, panic_cpu, 4, &cpu) == READ_OK && (u32)cpu != UINT32_MAX;
	k->online_cleared_by_panic =
		panicked && memcmp(&k->online, &k->present, sizeof(k->online)) != 0;
}

u32 kernel_next_cpu(const struct kernel *k, u32 cpu)
{
	while (cpu < k->nr_cpu_ids && !cpumask_test(&k->possible, cpu))
		cpu++;
	return cpu;
}
