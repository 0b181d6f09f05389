/*
 * What a file is that is not a dump this program reads: by signature, then by what its bytes look
 * like. Each row ends the sentence "FILE is ...".
 */
#include <string.h>

#include "dump/container.h"
#include "dump/unpack.h"

enum { HEAD_BYTES = 4096 };

struct guess {
	size_t offset;
	const char *bytes;
	size_t len;
	const char *is;
};

/* clang-format off */
#define SIGNATURE(at, text, sentence) {(at), (text), sizeof(text) - 1, (sentence)}

static const struct guess guesses[] = {
	SIGNATURE(0, "\xed\x23\x8f\x61\x73\x01\x19\xa8", "an LKCD dump (before kdump came): not supported"),
	SIGNATURE(0, "\xa8\x19\x01\x73\x61\x8f\x23\xed", "a big-endian LKCD dump: not supported"),
	SIGNATURE(0, "\xa8\x19\x01\x73\x61\x8f\x23\xfd",
		  "an s390 stand-alone dump: not supported (only dumps of little-endian machines can be read)"),
	SIGNATURE(0, "DISKDUMP", "a diskdump (before kdump, until about 2007): not supported"),
	SIGNATURE(4, "sadump\0\0", "a sadump (Fujitsu): convert it with makedumpfile"),
	SIGNATURE(0, "sadump\0\0", "a sadump (Fujitsu): convert it with makedumpfile"),
	SIGNATURE(0, "PAGEDU64", "a Windows crash dump (QEMU's win-dmp format?): it holds no Linux dump"),
	SIGNATURE(0, "PAGEDUMP", "a Windows crash dump: it holds no Linux dump"),
	SIGNATURE(0, "\xd2\xbe\xd2\xbe", "a VMware snapshot: convert it with vmss2core -N6"),
	SIGNATURE(0, "\xd3\xbe\xd3\xbe", "a VMware snapshot: convert it with vmss2core -N6"),
	SIGNATURE(0, "\xd0\xbe\xd2\xbe", "a VMware snapshot: convert it with vmss2core -N6"),
	SIGNATURE(0, "LibvirtQemudSave", "a saved libvirt guest: start it, and use virsh dump --memory-only"),
	SIGNATURE(0, "LibvirtQemudPart", "an unfinished saved libvirt guest: use virsh dump --memory-only"),
	SIGNATURE(0, "QEVM", "a QEMU migration stream: use virsh dump --memory-only"),
	SIGNATURE(0, "LinuxGuestRecord", "a Xen guest save file: use xl dump-core and convert it"),
	SIGNATURE(0, "EMiL", "a LiME memory image: take it again with format=raw, or convert it to ELF"),
	SIGNATURE(0, "QFI\xfb", "a qcow2 disk image, not a dump: look for the vmcore inside of it (guestmount)"),
	SIGNATURE(0, "KDMV", "a VMware disk image, not a dump"),
	SIGNATURE(4086, "S1SUSPEND", "a swap area with a hibernated system: not supported"),
	SIGNATURE(4086, "SWAPSPACE2", "a swap area, not a dump"),
	SIGNATURE(0x202, "HdrS", "a compressed kernel image (vmlinuz), not a dump"),
	SIGNATURE(0, "LPKSHHRH", "a systemd journal: memwho log reads it"),
	SIGNATURE(0, "070701", "a cpio archive (an initramfs?), not a dump"),
	SIGNATURE(257, "ustar", "a tar archive: unpack it first (tar -xf)"),
	SIGNATURE(0, "!<arch>", "an ar archive (a package?): unpack it first"),
	SIGNATURE(0, "\xed\xab\xee\xdb", "an RPM package, not a dump"),
	SIGNATURE(0, "SQLite format 3", "an SQLite database, not a dump"),
	SIGNATURE(0, "%PDF", "a PDF, not a dump"),
};
/* clang-format on */

static bool is_text(const u8 *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool control = bytes[i] < 0x20 && !memchr("\t\n\r\f\033", bytes[i], 5);
		if (control || bytes[i] == 0x7f)
			return false;
	}
	return true;
}

static const char *by_signature(const u8 *head, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++) {
		const struct guess *g = &guesses[i];
		if (len >= g->offset + g->len && !memcmp(head + g->offset, g->bytes, g->len))
			return g->is;
	}
	return NULL;
}

/* Only zeros so far: a file that was made with its size, and never written. */
static bool is_blank(const u8 *bytes, size_t len)
{
	return len && !bytes[0] && !memcmp(bytes, bytes + 1, len - 1);
}

const char *guess_known(struct file *file)
{
	u8 head[HEAD_BYTES];
	size_t n = file_read_some(file, 0, head, sizeof(head));
	if (!n)
		return "cut off before its first byte";
	const char *is = by_signature(head, n);
	return is || !is_text(head, n) ? is : "text: a log is read with memwho log FILE";
}

int guess_error(struct file *file, struct error *error)
{
	u8 head[HEAD_BYTES];
	size_t n = file_read_some(file, 0, head, sizeof(head));
	const char *is = guess_known(file);
	const struct unpacker *again = is ? NULL : unpacker_for(head, n);
	if (again)
		return error_set(error, EXIT_INPUT,
				 "%s is compressed twice, inside with %s: unpack it first (%s)",
				 file->name, again->name, again->hint);
	if (!is && is_blank(head, n))
		is = "not a dump, or was not written: it begins with zeros";
	if (!is)
		is = "not a dump in a known form (ELF, kdump-compressed, flattened, raw memory)";
	return error_set(error, EXIT_INPUT, "%s is %s", file->name, is);
}
