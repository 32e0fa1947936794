/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "probes/kept.h"
#include "probes/line.h"
#include "probes/msr.h"
#include "probes/vmx_controls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define MUST_BE_0 "must be 0"
#define MUST_BE_1 "must be 1"
#define MAY_BE_1  "may be 1"

/* IA32_FEATURE_CONTROL, SDM vol. 4, table of architectural MSRs */
#define FEATURE_LOCKED	    (UINT64_C(1) << 0)
#define FEATURE_INSIDE_SMX  (UINT64_C(1) << 1)
#define FEATURE_OUTSIDE_SMX (UINT64_C(1) << 2)

/* Whose capabilities are looked at, and how. */
struct view {
	struct nm_probe_context *context;
	const char *owner; /* "cpu": what this machine got; "kvm": what guests of its KVM may get */
	const char *source;
	const struct nm_msrs *msrs;
};

/* One MSR of a register as it was read. */
struct reading {
	const struct nm_vmx_register *what;
	uint32_t msr;
	const char *name;
	uint64_t value;
};

static const char locked_remedy[] =
	"switch VT-x on in the firmware; in a virtual machine, its provider has to";

static bool read_register(const struct view *view, const struct nm_vmx_register *what,
			  struct reading *out)
{
	uint64_t basic;

	*out = (struct reading) {what, what->true_msr, what->true_name, 0};
	(void)nm_msr_get(view->msrs, NM_MSR_VMX_BASIC, &basic);
	if (what->true_msr && basic & NM_VMX_TRUE_CONTROLS &&
	    nm_msr_get(view->msrs, what->true_msr, &out->value))
		return true;
	out->msr = what->msr;
	out->name = what->msr_name;
	return nm_msr_get(view->msrs, what->msr, &out->value);
}

static bool is_set(uint64_t value, unsigned int bit)
{
	return value >> bit & 1;
}

/* SDM vol. 3D, A.3.1: a control that must be 1 is also reported as one that may be. */
static bool may_be_1(const struct reading *reading, const struct nm_vmx_bit *bit)
{
	return is_set(reading->value,
		      reading->what->kind == NM_VMX_CONTROLS ? 32u + bit->bit : bit->bit);
}

static bool must_be_1(const struct reading *reading, const struct nm_vmx_bit *bit)
{
	return reading->what->kind == NM_VMX_CONTROLS && may_be_1(reading, bit) &&
	       is_set(reading->value, bit->bit);
}

static struct nm_value bit_value(enum nm_vmx_kind kind, bool may, bool must)
{
	if (kind == NM_VMX_CAPABILITIES)
		return NM_BOOL(may);
	return NM_STRING(must ? MUST_BE_1 : may ? MAY_BE_1 : MUST_BE_0);
}

static int add_bit(const struct view *view, const struct reading *reading,
		   const struct nm_vmx_bit *bit)
{
	const struct nm_vmx_register *what = reading->what;
	struct nm_value value =
		bit_value(what->kind, may_be_1(reading, bit), must_be_1(reading, bit));
	char place[32];
	char id[96];

	snprintf(id, sizeof(id), "vmx.%s.%s.%s", view->owner, what->id, bit->id);
	if (what->kind == NM_VMX_CONTROLS)
		snprintf(place, sizeof(place), "bits %u and %u", bit->bit, 32u + bit->bit);
	else
		snprintf(place, sizeof(place), "bit %u", bit->bit);
	return nm_detail_add(view->context, id, NM_STATUS_INFO, value, NULL,
			     "\"%s\": %s (%Xh) %s, %s", bit->name, reading->name, reading->msr,
			     place, view->source);
}

static int add_bits(const struct view *view, const struct reading *reading)
{
	int r = 0;

	for (size_t i = 0; !r && i < reading->what->count; i++)
		r = add_bit(view, reading, &reading->what->bits[i]);
	return r;
}

static void summarize(const struct reading *reading, char *out, size_t size)
{
	const struct nm_vmx_register *what = reading->what;
	size_t may = 0;
	size_t must = 0;

	for (size_t i = 0; i < what->count; i++) {
		may += may_be_1(reading, &what->bits[i]);
		must += must_be_1(reading, &what->bits[i]);
	}
	if (what->kind == NM_VMX_CAPABILITIES)
		snprintf(out, size, "%zu of %zu capabilities", may, what->count);
	else if (must)
		snprintf(out, size, "%zu of %zu controls may be 1, %zu of them must", may,
			 what->count, must);
	else
		snprintf(out, size, "%zu of %zu controls may be 1", may, what->count);
}

