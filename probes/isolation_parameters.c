/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* KVM's parameters that trade isolation for something else. */
#include "probes/isolation.h"

#include "probes/evidence.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unsafe {
	const char *module, *name;
	const char *unsafe; /* the value that is; "Y" stands for 1 too */
	const char *meaning;
};

/* MODULE_PARM_DESC and comments in virt/kvm/kvm_main.c, arch/x86/kvm/x86.c, vmx/vmx.c, svm/svm.c, drivers/vfio/vfio_iommu_type1.c. */
static const struct unsafe unsafe[] = {
	{"kvm", "allow_unsafe_mappings", "Y",
	 "guests may map pages that the kernel does not count, and keep them when they are freed"},
	{"kvm", "enable_vmware_backdoor", "Y",
	 "guest user space may reach the emulated VMware ports: a larger surface"},
	{"kvm", "ignore_msrs", "Y",
	 "unknown registers read as 0 instead of raising #GP: guests are misled about the CPU"},
	{"kvm", "force_emulation_prefix", "Y",
	 "a guest may send any instruction to KVM's emulator: a larger surface, for tests only"},
	{"kvm_intel", "vmentry_l1d_flush", "never",
	 "what the host had in L1D stays there for the guest (L1TF)"},
	{"kvm_intel", "allow_smaller_maxphyaddr", "Y",
	 "guest page faults are intercepted and some accesses emulated: a larger surface"},
	{"kvm_intel", "dump_invalid_vmcs", "Y", "guest state may get into the kernel log"},
	{"kvm_amd", "dump_invalid_vmcb", "Y", "guest state may get into the kernel log"},
	{"iommufd", "allow_unsafe_interrupts", "Y",
	 "a guest with a device of its own may raise any interrupt of the host"},
	{"vfio_iommu_type1", "allow_unsafe_interrupts", "Y",
	 "a guest with a device of its own may raise any interrupt of the host"},
};

/* Switches are Y or N, 1 or 0, and force_emulation_prefix is a small number. */
static bool is_value(const struct unsafe *parameter, const char *value)
{
	return strcmp(parameter->unsafe, "Y") != 0 ||
	       (strlen(value) == 1 && strchr("YyNn0123456789", *value));
}

static bool is_unsafe(const struct unsafe *parameter, const char *value)
{
	if (!strcmp(parameter->unsafe, "Y"))
		return strcmp(value, "0") != 0 && strcasecmp(value, "N") != 0;
	return !strcmp(value, parameter->unsafe);
}

static int add_parameter(struct nm_probe_context *context, const struct unsafe *parameter,
			 unsigned int *read, const char **found)
{
	char path[128];
	char id[128];
	const char *line;
	bool bad;

	snprintf(path, sizeof(path), "sys/module/%s/parameters/%s", parameter->module,
		 parameter->name);
	line = nm_root_line(context->root, context->arena, path);
	if (!line || !is_value(parameter, line))
		return 0;
	bad = is_unsafe(parameter, line);
	++*read;
	if (bad)
		*found = nm_isolation_join(context, *found, parameter->name);
	snprintf(id, sizeof(id), "isolation.parameter.%s.%s", parameter->module, parameter->name);
	return nm_detail_add(context, id, bad ? NM_STATUS_WARN : NM_STATUS_PASS,
			     NM_STRING(nm_clean(context, line)),
			     bad ? "load the module without it, and boot without mitigations=off, "
				   "where guests are not trusted"
				 : NULL,
			     "/%s; when set: %s", path, parameter->meaning);
}

int nm_isolation_parameters(struct nm_probe_context *context)
{
	static const char id[] = "isolation.kvm_parameters";
	const char *found = "";
	unsigned int read = 0;
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		r = add_parameter(context, &unsafe[i], &read, &found);
	if (r)
		return r;
	if (!read)
		return nm_unknown_add(
			context, id, NULL,
			"no parameter of KVM's modules can be read: not loaded, or not "
			"captured");
	return nm_finding_add(context, id, *found ? NM_STATUS_WARN : NM_STATUS_PASS,
			      NM_STRING(*found ? found : "safe"),
			      *found ? "load the modules without them, and boot without "
				       "mitigations=off, where guests are not trusted"
				     : NULL,
			      "%u parameters that can weaken isolation were read; set: %s", read,
			      *found ? found : "none");
}

/* A sibling that goes idle inside the guest may leak return predictions (hw-vuln/cross-thread-rsb.rst). */
int nm_isolation_smt_rsb(struct nm_probe_context *context)
{
	static const char path[] = "sys/module/kvm/parameters/mitigate_smt_rsb";
	const char *line = nm_root_line(context->root, context->arena, path);

	if (!line)
		return 0;
	return nm_detail_add(context, "isolation.smt_rsb", NM_STATUS_INFO,
			     NM_BOOL(nm_isolation_is_yes(line)), NULL,
			     "/%s; when set, no guest may run HLT or MWAIT without a VM exit",
			     path);
}
