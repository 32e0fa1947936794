/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Without those that start guests, which are x86-64's: run, with list that shows what it measures, and boot. */
#include "cli/cli.h"

#include <stddef.h>

const struct nm_command *const nm_commands[] = {
	&nm_command_probe,
	&nm_command_report,
	NULL,
};
