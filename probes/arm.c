/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* arm64: which CPU it is, whether KVM has EL2, and whether guests may have an EL2 of their own. */
#include "probes/probes.h"

#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/midr.h"

#include <errno.h>
#include <string.h>

#define MIDR_FILE    "sys/devices/system/cpu/cpu0/regs/identification/midr_el1"
#define CPUINFO_FILE "proc/cpuinfo"

/* include/uapi/linux/kvm.h since Linux 6.16; older headers lack it. */
#define CAP_ARM_EL2 240u

/* sysfs has the register itself; kernels of old only its fields, in /proc/cpuinfo. */
static const char *read_midr(struct nm_probe_context *context, const char *cpuinfo,
			     struct nm_midr *out)
{
	if (nm_midr_parse(nm_root_line(context->root, context->arena, MIDR_FILE), out))
		return MIDR_FILE;
	return nm_midr_of_cpuinfo(context->arena, cpuinfo, out) ? CPUINFO_FILE : NULL;
}

static char *brand_of(struct nm_arena *arena, const struct nm_midr *midr)
{
	const char *implementer = nm_midr_implementer(midr);
	const char *part = nm_midr_part(midr);

	if (part)
		return nm_arena_printf(arena, "%s %s", implementer, part);
	if (implementer)
		return nm_arena_printf(arena, "%s, unknown part 0x%03x", implementer, midr->part);
	return nm_arena_printf(arena, "unknown implementer 0x%02x, unknown part 0x%03x",
			       midr->implementer, midr->part);
}

static int add_brand(struct nm_probe_context *context, const char *cpuinfo, int cpuinfo_error)
{
	struct nm_machine *machine = context->machine;
	struct nm_midr midr;
	const char *source = read_midr(context, cpuinfo, &midr);

	if (!source && !cpuinfo)
		return nm_unknown_add(context, "cpu.brand", NULL, "/" CPUINFO_FILE ": %s",
				      nm_why_not(cpuinfo_error));
	if (!source)
		return nm_unknown_add(context, "cpu.brand", NULL,
				      "neither /" MIDR_FILE " nor /" CPUINFO_FILE
				      " names an arm64 CPU's implementer and part");
	machine->vendor = nm_midr_implementer(&midr);
	machine->brand = brand_of(context->arena, &midr);
	if (!machine->brand)
		return -ENOMEM;
	return nm_finding_add(context, "cpu.brand", NM_STATUS_INFO, NM_STRING(machine->brand), NULL,
			      "MIDR_EL1 in /%s: implementer 0x%02x, part 0x%03x, r%up%u", source,
			      midr.implementer, midr.part, midr.variant, midr.revision);
}

static int add_features(struct nm_probe_context *context, const char *cpuinfo)
{
	char *features = nm_text_field(context->arena, cpuinfo, "Features");
	char line[1024];

	if (!features)
		return 0;
	return nm_detail_add(context, "arm.features", NM_STATUS_INFO,
			     NM_STRING(nm_text_printable(line, sizeof(line), features)), NULL,
			     "Features in /" CPUINFO_FILE ", of the first CPU");
}

int nm_probe_arm_cpu(struct nm_probe_context *context)
{
	const char *cpuinfo = nm_kept_text(context, CPUINFO_FILE);
	int r = add_brand(context, cpuinfo, errno);

	return r ? r : add_features(context, cpuinfo);
}

