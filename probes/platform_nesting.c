/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/platform.h"

#include "core/error.h"

#include <string.h>

#define DISCOVER                                                                                   \
	"aws ec2 describe-instance-types --filters "                                               \
	"Name=processor-info.supported-features,Values=nested-virtualization"

static int add(struct nm_probe_context *context, const struct nm_offer *offer, const char *evidence)
{
	if (!evidence)
		return -ENOMEM;
	return nm_finding_add(context, "platform.nesting", offer->status, NM_STRING(offer->value),
			      offer->remedy, "%s", evidence);
}

static const char *flag_text(const struct nm_platform *platform)
{
	return platform->has_cpuid ? "the CPU shows neither vmx nor svm" : "this is an arm64 VM";
}

static int add_ec2_listed(struct nm_probe_context *context, const struct nm_platform *platform,
			  const struct nm_ec2_family *family)
{
	static const struct nm_offer off = {
		"offered, off", NM_STATUS_WARN,
		"aws ec2 stop-instances --instance-ids ID && aws ec2 wait instance-stopped "
		"--instance-ids ID && aws ec2 modify-instance-cpu-options --instance-id ID "
		"--nested-virtualization enabled && aws ec2 start-instances --instance-ids ID",
		NULL};

	return add(
		context, &off,
		nm_arena_printf(context->arena,
				"%s; EC2 offers it for %s (%s%s; table of " NM_CLOUDS_AS_OF
				"): the option is off or did not reach this instance, as with EKS "
				"managed node groups",
				flag_text(platform), family->name,
				family->announced ? "announced " : "on the list of the user guide",
				family->announced ? family->announced : ""));
}

static int add_ec2_unlisted(struct nm_probe_context *context, const struct nm_platform *platform)
{
	static const struct nm_offer none = {"not offered", NM_STATUS_FAIL,
					     "change to a listed type (" DISCOVER
					     " names them) or to a .metal size",
					     NULL};
	static const struct nm_offer graviton = {"not offered", NM_STATUS_FAIL,
						 "change to a listed Intel type (" DISCOVER
						 " names them), or to a Graviton .metal size",
						 NULL};

	if (nm_ec2_is_graviton(platform->instance))
		return add(context, &graviton,
			   nm_arena_printf(context->arena,
					   "%s is Graviton: EC2 has nesting for Intel families "
					   "only (table of " NM_CLOUDS_AS_OF ")",
					   platform->instance));
	return add(context, &none,
		   nm_arena_printf(context->arena,
				   "%s; the family of %s is not in the table of " NM_CLOUDS_AS_OF,
				   flag_text(platform), platform->instance));
}

static int add_ec2(struct nm_probe_context *context, const struct nm_platform *platform)
{
	const struct nm_ec2_family *family =
		platform->instance ? nm_ec2_family_find(platform->instance) : NULL;

	if (!platform->instance)
		return add(context, &nm_cloud_ec2.offer,
			   nm_arena_printf(context->arena, "%s; %s", flag_text(platform),
					   nm_cloud_ec2.offer.known));
	return family ? add_ec2_listed(context, platform, family)
		      : add_ec2_unlisted(context, platform);
}

static int add_gce(struct nm_probe_context *context, const struct nm_platform *platform)
{
	static const struct nm_offer cpu = {
		"not offered", NM_STATUS_FAIL,
		"move to an Intel machine type such as N2 or C3, and pin its CPU platform", NULL};
	static const struct nm_offer type = {"not offered", NM_STATUS_FAIL,
					     "move to an Intel machine type such as N2 or C3",
					     NULL};
	struct nm_offer offer = nm_cloud_gce.offer;

	if (strcmp(platform->cpu.vendor, "GenuineIntel") != 0)
		return add(context, &cpu,
			   "Compute Engine has nesting on Intel CPUs only, and this is none (table "
			   "of " NM_CLOUDS_AS_OF ")");
	if (platform->instance && nm_gce_is_excluded(platform->instance))
		return add(context, &type,
			   nm_arena_printf(
				   context->arena,
				   "Compute Engine has no nesting for %s (table of " NM_CLOUDS_AS_OF
				   ")",
				   platform->instance));
	if (platform->instance) {
		offer.value = "offered, off";
		offer.known = "the flag is off, or an organization policy forbids it";
	}
	return add(context, &offer,
		   nm_arena_printf(context->arena, "%s; %s (table of " NM_CLOUDS_AS_OF ")",
				   flag_text(platform), offer.known));
}

static int add_cloud(struct nm_probe_context *context, const struct nm_platform *platform)
{
	const struct nm_offer *offer = &platform->cloud->offer;

	if (platform->cloud == &nm_cloud_ec2)
		return add_ec2(context, platform);
	if (platform->cloud == &nm_cloud_gce)
		return add_gce(context, platform);
	return add(context, offer,
		   nm_arena_printf(context->arena, "%s; %s: %s (table of " NM_CLOUDS_AS_OF ")",
				   flag_text(platform), platform->cloud->name, offer->known));
}

