/* ELF notes as dumps carry them, and the VMCOREINFO text among them. */
#ifndef DUMP_NOTES_H
#define DUMP_NOTES_H

#include "dump/file.h"
#include "dump/image.h"

struct notes {
	u8 *bytes; /* as they lie in the file, several segments one after the other */
	size_t size;
	char *vmcoreinfo; /* a copy: from a note, or from the kdump header */
	size_t vmcoreinfo_len;
};

/* What one segment of notes may take: 16 K CPUs of prstatus are 6 MiB. */
enum { MAX_NOTES = 16 << 20, MAX_VMCOREINFO = 1 << 20 };

/* Read size bytes of notes at offset; fewer when the file is shorter (false then). */
bool notes_add(struct notes *notes, struct file *file, u64 offset, u64 size);
bool notes_add_vmcoreinfo(struct notes *notes, struct file *file, u64 offset, u64 size);
void notes_for_each(const struct notes *notes, image_note_fn fn, void *arg);
void notes_done(struct notes *notes);

#endif
