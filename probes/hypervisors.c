/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hypervisors.h"

#include <stddef.h>
#include <string.h>

static const struct nm_hypervisor kvm = {
	"KVM",
	"on the host: load kvm_intel or kvm_amd with nested=1, and start this VM with a CPU model "
	"that has vmx or svm, such as qemu -cpu host",
	false};
static const struct nm_hypervisor tcg = {
	"QEMU TCG", "use KVM on the host; TCG itself emulates SVM, slowly, with -cpu max,+svm",
	true};
static const struct nm_hypervisor qemu = {"QEMU", NULL, false};
static const struct nm_hypervisor hyperv = {
	"Hyper-V",
	"on the host, with this VM off: Set-VMProcessor -VMName NAME "
	"-ExposeVirtualizationExtensions $true",
	false};
static const struct nm_hypervisor vmware = {
	"VMware", "with this VM off, set vhv.enable = \"TRUE\" in its .vmx file", false};
static const struct nm_hypervisor virtualbox = {
	"VirtualBox", "with this VM off: VBoxManage modifyvm NAME --nested-hw-virt on", false};
static const struct nm_hypervisor xen = {
	"Xen", "on the host: nestedhvm=1 in the xl configuration of an HVM guest; experimental",
	false};
static const struct nm_hypervisor parallels = {"Parallels",
					       "with this VM off: prlctl set NAME --nested-virt on",
					       false};
static const struct nm_hypervisor bhyve = {"bhyve", NULL, false};
static const struct nm_hypervisor acrn = {"ACRN", NULL, false};
static const struct nm_hypervisor qnx = {"QNX", NULL, false};
static const struct nm_hypervisor apple = {"Apple Virtualization", NULL, false};
static const struct nm_hypervisor sre = {"LMHS SRE", NULL, false};
static const struct nm_hypervisor jailhouse = {"Jailhouse", NULL, false};
static const struct nm_hypervisor bochs = {"Bochs", NULL, true};

struct row {
	const char *key;
	const struct nm_hypervisor *hypervisor;
};

/* Linux arch/x86/kernel/cpu/{mshyperv,vmware,acrn}.c, jailhouse.c, asm/kvm_para.h, asm/xen/hypervisor.h; systemd src/basic/virt.c. */
static const struct row signatures[] = {
	{"KVMKVMKVM", &kvm},	       {"Linux KVM Hv", &kvm},
	{"TCGTCGTCGTCG", &tcg},	       {"Microsoft Hv", &hyperv},
	{"VMwareVMware", &vmware},     {"XenVMMXenVMM", &xen},
	{"VBoxVBoxVBox", &virtualbox}, {" lrpepyh  vr", &parallels},
	{" prl hyperv ", &parallels},  {"bhyve bhyve ", &bhyve},
	{"ACRNACRNACRN", &acrn},       {"QNXQVMBSQG", &qnx},
	{"Apple VZ", &apple},	       {"SRESRESRESRE", &sre},
	{"Jailhouse", &jailhouse},     {NULL, NULL},
};

/* How such a string begins (systemd src/basic/virt.c); those of EC2 and Compute Engine are left out, their bare metal has them too. */
static const struct row firmware[] = {
	{"KVM", &kvm},
	{"KubeVirt", &kvm},
	{"OpenStack", &kvm},
	{"QEMU", &qemu},
	{"VMware", &vmware},
	{"VMW", &vmware},
	{"innotek GmbH", &virtualbox},
	{"VirtualBox", &virtualbox},
	{"Xen", &xen},
	{"HVM domU", &xen},
	{"Parallels", &parallels},
	{"BHYVE", &bhyve},
	{"Hyper-V", &hyperv},
	{"Virtual Machine", &hyperv},
	{"Apple Virtualization", &apple},
	{"Bochs", &bochs},
	{NULL, NULL},
};

/* Documentation/devicetree/bindings and arch/arm64/kernel: what the node says begins so. */
static const struct row trees[] = {
	{"linux,kvm", &kvm},
	{"xen,xen", &xen},
	{"vmware", &vmware},
	{NULL, NULL},
};

static const struct nm_hypervisor *find(const struct row *row, const char *key, bool whole)
{
	for (; row->key; row++)
		if (whole ? !strcmp(key, row->key) : !strncmp(key, row->key, strlen(row->key)))
			return row->hypervisor;
	return NULL;
}

const struct nm_hypervisor *nm_hypervisor_of_signature(const char *signature)
{
	return find(signatures, signature, true);
}

const struct nm_hypervisor *nm_hypervisor_of_firmware(const char *string)
{
	return find(firmware, string, false);
}

const struct nm_hypervisor *nm_hypervisor_of_tree(const char *compatible)
{
	return find(trees, compatible, false);
}
