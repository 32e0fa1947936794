/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_MACHINE_H
#define NM_CLI_MACHINE_H

#include "core/topology.h"
#include "probes/probe.h"

/* The machine that a command probes, live or recorded, and what was found on it. */

struct nm_cli_machine {
	struct nm_root root;
	struct nm_topology *topology;
	struct nm_arena arena;
	struct nm_findings findings;
	struct nm_machine facts;
	struct nm_probe_context
		probes; /* options of the command go in here before nm_machine_probe() */
};

/** Opens "/" or what --root names; 0 or -errno. Close it in any case. */
int nm_machine_open(struct nm_cli_machine *machine, const char *root);

/** Runs the probes; 0 or -errno. */
int nm_machine_probe(struct nm_cli_machine *machine);

void nm_machine_close(struct nm_cli_machine *machine);

#endif
