/* Reading kernel data by schema id. */
#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"

enum read_status kernel_read(struct kernel *k, u64 kva, void *buffer, size_t len)
{
	if (kva < k->arch->kernel_half)
		return READ_UNMAPPED; /* a NULL or user pointer: never followed by accident */
	return vspace_read(&k->vspace, kva, buffer, len);
}

enum read_status kernel_read_u64(struct kernel *k, u64 kva, u64 *value)
{
	return kernel_read(k, kva, value, sizeof(*value));
}

enum read_status kernel_read_u32(struct kernel *k, u64 kva, u32 *value)
{
	return kernel_read(k, kva, value, sizeof(*value));
}

enum read_status kernel_read_text(struct kernel *k, u64 kva, char *buffer, size_t size)
{
	size_t done = 0;
	while (done < size - 1) {
		u64 in_page = k->page_size - (kva + done) % k->page_size;
		size_t n = u64_min(u64_min(in_page, size - 1 - done), 64);
		enum read_status status = kernel_read(k, kva + done, buffer + done, n);
		if (status) {
			buffer[done] = '\0';
			return done ? READ_OK : status;
		}
		if (memchr(buffer + done, '\0', n))
			return READ_OK;
		done += n;
	}
	buffer[done] = '\0';
	return READ_OK;
}

static u64 extract(const struct datum *datum, u64 raw, size_t size)
{
	u32 bits = (u32)size * 8;
	if (datum->bit_size) {
		raw >>= datum->bit_shift;
		bits = datum->bit_size;
	}
	if (bits >= 64)
		return raw;
	raw &= (1ull << bits) - 1;
	if (datum->is_signed && raw >> (bits - 1))
		raw |= ~0ull << bits;
	return raw;
}

static bool integer_size_ok(u64 size)
{
	return size >= 1 && size <= 8;
}

enum read_status kernel_get(struct kernel *k, u64 object, enum datum_id id, u64 *value)
{
	const struct datum *datum = kernel_datum(k, id);
	if (datum->state != DATUM_PRESENT || !integer_size_ok(datum->size))
		return READ_ABSENT;
	u64 raw = 0;
	enum read_status status = kernel_read(k, object + datum->value, &raw, datum->size);
	if (status == READ_OK)
		*value = extract(datum, raw, datum->size);
	return status;
}

enum read_status kernel_get_from(const struct kernel *k, const void *bytes, size_t len,
				 enum datum_id id, u64 *value)
{
	const struct datum *datum = kernel_datum(k, id);
	if (datum->state != DATUM_PRESENT || !integer_size_ok(datum->size))
		return READ_ABSENT;
	if (datum->value > len || datum->size > len - datum->value)
		return READ_ABSENT;
	u64 raw = 0;
	memcpy(&raw, (const u8 *)bytes + datum->value, datum->size);
	*value = extract(datum, raw, datum->size);
	return READ_OK;
}

enum read_status kernel_get_element(struct kernel *k, u64 object, enum datum_id id, u64 index,
				    u64 *value)
{
	const struct datum *datum = kernel_datum(k, id);
	if (datum->state != DATUM_PRESENT || !integer_size_ok(datum->stride) ||
	    (datum->nr_elements && index >= datum->nr_elements))
		return READ_ABSENT;
	u64 raw = 0;
	enum read_status status =
		kernel_read(k, object + datum->value + index * datum->stride, &raw, datum->stride);
	if (status == READ_OK)
		*value = extract(datum, raw, datum->stride);
	return status;
}

enum read_status kernel_get_text(struct kernel *k, u64 object, enum datum_id id, char *buffer,
				 size_t size)
{
	const struct datum *datum = kernel_datum(k, id);
	if (datum->state != DATUM_PRESENT || !datum->size)
		return READ_ABSENT;
	size_t n = u64_min(datum->size, size - 1);
	enum read_status status = kernel_read(k, object + datum->value, buffer, n);
	buffer[status ? 0 : n] = '\0';
	return status;
}

enum read_status kernel_get_text_at(struct kernel *k, u64 object, enum datum_id id, char *buffer,
				    size_t size)
{
	u64 pointer;
	buffer[0] = '\0';
	enum read_status status = kernel_get(k, object, id, &pointer);
	return status ? status : kernel_read_text(k, pointer, buffer, size);
}

u64 kernel_member(const struct kernel *k, u64 object, enum datum_id id)
{
	return kernel_has(k, id) ? object + kernel_datum(k, id)->value : 0;
}

