/* The functions that apply.c's table calls, and what they share. */
#ifndef OOMLOG_APPLY_H
#define OOMLOG_APPLY_H

#include "oomlog/block.h"

/* A copy in the block's arena. */
const char *block_keep(struct block *b, struct str text);
/* The first value stays. */
void block_set_text(struct block *b, const char **to, struct str text);
void block_set_number(struct known *to, s64 value);

void apply_meminfo(struct block *b, const struct line *line, const struct parse *parse);
void apply_mem(struct block *b, const struct line *line, const struct parse *parse);
void apply_node(struct block *b, const struct line *line, const struct parse *parse);
void apply_zone(struct block *b, const struct line *line, const struct parse *parse);
void apply_reserve(struct block *b, const struct line *line, const struct parse *parse);
void apply_buddy(struct block *b, const struct line *line, const struct parse *parse);
void apply_hugepages(struct block *b, const struct line *line, const struct parse *parse);
void apply_slab_head(struct block *b, const struct line *line, const struct parse *parse);
void apply_slab(struct block *b, const struct line *line, const struct parse *parse);
void apply_slab_failed(struct block *b, const struct line *line, const struct parse *parse);
void apply_tags_head(struct block *b, const struct line *line, const struct parse *parse);
void apply_tag(struct block *b, const struct line *line, const struct parse *parse);

#endif
