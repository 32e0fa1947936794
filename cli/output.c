/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "core/error.h"
#include "core/file.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_line(const char *format, va_list args)
{
	char text[2048];
	char clean[2048];

	vsnprintf(text, sizeof(text), format, args);
	fprintf(stderr, "nestmark: %s\n", nm_text_printable(clean, sizeof(clean), text));
}

int nm_usage_error(const struct nm_command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(format, args);
	va_end(args);
	fprintf(stderr, "Try 'nestmark %s%s--help'.\n", command ? command->name : "",
		command ? " " : "");
	return NM_EXIT_USAGE;
}

int nm_option_error(const struct nm_command *command, int option, char **argv)
{
	const char *problem = option == ':' ? "needs a value" : "unknown option";

	/* A short option may stand in a cluster, and then the argument is not done with yet. */
	if (strncmp(argv[optind - 1], "--", 2) != 0)
		return nm_usage_error(command, "-%c: %s", optopt, problem);
	return nm_usage_error(command, "%s: %s", argv[optind - 1],
			      optopt && option == '?' ? "takes no value" : problem);
}

void nm_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(format, args);
	va_end(args);
}

int nm_report_error(int code)
{
	const struct nm_error *error = nm_error_last();

	if (error->remedy[0])
		nm_warn("%s (%s)", error->text, error->remedy);
	else
		nm_warn("%s", error->text);
	if (getenv("NESTMARK_DEBUG"))
		nm_warn("the error was born at %s:%d", error->file, error->line);
	return code;
}

int nm_print(const struct nm_text *text)
{
	int r = nm_text_status(text);

	if (!r)
		r = nm_write_all(STDOUT_FILENO, text->bytes ? text->bytes : "", text->length);
	if (!r)
		return NM_EXIT_OK;
	nm_error_within(r, "standard output");
	return nm_report_error(NM_EXIT_UNDECIDED);
}

int nm_print_help(const struct nm_command *command)
{
	struct nm_text text = {0};
	int code;

	nm_text_puts(&text, command->help);
	code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

bool nm_parse_colour(const char *text, enum nm_colour *out)
{
	static const char *const words[] = {"auto", "always", "never", NULL};
	int index = nm_name_index(words, text);

	if (index >= 0)
		*out = (enum nm_colour)index;
	return index >= 0;
}

bool nm_use_colour(enum nm_colour colour)
{
	const char *off = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (colour != NM_COLOUR_AUTO)
		return colour == NM_COLOUR_ALWAYS;
	if (off && *off)
		return false;
	if (terminal && !strcmp(terminal, "dumb"))
		return false;
	return isatty(STDOUT_FILENO);
}

bool nm_parse_number(const struct nm_command *command, const char *option, const char *text,
		     uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (!errno && *text >= '0' && *text <= '9' && !*end && *out >= min && *out <= max)
		return true;
	nm_usage_error(command, "%s %s: expected a whole number from %llu to %llu", option, text,
		       (unsigned long long)min, (unsigned long long)max);
	return false;
}

bool nm_parse_duration(const struct nm_command *command, const char *option, const char *text,
		       uint64_t max_ns, uint64_t *out)
{
	static const struct {
		const char *suffix;
		double seconds;
	} units[] = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
	char *end;
	double value = strtod(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double seconds = value * units[i].seconds;

		if (end != text && !strcmp(end, units[i].suffix) && seconds >= 0.001 &&
		    seconds * 1e9 <= (double)max_ns) {
			*out = (uint64_t)(seconds * 1e9);
			return true;
		}
	}
	nm_usage_error(command, "%s %s: expected a time such as 90s, 5m or 1h, at most %.0fh",
		       option, text, (double)max_ns / 3600e9);
	return false;
}

bool nm_parse_bytes(const struct nm_command *command, const char *option, const char *text,
		    uint64_t min, uint64_t max, uint64_t *out)
{
	static const char suffixes[] = "KMGT";
	char lowest[32];
	char highest[32];
	char *end;
	const char *suffix;
	unsigned int shift = 0;

	errno = 0;
	*out = strtoull(text, &end, 10);
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
		end++;
	}
	if (!errno && *text >= '0' && *text <= '9' && !*end && *out <= max >> shift &&
	    *out << shift >= min) {
		*out <<= shift;
		return true;
	}
	nm_text_bytes(lowest, sizeof(lowest), min);
	nm_text_bytes(highest, sizeof(highest), max);
	nm_usage_error(command, "%s %s: expected a size such as 64M or 1G, from %s to %s", option,
		       text, lowest, highest);
	return false;
}

nm_json *nm_build_facts(void)
{
	nm_json *facts = nm_json_new_object();

	nm_json_add(facts, "name", nm_json_string("nestmark"));
	nm_json_add(facts, "version", nm_json_string(NM_VERSION));
	nm_json_add(facts, "compiler", nm_json_string(__VERSION__));
	nm_json_add(facts, "build_type", nm_json_string(NM_BUILD_TYPE));
	return facts;
}
