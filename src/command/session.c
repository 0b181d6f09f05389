/* Opening dumps for commands. */
#include "command/session.h"

#include <time.h>

#include "analysis/tables.h"
#include "sink/json.h"

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double session_seconds(const struct session *s)
{
	return now_s() - s->start_s;
}

int session_boot(struct command_context *context)
{
	struct session *s = context->session;
	const struct kernel_options options = {
		.map_path = context->common.map,
		.vmlinux_path = context->common.vmlinux,
		.progress = context->progress,
	};
	if (kernel_open(&s->kernel, s->image, &options, &context->error))
		return -1;
	context->sink.page_size = s->kernel->page_size;
	return 0;
}

int session_prepare(struct command_context *context)
{
	struct session *s = context->session = mem_alloc(sizeof(*s));
	s->start_s = now_s();
	if (image_open(&s->image, context->operands, context->nr_operands, context->progress,
		       &context->error))
		return -1;
	return context->command->needs & NEED_KERNEL ? session_boot(context) : 0;
}

void session_release(struct session *s)
{
	if (!s)
		return;
	if (s->kernel)
		kernel_close(s->kernel);
	else if (s->image)
		image_close(s->image);
	free(s);
}

bool session_partial(const struct kernel *k)
{
	for (size_t i = 0; i < k->unreadable.n; i++) {
		if (k->unreadable.v[i].why != READ_ABSENT)
			return true;
	}
	return false;
}

int session_finish(struct command_context *context)
{
	struct kernel *k = context->session->kernel;
	struct table *unreadable = unreadable_table(k);
	int result = 0;
	struct json_writer *w = command_json(context);
	if (w) {
		json_key(w, unreadable_spec.key);
		result = json_table(w, unreadable, NULL, &context->error);
	}
	for (size_t i = 0; i < k->unreadable.n; i++) {
		const struct unreadable *u = &k->unreadable.v[i];
		command_note(context, "not readable: %s: %llu, the first at 0x%llx, %s", u->what,
			     (unsigned long long)u->count, (unsigned long long)u->first_address,
			     read_status_text(u->why));
	}
	table_free(unreadable);
	if (result)
		return -1;
	return session_partial(k) ? EXIT_PARTIAL : EXIT_REPORT;
}

int session_list(struct command_context *context, struct table *table)
{
	if (!table)
		return -1;
	int result = command_emit(context, table);
	table_free(table);
	return result ? -1 : session_finish(context);
}
