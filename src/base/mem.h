/*
 * Memory by lifetime: an arena per dump, per command, per pass.
 *
 * Sizes that come out of a dump are bounded by the caller before they get here.  When the machine
 * itself has no memory left there is nothing to report with: the one place in the library that
 * ends the program (exit status EXIT_INTERNAL), so that no caller carries a branch that never runs.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"

void *mem_alloc(size_t size);		 /* zeroed */
void *mem_calloc(size_t n, size_t size); /* zeroed; n * size checked */
void *mem_realloc(void *old, size_t size);
char *mem_strdup(const char *s);

struct arena_block;
struct arena {
	struct arena_block *blocks; /* newest first */
	size_t bytes;		    /* handed out in all, for --stats and tests */
};

#define ARENA_INIT      \
	{               \
		NULL, 0 \
	}

void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned for any type */
void *arena_copy(struct arena *a, const void *bytes, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t max); /* stops at NUL or max */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void arena_done(struct arena *a); /* frees everything; the arena is empty and usable again */

/*
 * A growing array: `VEC(struct thing) things = {0}; *vec_push(&things) = thing;`
 * vec_push returns the new element (zeroed) and may move the others.
 */
#define VEC(type)               \
	struct {                \
		type *v;        \
		size_t n, room; \
	}

void *vec_grow(void *v, size_t *room, size_t n, size_t element_size);

#define vec_push(vec)                                                                        \
	((vec)->v = (vec)->n < (vec)->room                                                   \
			    ? (vec)->v                                                       \
			    : vec_grow((vec)->v, &(vec)->room, (vec)->n, sizeof(*(vec)->v)), \
	 (__typeof__((vec)->v))memset(&(vec)->v[(vec)->n++], 0, sizeof(*(vec)->v)))

#define vec_done(vec) (free((vec)->v), memset((vec), 0, sizeof(*(vec))))

#endif
