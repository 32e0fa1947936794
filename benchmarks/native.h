/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_NATIVE_H
#define NM_BENCHMARKS_NATIVE_H

#include "benchmarks/bench.h"
#include "core/clock.h"
#include "vmm/delay.h"

/* The native twin of NM_MEASURE in guest-payloads/lib.h: the same loop, the same two readings and one store. */

#define NM_NATIVE_LOOP(out, count, repeat, operation)                                              \
	do {                                                                                       \
		volatile uint64_t *out_ = (out);                                                   \
		for (uint64_t left_ = (count); left_; left_--) {                                   \
			uint64_t start_ = nm_tsc();                                                \
			repeat                                                                     \
			{                                                                          \
				operation;                                                         \
				__asm__ volatile("" : : : "memory");                               \
			}                                                                          \
			*out_++ = nm_tsc() - start_;                                               \
		}                                                                                  \
	} while (0)

#define NM_NATIVE_ONCE
#define NM_NATIVE_BATCH for (uint64_t again_ = batch_; again_; again_--)

/* The samples themselves. */
#define NM_NATIVE_SAMPLES(round, operation)                                                        \
	do {                                                                                       \
		const uint64_t batch_ = (round)->batch;                                            \
		if (batch_ == 1)                                                                   \
			NM_NATIVE_LOOP((round)->sample, (round)->samples, NM_NATIVE_ONCE,          \
				       operation);                                                 \
		else                                                                               \
			NM_NATIVE_LOOP((round)->sample, (round)->samples, NM_NATIVE_BATCH,         \
				       operation);                                                 \
	} while (0)

/** Measures an operation natively; it is a statement and may be executed any number of times. */
#define NM_NATIVE(round, operation)                                                                \
	do {                                                                                       \
		NM_NATIVE_LOOP((round)->overhead, (round)->samples, NM_NATIVE_ONCE, );             \
		for (uint64_t left_ = (round)->warmup; left_; left_--) {                           \
			operation;                                                                 \
		}                                                                                  \
		(round)->host_begin_ns = nm_clock_raw_ns();                                        \
		(round)->tsc_begin = nm_tsc();                                                     \
		if ((round)->delay)                                                                \
			NM_NATIVE_SAMPLES(round, operation; nm_delay((round)->delay));             \
		else                                                                               \
			NM_NATIVE_SAMPLES(round, operation);                                       \
		(round)->tsc_end = nm_tsc();                                                       \
		(round)->host_end_ns = nm_clock_raw_ns();                                          \
	} while (0)

/** The same for an operation that takes its own time, as NM_MEASURE_TICKS does. */
#define NM_NATIVE_TICKS(round, ticks)                                                              \
	do {                                                                                       \
		volatile uint64_t *out_ = (round)->sample;                                         \
		for (uint64_t left_ = (round)->warmup; left_; left_--)                             \
			(void)(ticks);                                                             \
		(round)->host_begin_ns = nm_clock_raw_ns();                                        \
		(round)->tsc_begin = nm_tsc();                                                     \
		for (uint64_t left_ = (round)->samples; left_; left_--)                            \
			*out_++ = (ticks);                                                         \
		(round)->tsc_end = nm_tsc();                                                       \
		(round)->host_end_ns = nm_clock_raw_ns();                                          \
	} while (0)

#endif
