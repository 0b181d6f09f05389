/*
 * The scan: a filter of fingerprints, then a comparison.
 *
 * Each needle is stood for by the four bytes of it that are rarest in the text at hand, and is put
 * into one of eight buckets.  A table tells for each place in the fingerprint and each byte which
 * buckets it fits; the AND of four looks is the set of buckets that may begin here, and nearly
 * always empty. With AVX2 a look is two shuffles (by the byte's low half and by its high half) for
 * 32 places at once.  This is the "Teddy" of Intel's Hyperscan, known from ripgrep.
 */
#include "oomlog/scan.h"

#include <string.h>

#include "base/mem.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* --- fingerprints --------------------------------------------------------------------------- */

enum { HASH_BITS = 16, SAMPLE_MOST = 256 << 10 };

/*
 * How often four bytes stand in the sample: by hash, so that it is an upper bound; and how often
 * each byte does, and once more, so that no byte is impossible.
 */
struct counts {
	u32 by_hash[1 << HASH_BITS];
	u64 by_byte[256], bytes;
};

static u32 print_at(const void *at)
{
	u32 print;
	memcpy(&print, at, SCAN_PRINT);
	return print;
}

static u32 *count_of(struct counts *counts, u32 print)
{
	return &counts->by_hash[print * 2654435761U >> (32 - HASH_BITS)];
}

static struct counts *count_sample(const u8 *sample, size_t len)
{
	struct counts *counts = mem_alloc(sizeof(*counts));
	len = u64_min(len, SAMPLE_MOST);
	for (size_t i = 0; i + SCAN_PRINT <= len; i++)
		++*count_of(counts, print_at(sample + i));
	for (size_t i = 0; i < len; i++)
		counts->by_byte[sample[i]]++;
	for (unsigned byte = 0; byte < 256; byte++)
		counts->bytes += ++counts->by_byte[byte];
	return counts;
}

/* --- buckets -------------------------------------------------------------------------------- */

/* Which halves of bytes a bucket lets pass, at each place of the fingerprint. */
struct filter {
	u16 low[SCAN_PRINT], high[SCAN_PRINT];
};

static struct filter with_print(struct filter filter, const char *print)
{
	for (size_t i = 0; i < SCAN_PRINT; i++) {
		filter.low[i] |= (u16)(1U << ((u8)print[i] & 15));
		filter.high[i] |= (u16)(1U << ((u8)print[i] >> 4));
	}
	return filter;
}

/* The share of places in a text of these bytes that pass, if they came in any order. */
static double share_that_passes(const struct counts *counts, const struct filter *filter)
{
	double share = 1;
	for (size_t i = 0; i < SCAN_PRINT; i++) {
		u64 passing = 0;
		for (u32 high = filter->high[i]; high; high &= high - 1)
			for (u32 low = filter->low[i]; low; low &= low - 1)
				passing += counts->by_byte[__builtin_ctz(high) * 16 +
							   __builtin_ctz(low)];
		share *= (double)passing / (double)counts->bytes;
	}
	return share;
}

/*
 * Of the parts of a needle that are rarest in the sample (most do not occur), the one that fits
 * into a bucket best: where it lets the fewest other strings pass.
 */
static void choose(struct counts *counts, struct filter *filters, double *shares,
		   struct scan_needle *needle)
{
	u32 rarest = UINT32_MAX;
	double best = 2;
	for (u32 at = 0; at + SCAN_PRINT <= needle->len; at++) {
		u32 count = *count_of(counts, print_at(needle->text + at));
		rarest = count < rarest ? count : rarest;
	}
	for (u32 at = 0; at + SCAN_PRINT <= needle->len; at++) {
		if (*count_of(counts, print_at(needle->text + at)) > rarest)
			continue;
		for (u32 i = 0; i < SCAN_BUCKETS; i++) {
			struct filter with = with_print(filters[i], needle->text + at);
			double more = share_that_passes(counts, &with) - shares[i];
			if (more >= best)
				continue;
			best = more;
			needle->at = at;
			needle->bucket = i;
		}
	}
	needle->print = print_at(needle->text + needle->at);
	filters[needle->bucket] = with_print(filters[needle->bucket], needle->text + needle->at);
	shares[needle->bucket] += best;
}

static void add_print(struct scan *s, const struct scan_needle *needle)
{
	const char *print = needle->text + needle->at;
	u8 bucket = (u8)(1U << needle->bucket);
	for (size_t i = 0; i < SCAN_PRINT; i++) {
		u8 byte = (u8)print[i];
		s->by_byte[i][byte] |= bucket;
		s->by_low[i][byte & 15] |= bucket;
		s->by_high[i][byte >> 4] |= bucket;
	}
}