/* KVM of arm64 registers its device only when the kernel was entered at EL2 (arch/arm64/kvm/arm.c, kvm_arm_init()). */
static int add_el2(struct nm_probe_context *context)
{
	static const char remedy[] =
		"use bare metal, on EC2 a Graviton .metal instance (its arm64 VMs have no nested "
		"virtualization), or a VM whose hypervisor offers EL2";
	const struct nm_finding *device = nm_found(context, "kvm.device");

	if (device && device->status == NM_STATUS_PASS)
		return nm_finding_add(context, "arm.el2", NM_STATUS_PASS, NM_BOOL(true), NULL,
				      "KVM works, for which Linux must have been entered at EL2");
	if (nm_root_exists(context->root, "dev/kvm"))
		return nm_unknown_add(context, "arm.el2", device ? device->remedy : NULL,
				      "/dev/kvm is there, but: %s",
				      device ? device->evidence : "it was not tried");
	if (errno != ENOENT)
		return nm_unknown_add(context, "arm.el2", NULL, "/dev/kvm: %s", nm_why_not(errno));
	return nm_finding_add(context, "arm.el2", NM_STATUS_FAIL, NM_BOOL(false), remedy,
			      "no /dev/kvm: Linux was not entered at EL2, or has no KVM built in");
}

/* What the kernel was asked for; "" when that is not known. */
static const char *requested(struct nm_probe_context *context)
{
	const char *line = nm_kept_text(context, "proc/cmdline");

	if (!line)
		return "";
	return strstr(line, "kvm-arm.mode=nested")
		       ? "; kvm-arm.mode=nested is on the kernel's command line"
		       : "; kvm-arm.mode=nested is not on the kernel's command line";
}

/* Documentation/admin-guide/kernel-parameters.txt, kvm-arm.mode; Documentation/virt/kvm/api.rst, KVM_ARM_VCPU_INIT. */
static int add_nested(struct nm_probe_context *context)
{
	static const char remedy[] =
		"run Linux 6.16 or newer with kvm-arm.mode=nested on its command line, on a CPU "
		"with FEAT_NV2 (Armv8.4 or later)";
	const struct nm_kvm_view *view = &context->kvm_view;

	if (!nm_found_pass(context, "kvm.device"))
		return nm_unknown_add(
			context, "arm.nested", remedy,
			"KVM was not asked whether guests may have EL2: see kvm.device");
	if (!nm_kvm_view_find(view, CAP_ARM_EL2))
		return nm_unknown_add(context, "arm.nested", remedy,
				      "KVM's answer to KVM_CAP_ARM_EL2 (%u) is not known",
				      CAP_ARM_EL2);
	if (nm_kvm_view_capability(view, CAP_ARM_EL2) > 0)
		return nm_finding_add(context, "arm.nested", NM_STATUS_PASS, NM_BOOL(true), NULL,
				      "KVM_CAP_ARM_EL2 (%u): guests may have EL2, and guests of "
				      "their own",
				      CAP_ARM_EL2);
	return nm_finding_add(context, "arm.nested", NM_STATUS_INFO, NM_BOOL(false), remedy,
			      "KVM_CAP_ARM_EL2 (%u) is 0: guests get no EL2%s", CAP_ARM_EL2,
			      requested(context));
}

/* What guests need of the CPU, under the name that it has on all architectures. */
static int add_virtualization(struct nm_probe_context *context)
{
	if (nm_found_pass(context, "arm.el2"))
		return nm_finding_add(context, "cpu.virtualization", NM_STATUS_PASS,
				      NM_STRING("el2"), NULL, "see arm.el2");
	return nm_unknown_add(context, "cpu.virtualization", NULL,
			      "neither VMX nor SVM: an arm64 CPU has EL2, see arm.el2");
}

static int add_summary(struct nm_probe_context *context)
{
	const struct nm_finding *nested = nm_found(context, "arm.nested");

	if (nested->status == NM_STATUS_UNKNOWN)
		return nm_unknown_add(context, "nesting.summary", NULL, "see arm.nested");
	return nm_finding_add(context, "nesting.summary", NM_STATUS_INFO,
			      NM_STRING(nested->value.boolean ? "EL2 for guests"
							      : "no EL2 for guests"),
			      NULL, "see arm.nested");
}

int nm_probe_arm(struct nm_probe_context *context)
{
	int r = add_el2(context);

	if (!r)
		r = add_virtualization(context);
	if (!r)
		r = add_nested(context);
	return r ? r : add_summary(context);
}
