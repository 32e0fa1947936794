/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/interrupts/driven.h"

#include "benchmarks/native.h"
#include "core/error.h"

#include <inttypes.h>
#include <stdio.h>

bool nm_settle_halted(struct nm_guest_round *round)
{
	uint64_t end = nm_clock_raw_ns() + HALTING_NS;

	(void)round;
	while (nm_clock_raw_ns() < end)
		__builtin_ia32_pause();
	return true;
}

/* Where the next interrupt and the words about a wrong one go. */
struct drive {
	struct nm_guest_round *round;
	const struct nm_interrupter *how;
	uint64_t number;
	char *why;
	size_t size;
};

static bool none_too_many(const struct drive *drive)
{
	uint64_t came = __atomic_load_n(&drive->round->shared->vcpu[0].value, __ATOMIC_ACQUIRE);

	if (came == drive->number)
		return true;
	snprintf(drive->why, drive->size,
		 "%" PRIu64 " interrupts had come when %" PRIu64 " had been caused", came,
		 drive->number);
	return false;
}

/* The ticks of the next interrupt; 0 when the guest has ended, KVM refuses, or one came that nobody caused. */
static uint64_t interrupt(struct drive *drive)
{
	struct nm_guest_round *round = drive->round;
	uint64_t start;
	uint64_t ticks;

	if (!none_too_many(drive))
		return 0;
	drive->number++;
	start = nm_tsc();
	if (drive->how->interrupt(round)) {
		snprintf(drive->why, drive->size, "%s", nm_error_last()->text);
		return 0;
	}
	if (!nm_drive_wait(round, &round->shared->vcpu[0].value, drive->number))
		return 0;
	ticks = nm_tsc() - start;
	if (!nm_drive_wait(round, &round->shared->go.value, drive->number))
		return 0;
	return !drive->how->settle || drive->how->settle(round) ? ticks : 0;
}

/* The guest has marked the beginning of the measured loop, and is where an interrupt finds it. */
static bool begun(const struct drive *drive)
{
	return nm_drive_wait(drive->round, &drive->round->shared->seen.value, 1) &&
	       (!drive->how->settle || drive->how->settle(drive->round));
}

bool nm_interrupt_samples(struct nm_guest_round *round, const struct nm_interrupter *how, char *why,
			  size_t size)
{
	struct drive drive = {.round = round, .how = how, .why = why, .size = size};

	while (drive.number < round->warmup)
		if (!interrupt(&drive))
			return false;
	if (!begun(&drive))
		return false;
	for (uint64_t i = 0; i < round->samples; i++) {
		round->sample[i] = interrupt(&drive);
		if (!round->sample[i])
			return false;
	}
	return none_too_many(&drive);
}

bool nm_driven_verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t came = round->shared->vcpu[0].value;

	if (came == round->operations)
		return true;
	snprintf(why, size, "%" PRIu64 " interrupts came, expected %" PRIu64, came,
		 round->operations);
	return false;
}
