/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/lifecycle/crowd.h"

#include "benchmarks/lifecycle/steps.h"
#include "core/available.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Memory, the structures of VM and vCPU, page tables: an estimate on the safe side. */
#define ESTIMATE_BYTES ((uint64_t)2 * NM_CROWD_GUEST_BYTES)
#define FREE_PERCENT   60u

static int check_memory(uint64_t count)
{
	struct nm_root root;
	int r = nm_root_open(&root, "/");
	uint64_t available;

	if (r)
		return r;
	available = nm_available_bytes(&root);
	nm_root_close(&root);

	if (count * ESTIMATE_BYTES <= available / 100 * FREE_PERCENT)
		return 0;
	return nm_fail_remedy(EOPNOTSUPP, "give the machine more memory, or stop what uses it",
			      "%" PRIu64 " guests may take %" PRIu64 " MiB, more than %u %% of the "
			      "%" PRIu64 " MiB that are available",
			      count, count * ESTIMATE_BYTES >> 20, FREE_PERCENT, available >> 20);
}

int nm_crowd_check(uint64_t count, uint64_t most)
{
	char remedy[64];

	if (count <= most)
		return check_memory(count);
	snprintf(remedy, sizeof(remedy), "nestmark run --density-max %" PRIu64, count);
	return nm_fail_remedy(EOPNOTSUPP, remedy,
			      "%" PRIu64 " guests are more than --density-max allows (%" PRIu64 ")",
			      count, most);
}

int nm_crowd_create(struct nm_crowd *crowd, uint64_t room)
{
	*crowd = (struct nm_crowd) {.room = room,
				    .guests = calloc(room + 1, sizeof(*crowd->guests))};
	return crowd->guests ? 0 : nm_fail(ENOMEM, "out of memory");
}

int nm_crowd_add(struct nm_crowd *crowd, const struct nm_kvm *kvm)
{
	struct nm_guest *guest = &crowd->guests[crowd->count];
	int r = crowd->count < crowd->room ? nm_life_start(guest, kvm, NM_CROWD_GUEST_BYTES)
					   : nm_fail(ENOSPC, "no room for another guest");

	if (!r)
		crowd->count++;
	return r;
}

void nm_crowd_drop(struct nm_crowd *crowd)
{
	nm_guest_destroy(&crowd->guests[--crowd->count]);
}

void nm_crowd_destroy(struct nm_crowd *crowd)
{
	while (crowd->count)
		nm_crowd_drop(crowd);
	free(crowd->guests);
	*crowd = (struct nm_crowd) {0};
}
