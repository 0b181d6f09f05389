/*
 * UTF-8, strictly: what is a character, what may reach a terminal, how wide it is.
 */
#ifndef BASE_TEXT_UTF8_H
#define BASE_TEXT_UTF8_H

#include "base/types.h"

/*
 * Decode the character at text (len > 0 bytes): its length, 1-4, and *code; 0 when there is none
 * (overlong forms, surrogates, beyond U+10FFFF, cut off): then the first byte stands for itself.
 */
size_t utf8_decode(const char *text, size_t len, u32 *code);

/*
 * True for what must not be shown as it is: it would move the cursor, hide itself or turn others
 * around.
 */
bool utf8_hidden(u32 code);

/*
 * Columns on a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
 */
unsigned utf8_width(u32 code);

#endif
