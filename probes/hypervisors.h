/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_HYPERVISORS_H
#define NM_PROBES_HYPERVISORS_H

#include <stdbool.h>

/** A hypervisor or emulator that guests can tell from others. */
struct nm_hypervisor {
	const char *name;
	const char *remedy; /* how its host gives a VM nested virtualization; NULL: not known */
	bool emulator;	    /* interprets or translates instead of running guests on the CPU */
};

/** By what CPUID 40000000h says; NULL: not in the table. */
const struct nm_hypervisor *nm_hypervisor_of_signature(const char *signature);

/** By an SMBIOS string, which is that of a VM when it is in the table. */
const struct nm_hypervisor *nm_hypervisor_of_firmware(const char *string);

/** By the compatible string of the device tree's hypervisor node. */
const struct nm_hypervisor *nm_hypervisor_of_tree(const char *compatible);

#endif
