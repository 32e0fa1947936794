/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_IDENTITY_H
#define NM_VMM_LINUX_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/** What a guest is told to run on: the signature of CPUID 40000000h and the strings of SMBIOS. */
struct nm_identity {
	const char *name;
	const char *
		signature; /* at most 12 characters; NULL: no hypervisor leaves, as on bare metal */
	uint32_t highest_leaf; /* of the hypervisor range */
	bool kvm;	       /* KVM's own leaves stay, and with them its paravirtual clock */
	bool bzimage_entry; /* a kernel entered by PVH would take itself for a guest of the real one */
	const char *
		kernel_arguments; /* what keeps the kernel from using an interface that is not there */
	unsigned char uuid[16]; /* as in memory: the first three groups little-endian */
	const char *bios_vendor, *vendor, *product, *serial, *board_asset, *chassis_asset;
};

/** An identity by name, or NULL. */
const struct nm_identity *nm_identity_find(const char *name);

/** All identities in order; NULL after the last. */
const struct nm_identity *nm_identity_at(unsigned int index);

#endif