/*
 * A register of what is not there cannot be read (SDM vol. 3D, A.3.3, A.3.4, A.4.2, A.10 and A.11), and KVM lists those
 * that it has.
 */
static bool is_none(const struct view *view, uint32_t msr)
{
	bool none = view->msrs == &view->context->kvm_view.features;

	for (size_t i = 0; !none && i < view->msrs->count; i++)
		none = view->msrs->items[i].index == msr && view->msrs->items[i].error == EIO;
	return none;
}

static int add_missing(const struct view *view, const struct nm_vmx_register *what, const char *id)
{
	if (!is_none(view, what->msr))
		return nm_unknown_add(view->context, id, NULL, "%s (%Xh) was not read, %s",
				      what->msr_name, what->msr, view->source);
	return nm_finding_add(view->context, id, NM_STATUS_INFO, NM_STRING("none"), NULL,
			      "%s (%Xh) is not there, %s", what->msr_name, what->msr, view->source);
}

static int add_register(const struct view *view, const struct nm_vmx_register *what)
{
	struct reading reading;
	char summary[96];
	char id[64];
	int r;

	snprintf(id, sizeof(id), "vmx.%s.%s", view->owner, what->id);
	if (!read_register(view, what, &reading))
		return add_missing(view, what, id);
	summarize(&reading, summary, sizeof(summary));
	r = nm_finding_add(view->context, id, NM_STATUS_INFO, NM_STRING(summary), NULL,
			   "%s (%Xh) is 0x%016" PRIx64 ", %s", reading.name, reading.msr,
			   reading.value, view->source);
	return r ? r : add_bits(view, &reading);
}

static int add_field(const struct view *view, const struct nm_vmx_field *field)
{
	uint64_t value;
	char id[96];

	if (!nm_msr_get(view->msrs, field->msr, &value))
		return 0;
	value = value >> field->low & ((UINT64_C(1) << field->width) - 1);
	snprintf(id, sizeof(id), "vmx.%s.%s", view->owner, field->id);
	return nm_detail_add(view->context, id, NM_STATUS_INFO,
			     NM_INT((int64_t)((value + field->add) * field->times)), NULL, "%s; %s",
			     field->name, view->source);
}

static int add_word(const struct view *view, const struct nm_vmx_word *word)
{
	uint64_t value;
	char shown[24];
	char id[64];

	if (!nm_msr_get(view->msrs, word->msr, &value))
		return 0;
	snprintf(shown, sizeof(shown), "0x%016" PRIx64, value);
	snprintf(id, sizeof(id), "vmx.%s.%s", view->owner, word->id);
	return nm_detail_add(view->context, id, NM_STATUS_INFO, NM_STRING(shown), NULL, "%s; %s",
			     word->name, view->source);
}

/* SDM vol. 3D, A.1: bits 53:50, of which only UC and WB are defined. */
static void memory_type(uint64_t basic, char *out, size_t size)
{
	unsigned int type = basic >> 50 & 0xf;

	if (type == 0 || type == 6)
		snprintf(out, size, "%s", type ? "WB" : "UC");
	else
		snprintf(out, size, "type %u", type);
}

static int add_basic(const struct view *view, const struct reading *reading)
{
	uint64_t basic = reading->value;
	char summary[96];
	char type[16];
	char id[64];
	int r;

	memory_type(basic, type, sizeof(type));
	snprintf(summary, sizeof(summary),
		 "revision %08Xh, VMCS of %u bytes, memory type %s, %s TRUE controls",
		 (unsigned int)(basic & 0x7fffffff), (unsigned int)(basic >> 32 & 0x1fff), type,
		 basic & NM_VMX_TRUE_CONTROLS ? "with" : "without");
	snprintf(id, sizeof(id), "vmx.%s.basic", view->owner);
	r = nm_finding_add(view->context, id, NM_STATUS_INFO, NM_STRING(summary), NULL,
			   "IA32_VMX_BASIC (480h) is 0x%016" PRIx64 ", %s", basic, view->source);
	if (r)
		return r;
	snprintf(id, sizeof(id), "vmx.%s.basic.memory_type", view->owner);
	r = nm_detail_add(view->context, id, NM_STATUS_INFO, NM_STRING(type), NULL,
			  "IA32_VMX_BASIC[53:50]; %s", view->source);
	return r ? r : add_bits(view, reading);
}

