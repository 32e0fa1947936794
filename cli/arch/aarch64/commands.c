/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stddef.h>

/* What starts guests is known by name, so that scripts are told what is wrong by the exit code for it. */
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

static const struct nm_command list = WITHOUT_GUESTS("list");
static const struct nm_command run = WITHOUT_GUESTS("run");
static const struct nm_command boot = WITHOUT_GUESTS("boot");

const struct nm_command *const nm_commands[] = {
	&nm_command_probe, &list, &run, &nm_command_report, &boot, NULL,
};
