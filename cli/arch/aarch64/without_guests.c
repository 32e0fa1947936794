/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The commands that start guests. They are there by name, so that scripts get the exit code that says what is wrong. */
#include "cli/cli.h"

static int start_no_guest(int argc, char **argv)
{
	(void)argc;
	nm_warn("%s: nestmark's guests are x86-64's; on arm64 it looks at machines and starts none",
		argv[0]);
	return NM_EXIT_UNSUPPORTED;
}

#define WITHOUT_GUESTS(command)                                                                    \
	{                                                                                          \
		.name = (command), .summary = "on x86-64 only", .main = start_no_guest,            \
		.help = "nestmark " command " works on x86-64 only, whose guests it is about.\n",  \
	}

const struct nm_command nm_command_list = WITHOUT_GUESTS("list");
const struct nm_command nm_command_run = WITHOUT_GUESTS("run");
const struct nm_command nm_command_ab = WITHOUT_GUESTS("ab");
const struct nm_command nm_command_boot = WITHOUT_GUESTS("boot");
