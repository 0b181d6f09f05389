/*
 * A note is {u32 namesz, u32 descsz, u32 type}, then name and desc, each padded to 4 bytes
 * (linux/elf.h, Elf64_Nhdr).  The kernel's per-CPU buffers end with zeros, so headers of zeros are
 * stepped over.  The buffers of several segments are kept in one, padded to 4.
 */
#include "dump/notes.h"

#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"

/* What a name is without its terminating NUL. */
static bool name_is(const char *name, size_t len, const char *wanted)
{
	return strnlen(name, len) == strlen(wanted) && !memcmp(name, wanted, strlen(wanted));
}

static bool next_note(struct cursor *c, const char **name, u32 *name_len, u32 *type,
		      const void **desc, u32 *desc_len)
{
	while (cursor_left(c) >= 12) {
		*name_len = cursor_u32(c);
		*desc_len = cursor_u32(c);
		*type = cursor_u32(c);
		if (!*name_len && !*desc_len && !*type) {
			cursor_seek(c, cursor_offset(c) - 8);
			continue;
		}
		*name = cursor_bytes(c, *name_len);
		cursor_align(c, 4);
		*desc = cursor_bytes(c, *desc_len);
		if (!cursor_ok(c))
			return false;
		cursor_align(c, 4);
		return true;
	}
	return false;
}

void notes_for_each(const struct notes *notes, image_note_fn fn, void *arg)
{
	if (!notes->size)
		return;
	struct cursor c = cursor_over(notes->bytes, notes->size);
	const char *name;
	const void *desc;
	u32 name_len, desc_len, type;
	while (next_note(&c, &name, &name_len, &type, &desc, &desc_len)) {
		if (!fn(arg, name, name_len, type, desc, desc_len))
			return;
	}
}

static void set_vmcoreinfo(struct notes *notes, const void *text, size_t len)
{
	if (notes->vmcoreinfo || !len)
		return;
	notes->vmcoreinfo = mem_alloc(len);
	memcpy(notes->vmcoreinfo, text, len);
	notes->vmcoreinfo_len = strnlen(notes->vmcoreinfo, len);
}

static bool take_vmcoreinfo(void *arg, const char *name, size_t name_len, u32 type,
			    const void *desc, size_t desc_len)
{
	if (name_is(name, name_len, "VMCOREINFO"))
		set_vmcoreinfo(arg, desc, desc_len);
	return true;
}

bool notes_add(struct notes *notes, struct file *file, u64 offset, u64 size)
{
	u64 there = offset < file->size ? u64_min(size, file->size - offset) : 0;
	there = u64_min(there, MAX_NOTES - u64_min(notes->size, MAX_NOTES));
	size_t padded = (size_t)align_up(there, 4);
	notes->bytes = mem_realloc(notes->bytes, notes->size + padded);
	u8 *to = notes->bytes + notes->size;
	if (!there || file_read(file, offset, to, (size_t)there))
		return size == 0;
	memset(to + there, 0, padded - (size_t)there);
	notes->size += padded;
	if (!notes->vmcoreinfo)
		notes_for_each(notes, take_vmcoreinfo, notes);
	return there == size;
}

bool notes_add_vmcoreinfo(struct notes *notes, struct file *file, u64 offset, u64 size)
{
	if (!size || size > MAX_VMCOREINFO || offset > file->size || size > file->size - offset)
		return size == 0;
	void *text = mem_alloc((size_t)size);
	bool read = !file_read(file, offset, text, (size_t)size);
	if (read)
		set_vmcoreinfo(notes, text, (size_t)size);
	free(text);
	return read;
}

void notes_done(struct notes *notes)
{
	free(notes->bytes);
	free(notes->vmcoreinfo);
	*notes = (struct notes){0};
}
