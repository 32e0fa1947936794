/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/machine.h"

int nm_machine_open(struct nm_cli_machine *machine, const char *root)
{
	int r;

	*machine = (struct nm_cli_machine) {.root = {.fd = -1}, .probes.kvm = {.fd = -1}};
	r = nm_root_open(&machine->root, root);
	if (!r && machine->root.live)
		r = nm_topology_load(&machine->topology);
	machine->probes.root = &machine->root;
	machine->probes.topology = machine->topology;
	machine->probes.kvm_device = NM_KVM_DEVICE;
	machine->probes.run_guest = true;
	machine->probes.arena = &machine->arena;
	machine->probes.findings = &machine->findings;
	machine->probes.machine = &machine->facts;
	return r;
}

int nm_machine_probe(struct nm_cli_machine *machine)
{
	return nm_probe_all(&machine->probes);
}

void nm_machine_close(struct nm_cli_machine *machine)
{
	nm_kvm_close(&machine->probes.kvm);
	nm_topology_free(machine->topology);
	nm_arena_free(&machine->arena);
	nm_root_close(&machine->root);
}
