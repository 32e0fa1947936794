/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/identity.h"

#include <stddef.h>
#include <string.h>

#define HYPERVISOR_BASE 0x40000000u

/* A random UUID (RFC 4122, version 4); that of EC2 begins with ec2 in the other byte order. */
#define ANY_UUID                                                                                   \
	{                                                                                          \
		0x5b, 0x1f, 0x7c, 0x2a, 0x44, 0x91, 0x0d, 0x4e, 0x8a, 0x6c, 0x33, 0x70, 0xe2,      \
			0x15, 0x9b, 0xd4                                                           \
	}
#define EC2_UUID                                                                                   \
	{                                                                                          \
		0xec, 0x2e, 0x19, 0x16, 0x90, 0x99, 0x7c, 0xaf, 0xfd, 0x21, 0x01, 0x23, 0x45,      \
			0xab, 0xcd, 0xef                                                           \
	}

/*
 * Signatures as arch/x86/kernel/cpu/{mshyperv,vmware}.c and asm/{kvm_para,xen/hypervisor}.h have them, SMBIOS strings as these
 * platforms document them for recognition. Leaf counts: Linux takes Hyper-V from leaf 5 on, Xen from leaf 2 on.
 */
static const struct nm_identity identities[] = {
	{.name = "kvm",
	 .uuid = ANY_UUID,
	 .signature = "KVMKVMKVM",
	 .highest_leaf = HYPERVISOR_BASE + 1,
	 .kvm = true,
	 .bios_vendor = "nestmark",
	 .vendor = "nestmark",
	 .product = "nestmark guest"},
	{.name = "ec2",
	 .uuid = EC2_UUID,
	 .signature = "KVMKVMKVM",
	 .highest_leaf = HYPERVISOR_BASE + 1,
	 .kvm = true,
	 .bios_vendor = "Amazon EC2",
	 .vendor = "Amazon EC2",
	 .product = "m8i.xlarge",
	 .serial = "ec2e1916-9099-7caf-fd21-012345abcdef",
	 .board_asset = "i-0123456789abcdef0",
	 .chassis_asset = "Amazon EC2"},
	{.name = "gce",
	 .uuid = ANY_UUID,
	 .signature = "KVMKVMKVM",
	 .highest_leaf = HYPERVISOR_BASE + 1,
	 .kvm = true,
	 .bios_vendor = "Google",
	 .vendor = "Google",
	 .product = "Google Compute Engine",
	 .serial = "GoogleCloud-0123456789ABCDEF0123456789ABCDEF"},
	{.name = "azure",
	 .uuid = ANY_UUID,
	 .signature = "Microsoft Hv",
	 .highest_leaf = HYPERVISOR_BASE + 5,
	 .bios_vendor = "American Megatrends Inc.",
	 .vendor = "Microsoft Corporation",
	 .product = "Virtual Machine",
	 .chassis_asset = "7783-7084-3265-9085-8269-3286-77"},
	{.name = "vmware",
	 .uuid = ANY_UUID,
	 .signature = "VMwareVMware",
	 .highest_leaf = HYPERVISOR_BASE + 0x10,
	 .bios_vendor = "Phoenix Technologies LTD",
	 .vendor = "VMware, Inc.",
	 .product = "VMware Virtual Platform",
	 .serial = "VMware-56 4d 01 23 45 67 89 ab-cd ef 01 23 45 67 89 ab"},
	{.name = "xen",
	 .uuid = ANY_UUID,
	 .signature = "XenVMMXenVMM",
	 .highest_leaf = HYPERVISOR_BASE + 4,
	 .bzimage_entry = true,
	 .kernel_arguments = "nopv",
	 .bios_vendor = "Xen",
	 .vendor = "Xen",
	 .product = "HVM domU"},
	{.name = "metal",
	 .uuid = ANY_UUID,
	 .bios_vendor = "nestmark",
	 .vendor = "nestmark",
	 .product = "nestmark bare metal"},
};

#define COUNT (sizeof(identities) / sizeof(identities[0]))

const struct nm_identity *nm_identity_at(unsigned int index)
{
	return index < COUNT ? &identities[index] : NULL;
}

const struct nm_identity *nm_identity_find(const char *name)
{
	for (unsigned int i = 0; i < COUNT; i++)
		if (!strcmp(identities[i].name, name))
			return &identities[i];
	return NULL;
}