static int add_hypervisor(struct nm_probe_context *context, const struct nm_platform *platform)
{
	static const struct nm_offer root = {
		"not offered", NM_STATUS_FAIL,
		"run guests with /dev/mshv here, or KVM in a VM of this Hyper-V", NULL};
	const struct nm_hypervisor *hypervisor = platform->hypervisor;
	const struct nm_offer off = {"off", NM_STATUS_WARN,
				     hypervisor && hypervisor->remedy
					     ? hypervisor->remedy
					     : "ask whoever runs the host for nested "
					       "virtualization",
				     NULL};

	if (platform->hyperv_root)
		return add(context, &root,
			   "Hyper-V has no nested virtualization for its root partition (TLFS, "
			   "Nested Virtualization)");
	return add(context, &off,
		   nm_arena_printf(context->arena,
				   "%s to this guest of %s; whether its host offers them cannot be "
				   "seen from here",
				   flag_text(platform),
				   hypervisor ? hypervisor->name : "an unknown hypervisor"));
}

/* arm64: whether FEAT_NV2 reaches this machine shows in no file that is read here. */
static int add_without_cpuid(struct nm_probe_context *context, const struct nm_platform *platform)
{
	const char *instance = platform->instance;

	if (platform->cloud == &nm_cloud_ec2 && instance && nm_ec2_is_graviton(instance) &&
	    !nm_ec2_is_metal(instance))
		return add_ec2_unlisted(context, platform);
	if (platform->signs.arm64 && platform->cloud == &nm_cloud_gce)
		return add_gce(context, platform);
	return nm_unknown_add(context, "platform.nesting", NULL,
			      platform->signs.arm64
				      ? "arm64: whether the CPU has FEAT_NV2 for EL2 guests is not "
					"visible here"
				      : "CPUID cannot be had");
}

static int add_on(struct nm_probe_context *context, const struct nm_platform *platform)
{
	static const struct nm_offer on = {"on", NM_STATUS_PASS, NULL, NULL};
	const char *instance = platform->instance;
	bool surprise =
		platform->cloud == &nm_cloud_ec2 && instance && !nm_ec2_family_find(instance);

	return add(context, &on,
		   nm_arena_printf(context->arena, "the CPU shows %s to this guest%s%s%s",
				   platform->cpu.vmx ? "vmx" : "svm", surprise ? "; " : "",
				   surprise ? instance : "",
				   surprise ? " is not in the table of " NM_CLOUDS_AS_OF
					      ", but what the machine shows counts"
					    : ""));
}

static int add_nesting(struct nm_probe_context *context, const struct nm_platform *platform)
{
	static const struct nm_offer metal = {"not needed", NM_STATUS_INFO, NULL, NULL};

	if (!platform->has_cpuid)
		return add_without_cpuid(context, platform);
	if (!context->machine->level)
		return add(context, &metal,
			   "no hypervisor shows itself: guests here need the CPU's own vmx or svm "
			   "only (cpu.virtualization)");
	if (platform->cpu.vmx || platform->cpu.svm)
		return add_on(context, platform);
	return platform->cloud ? add_cloud(context, platform) : add_hypervisor(context, platform);
}

/* Limits that hold only where nesting is, or could be switched on. */
static bool is_nestable(const struct nm_platform *platform)
{
	if (platform->cpu.vmx || platform->cpu.svm)
		return true;
	return platform->cloud == &nm_cloud_ec2 && platform->instance &&
	       nm_ec2_family_find(platform->instance);
}

static int add_limits(struct nm_probe_context *context, const struct nm_platform *platform)
{
	int r = 0;

	if (context->machine->level != 1 || !is_nestable(platform))
		return 0;
	for (const struct nm_limit *limit = nm_limits; !r && limit->cloud; limit++)
		if (limit->cloud == platform->cloud)
			r = nm_finding_add(context, limit->id, NM_STATUS_INFO,
					   NM_STRING(limit->text), NULL,
					   "%s (table of " NM_CLOUDS_AS_OF ")", limit->source);
	if (r || !platform->cpu.svm)
		return r;
	return nm_finding_add(context, "platform.limits.migration", NM_STATUS_INFO,
			      NM_STRING("not while guests run"),
			      "shut guests down before this machine is migrated or saved",
			      "AMD: undefined behaviour otherwise (Linux "
			      "Documentation/virt/kvm/x86/running-nested-guests.rst)");
}

int nm_platform_nesting(struct nm_probe_context *context, const struct nm_platform *platform)
{
	int r = add_nesting(context, platform);

	return r ? r : add_limits(context, platform);
}
