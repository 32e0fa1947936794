/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_CLI_H
#define NM_CLI_CLI_H

#include "core/record.h"
#include "core/text.h"

#include <stdbool.h>

/* Exit codes, as in docs/usage.md. */
enum nm_exit_code {
	NM_EXIT_OK = 0,
	NM_EXIT_CHECK_FAILED = 1,
	NM_EXIT_USAGE = 2,
	NM_EXIT_UNDECIDED = 3,
	NM_EXIT_UNSUPPORTED = 4,
};

/** One command: one file. argv[0] is the command's name. */
struct nm_command {
	const char *name;
	const char *summary;
	int (*main)(int argc, char **argv);
	const char *help;
};

extern const struct nm_command nm_command_probe;
extern const struct nm_command nm_command_check;
extern const struct nm_command nm_command_list;
extern const struct nm_command nm_command_run;
extern const struct nm_command nm_command_ab;
extern const struct nm_command nm_command_compare;
extern const struct nm_command nm_command_predict;
extern const struct nm_command nm_command_report;
extern const struct nm_command nm_command_history;
extern const struct nm_command nm_command_boot;
extern const struct nm_command nm_command_capture;

/** Prints "nestmark: …" and "Try 'nestmark COMMAND --help'." on stderr; returns NM_EXIT_USAGE. */
int nm_usage_error(const struct nm_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** The usage error for what getopt_long() returned, ':' or '?'. */
int nm_option_error(const struct nm_command *command, int option, char **argv);

/** Prints the last error with its remedy on stderr; returns code. */
int nm_report_error(int code);

/** Prints a hint or a warning on stderr. */
void nm_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Prints the help of a command on stdout. */
int nm_print_help(const struct nm_command *command);

/** Writes to stdout; NM_EXIT_OK, or NM_EXIT_UNDECIDED after an error line when stdout does not take it. */
int nm_print(const struct nm_text *text);

enum nm_colour { NM_COLOUR_AUTO, NM_COLOUR_ALWAYS, NM_COLOUR_NEVER };

/** Parses always, never or auto; false for anything else. */
bool nm_parse_colour(const char *text, enum nm_colour *out);

/** Whether output to stdout is coloured: the option, then NO_COLOR, TERM=dumb, and whether it is a terminal. */
bool nm_use_colour(enum nm_colour colour);

/** Parses a whole number from min to max; false, with an error line, for anything else. */
bool nm_parse_number(const struct nm_command *command, const char *option, const char *text,
		     uint64_t min, uint64_t max, uint64_t *out);

/** Parses a time such as 90, 90s, 5m or 1h, of 1 ms to max_ns; false, with an error line, for anything else. */
/** Bytes, with K, M, G or T for powers of 1024. */
bool nm_parse_bytes(const struct nm_command *command, const char *option, const char *text,
		    uint64_t min, uint64_t max, uint64_t *out);

bool nm_parse_duration(const struct nm_command *command, const char *option, const char *text,
		       uint64_t max_ns, uint64_t *out);

/** Version, compiler and build type of this program. */
nm_json *nm_build_facts(void);

#endif
