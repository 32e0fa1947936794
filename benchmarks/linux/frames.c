/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/frames.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MARK	   "@nm "
#define TAIL_BYTES 200u

static uint32_t checksum(const char *text)
{
	uint32_t sum = 2166136261u;

	while (*text)
		sum = (sum ^ (unsigned char)*text++) * 16777619u;
	return sum;
}

/* Half of it goes when it is full. */
static void keep_console(struct nm_frames *frames, const char *line)
{
	size_t length = strlen(line);

	if (frames->console_length + length + 1 > NM_CONSOLE_BYTES) {
		const size_t half = frames->console_length / 2;

		memmove(frames->console, frames->console + half, frames->console_length - half);
		frames->console_length -= half;
	}
	memcpy(frames->console + frames->console_length, line, length);
	frames->console_length += length;
	frames->console[frames->console_length++] = '\n';
	frames->console[frames->console_length] = '\0';
}

/* What a kernel or a VMM has written without an end of line may stand before a frame. */
static void take_line(struct nm_frames *frames)
{
	char *mark = strstr(frames->line, MARK);
	char *text = mark ? mark + strlen(MARK) : NULL;
	unsigned long long sum = text ? strtoull(text, &text, 16) : 0;

	if (!mark)
		keep_console(frames, frames->line);
	else if (*text == ' ' && sum == checksum(text + 1) && !frames->too_long)
		frames->frame(frames->context, text + 1);
	else
		frames->damaged(frames->context);
}

static void end_line(struct nm_frames *frames)
{
	/* A terminal puts a return before the end of a line. */
	while (frames->length && frames->line[frames->length - 1] == '\r')
		frames->length--;
	frames->line[frames->length] = '\0';
	if (frames->line_ends)
		frames->line_ends(frames->context, frames->line);
	take_line(frames);
	frames->length = 0;
	frames->too_long = false;
	frames->inside = false;
}

static void take_byte(struct nm_frames *frames, char byte)
{
	if (byte == '\n') {
		end_line(frames);
		return;
	}
	if (byte == '@' && !frames->inside) {
		frames->inside = true;
		frames->starts(frames->context);
	}
	if (!byte)
		return;
	if (frames->length < NM_FRAME_BYTES)
		frames->line[frames->length++] = byte;
	else
		frames->too_long = true;
}

void nm_frames_feed(struct nm_frames *frames, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		take_byte(frames, bytes[i]);
}

void nm_frames_tail(const struct nm_frames *frames, char *out, size_t size)
{
	const char *at = frames->console;

	if (frames->console_length > TAIL_BYTES)
		at += frames->console_length - TAIL_BYTES;
	nm_text_printable(out, size, at);
}
