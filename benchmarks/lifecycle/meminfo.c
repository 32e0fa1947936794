/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/lifecycle/meminfo.h"

#include "core/root.h"

#include <stdlib.h>

static uint64_t kib_of(const char *path, const char *name)
{
	struct nm_arena arena = {0};
	struct nm_root root;
	const char *text;
	const char *field;
	uint64_t kib;

	if (nm_root_open(&root, "/"))
		return 0;
	text = nm_root_text(&root, &arena, path);
	field = text ? nm_text_field(&arena, text, name) : NULL;
	kib = field ? strtoull(field, NULL, 10) : 0;
	nm_arena_free(&arena);
	nm_root_close(&root);
	return kib;
}

uint64_t nm_meminfo_bytes(const char *name)
{
	return kib_of("proc/meminfo", name) * 1024;
}

uint64_t nm_resident_bytes(void)
{
	return kib_of("proc/self/status", "VmRSS") * 1024;
}