u64 kernel_element(const struct kernel *k, u64 object, enum datum_id id, u64 index)
{
	const struct datum *datum = kernel_datum(k, id);
	if (datum->state != DATUM_PRESENT || !datum->stride ||
	    (datum->nr_elements && index >= datum->nr_elements))
		return 0;
	return object + datum->value + index * datum->stride;
}

u64 kernel_container(const struct kernel *k, u64 member, enum datum_id id)
{
	return kernel_has(k, id) ? member - kernel_datum(k, id)->value : 0;
}

static enum read_status datum_value(const struct kernel *k, enum datum_id id, u64 *value)
{
	if (!kernel_has(k, id))
		return READ_ABSENT;
	*value = kernel_datum(k, id)->value;
	return READ_OK;
}

enum read_status kernel_global(const struct kernel *k, enum datum_id id, u64 *kva)
{
	return datum_value(k, id, kva);
}

enum read_status kernel_size(const struct kernel *k, enum datum_id id, u64 *size)
{
	return datum_value(k, id, size);
}

enum read_status kernel_constant(const struct kernel *k, enum datum_id id, u64 *value)
{
	return datum_value(k, id, value);
}

enum read_status kernel_variable(struct kernel *k, enum datum_id id, size_t size, u64 *value)
{
	u64 kva, raw = 0;
	enum read_status status = kernel_global(k, id, &kva);
	if (status == READ_OK)
		status = kernel_read(k, kva, &raw, size);
	if (status == READ_OK)
		*value = raw;
	return status;
}

bool kernel_has_group(const struct kernel *k, enum datum_id group, struct error *error)
{
	if (k->schema.group_usable[group])
		return true;
	if (!k->types)
		error_set(error, EXIT_PARTIAL, "%s: no types: %s", schema_rows[group].paths,
			  k->types_why ? k->types_why : "none were found");
	else
		schema_group_error(&k->schema, group, error);
	return false;
}

enum read_status kernel_percpu_counter(struct kernel *k, u64 counter, s64 *value)
{
	u64 sum, counters;
	enum read_status status = kernel_get(k, counter, percpu_counter_count, &sum);
	if (status)
		return status;
	*value = (s64)sum;
	if (kernel_get(k, counter, percpu_counter_counters, &counters))
		return READ_OK; /* CONFIG_SMP=n has only the count */
	kernel_for_each_cpu(k, cpu)
	{
		u32 part;
		status = kernel_read_u32(k, kernel_percpu(k, counters, cpu), &part);
		if (status)
			kernel_unreadable(k, "per-cpu part of a counter", status, counters);
		else
			*value += (s32)part;
	}
	return READ_OK;
}

void kernel_unreadable(struct kernel *k, const char *what, enum read_status why, u64 address)
{
	pthread_mutex_lock(&k->unreadable_lock);
	struct unreadable *found = NULL;
	for (size_t i = 0; i < k->unreadable.n && !found; i++) {
		struct unreadable *u = &k->unreadable.v[i];
		if (u->why == why && !strcmp(u->what, what))
			found = u;
	}
	if (!found) {
		found = vec_push(&k->unreadable);
		*found = (struct unreadable){.what = what, .why = why, .first_address = address};
	}
	/* The lowest, so that it does not depend on which thread came first. */
	found->first_address = u64_min(found->first_address, address);
	found->count++;
	pthread_mutex_unlock(&k->unreadable_lock);
}

u64 kernel_nr_unreadable(struct kernel *k)
{
	u64 n = 0;
	pthread_mutex_lock(&k->unreadable_lock);
	for (size_t i = 0; i < k->unreadable.n; i++)
		n += k->unreadable.v[i].count;
	pthread_mutex_unlock(&k->unreadable_lock);
	return n;
}

const char *kernel_symbolize(const struct kernel *k, u64 kva, char *buffer, size_t size)
{
	struct symbol symbol;
	u64 offset;
	if (!k->symbols || !symbols_at(k->symbols, kva, &symbol, &offset))
		snprintf(buffer, size, "0x%llx", (unsigned long long)kva);
	else if (symbol.module)
		snprintf(buffer, size, "%s+0x%llx [%s]", symbol.name, (unsigned long long)offset,
			 symbol.module);
	else
		snprintf(buffer, size, "%s+0x%llx", symbol.name, (unsigned long long)offset);
	return buffer;
}
