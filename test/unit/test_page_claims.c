/* Claims of page frames: who wins, what does not fit, and what lies outside of all sections. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "analysis/census.h"

/* Sections of 16 pages: [0, 16), [16, 32), a hole, [48, 64). */
static struct memmap_section sections[] = {
	{.pfn = 0, .nr_pages = 16}, {.pfn = 16, .nr_pages = 16}, {.pfn = 48, .nr_pages = 16}};
static const struct memmap map = {
	.sections = sections, .nr_sections = ARRAY_SIZE(sections), .section_pages = 16};

/* "aaa..b": one letter for each page frame from first on; '.' is nobody, 'a' owner 1. */
static void compare(const struct page_claims *c, u64 first, const char *wanted)
{
	for (size_t i = 0; wanted[i]; i++) {
		u8 owner = claims_of(c, first + i);
		if (owner != (wanted[i] == '.' ? OWNER_NONE : wanted[i] - 'a' + 1))
			fail_msg("page frame %llu is owner %u's, wanted %c",
				 (unsigned long long)(first + i), owner, wanted[i]);
	}
}

static void ranges(void **state)
{
	static const struct {
		u64 pfn, nr;
		const char *wanted; /* from page frame 0 on */
		u64 bytes;	    /* of notes */
	} cases[] = {
		{0, 1, "a...............", 16},
		{15, 2, "...............aa...............", 32}, /* across two sections */
		{14, 4, "..............aaaa..............", 32},
		/* Across a hole. */
		{30, 20, "..............................aa................aa..............", 32},
		/* All, and more than there is. */
		{0, ~0ull, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa................aaaaaaaaaaaaaaaa..",
		 48},
		/* Nothing but hole, or behind all. */
		{32, 16, "................................................", 0},
		{32, 15, "................................................", 0},
		{64, 100, "................................................................", 0},
		{5, 0, "................", 0},
		{63, 1, "...............................................................a.", 16},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page_claims c;
		claims_init(&c, &map);
		u8 owner = claims_owner(&c, PC_VMALLOC, 0x1000, NULL);
		claims_add(&c, owner, cases[i].pfn, cases[i].nr);
		compare(&c, 0, cases[i].wanted);
		assert_int_equal(c.bytes, cases[i].bytes);
		claims_done(&c);
	}
}

/* The first claim stays; but what is claimed only_reserved goes to whom it is given since. */
static void who_wins(void **state)
{
	enum { PLAIN, RESERVED, MAPS };
	static const struct {
		int first, second;
		const char *wanted; /* a: the first claims 0 to 3, b: the second 2 to 5 */
	} cases[] = {
		{PLAIN, PLAIN, "aaaabb."},   {PLAIN, RESERVED, "aaaabb."},
		{PLAIN, MAPS, "aaaabb."},    {RESERVED, PLAIN, "aabbbb."},
		{RESERVED, MAPS, "aaaabb."}, {RESERVED, RESERVED, "aabbbb."},
		{MAPS, PLAIN, "aaaabb."},    {MAPS, RESERVED, "aaaabb."},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page_claims c;
		claims_init(&c, &map);
		const int kinds[] = {cases[i].first, cases[i].second};
		u8 owners[2];
		for (u64 j = 0; j < 2; j++) {
			owners[j] = claims_owner(&c, PC_DRIVER_KNOWN, 0x1000 + j, NULL);
			c.owners[owners[j]].only_reserved = kinds[j] == RESERVED;
			c.owners[owners[j]].maps_others = kinds[j] == MAPS;
		}
		claims_add(&c, owners[0], 0, 4);
		claims_add(&c, owners[1], 2, 4);
		compare(&c, 0, cases[i].wanted);
		claims_done(&c);
	}
}

/* The same class and place, or the same words, is the same owner. */
static void same_owners(void **state)
{
	static const struct {
		enum page_class class;
		u64 kva;
		const char *what;
		u8 owner;
	} cases[] = {
		{PC_VMALLOC, 0x1000, NULL, 1},	    {PC_VMALLOC, 0x2000, NULL, 2},
		{PC_DRIVER_KNOWN, 0x1000, NULL, 3}, {PC_DRIVER_KNOWN, 0, "pipes", 4},
		{PC_DRIVER_KNOWN, 0, "sockets", 5}, {PC_DRIVER_KNOWN, 0x1000, "vmap", 6},
		{PC_DRIVER_KNOWN, 0, NULL, 7},	    {PC_VMALLOC, 0x1000, NULL, 1},
		{PC_DRIVER_KNOWN, 0, "pipes", 4},   {PC_DRIVER_KNOWN, 0x1000, "vmap", 6},
		{PC_DRIVER_KNOWN, 0x1000, NULL, 3}, {PC_DRIVER_KNOWN, 0, NULL, 7},
	};
	struct page_claims c;
	claims_init(&c, &map);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char words[16]; /* not the literal: words are compared, and kept */
		snprintf(words, sizeof(words), "%s", cases[i].what ? cases[i].what : "");
		assert_int_equal(claims_owner(&c, cases[i].class, cases[i].kva,
					      cases[i].what ? words : NULL),
				 cases[i].owner);
	}
	assert_int_equal(c.nr_owners, 8);
	assert_string_equal(c.owners[4].what, "pipes");
	claims_done(&c);
}

/* Callers beyond the room that there is share one owner for each class; every class gets one. */
static void overflow(void **state)
{
	struct page_claims c;
	claims_init(&c, &map);
	u8 others[NR_PAGE_CLASSES] = {0};
	u64 own = 0;
	for (u64 kva = 1; kva <= 1000; kva++) {
		u8 owner = claims_owner(&c, PC_VMALLOC, kva, NULL);
		assert_int_not_equal(owner, OWNER_NONE);
		assert_int_equal(c.owners[owner].class, PC_VMALLOC);
		if (c.owners[owner].kva == kva)
			own++;
		else if (!others[PC_VMALLOC])
			others[PC_VMALLOC] = owner;
		else
			assert_int_equal(owner, others[PC_VMALLOC]);
	}
	assert_int_equal(own, MAX_OWNERS - NR_PAGE_CLASSES);
	assert_string_equal(c.owners[others[PC_VMALLOC]].what, "others");
	for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++) {
		char words[32];
		for (int i = 0; i < 3; i++) {
			snprintf(words, sizeof(words), "driver %d", i);
			u8 owner = claims_owner(&c, class, 0, words);
			assert_int_equal(c.owners[owner].class, class);
			assert_true(!others[class] || others[class] == owner);
			others[class] = owner;
		}
	}
	assert_int_equal(c.nr_owners, MAX_OWNERS + 1);
	/* Those that were there keep theirs. */
	assert_int_equal(c.owners[claims_owner(&c, PC_VMALLOC, 7, NULL)].kva, 7);
	claims_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(who_wins),
		cmocka_unit_test(same_owners),
		cmocka_unit_test(overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
