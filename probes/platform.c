/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/platform.h"

#include "probes/evidence.h"
#include "probes/imds.h"
#include "probes/kept.h"
#include "probes/number.h"
#include "probes/probes.h"

#include <errno.h>
#include <string.h>

#define BENEATH "only the innermost hypervisor that answers is visible, more may lie beneath"

/* The lab says so to its machines' kernels: neither Bochs nor a guest of QEMU's has another sign. */
#define EMULATED_WORD "nestmark.emulated"

/* SMBIOS strings, "vendor product"; NULL where firmware gives none. */
static const char *product(struct nm_arena *arena, const struct nm_signs *signs)
{
	const char *vendor = signs->dmi[NM_DMI_SYS_VENDOR];
	const char *name = signs->dmi[NM_DMI_PRODUCT_NAME];

	if (vendor && name)
		return nm_arena_printf(arena, "%s %s", vendor, name);
	return vendor ? vendor : name;
}

static int add_product(struct nm_probe_context *context, const struct nm_signs *signs)
{
	const char *name = context->machine->product;

	if (!name)
		return nm_unknown_add(context, "platform.product", NULL,
				      "no SMBIOS strings in /sys/class/dmi/id: %s",
				      nm_why_not(signs->dmi_error[NM_DMI_SYS_VENDOR]));
	return nm_finding_add(context, "platform.product", NM_STATUS_INFO, NM_STRING(name), NULL,
			      "/sys/class/dmi/id");
}

static uint64_t memory_bytes(struct nm_probe_context *context)
{
	const char *text = nm_kept_text(context, "proc/meminfo");
	const char *total = nm_text_field(context->arena, text, "MemTotal");

	uint64_t bytes;

	return total && nm_kilobytes(total, &bytes) ? bytes : 0;
}

static int add_smbios_vm(struct nm_probe_context *context, const struct nm_platform *platform)
{
	static const char source[] = "/sys/firmware/dmi/entries/0-0/raw";
	int bit = platform->signs.smbios_vm;

	if (bit < 0)
		return nm_unknown_add(context, "platform.smbios_vm",
				      bit == -EACCES ? "run as root" : NULL, "%s: %s", source,
				      bit == -EBADMSG ? "shorter than SMBIOS says"
						      : nm_why_not(-bit));
	return nm_finding_add(context, "platform.smbios_vm", NM_STATUS_INFO, NM_BOOL(bit), NULL,
			      "%s byte 19 bit 4%s", source,
			      bit ? "" : "; clear says nothing outside EC2");
}

/* By SMBIOS strings; that of EC2 names no hypervisor. */
static const struct nm_hypervisor *by_firmware(const struct nm_signs *signs)
{
	static const enum nm_dmi fields[] = {NM_DMI_PRODUCT_NAME, NM_DMI_SYS_VENDOR,
					     NM_DMI_BOARD_VENDOR, NM_DMI_BIOS_VENDOR};
	const struct nm_hypervisor *found = NULL;

	for (size_t i = 0; !found && i < sizeof(fields) / sizeof(fields[0]); i++)
		if (signs->dmi[fields[i]])
			found = nm_hypervisor_of_firmware(signs->dmi[fields[i]]);
	return found;
}

/*
 * Hyper-V's interface stands first where KVM, Xen or VirtualBox give it to Windows, with their own leaves above (QEMU
 * docs/system/i386/hyperv.rst), so that a later block says more. VirtualBox calls itself KVM to Linux guests.
 */
static const struct nm_hypervisor *by_layers(const struct nm_signs *signs)
{
	const struct nm_hypervisor *firmware = by_firmware(signs);
	const struct nm_hypervisor *found = NULL;

	for (size_t i = 0; i < signs->layer_count; i++) {
		const struct nm_hypervisor *layer =
			nm_hypervisor_of_signature(signs->layers[i].signature);

		if (layer)
			found = layer;
	}
	if (found && firmware && !strcmp(firmware->name, "VirtualBox"))
		return firmware;
	return found;
}

static const struct nm_hypervisor *find_hypervisor(const struct nm_platform *platform)
{
	const struct nm_signs *signs = &platform->signs;

	if (platform->has_cpuid)
		return platform->cpu.guest ? by_layers(signs) : NULL;
	return signs->tree && nm_hypervisor_of_tree(signs->tree)
		       ? nm_hypervisor_of_tree(signs->tree)
		       : by_firmware(signs);
}

