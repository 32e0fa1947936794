/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "probes/kept.h"
#include "probes/line.h"
#include "probes/msr.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define LEAF_SVM 0x8000000au

#define MSR_EFER  0xc0000080u
#define MSR_VM_CR 0xc0010114u
#define EFER_SVME (UINT64_C(1) << 12)

/* APM vol. 2, 15.30.1 */
#define VM_CR_LOCK   (UINT64_C(1) << 3)
#define VM_CR_SVMDIS (UINT64_C(1) << 4)

/* APM vol. 3, appendix E, function 8000_000Ah, EDX */
static const struct {
	uint8_t bit;
	const char *id;
	const char *name;
} features[] = {
	{0, "np", "NP: nested paging"},
	{1, "lbrvirt", "LbrVirt: LBR virtualization"},
	{2, "svml", "SVML: SVM lock"},
	{3, "nrips", "NRIPS: NRIP save"},
	{4, "tscratemsr", "TscRateMsr: MSR-based TSC rate control"},
	{5, "vmcbclean", "VmcbClean: VMCB clean bits"},
	{6, "flushbyasid", "FlushByAsid: flush by ASID"},
	{7, "decodeassists", "DecodeAssists: decode assists"},
	{8, "pmcvirt", "PmcVirt: PMC virtualization"},
	{10, "pausefilter", "PauseFilter: PAUSE intercept filter"},
	{12, "pausefilterthreshold", "PauseFilterThreshold: PAUSE filter threshold"},
	{13, "avic", "AVIC: advanced virtual interrupt controller"},
	{15, "vmsavevirt", "VMSAVEvirt: VMSAVE and VMLOAD virtualization"},
	{16, "vgif", "VGIF: virtualized global interrupt flag"},
	{17, "gmet", "GMET: guest mode execute trap"},
	{18, "x2avic", "x2AVIC: AVIC in x2APIC mode"},
	{19, "ssscheck", "SSSCheck: supervisor shadow stack restrictions"},
	{20, "specctrl", "SpecCtrl: SPEC_CTRL virtualization"},
	{21, "rogpt", "ROGPT: read-only guest page tables"},
	{23, "host_mce_override", "HOST_MCE_OVERRIDE: machine checks in guests are intercepted"},
	{24, "tlbictl", "TlbiCtl: INVLPGB and TLBSYNC control"},
	{25, "vnmi", "VNMI: NMI virtualization"},
	{26, "ibsvirt", "IbsVirt: IBS virtualization"},
	{27, "extlvtavicaccesschg", "ExtLvtAvicAccessChg: AVIC and the extended LVT"},
	{28, "nestedvirtvmcbaddrchk", "NestedVirtVmcbAddrChk: guest VMCB address check"},
	{29, "buslockthreshold", "BusLockThreshold: bus lock threshold"},
	{30, "idlehltintercept", "IdleHltIntercept: idle HLT intercept"},
};

#define COUNT (sizeof(features) / sizeof(features[0]))

static const char disabled_remedy[] =
	"switch SVM on in the firmware; in a virtual machine, its provider has to";

/* Whose leaf 8000000Ah it is: "cpu" is what this machine got, "kvm" what guests of its KVM may get. */
struct view {
	struct nm_probe_context *context;
	const char *owner;
	const char *source;
	struct nm_cpuid leaf;
};

static int add_feature(const struct view *view, size_t index)
{
	unsigned int bit = features[index].bit;
	char id[64];

	snprintf(id, sizeof(id), "svm.%s.features.%s", view->owner, features[index].id);
	return nm_detail_add(view->context, id, NM_STATUS_INFO, NM_BOOL(view->leaf.edx >> bit & 1),
			     NULL, "%s: CPUID 8000000Ah EDX[%u], %s", features[index].name, bit,
			     view->source);
}

static int add_features(const struct view *view)
{
	size_t set = 0;
	char summary[32];
	char id[32];
	int r;

	for (size_t i = 0; i < COUNT; i++)
		set += view->leaf.edx >> features[i].bit & 1;
	snprintf(summary, sizeof(summary), "%zu of %zu features", set, COUNT);
	snprintf(id, sizeof(id), "svm.%s.features", view->owner);
	r = nm_finding_add(view->context, id, NM_STATUS_INFO, NM_STRING(summary), NULL,
			   "CPUID 8000000Ah EDX is 0x%08x, %s", view->leaf.edx, view->source);
	for (size_t i = 0; !r && i < COUNT; i++)
		r = add_feature(view, i);
	return r;
}

static int add_view(const struct view *view)
{
	char id[32];
	int r;

	/* APM vol. 3, appendix E: where there is SVM, its revision is 1 or above. */
	if (!(view->leaf.eax & 0xff)) {
		snprintf(id, sizeof(id), "svm.%s.features", view->owner);
		return nm_unknown_add(view->context, id, NULL,
				      "CPUID has SVM, and its leaf 8000000Ah is not there, %s",
				      view->source);
	}
	snprintf(id, sizeof(id), "svm.%s.revision", view->owner);
	r = nm_finding_add(view->context, id, NM_STATUS_INFO, NM_INT(view->leaf.eax & 0xff), NULL,
			   "CPUID 8000000Ah EAX[7:0], %s", view->source);
	if (r)
		return r;
	snprintf(id, sizeof(id), "svm.%s.asids", view->owner);
	r = nm_finding_add(view->context, id, NM_STATUS_INFO, NM_INT(view->leaf.ebx), NULL,
			   "number of ASIDs: CPUID 8000000Ah EBX, %s", view->source);
	return r ? r : add_features(view);
}

