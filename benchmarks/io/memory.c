/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/io/memory.h"

#include "core/error.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

int nm_io_add_memory(struct nm_guest_round *round, size_t bytes, void **out)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int r;

	if (memory == MAP_FAILED)
		return nm_fail(errno, "memory for buffers: %s", strerror(errno));
	*out = memory;
	r = nm_vm_add_mapped(&round->guest->vm, NM_ABI_MEMORY, bytes, memory, 0);
	if (!r)
		r = nm_guest_map(round->guest, NM_ABI_MEMORY, bytes, PAGE);
	round->control->argument[0] = NM_ABI_MEMORY;
	return r;
}
