/* Arenas: a list of blocks that grow with use, freed together. */
#include "base/mem.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t used, room;
	_Alignas(max_align_t) u8 bytes[];
};

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "memwho: this machine has no memory left for memwho itself\n";
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
		/* nobody to tell */
	}
	_exit(EXIT_INTERNAL);
}

void *mem_calloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);
	if (!p)
		out_of_memory();
	return p;
}

void *mem_alloc(size_t size)
{
	return mem_calloc(1, size);
}

void *mem_realloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *mem_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	return memcpy(mem_alloc(size), s, size);
}

void *vec_grow(void *v, size_t *room, size_t n, size_t element_size)
{
	size_t more = n < 8 ? 8 : n * 2;
	if (more > SIZE_MAX / 2 / element_size)
		out_of_memory();
	*room = more;
	return mem_realloc(v, more * element_size);
}

static struct arena_block *block_new(struct arena *a, size_t size)
{
	size_t room = a->blocks ? u64_min(a->blocks->room * 2, LARGEST_BLOCK) : FIRST_BLOCK;
	if (room < size)
		room = size;
	struct arena_block *block = mem_alloc(sizeof(*block) + room);
	block->room = room;
	block->next = a->blocks;
	a->blocks = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 4)
		out_of_memory();
	size = align_up(size ? size : 1, _Alignof(max_align_t));
	struct arena_block *block = a->blocks;
	if (!block || block->room - block->used < size)
		block = block_new(a, size);
	void *p = block->bytes + block->used;
	block->used += size;
	a->bytes += size;
	return p;
}

void *arena_copy(struct arena *a, const void *bytes, size_t size)
{
	void *p = arena_alloc(a, size);
	return size ? memcpy(p, bytes, size) : p;
}

char *arena_strndup(struct arena *a, const char *s, size_t max)
{
	size_t n = strnlen(s, max);
	char *copy = arena_alloc(a, n + 1);
	memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s) + 1);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *text = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)(n < 0 ? 0 : n) + 1, fmt, args);
	va_end(args);
	return text;
}

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *block = a->blocks;
		a->blocks = block->next;
		free(block);
	}
	a->bytes = 0;
}