static bool is_ec2_metal(const struct nm_platform *platform)
{
	return platform->cloud == &nm_cloud_ec2 && platform->instance &&
	       nm_ec2_is_metal(platform->instance);
}

/* Without CPUID: 1, 0, or -1; *evidence says by what. */
static int level_of_signs(const struct nm_platform *platform, const char **evidence)
{
	*evidence = "/proc/device-tree/hypervisor";
	if (platform->signs.tree)
		return 1;
	*evidence = "the VM bit of SMBIOS";
	if (platform->signs.smbios_vm == 1)
		return 1;
	*evidence = "SMBIOS strings";
	if (platform->cloud == &nm_cloud_ec2 && platform->instance)
		return !is_ec2_metal(platform);
	return platform->hypervisor ? 1 : -1;
}

static int add_level_of_signs(struct nm_probe_context *context, const struct nm_platform *platform)
{
	struct nm_machine *machine = context->machine;
	const char *evidence;

	machine->level = level_of_signs(platform, &evidence);
	if (machine->level < 0)
		return nm_unknown_add(context, "platform.level", NULL,
				      "CPUID cannot be had, and neither device tree nor SMBIOS "
				      "tells");
	if (machine->level)
		machine->hypervisor = platform->signs.tree   ? platform->signs.tree
				      : platform->hypervisor ? platform->hypervisor->name
							     : "unknown";
	return nm_finding_add(context, "platform.level", NM_STATUS_INFO, NM_INT(machine->level),
			      NULL, "%s: %s", evidence,
			      machine->level ? "guests here are L2"
					     : "bare metal, guests here are L1");
}

static int add_level(struct nm_probe_context *context, const struct nm_platform *platform)
{
	struct nm_machine *machine = context->machine;
	const struct nm_cpu_identity *cpu = &platform->cpu;

	if (!platform->has_cpuid)
		return add_level_of_signs(context, platform);
	machine->level = cpu->guest;
	machine->hypervisor =
		machine->level ? nm_arena_strdup(context->arena, cpu->hypervisor) : NULL;
	if (!machine->level)
		return nm_finding_add(
			context, "platform.level", NM_STATUS_INFO, NM_INT(0), NULL,
			"CPUID 1h ECX[31] is clear: bare metal, or a hypervisor that hides; guests "
			"here are taken for L1");
	return nm_finding_add(context, "platform.level", NM_STATUS_INFO, NM_INT(1), NULL,
			      "a guest of \"%s\" (CPUID 40000000h): guests here are L2",
			      cpu->hypervisor);
}

static const char *layer_name(struct nm_arena *arena, const struct nm_signs *signs, size_t i)
{
	const struct nm_layer *layer = &signs->layers[i];
	const struct nm_hypervisor *known = nm_hypervisor_of_signature(layer->signature);

	if (layer->hyperv && (!known || i + 1 < signs->layer_count))
		return known ? "Hyper-V interface"
			     : nm_arena_printf(arena, "Hyper-V interface of \"%s\"",
					       layer->signature);
	return known ? known->name : nm_arena_printf(arena, "\"%s\"", layer->signature);
}

/* "Hyper-V interface at 40000000h, KVM at 40000100h" */
static const char *chain(struct nm_arena *arena, const struct nm_signs *signs)
{
	const char *text = "";

	for (size_t i = 0; text && i < signs->layer_count; i++)
		text = nm_arena_printf(arena, "%s%s%s at %Xh", text, i ? ", " : "",
				       layer_name(arena, signs, i), signs->layers[i].leaf);
	return text;
}

static int add_chain(struct nm_probe_context *context, const struct nm_platform *platform)
{
	const struct nm_signs *signs = &platform->signs;
	const char *text = chain(context->arena, signs);

	if (!signs->layer_count)
		return 0;
	if (!text)
		return -ENOMEM;
	return nm_finding_add(context, "platform.hypervisor.chain", NM_STATUS_INFO, NM_STRING(text),
			      NULL, "CPUID 40000000h and up; " BENEATH);
}

