/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What the agent says is the word of a guest: every number in it is checked. */
#include "benchmarks/linux/job.h"

#include "core/clock.h"
#include "core/environment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* init/version.c: of every kernel */
#define FIRST_LINE "Linux version "

struct nm_moment nm_moment_now(void)
{
	return (struct nm_moment) {.tsc = nm_tsc(), .ns = nm_clock_raw_ns()};
}

static uint64_t involuntary_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_nivcsw;
}

static uint64_t steal_ns(const struct nm_linux_reader *reader)
{
	return reader->root ? nm_steal_ns(reader->root, reader->cpu) : 0;
}

static void finish(struct nm_linux_reader *reader, enum nm_state state, const char *reason)
{
	struct nm_round_area *area = reader->current->area;
	uint64_t steal = steal_ns(reader);

	area->state = (int)state;
	nm_text_printable(area->reason, sizeof(area->reason), reason);
	area->tsc_khz = reader->tsc_khz;
	area->elapsed_ns = nm_clock_ns() - reader->started_ns;
	/* The kernel's count may go back a little. */
	if (steal > reader->started_steal_ns)
		area->steal_ns = steal - reader->started_steal_ns;
	area->context_switches = involuntary_switches() - reader->started_switches;
	area->finished = 1;
	reader->current = NULL;
}

static void begin_job(struct nm_linux_reader *reader, const char *name)
{
	if (reader->current)
		finish(reader, NM_STATE_FAILED, "the agent went on without a result");
	if (reader->next >= reader->count ||
	    strcmp(reader->jobs[reader->next]->bench->name, name) != 0)
		return;
	reader->current = reader->jobs[reader->next++];
	reader->have_samples = reader->have_overheads = 0;
	reader->moments = 0;
	reader->started_ns = nm_clock_ns();
	reader->started_steal_ns = steal_ns(reader);
	reader->started_switches = involuntary_switches();
}

/* Counters are read away from the loop, the time next to it. */
static void note(struct nm_linux_reader *reader, enum nm_linux_moment moment)
{
	const uint64_t now = nm_clock_raw_ns();

	if (reader->counters)
		(void)nm_linux_counters_read(reader->counters, moment);
	if (reader->user_exits)
		reader->exits[moment] = *reader->user_exits;
	reader->ns[moment] = moment == NM_LINUX_BEGIN ? nm_clock_raw_ns() : now;
	reader->moments |= 1u << moment;
}

static bool was(const struct nm_linux_reader *reader, enum nm_linux_moment moment)
{
	return reader->moments >> moment & 1;
}

/* Between two lines there is nothing, or the loop: the first byte of the second one is the moment. */
static void on_start(void *context)
{
	struct nm_linux_reader *reader = context;

	if (!reader->current)
		return;
	if (was(reader, NM_LINUX_BEGIN) && !was(reader, NM_LINUX_END))
		note(reader, NM_LINUX_END);
	else if (was(reader, NM_LINUX_FIRST) && !was(reader, NM_LINUX_MARK))
		note(reader, NM_LINUX_MARK);
}

static bool parse_hex(const char **at, uint64_t *out)
{
	char *end;

	*out = strtoull(*at, &end, 16);
	if (end == *at || **at == '-' || *out > INT64_MAX)
		return false;
	*at = end;
	return true;
}

static void end_loop(struct nm_linux_reader *reader, const char *text)
{
	const uint64_t *at = reader->ns;
	const uint64_t *exits = reader->exits;
	struct nm_round_area *area = reader->current->area;
	uint64_t ns = 0;

	if (!was(reader, NM_LINUX_END) || !parse_hex(&text, &area->tsc_ticks) || *text++ != ' ' ||
	    !parse_hex(&text, &ns))
		return;
	area->host_ns = reader->native ? ns : at[NM_LINUX_END] - at[NM_LINUX_BEGIN];
	area->slack_ns = reader->native ? 0 : at[NM_LINUX_MARK] - at[NM_LINUX_FIRST];
	area->user_exits = exits[NM_LINUX_END] - exits[NM_LINUX_BEGIN];
	area->user_exits -= exits[NM_LINUX_MARK] - exits[NM_LINUX_FIRST] < area->user_exits
				    ? exits[NM_LINUX_MARK] - exits[NM_LINUX_FIRST]
				    : area->user_exits;
	if (reader->counters)
		nm_linux_counters_store(reader->counters, area);
}

static bool parse_value(const char **at, uint64_t *value, uint64_t *times)
{
	*times = 1;
	if (*(*at)++ != ' ' || !parse_hex(at, value))
		return false;
	return **at != '*' || (++*at && parse_hex(at, times));
}

