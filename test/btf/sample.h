/* Types whose layout the compiler tells twice: through offsetof() to the test, and through its
 * debug information. */
struct sample_list {
	struct sample_list *next, *prev;
};

typedef struct {
	int counter;
} sample_atomic;

enum sample_item { SAMPLE_FIRST, SAMPLE_NEGATIVE = -5, SAMPLE_LARGE = 0x7fffffff };
typedef enum { SAMPLE_NAMELESS = 200 } sample_nameless;
enum sample_wide { SAMPLE_WIDE = 0x123456789abcull };

struct sample_inner {
	char tag;
	long grid[3][4];
	sample_atomic counts[5];
};

struct sample {
	unsigned long flags;
	union {
		struct sample_list lru;
		struct {
			const volatile void *mapping;
			unsigned long index;
		};
		struct {
			unsigned inuse : 16, objects : 15, frozen : 1;
		};
	};
	enum sample_item item;
	enum sample_wide wide;
	struct sample_inner inner[2];
	struct sample_list *const *pointer;
	signed char small;
	unsigned char early : 3, late : 4;
	double real;
	int (*call)(struct sample *self);
	struct never_defined *opaque;
	unsigned short tail[];
};