/* The name by the table, or what it calls itself. */
static const char *hypervisor_name(const struct nm_platform *platform)
{
	if (platform->hypervisor)
		return platform->hypervisor->name;
	if (platform->has_cpuid)
		return platform->cpu.hypervisor;
	return platform->signs.tree ? platform->signs.tree : "";
}

static int add_hypervisor(struct nm_probe_context *context, const struct nm_platform *platform)
{
	const char *name = hypervisor_name(platform);
	const char *xen = platform->signs.xen_type;

	if (context->machine->level < 0)
		return nm_unknown_add(context, "platform.hypervisor", NULL,
				      "CPUID cannot be had, and neither device tree nor SMBIOS "
				      "tells");
	if (!context->machine->level)
		return nm_finding_add(context, "platform.hypervisor", NM_STATUS_INFO,
				      NM_STRING("none"), NULL, "%s",
				      platform->has_cpuid ? "CPUID 1h ECX[31] is clear"
							  : "see platform.level");
	if (!*name)
		return nm_unknown_add(context, "platform.hypervisor", NULL,
				      "there is one, but it does not say which: no signature in "
				      "CPUID 40000000h");
	return nm_finding_add(context, "platform.hypervisor", NM_STATUS_INFO, NM_STRING(name), NULL,
			      "%s%s%s%s",
			      platform->has_cpuid ? "CPUID 40000000h"
						  : "device tree or SMBIOS strings",
			      platform->hypervisor ? "" : ", not in nestmark's table",
			      xen ? "; /sys/hypervisor/guest_type: " : "", xen ? xen : "");
}

/* QEMU of old had SMBIOS strings of Bochs too, but says that it is a hypervisor. */
static bool is_bochs(const struct nm_platform *platform)
{
	const struct nm_hypervisor *firmware = by_firmware(&platform->signs);

	return !platform->cpu.guest && firmware && firmware->emulator;
}

static int add_emulator(struct nm_probe_context *context, const struct nm_platform *platform,
			bool *emulated)
{
	static const char remedy[] = "run on hardware for figures that mean time";
	bool marked = platform->signs.cmdline && strstr(platform->signs.cmdline, EMULATED_WORD);
	bool named = platform->hypervisor && platform->hypervisor->emulator;
	bool bochs = is_bochs(platform);

	*emulated = marked || named || bochs;
	if (!*emulated && !platform->has_cpuid)
		return nm_unknown_add(context, "platform.emulator", NULL, "CPUID cannot be had");
	return nm_finding_add(context, "platform.emulator",
			      *emulated ? NM_STATUS_WARN : NM_STATUS_INFO, NM_BOOL(*emulated),
			      *emulated ? remedy : NULL, "%s",
			      named    ? "the signature of CPUID 40000000h"
			      : marked ? "the kernel's command line has " EMULATED_WORD
			      : bochs  ? "SMBIOS strings of Bochs, and no hypervisor"
				       : "no sign of QEMU TCG or Bochs");
}

static int add_cloud(struct nm_probe_context *context, struct nm_platform *platform)
{
	const struct nm_signs *signs = &platform->signs;
	const char *field;
	const char *string;

	platform->cloud = nm_cloud_find(signs, &field, &string);
	if (platform->cloud)
		return nm_finding_add(context, "platform.cloud", NM_STATUS_INFO,
				      NM_STRING(platform->cloud->name), NULL, "%s: %s", field,
				      string);
	if (!nm_signs_dmi(signs))
		return nm_unknown_add(context, "platform.cloud", NULL,
				      "no SMBIOS strings in /sys/class/dmi/id, by which clouds are "
				      "recognised: %s",
				      nm_why_not(signs->dmi_error[NM_DMI_SYS_VENDOR]));
	return nm_finding_add(
		context, "platform.cloud", NM_STATUS_INFO, NM_STRING("none recognised"), NULL,
		"SMBIOS strings, /sys/hypervisor, command line; table of " NM_CLOUDS_AS_OF "%s",
		signs->dmi_error[NM_DMI_PRODUCT_SERIAL] == EACCES
			? "; root sees serial numbers too, by which some instances of Compute "
			  "Engine are known"
			: "");
}

static int add_instance(struct nm_probe_context *context, struct nm_platform *platform)
{
	const char *name = platform->signs.dmi[NM_DMI_PRODUCT_NAME];

	if (platform->cloud != &nm_cloud_ec2 || !name || !nm_ec2_is_type(name))
		return 0;
	platform->instance = name;
	return nm_finding_add(context, "platform.instance", NM_STATUS_INFO, NM_STRING(name), NULL,
			      "/sys/class/dmi/id/product_name");
}

