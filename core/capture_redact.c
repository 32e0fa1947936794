/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/capture.h"

#include "core/error.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <string.h>

#define HEX "[0-9a-fA-F]"

/* What identifies a machine wherever it stands, and what is left of it: the length stays, the content goes. */
static const char *const patterns[] = {
	HEX "{8}-" HEX "{4}-" HEX "{4}-" HEX "{4}-" HEX "{12}",
	"(^|[^0-9a-fA-F:])" HEX HEX "(:" HEX HEX "){5}($|[^0-9a-fA-F:])",
	HEX "{32,}", /* machine and container ids */
	"(^|[^a-zA-Z0-9])i-(" HEX "{17}|" HEX "{8})($|[^0-9a-fA-F])",
};

/* Asset tags by which a cloud is recognised (docs/platforms.md); every other tag or serial number goes. */
static const char *const known_tags[] = {
	"7783-7084-3265-9085-8269-3286-77",
	"OracleCloud.com",
	"OpenTelekomCloud",
	"SAP CCloud VM",
	"HUAWEICLOUD",
	"Samsung Cloud Platform",
	"Not Specified",
	"None",
	NULL,
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && !strcmp(text + length - strlen(end), end);
}

/* Hexadecimal digits become 0. EC2's UUIDs keep the three letters by which they are known. */
static void blank(char *at, size_t length)
{
	size_t i = length > 3 && !strncasecmp(at, "ec2", 3) ? 3 : 0;

	for (; i < length; i++)
		if (isxdigit((unsigned char)at[i]))
			at[i] = '0';
}

static void blank_pattern(char *text, const regex_t *pattern)
{
	regmatch_t match;

	while (*text && !regexec(pattern, text, 1, &match, 0)) {
		size_t end = (size_t)match.rm_eo;

		blank(text + match.rm_so, end - (size_t)match.rm_so);
		/* The last character may be the one before the next match. */
		text += end > 1 ? end - 1 : 1;
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static void blank_host(char *text, const char *host)
{
	size_t length = strlen(host);

	for (char *at = text; length && (at = strstr(at, host)); at += length)
		if ((at == text || !is_word(at[-1])) && !is_word(at[length]))
			memset(at, 'x', length);
}

/* IPv4 addresses of the kernel's command line, as in ip= and nfsroot=. */
static void blank_addresses(char *text)
{
	regex_t pattern;

	if (regcomp(&pattern, "[0-9]{1,3}(\\.[0-9]{1,3}){3}", REG_EXTENDED))
		return;
	blank_pattern(text, &pattern);
	regfree(&pattern);
}

static void blank_tag(char *text)
{
	static const char google[] = "GoogleCloud-";
	size_t start = strncmp(text, google, strlen(google)) ? 0 : strlen(google);

	for (size_t i = 0; known_tags[i]; i++)
		if (!strncmp(text, known_tags[i], strlen(known_tags[i])))
			return;
	for (char *at = text + start; *at; at++)
		if (*at != '\n')
			*at = 'x';
}

static void redact_text(char *text, const char *path, const char *host)
{
	if (ends_with(path, "_serial") || ends_with(path, "_asset_tag"))
		blank_tag(text);
	if (!strcmp(path, "proc/cmdline"))
		blank_addresses(text);
	if (!strcmp(path, "proc/cmdline") || !strncmp(path, "proc/self/", 10))
		blank_host(text, host);
}

int nm_capture_redact(struct nm_capture *capture, const char *host)
{
	size_t count = sizeof(patterns) / sizeof(patterns[0]);

	for (size_t p = 0; p < count; p++) {
		regex_t pattern;

		if (regcomp(&pattern, patterns[p], REG_EXTENDED))
			return nm_fail(EINVAL, "a pattern of what is redacted does not compile");
		for (size_t i = 0; i < capture->answers.count; i++)
			if (capture->answers.items[i].bytes)
				blank_pattern((char *)capture->answers.items[i].bytes, &pattern);
		regfree(&pattern);
	}
	for (size_t i = 0; i < capture->answers.count; i++) {
		struct nm_answer *answer = &capture->answers.items[i];

		if (answer->kind == NM_ANSWER_TEXT && answer->bytes)
			redact_text((char *)answer->bytes, answer->path, host);
	}
	capture->redacted = true;
	return 0;
}
