/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/cpuid.h"

#include <stdlib.h>
#include <string.h>

/* SMBIOS strings, "vendor product"; NULL where firmware gives none. */
static char *product(struct nm_probe_context *context)
{
	struct nm_arena *arena = context->arena;
	char *vendor = nm_root_line(context->root, arena, "sys/class/dmi/id/sys_vendor");
	char *name = nm_root_line(context->root, arena, "sys/class/dmi/id/product_name");

	if (vendor && name)
		return nm_arena_printf(arena, "%s %s", vendor, name);
	return vendor ? vendor : name;
}

static int add_product(struct nm_probe_context *context)
{
	const char *name = context->machine->product;

	if (!name)
		return nm_finding_add(context, "platform.product", NM_STATUS_UNKNOWN,
				      (struct nm_value) {0}, NULL,
				      "no SMBIOS strings in /sys/class/dmi/id");
	return nm_finding_add(context, "platform.product", NM_STATUS_INFO, NM_STRING(name), NULL,
			      "/sys/class/dmi/id");
}

static uint64_t memory_bytes(struct nm_probe_context *context)
{
	const char *text = nm_root_text(context->root, context->arena, "proc/meminfo");
	const char *total = nm_text_field(context->arena, text, "MemTotal");

	return total ? strtoull(total, NULL, 10) * 1024 : 0;
}

int nm_probe_platform(struct nm_probe_context *context)
{
	struct nm_machine *machine = context->machine;
	struct nm_cpu_identity cpu;
	int r;

	machine->product = product(context);
	machine->memory_bytes = memory_bytes(context);
	machine->level = -1;
	r = add_product(context);
	if (r)
		return r;
	if (!context->cpuid.count)
		return nm_unknown_add(context, "platform.level", NULL, "CPUID cannot be had");
	nm_cpu_identify(&context->cpuid, &cpu);
	machine->level = cpu.guest;
	machine->hypervisor =
		machine->level ? nm_arena_strdup(context->arena, cpu.hypervisor) : NULL;
	if (!machine->level)
		return nm_finding_add(context, "platform.level", NM_STATUS_INFO, NM_INT(0), NULL,
				      "CPUID 1h ECX[31] is clear: bare metal, guests here are L1");
	return nm_finding_add(context, "platform.level", NM_STATUS_INFO, NM_INT(1), NULL,
			      "a guest of \"%s\" (CPUID 40000000h): guests here are L2",
			      cpu.hypervisor);
}
