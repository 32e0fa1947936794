/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "linux/agent.h"

#include <asm/ioctls.h>

#define LINE_BYTES 600u /* of text: no line is longer */

struct line {
	char text[LINE_BYTES + 64];
	size_t length;
};

static long output = 1;
static bool output_is_tty;

void nm_frames_to(long fd, bool tty)
{
	output = fd;
	output_is_tty = tty;
}

static void put(struct line *line, const char *text)
{
	while (*text && line->length < LINE_BYTES)
		line->text[line->length++] = *text++;
}

static void put_hex(struct line *line, uint64_t value)
{
	char digits[17];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	put(line, at);
}

/* FNV-1a, 32 bits. */
static uint32_t checksum(const struct line *line)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < line->length; i++)
		sum = (sum ^ (unsigned char)line->text[i]) * 16777619u;
	return sum;
}

static void write_all(const char *bytes, size_t length)
{
	while (length) {
		long put_bytes = nm_call(SYS_write, output, (long)bytes, (long)length, 0);

		if (put_bytes <= 0 && put_bytes != -4 /* EINTR */)
			return;
		if (put_bytes > 0) {
			bytes += put_bytes;
			length -= (size_t)put_bytes;
		}
	}
}

/* One call for a whole line: messages of the kernel come between lines, not into them. */
static void send(const struct line *text)
{
	struct line line = {.length = 0};

	put(&line, "@nm ");
	put_hex(&line, checksum(text));
	put(&line, " ");
	for (size_t i = 0; i < text->length; i++)
		line.text[line.length++] = text->text[i];
	line.text[line.length++] = '\n';
	write_all(line.text, line.length);
}

static void drain(void)
{
	if (output_is_tty)
		nm_call(SYS_ioctl, output, TCSBRK, 1, 0);
}

void nm_say(const char *kind, const char *text)
{
	struct line line = {.length = 0};

	put(&line, kind);
	put(&line, " ");
	put(&line, text);
	send(&line);
	drain();
}

/* "KIND FROM VALUE VALUE*TIMES …", all in hexadecimal. */
void nm_say_numbers(const char *kind, const uint64_t *values, uint64_t count)
{
	uint64_t at = 0;

	while (at < count) {
		struct line line = {.length = 0};

		put(&line, kind);
		put(&line, " ");
		put_hex(&line, at);
		while (at < count && line.length < LINE_BYTES - 40) {
			uint64_t times = 1;

			while (at + times < count && values[at + times] == values[at])
				times++;
			put(&line, " ");
			put_hex(&line, values[at]);
			if (times > 1) {
				put(&line, "*");
				put_hex(&line, times);
			}
			at += times;
		}
		send(&line);
	}
}

void nm_say_end(const struct nm_work *work)
{
	struct line line = {.length = 0};

	put(&line, "end ");
	put_hex(&line, work->ticks);
	put(&line, " ");
	put_hex(&line, (uint64_t)work->ns);
	send(&line);
}

/* Twice the same line: the host sees how long one takes. */
void nm_loop_begin(struct nm_work *work)
{
	nm_say("first", work->name);
	nm_say("begin", work->name);
	work->ns = nm_clock(4 /* CLOCK_MONOTONIC_RAW */);
	work->ticks = nm_ticks();
}

void nm_loop_end(struct nm_work *work)
{
	work->ticks = nm_ticks() - work->ticks;
	work->ns = nm_clock(4) - work->ns;
	nm_say_end(work);
}
