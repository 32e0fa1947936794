/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/machine_key.h"

#include <stdio.h>

static uint64_t installed_memory(uint64_t bytes)
{
	uint64_t step = 1;

	while (step < (UINT64_C(1) << 59) && step * 16 <= bytes)
		step *= 2;
	return (bytes / step + (bytes % step != 0)) * step;
}

static const char *text_or(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

const char *nm_machine_key(struct nm_arena *arena, const struct nm_machine *machine)
{
	char level[32] = "level unknown";
	char memory[32];

	if (machine->level >= 0)
		snprintf(level, sizeof(level), "L%lld", (long long)machine->level);
	nm_text_bytes(memory, sizeof(memory), installed_memory(machine->memory_bytes));
	return nm_arena_printf(arena,
			       "%s, %s %lld-%lld-%lld, %llu cores, %llu threads, %s, %s, %s, %s",
			       text_or(machine->brand, "unknown CPU"),
			       text_or(machine->vendor, "unknown vendor"),
			       (long long)machine->family, (long long)machine->model,
			       (long long)machine->stepping, (unsigned long long)machine->cores,
			       (unsigned long long)machine->threads, memory, level,
			       text_or(machine->hypervisor, "no hypervisor"),
			       text_or(machine->product, "unknown product"));
}