/* "FROM VALUE VALUE*TIMES …". After one that does not fit there is no right number of them any more. */
static void take_numbers(uint64_t *out, uint64_t room, uint64_t *have, const char *text)
{
	uint64_t from;
	uint64_t value;
	uint64_t times;

	if (*have > room)
		return;
	if (!parse_hex(&text, &from) || from != *have)
		*have = UINT64_MAX;
	while (*have <= room && *text) {
		if (!parse_value(&text, &value, &times) || times > room - *have) {
			*have = UINT64_MAX;
			return;
		}
		while (times--)
			out[(*have)++] = value;
	}
}

static void take_result(struct nm_linux_reader *reader, enum nm_state state, const char *why)
{
	const struct nm_linux_job *job = reader->current;
	bool whole = reader->have_samples == job->samples &&
		     reader->have_overheads == job->samples && was(reader, NM_LINUX_END);

	if (state == NM_STATE_OK && !(whole && job->area->tsc_ticks && job->area->host_ns))
		finish(reader, NM_STATE_FAILED, "samples were lost on the way from the agent");
	else
		finish(reader, state, why);
}

static bool is_word(const char *text, const char *word, const char **rest)
{
	size_t length = strlen(word);

	if (strncmp(text, word, length) != 0 || text[length] != ' ')
		return false;
	*rest = text + length + 1;
	return true;
}

static void take_frame_of_job(struct nm_linux_reader *reader, const char *text)
{
	struct nm_linux_job *job = reader->current;
	char why[NM_FRAME_BYTES + 16];
	const char *rest;

	if (is_word(text, "first", &rest)) {
		note(reader, NM_LINUX_FIRST);
	} else if (is_word(text, "begin", &rest)) {
		note(reader, NM_LINUX_BEGIN);
	} else if (is_word(text, "end", &rest)) {
		end_loop(reader, rest);
	} else if (is_word(text, "o", &rest)) {
		take_numbers(job->area->values + job->samples, job->samples,
			     &reader->have_overheads, rest);
	} else if (is_word(text, "s", &rest)) {
		take_numbers(job->area->values, job->samples, &reader->have_samples, rest);
	} else if (is_word(text, "done", &rest)) {
		take_result(reader, NM_STATE_OK, "");
	} else if (is_word(text, "wrong", &rest)) {
		take_result(reader, NM_STATE_INVALID, rest);
	} else if (is_word(text, "lack", &rest)) {
		snprintf(why, sizeof(why), "needs %s", rest);
		take_result(reader, NM_STATE_UNSUPPORTED, why);
	}
}

static void on_frame(void *context, const char *text)
{
	struct nm_linux_reader *reader = context;
	const char *rest;

	if (is_word(text, "hello", &rest))
		reader->hello = nm_moment_now();
	else if (is_word(text, "bye", &rest))
		reader->bye = true;
	else if (is_word(text, "run", &rest))
		begin_job(reader, rest);
	else if (reader->current)
		take_frame_of_job(reader, text);
}

static void on_damage(void *context)
{
	struct nm_linux_reader *reader = context;

	if (reader->current)
		finish(reader, NM_STATE_FAILED, "a line of the agent was damaged on its way");
}

/* Firmware, decompressor and VMM may have said something before. */
static void on_line(void *context, const char *line)
{
	struct nm_linux_reader *reader = context;

	if (!reader->first_line.ns && strstr(line, FIRST_LINE))
		reader->first_line = nm_moment_now();
}

void nm_linux_reader_init(struct nm_linux_reader *reader)
{
	reader->frames.starts = on_start;
	reader->frames.frame = on_frame;
	reader->frames.damaged = on_damage;
	reader->frames.line_ends = on_line;
	reader->frames.context = reader;
}

void nm_linux_reader_feed(void *reader, const char *bytes, size_t length)
{
	nm_frames_feed(&((struct nm_linux_reader *)reader)->frames, bytes, length);
}

void nm_linux_reader_end(struct nm_linux_reader *reader, enum nm_state state, const char *why)
{
	char text[640];

	if (reader->current)
		finish(reader, state, why);
	snprintf(text, sizeof(text), "not reached: %s", why);
	while (reader->next < reader->count) {
		reader->current = reader->jobs[reader->next++];
		reader->started_ns = nm_clock_ns();
		finish(reader, state, text);
	}
}

int nm_linux_plan_text(struct nm_text *out, struct nm_linux_job *const *jobs, size_t count,
		       const int *ids, size_t cpus, bool restarts)
{
	nm_text_puts(out, "cpus");
	for (size_t i = 0; i < cpus; i++)
		nm_text_printf(out, " %d", ids[i]);
	nm_text_puts(out, "\n");
	for (size_t i = 0; i < count; i++)
		nm_text_printf(out, "run %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			       jobs[i]->bench->name, jobs[i]->samples, jobs[i]->warmup,
			       jobs[i]->batch);
	if (restarts)
		nm_text_puts(out, "restart\n");
	return nm_text_status(out);
}
