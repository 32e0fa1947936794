/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stddef.h>

const struct nm_command *const nm_commands[] = {
	&nm_command_probe,  &nm_command_list, &nm_command_run,
	&nm_command_report, &nm_command_boot, NULL,
};
