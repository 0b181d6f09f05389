/*
 * How a read of the dump ended.
 *
 * Hot readers return one of these and no text: "not known" is a value here, and each way of not
 * knowing stays told apart up to the report.  READ_OK is 0, so `if (status)` reads as "not read".
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum read_status {
	READ_OK = 0,
	READ_UNMAPPED,	/* no page table entry, or no RAM at this physical address */
	READ_EXCLUDED,	/* left out on purpose by the dump level (makedumpfile -d) */
	READ_TRUNCATED, /* the dump says it has it, the file ends before */
	READ_DAMAGED,	/* it is there and makes no sense: does not decompress, bad descriptor, list
			   loop */
	READ_IO,	/* the operating system failed to read the file */
	READ_ABSENT,	/* this kernel has no such thing (type, member, symbol) */
	NR_READ_STATUS
};

/*
 * One word for tables and JSON: "ok", "unmapped", "excluded", "truncated", "damaged", "io",
 * "absent".
 */
const char *read_status_name(enum read_status status);

/* The end of a sentence: "... is not mapped", for people. */
const char *read_status_text(enum read_status status);

#endif