/* Asked only on request; what it says of the type is more than SMBIOS says outside EC2. */
static int ask_cloud(struct nm_probe_context *context, struct nm_platform *platform)
{
	const char *type = NULL;
	int r = nm_imds_probe(context, platform->cloud, &type);

	if (r || !type || platform->instance || !platform->cloud)
		return r;
	platform->instance = type;
	return nm_finding_add(context, "platform.instance", NM_STATUS_INFO, NM_STRING(type), NULL,
			      "the metadata service of this instance");
}

static int add_bare(struct nm_probe_context *context, bool bare, const char *evidence)
{
	return nm_finding_add(context, "platform.bare_metal", NM_STATUS_INFO, NM_BOOL(bare), NULL,
			      "%s", evidence);
}

/* What speaks against bare metal; NULL: nothing. */
static const char *against_metal(const struct nm_probe_context *context,
				 const struct nm_platform *platform, bool emulated)
{
	if (platform->cpu.guest)
		return "CPUID 1h ECX[31] is set: a hypervisor says that it is there";
	if (emulated)
		return "an emulator (platform.emulator)";
	if (platform->signs.smbios_vm == 1)
		return "SMBIOS says that this is a virtual machine, though no hypervisor says so";
	if (by_firmware(&platform->signs))
		return "the SMBIOS strings are those of a VM, though no hypervisor says so";
	return context->machine->level == 1 ? "see platform.level" : NULL;
}

static int add_bare_metal(struct nm_probe_context *context, const struct nm_platform *platform,
			  bool emulated)
{
	const char *no = against_metal(context, platform, emulated);

	if (no)
		return add_bare(context, false, no);
	if (is_ec2_metal(platform))
		return add_bare(context, true,
				platform->signs.smbios_vm == 0
					? "an EC2 .metal type, and the VM bit of SMBIOS is clear"
					: "an EC2 .metal type (product_name), and no hypervisor "
					  "shows itself");
	if (platform->cloud)
		return nm_unknown_add(
			context, "platform.bare_metal", NULL,
			"an instance of %s without a sign of a hypervisor: its metal, "
			"or a hypervisor that hides",
			platform->cloud->name);
	if (!platform->has_cpuid || !platform->signs.dmi[NM_DMI_SYS_VENDOR])
		return nm_unknown_add(context, "platform.bare_metal", NULL,
				      "no sign of a hypervisor, but CPUID or the SMBIOS strings "
				      "are missing too");
	return add_bare(context, true,
			"CPUID 1h ECX[31] is clear and SMBIOS names a maker of hardware; a "
			"hypervisor that hides would look the same");
}

/* Everything that only looks at the signs, in the order in which one needs the other. */
static int add_what_is_seen(struct nm_probe_context *context, struct nm_platform *platform)
{
	int r = add_product(context, &platform->signs);

	if (!r)
		r = add_cloud(context, platform);
	if (!r)
		r = add_instance(context, platform);
	if (!r)
		r = add_level(context, platform);
	if (!r)
		r = add_hypervisor(context, platform);
	if (!r)
		r = add_chain(context, platform);
	if (!r)
		r = nm_platform_hyperv(context, platform);
	return r ? r : add_smbios_vm(context, platform);
}

int nm_probe_platform(struct nm_probe_context *context)
{
	struct nm_platform platform = {.has_cpuid = context->cpuid.count > 0};
	bool emulated;
	int r;

	nm_signs_read(context, &platform.signs);
	nm_cpu_identify(&context->cpuid, &platform.cpu);
	platform.hypervisor = find_hypervisor(&platform);
	context->machine->product = product(context->arena, &platform.signs);
	context->machine->memory_bytes = memory_bytes(context);
	r = add_what_is_seen(context, &platform);
	if (!r)
		r = add_emulator(context, &platform, &emulated);
	if (!r)
		r = add_bare_metal(context, &platform, emulated);
	if (!r)
		r = nm_platform_container(context);
	if (!r)
		r = ask_cloud(context, &platform);
	return r ? r : nm_platform_nesting(context, &platform);
}
