/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/signs.h"

#include "core/text.h"
#include "probes/hypervisors.h"
#include "probes/kept.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LEAF 0x40000000u
#define LEAF_STEP  0x100u
#define HV1	   0x31237648u /* "Hv#1", TLFS "Feature and Interface Discovery", leaf 40000001h */

const char *const nm_dmi_names[NM_DMI_COUNT] = {
	[NM_DMI_SYS_VENDOR] = "sys_vendor",
	[NM_DMI_PRODUCT_NAME] = "product_name",
	[NM_DMI_PRODUCT_SERIAL] = "product_serial",
	[NM_DMI_PRODUCT_UUID] = "product_uuid",
	[NM_DMI_BIOS_VENDOR] = "bios_vendor",
	[NM_DMI_BIOS_VERSION] = "bios_version",
	[NM_DMI_BOARD_VENDOR] = "board_vendor",
	[NM_DMI_CHASSIS_ASSET_TAG] = "chassis_asset_tag",
};

/* One line without what a terminal would obey and without blanks around it; NULL when nothing is left. */
static const char *read_line(const struct nm_root *root, struct nm_arena *arena, const char *path)
{
	const char *line = nm_root_line(root, arena, path);
	char clean[128];
	const char *start;
	size_t length;

	if (!line)
		return NULL;
	errno = ENOENT;
	nm_text_printable(clean, sizeof(clean), line);
	start = clean + strspn(clean, " ");
	length = strlen(start);
	while (length && start[length - 1] == ' ')
		length--;
	return length ? nm_arena_strndup(arena, start, length) : NULL;
}

static void read_dmi(const struct nm_root *root, struct nm_arena *arena, struct nm_signs *out)
{
	char path[64];

	for (int i = 0; i < NM_DMI_COUNT; i++) {
		snprintf(path, sizeof(path), "sys/class/dmi/id/%s", nm_dmi_names[i]);
		out->dmi[i] = read_line(root, arena, path);
		out->dmi_error[i] = out->dmi[i] ? 0 : errno;
	}
}

/* SMBIOS 7.1.2.2: BIOS Characteristics Extension Byte 2 is byte 13h of a type 0 structure; bit 4: a virtual machine. */
static int read_smbios_vm(const struct nm_root *root, struct nm_arena *arena)
{
	size_t length;
	const char *raw = nm_root_bytes(root, arena, "sys/firmware/dmi/entries/0-0/raw", &length);

	if (!raw)
		return -errno;
	if (length < 20 || raw[0] != 0 || (unsigned char)raw[1] < 20)
		return -EBADMSG;
	return (unsigned char)raw[19] >> 4 & 1;
}

static const char *read_tree(const struct nm_root *root, struct nm_arena *arena)
{
	const char *compatible = read_line(root, arena, "proc/device-tree/hypervisor/compatible");

	return compatible ? compatible
			  : read_line(root, arena,
				      "sys/firmware/devicetree/base/hypervisor/compatible");
}

/*
 * What lies above the highest leaf answers with another leaf's registers (SDM vol. 2, CPUID), so that a block counts
 * only when its highest leaf lies within it. KVM of old gives 0 there (Documentation/virt/kvm/x86/cpuid.rst).
 */
static bool is_layer(const struct nm_cpuid *regs, uint32_t leaf, const char *signature)
{
	if (strlen(signature) < 4)
		return false;
	return (regs->eax >= leaf && regs->eax < leaf + LEAF_STEP) ||
	       (!regs->eax && nm_hypervisor_of_signature(signature));
}

static void read_layers(const struct nm_cpuid_table *cpuid, struct nm_signs *out)
{
	if (!(nm_cpuid_get(cpuid, 1, 0).ecx >> 31))
		return;
	for (uint32_t i = 0; i < NM_MAX_LAYERS; i++) {
		uint32_t leaf = FIRST_LEAF + i * LEAF_STEP;
		const struct nm_cpuid regs = nm_cpuid_get(cpuid, leaf, 0);
		struct nm_layer *layer = &out->layers[out->layer_count];

		nm_cpuid_signature(&regs, layer->signature);
		layer->leaf = leaf;
		layer->hyperv = nm_cpuid_get(cpuid, leaf + 1, 0).eax == HV1;
		out->layer_count += is_layer(&regs, leaf, layer->signature);
	}
}

/* Only cores of Arm name their implementer (arch/arm64/kernel/cpuinfo.c). */
static bool is_arm64(const struct nm_probe_context *context)
{
	return nm_text_field(context->arena, nm_kept_text(context, "proc/cpuinfo"),
			     "CPU implementer");
}

void nm_signs_read(const struct nm_probe_context *context, struct nm_signs *out)
{
	const struct nm_root *root = context->root;
	struct nm_arena *arena = context->arena;

	*out = (struct nm_signs) {0};
	read_dmi(root, arena, out);
	out->smbios_vm = read_smbios_vm(root, arena);
	out->xen_uuid = read_line(root, arena, "sys/hypervisor/uuid");
	out->xen_type = read_line(root, arena, "sys/hypervisor/guest_type");
	out->cmdline = nm_kept_text(context, "proc/cmdline");
	read_layers(&context->cpuid, out);
	if (context->cpuid.count)
		return;
	out->tree = read_tree(root, arena);
	out->arm64 = is_arm64(context);
}

bool nm_signs_dmi(const struct nm_signs *signs)
{
	for (int i = 0; i < NM_DMI_COUNT; i++)
		if (signs->dmi[i])
			return true;
	return false;
}
