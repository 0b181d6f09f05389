/* Lines of other programs that kill for memory, or tell that somebody did. */
#ifndef OOMLOG_NOTICE_H
#define OOMLOG_NOTICE_H

#include "oomlog/oomlog.h"
#include "oomlog/str.h"

/* Reads a message; kind, victim, pid and rss_kb are set (texts in the arena).  False: no such line.
 */
bool notice_parse(struct arena *arena, struct str text, struct oom_notice *notice);

#endif