static int add_vm_cr(struct nm_probe_context *context, uint64_t control)
{
	bool disabled = control & VM_CR_SVMDIS;
	const char *value = control & VM_CR_LOCK ? disabled ? "locked without SVM" : "locked, SVM"
			    : disabled		 ? "not locked, SVM is switched off"
						 : "not locked, SVM";

	return nm_finding_add(context, "svm.cpu.vm_cr", disabled ? NM_STATUS_FAIL : NM_STATUS_PASS,
			      NM_STRING(value), disabled ? disabled_remedy : NULL,
			      "VM_CR (C0010114h) is 0x%016" PRIx64
			      ": LOCK is bit 3, SVMDIS bit 4; " NM_MSR_SOURCE,
			      control);
}

static int add_registers(struct nm_probe_context *context, const struct nm_msrs *msrs)
{
	uint64_t value;
	int r;

	if (nm_msr_get(msrs, MSR_VM_CR, &value))
		r = add_vm_cr(context, value);
	else
		r = nm_unknown_add(
			context, "svm.cpu.vm_cr", NULL,
			"VM_CR (C0010114h) cannot be read: RDMSR is refused, or was not recorded");
	if (r || !nm_msr_get(msrs, MSR_EFER, &value))
		return r;
	return nm_detail_add(context, "svm.cpu.efer_svme", NM_STATUS_INFO,
			     NM_BOOL(value & EFER_SVME), NULL,
			     "EFER (C0000080h) bit 12, " NM_MSR_SOURCE
			     ": whether a hypervisor here uses SVM on CPU 0");
}

/*
 * Without the register: newer kernels take the flag away where SVMDIS is set (init_amd() in arch/x86/kernel/cpu/amd.c).
 */
static int guess_vm_cr(struct nm_probe_context *context, int error)
{
	const char *info = nm_kept_text(context, "proc/cpuinfo");
	const char *flags = nm_text_field(context->arena, info, "flags");

	if (flags && !nm_has_word(flags, "svm"))
		return nm_finding_add(
			context, "svm.cpu.vm_cr", NM_STATUS_FAIL, NM_STRING("disabled"),
			disabled_remedy,
			"CPUID has SVM but the flags in /proc/cpuinfo do not: Linux found "
			"SVMDIS set in VM_CR, or was told to ignore SVM");
	return nm_unknown_add(context, "svm.cpu.vm_cr", nm_msr_remedy(error),
			      "VM_CR: " NM_MSR_SOURCE ": %s", nm_msr_trouble(error));
}

static int add_cpu(struct nm_probe_context *context)
{
	const struct view view = {context, "cpu", "of this machine",
				  nm_cpuid_get(&context->cpuid, LEAF_SVM, 0)};
	struct nm_msrs msrs;
	int r = add_view(&view);
	int error;

	if (r)
		return r;
	error = nm_msr_read(context, NM_VIRTUALIZATION_SVM, &msrs);
	if (error == -ENOMEM)
		return error;
	return error ? guess_vm_cr(context, error) : add_registers(context, &msrs);
}

static int add_kvm(struct nm_probe_context *context)
{
	const struct nm_kvm_view *kvm = &context->kvm_view;
	const struct view view = {context, "kvm", "KVM_GET_SUPPORTED_CPUID",
				  nm_cpuid_get(&kvm->supported, LEAF_SVM, 0)};
	struct nm_cpu_identity offered;
	int r;

	if (!kvm->supported.count)
		return nm_unknown_add(context, "svm.kvm.exposed", kvm->remedy, "%s",
				      kvm->trouble ? kvm->trouble
						   : "KVM did not tell its supported CPUID");
	nm_cpu_identify(&kvm->supported, &offered);
	r = nm_finding_add(
		context, "svm.kvm.exposed", offered.svm ? NM_STATUS_PASS : NM_STATUS_INFO,
		NM_BOOL(offered.svm),
		offered.svm ? NULL : "load kvm_amd with nested=1 to offer SVM to guests",
		"KVM_GET_SUPPORTED_CPUID, leaf 80000001h ECX[2]: what guests of this KVM "
		"may get");
	return r || !offered.svm ? r : add_view(&view);
}

int nm_probe_svm(struct nm_probe_context *context)
{
	bool exposed = nm_virtualization(context) == NM_VIRTUALIZATION_SVM;
	int r;

	if (!context->cpuid.count)
		return nm_unknown_add(context, "svm.exposed", NULL, "CPUID cannot be had");
	r = nm_finding_add(context, "svm.exposed", exposed ? NM_STATUS_PASS : NM_STATUS_INFO,
			   NM_BOOL(exposed), NULL, "CPUID 80000001h ECX[2]");
	if (r || !exposed)
		return r;
	r = add_cpu(context);
	return r ? r : add_kvm(context);
}
