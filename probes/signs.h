/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_SIGNS_H
#define NM_PROBES_SIGNS_H

#include "probes/probe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a machine says about what it is: raw, before anything is concluded from it. */

/** SMBIOS strings as /sys/class/dmi/id names them (drivers/firmware/dmi-id.c). */
enum nm_dmi {
	NM_DMI_SYS_VENDOR,
	NM_DMI_PRODUCT_NAME,
	NM_DMI_PRODUCT_SERIAL, /* root only, as is the UUID */
	NM_DMI_PRODUCT_UUID,
	NM_DMI_BIOS_VENDOR,
	NM_DMI_BIOS_VERSION,
	NM_DMI_BOARD_VENDOR,
	NM_DMI_CHASSIS_ASSET_TAG,
	NM_DMI_COUNT
};

extern const char *const nm_dmi_names[NM_DMI_COUNT];

#define NM_MAX_LAYERS 8

struct nm_signs {
	const char *dmi[NM_DMI_COUNT]; /* printable; NULL where there is none */
	int dmi_error[NM_DMI_COUNT];   /* errno of those */
	int smbios_vm;	      /* 1: SMBIOS says that this is a VM, 0: it does not, or -errno */
	const char *tree;     /* compatible string of the device tree's hypervisor; NULL without */
	const char *xen_uuid; /* /sys/hypervisor/uuid */
	const char *xen_type; /* /sys/hypervisor/guest_type: PV, HVM or PVH */
	const char *cmdline;
	bool arm64;
	struct nm_layer {
		uint32_t leaf; /* 40000000h, 40000100h … */
		char signature[13];
		bool hyperv; /* its next leaf says "Hv#1": Hyper-V's interface, whoever gives it */
	} layers[NM_MAX_LAYERS];
	size_t layer_count;
};

/** Reads them all. */
void nm_signs_read(const struct nm_probe_context *context, struct nm_signs *out);

/** Whether any SMBIOS string is there. */
bool nm_signs_dmi(const struct nm_signs *signs);

#endif