/* The needles in the order of their buckets. */
static void group(struct scan *s, const struct scan_needle *needles, size_t n)
{
	size_t at = 0;
	for (unsigned bucket = 0; bucket < SCAN_BUCKETS; bucket++) {
		s->first[bucket] = at;
		for (size_t i = 0; i < n; i++) {
			if (needles[i].bucket == bucket)
				s->needles[at++] = needles[i];
		}
	}
	s->first[SCAN_BUCKETS] = at;
}

void scan_init(struct scan *s, const char *const *texts, size_t nr_texts, const u8 *sample,
	       size_t sample_len)
{
	struct counts *counts = count_sample(sample, sample_len);
	struct scan_needle needles[SCAN_MOST_NEEDLES];
	struct filter filters[SCAN_BUCKETS] = {0};
	double shares[SCAN_BUCKETS] = {0};
	size_t n = 0;
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < nr_texts && n < SCAN_MOST_NEEDLES; i++) {
		u32 len = (u32)strlen(texts[i]);
		if (len < SCAN_PRINT)
			continue;
		needles[n] = (struct scan_needle){.text = texts[i], .len = len};
		choose(counts, filters, shares, &needles[n]);
		add_print(s, &needles[n++]);
		s->longest = len > s->longest ? len : s->longest;
	}
	group(s, needles, n);
	free(counts);
}

/* --- comparing ------------------------------------------------------------------------------ */

/* A needle of these buckets whose fingerprint stands at `at`: where it begins, or NULL. */
static const u8 *compare(const struct scan *s, unsigned buckets, const u8 *from, const u8 *at,
			 const u8 *end, size_t *len)
{
	u32 print = print_at(at);
	for (; buckets; buckets &= buckets - 1) {
		unsigned bucket = (unsigned)__builtin_ctz(buckets);
		for (size_t i = s->first[bucket]; i < s->first[bucket + 1]; i++) {
			const struct scan_needle *n = &s->needles[i];
			if (n->print != print || (size_t)(at - from) < n->at ||
			    (size_t)(end - at) < n->len - n->at ||
			    memcmp(at - n->at, n->text, n->len))
				continue;
			*len = n->len;
			return at - n->at;
		}
	}
	return NULL;
}

static const u8 *find_from(const struct scan *s, const u8 *from, const u8 *at, const u8 *end,
			   size_t *len)
{
	for (; end - at >= SCAN_PRINT; at++) {
		unsigned buckets = (unsigned)s->by_byte[0][at[0]] & s->by_byte[1][at[1]] &
				   s->by_byte[2][at[2]] & s->by_byte[3][at[3]];
		const u8 *found = buckets ? compare(s, buckets, from, at, end, len) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

const u8 *scan_find_plain(const struct scan *s, const u8 *from, const u8 *end, size_t *len)
{
	return find_from(s, from, from, end, len);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

struct halves {
	__m256i low, high;
};

AVX2 static inline __m256i table_of(const u8 *table)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i_u *)table));
}

/* The buckets that each of 32 bytes fits. */
AVX2 static inline __m256i look(struct halves table, const u8 *p)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i bytes = _mm256_loadu_si256((const __m256i_u *)p);
	__m256i low = _mm256_and_si256(bytes, half);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
	return _mm256_and_si256(_mm256_shuffle_epi8(table.low, low),
				_mm256_shuffle_epi8(table.high, high));
}

AVX2 static const u8 *find_avx2(const struct scan *s, const u8 *from, const u8 *end, size_t *len)
{
	enum { WIDTH = 32 };
	struct halves table[SCAN_PRINT];
	for (size_t i = 0; i < SCAN_PRINT; i++)
		table[i] = (struct halves){table_of(s->by_low[i]), table_of(s->by_high[i])};
	const u8 *at = from;
	for (; end - at >= WIDTH + SCAN_PRINT - 1; at += WIDTH) {
		__m256i fits = _mm256_and_si256(
			_mm256_and_si256(look(table[0], at), look(table[1], at + 1)),
			_mm256_and_si256(look(table[2], at + 2), look(table[3], at + 3)));
		if (_mm256_testz_si256(fits, fits))
			continue;
		u8 buckets[WIDTH];
		_mm256_storeu_si256((__m256i_u *)buckets, fits);
		__m256i empty = _mm256_cmpeq_epi8(fits, _mm256_setzero_si256());
		for (u32 places = ~(u32)_mm256_movemask_epi8(empty); places; places &= places - 1) {
			unsigned i = (unsigned)__builtin_ctz(places);
			const u8 *found = compare(s, buckets[i], from, at + i, end, len);
			if (found)
				return found;
		}
	}
	return find_from(s, from, at, end, len);
}

const u8 *scan_find(const struct scan *s, const u8 *from, const u8 *end, size_t *len)
{
	return __builtin_cpu_supports("avx2") ? find_avx2(s, from, end, len)
					      : find_from(s, from, from, end, len);
}
#else
const u8 *scan_find(const struct scan *s, const u8 *from, const u8 *end, size_t *len)
{
	return find_from(s, from, from, end, len);
}
#endif