/* Everything but the revision, which means something on this machine's CPU only. */
static int add_view(const struct view *view)
{
	struct reading basic;
	int r = 0;

	if (read_register(view, &nm_vmx_basic, &basic))
		r = add_basic(view, &basic);
	for (const struct nm_vmx_register *what = nm_vmx_registers; !r && what->id; what++)
		r = add_register(view, what);
	for (const struct nm_vmx_field *field = nm_vmx_fields; !r && field->id; field++)
		r = add_field(view, field);
	for (const struct nm_vmx_word *word = nm_vmx_words; !r && word->id; word++)
		r = add_word(view, word);
	return r;
}

static int add_revision(const struct view *view)
{
	uint64_t basic;
	uint32_t revision;
	char shown[16];

	if (!nm_msr_get(view->msrs, NM_MSR_VMX_BASIC, &basic))
		return 0;
	revision = (uint32_t)(basic & 0x7fffffff);
	snprintf(shown, sizeof(shown), "%08Xh", revision);
	if (revision == NM_VMX_KVM_REVISION)
		return nm_finding_add(view->context, "vmx.cpu.revision", NM_STATUS_INFO,
				      NM_STRING("KVM beneath (11E57ED0h)"), NULL,
				      "IA32_VMX_BASIC[30:0]: the identifier that KVM gives to its "
				      "guests; a hypervisor of KVM stands beneath");
	return nm_finding_add(view->context, "vmx.cpu.revision", NM_STATUS_INFO, NM_STRING(shown),
			      NULL,
			      "IA32_VMX_BASIC[30:0]: hardware, or a hypervisor other than KVM");
}

static const char *describe_control(uint64_t control)
{
	if (!(control & FEATURE_LOCKED))
		return "not locked";
	if (control & FEATURE_OUTSIDE_SMX)
		return control & FEATURE_INSIDE_SMX ? "locked, VMX outside SMX and in SMX"
						    : "locked, VMX outside SMX";
	return control & FEATURE_INSIDE_SMX ? "locked, VMX in SMX only" : "locked without VMX";
}

static int add_feature_control(struct nm_probe_context *context, const struct nm_msrs *msrs)
{
	enum nm_status status = NM_STATUS_INFO;
	uint64_t control;

	if (!nm_msr_get(msrs, NM_MSR_FEATURE_CONTROL, &control))
		return nm_unknown_add(context, "vmx.cpu.feature_control", NULL,
				      "IA32_FEATURE_CONTROL (3Ah) cannot be read: RDMSR is "
				      "refused, or was not recorded");
	if (control & FEATURE_LOCKED)
		status = control & FEATURE_OUTSIDE_SMX ? NM_STATUS_PASS : NM_STATUS_FAIL;
	return nm_finding_add(context, "vmx.cpu.feature_control", status,
			      NM_STRING(describe_control(control)),
			      status == NM_STATUS_FAIL ? locked_remedy : NULL,
			      "IA32_FEATURE_CONTROL (3Ah) is 0x%016" PRIx64 ", " NM_MSR_SOURCE,
			      control);
}

/*
 * Without the register: Linux takes the flag away where the register leaves VMX off (init_ia32_feat_ctl() in
 * arch/x86/kernel/cpu/feat_ctl.c).
 */
static int guess_feature_control(struct nm_probe_context *context, const char *info, int error)
{
	const char *flags = nm_text_field(context->arena, info, "flags");

	if (flags && !nm_has_word(flags, "vmx"))
		return nm_finding_add(
			context, "vmx.cpu.feature_control", NM_STATUS_FAIL, NM_STRING("disabled"),
			locked_remedy,
			"CPUID has VMX but the flags in /proc/cpuinfo do not: Linux found "
			"IA32_FEATURE_CONTROL locked without it, or was told to ignore it");
	return nm_unknown_add(context, "vmx.cpu.feature_control", nm_msr_remedy(error),
			      "IA32_FEATURE_CONTROL: " NM_MSR_SOURCE ": %s", nm_msr_trouble(error));
}

static int add_flag(struct nm_probe_context *context, const struct nm_vmx_register *what,
		    const struct nm_vmx_bit *bit, bool set)
{
	char id[96];

	snprintf(id, sizeof(id), "vmx.cpu.%s.%s", what->id, bit->id);
	return nm_detail_add(context, id, NM_STATUS_INFO, bit_value(what->kind, set, false), NULL,
			     "\"%s\": \"%s\" is %s the vmx flags of /proc/cpuinfo", bit->name,
			     bit->flag, set ? "among" : "not among");
}

