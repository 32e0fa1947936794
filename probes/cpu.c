/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/cpuid.h"
#include "core/error.h"
#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/line.h"
#include "probes/number.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static int add_flag(struct nm_probe_context *context, const char *id, bool set, const char *source)
{
	return nm_finding_add(context, id, NM_STATUS_INFO, NM_BOOL(set), NULL, "%s", source);
}

/* The flag that a hypervisor must have been given to be able to run guests on this CPU. */
static int add_virtualization(struct nm_probe_context *context, const struct nm_cpu_identity *cpu)
{
	static const char remedy[] =
		"enable virtualization in the firmware, or nested virtualization on the instance";
	bool there = cpu->vmx || cpu->svm;

	return nm_finding_add(context, "cpu.virtualization",
			      there ? NM_STATUS_PASS : NM_STATUS_WARN,
			      NM_STRING(nm_cpu_virtualization(cpu)), there ? NULL : remedy,
			      "CPUID 1h ECX[5], 80000001h ECX[2]");
}

static int produce_cpuid(struct nm_text *out, void *unused)
{
	(void)unused;
	return nm_cpuid_dump(out);
}

static int read_cpuid(struct nm_probe_context *context)
{
	const char *dump =
		nm_root_fact(context->root, context->arena, "cpuid", produce_cpuid, NULL);
	int r = dump ? nm_cpuid_parse(context->arena, dump, &context->cpuid) : -errno;

	/* Leaves that are missing would be taken for features that are. */
	if (r)
		context->cpuid.count = 0;
	return r;
}

static int produce_uname(struct nm_text *out, void *unused)
{
	struct utsname name;

	(void)unused;
	if (uname(&name))
		return -errno;
	nm_text_printf(out, "machine: %s\npage_bytes: %ld\n", name.machine, sysconf(_SC_PAGESIZE));
	return 0;
}

/* The name that uname(2) gives to the machine, such as "aarch64"; NULL when it is not known or no name. */
static const char *machine_name(struct nm_probe_context *context, const char *text)
{
	const char *name = nm_text_field(context->arena, text, "machine");

	return name && nm_fits_id(name) ? name : NULL;
}

/* CPUID is proof: uname(2) says i686 under a personality of 32 bits. */
static int add_architecture(struct nm_probe_context *context, const char *text)
{
	const char *name = machine_name(context, text);

	if (context->cpuid.count)
		return nm_finding_add(context, "cpu.architecture", NM_STATUS_INFO,
				      NM_STRING("x86_64"), NULL, "it has CPUID");
	if (!name)
		return nm_unknown_add(context, "cpu.architecture", NULL,
				      "neither CPUID nor uname(2) tells");
	return nm_finding_add(context, "cpu.architecture", NM_STATUS_INFO, NM_STRING(name), NULL,
			      "uname(2)");
}

/* arm64 kernels have pages of 4, 16 or 64 KiB; some VMMs take 4 KiB only. */
static int add_page_bytes(struct nm_probe_context *context, const char *text)
{
	const char *field = nm_text_field(context->arena, text, "page_bytes");
	uint64_t bytes;

	if (!field || !nm_number(field, &bytes))
		return nm_unknown_add(context, "cpu.page_bytes", NULL,
				      "sysconf(_SC_PAGESIZE): not captured");
	return nm_finding_add(context, "cpu.page_bytes", NM_STATUS_INFO, NM_INT((int64_t)bytes),
			      NULL, "sysconf(_SC_PAGESIZE)");
}

static int add_kernel_view(struct nm_probe_context *context)
{
	const char *text =
		nm_root_fact(context->root, context->arena, "uname", produce_uname, NULL);
	int r = add_architecture(context, text);

	return r ? r : add_page_bytes(context, text);
}

/*
 * A hypervisor that does not intercept CPUID of user code shows what lies beneath there, and the kernel another CPU. A CPU
 * without a brand is one to which the kernel gives a name.
 */
static int add_kernel_brand(struct nm_probe_context *context, const char *info, const char *brand)
{
	const char *name = nm_text_field(context->arena, info, "model name");

	if (!name || !*brand || !strcmp(name, brand))
		return 0;
	return nm_finding_add(
		context, "cpu.kernel_brand", NM_STATUS_WARN, NM_STRING(name), NULL,
		"/proc/cpuinfo; CPUID of this process shows \"%s\": the hypervisor below this "
		"kernel does "
		"not intercept it, and what CPUID tells here is of the machine beneath",
		brand);
}

int nm_probe_cpu(struct nm_probe_context *context)
{
	struct nm_machine *machine = context->machine;
	const char *info = nm_kept_text(context, "proc/cpuinfo");
	struct nm_cpu_identity cpu;
	int error = read_cpuid(context);
	int r = add_kernel_view(context);

	/* Its identity comes from elsewhere: probes/arm.c. */
	if (r || nm_found_arm64(context))
		return r;
	if (error)
		return nm_unknown_add(context, "cpu.brand", NULL, "CPUID cannot be had: %s",
				      nm_why_not(-error));
	nm_cpu_identify(&context->cpuid, &cpu);
	machine->vendor = nm_arena_strdup(context->arena, cpu.vendor);
	machine->brand = nm_arena_strdup(context->arena, cpu.brand);
	machine->family = cpu.family;
	machine->model = cpu.model;
	machine->stepping = cpu.stepping;
	machine->microcode = nm_text_field(context->arena, info, "microcode");
	r = nm_finding_add(context, "cpu.brand", NM_STATUS_INFO, NM_STRING(cpu.brand), NULL,
			   "CPUID 80000002h; %s family %u model %u stepping %u, microcode %s",
			   cpu.vendor, cpu.family, cpu.model, cpu.stepping,
			   machine->microcode ? machine->microcode : "unknown");
	if (!r)
		r = add_kernel_brand(context, info, cpu.brand);
	if (!r)
		r = add_virtualization(context, &cpu);
	if (!r)
		r = add_flag(context, "cpu.x2apic", cpu.x2apic, "CPUID 1h ECX[21]");
	if (!r)
		r = add_flag(context, "cpu.invariant_tsc", cpu.invariant_tsc,
			     "CPUID 80000007h EDX[8]");
	return r;
}