static int add_flags(struct nm_probe_context *context, const struct nm_vmx_register *what,
		     const char *line)
{
	char summary[96];
	char id[64];
	size_t told = 0;
	size_t set = 0;
	int r = 0;

	for (size_t i = 0; !r && i < what->count; i++) {
		const struct nm_vmx_bit *bit = &what->bits[i];
		bool there = bit->flag && nm_has_word(line, bit->flag);

		if (!there && (!bit->flag || bit->uncertain))
			continue;
		told++;
		set += there;
		r = add_flag(context, what, bit, there);
	}
	if (r || !told)
		return r;
	snprintf(id, sizeof(id), "vmx.cpu.%s", what->id);
	snprintf(summary, sizeof(summary),
		 what->kind == NM_VMX_CAPABILITIES ? "%zu of %zu capabilities that Linux names"
						   : "%zu of %zu controls that Linux names",
		 set, told);
	return nm_finding_add(context, id, NM_STATUS_INFO, NM_STRING(summary), NULL,
			      "the vmx flags of /proc/cpuinfo; Linux does not name all of %s",
			      what->msr_name);
}

/* The source without privilege, for those controls that Linux prints. */
static int add_cpu_flags(struct nm_probe_context *context, int error)
{
	const char *info = nm_kept_text(context, "proc/cpuinfo");
	const char *line = nm_text_field(context->arena, info, "vmx flags");
	int r = guess_feature_control(context, info, error);

	if (!r)
		r = nm_unknown_add(context, "vmx.cpu.basic", nm_msr_remedy(error),
				   "VMX capability MSRs: " NM_MSR_SOURCE ": %s; %s",
				   nm_msr_trouble(error),
				   line ? "in their place the vmx flags of /proc/cpuinfo"
					: "and /proc/cpuinfo has no vmx flags");
	for (const struct nm_vmx_register *what = nm_vmx_registers; !r && line && what->id; what++)
		r = add_flags(context, what, line);
	return r;
}

static int add_cpu(struct nm_probe_context *context)
{
	struct nm_msrs msrs;
	const struct view view = {context, "cpu", NM_MSR_SOURCE, &msrs};
	int r = nm_msr_read(context, NM_VIRTUALIZATION_VMX, &msrs);
	uint64_t basic;

	if (r == -ENOMEM)
		return r;
	if (!r && !nm_msr_get(&msrs, NM_MSR_VMX_BASIC, &basic))
		r = -EIO;
	if (r)
		return add_cpu_flags(context, r);
	r = add_feature_control(context, &msrs);
	if (!r)
		r = add_revision(&view);
	return r ? r : add_view(&view);
}

static int add_kvm_exposed(struct nm_probe_context *context)
{
	const struct nm_kvm_view *kvm = &context->kvm_view;
	struct nm_cpu_identity offered;

	if (!kvm->supported.count)
		return nm_unknown_add(context, "vmx.kvm.exposed", kvm->remedy, "%s",
				      kvm->trouble ? kvm->trouble
						   : "KVM did not tell its supported CPUID");
	nm_cpu_identify(&kvm->supported, &offered);
	return nm_finding_add(
		context, "vmx.kvm.exposed", offered.vmx ? NM_STATUS_PASS : NM_STATUS_INFO,
		NM_BOOL(offered.vmx),
		offered.vmx ? NULL : "load kvm_intel with nested=1 to offer VMX to guests",
		"KVM_GET_SUPPORTED_CPUID, leaf 1h ECX[5]: what guests of this KVM may "
		"get");
}

static int add_kvm(struct nm_probe_context *context)
{
	const struct view view = {context, "kvm",
				  "KVM's feature MSRs: what guests of this KVM may get",
				  &context->kvm_view.features};
	uint64_t basic;
	int r = add_kvm_exposed(context);

	if (r || !nm_msr_get(view.msrs, NM_MSR_VMX_BASIC, &basic))
		return r;
	return add_view(&view);
}

int nm_probe_vmx(struct nm_probe_context *context)
{
	bool exposed = nm_virtualization(context) == NM_VIRTUALIZATION_VMX;
	int r;

	if (!context->cpuid.count)
		return nm_unknown_add(context, "vmx.exposed", NULL, "CPUID cannot be had");
	r = nm_finding_add(context, "vmx.exposed", exposed ? NM_STATUS_PASS : NM_STATUS_INFO,
			   NM_BOOL(exposed), NULL, "CPUID 1h ECX[5]");
	if (r || !exposed)
		return r;
	r = add_cpu(context);
	return r ? r : add_kvm(context);
}
