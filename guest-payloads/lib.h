/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_LIB_H
#define NM_GUEST_LIB_H

#include "abi.h"

/** Enters an operation into the image's table under the name of its descriptor. */
#define NM_GUEST_OP(op_name, function_name)                                                        \
	static void function_name(struct nm_abi_control *control);                                 \
	__attribute__((section(".nm_ops"), used, aligned(8))) static const struct {                \
		char name[NM_ABI_NAME_BYTES];                                                      \
		void (*function)(struct nm_abi_control *);                                         \
	} function_name##_entry = {op_name, function_name};                                        \
	static void function_name(struct nm_abi_control *control)

static inline void nm_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t nm_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint64_t nm_rdmsr(uint32_t msr)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void nm_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

/**
 * The time-stamp counter between two LFENCEs (SDM vol. 2, RDTSC). Never CPUID: in a guest it is a VM exit.
 */
static inline uint64_t nm_tsc(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void nm_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline struct nm_abi_shared *nm_shared(const struct nm_abi_control *control)
{
	return (struct nm_abi_shared *)control->shared_gpa;
}

static inline void nm_mark(enum nm_abi_mark mark)
{
	nm_out8(NM_ABI_PORT_MARK, (uint8_t)mark);
}

/**
 * The low half of the gate of a vector (SDM vol. 3, 64-bit IDT gate descriptors). The header of the image says where the IDT
 * is: at CPL3 SIDT need not tell the truth.
 */
static inline volatile uint64_t *nm_gate(uint8_t vector)
{
	const volatile struct nm_abi_image *image = (const struct nm_abi_image *)NM_ABI_IMAGE_BASE;

	return (volatile uint64_t *)(image->idt + 16ull * vector);
}

/** Makes handler that of a vector: a present interrupt gate of DPL 0. All handlers lie below 4 GiB. */
static inline void nm_set_gate(uint8_t vector, const char *handler)
{
	uint64_t at = (uint64_t)handler;

	*nm_gate(vector) = (at & 0xffff) | (uint64_t)NM_ABI_KERNEL_CS << 16 | 0x8eull << 40 |
			   (at >> 16 & 0xffff) << 48;
}

extern const char nm_isr_interrupts_on[];

/** Lets interrupts in, at CPL3 too, where STI needs an IOPL that not every hypervisor keeps. Vector 6 is lost by it. */
static inline void nm_interrupts_on(void)
{
	nm_set_gate(6, nm_isr_interrupts_on);
	__asm__ volatile("ud2" : : : "memory", "cc");
}

/** Writes to each page of a range, so that no nested page fault falls into what is measured. */
static inline void nm_touch(uint64_t gpa, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += 4096)
		*(volatile uint64_t *)(gpa + at) = 0;
}

/*
 * Two readings around the operation, one store: that is all a sample costs. The overhead is taken by the same
 * loop around nothing. A batch adds one decrement and one branch per operation.
 */
#define NM_SAMPLE_LOOP(out_gpa, count, repeat, operation)                                          \
	do {                                                                                       \
		volatile uint64_t *out_ = (volatile uint64_t *)(out_gpa);                          \
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

#define NM_ONCE
#define NM_BATCH for (uint64_t again_ = batch_; again_; again_--)

/** Opens the measured loop: four marks FIRST, one BEGIN, the time. */
static inline void nm_begin(struct nm_abi_control *control)
{
	nm_touch(control->sample_gpa, control->samples * sizeof(uint64_t));
	for (int marks = 0; marks < NM_ABI_FIRST_MARKS; marks++)
		nm_mark(NM_ABI_MARK_FIRST);
	nm_mark(NM_ABI_MARK_BEGIN);
	control->tsc_begin = nm_tsc();
}

/** Closes it. */
static inline void nm_end(struct nm_abi_control *control)
{
	control->tsc_end = nm_tsc();
	nm_mark(NM_ABI_MARK_END);
}

/**
 * Measures an operation: overhead, warm-up, then control->samples samples between two marks. The operation is a
 * statement and may be executed any number of times.
 */
#define NM_MEASURE(control, operation)                                                             \
	do {                                                                                       \
		const uint64_t batch_ = (control)->batch;                                          \
		NM_SAMPLE_LOOP((control)->overhead_gpa, (control)->samples, NM_ONCE, );            \
		for (uint64_t left_ = (control)->warmup; left_; left_--) {                         \
			operation;                                                                 \
		}                                                                                  \
		nm_begin(control);                                                                 \
		if (batch_ == 1)                                                                   \
			NM_SAMPLE_LOOP((control)->sample_gpa, (control)->samples, NM_ONCE,         \
				       operation);                                                 \
		else                                                                               \
			NM_SAMPLE_LOOP((control)->sample_gpa, (control)->samples, NM_BATCH,        \
				       operation);                                                 \
		nm_end(control);                                                                   \
	} while (0)

/**
 * The same for an operation that takes its own time: `ticks` is an expression that does it and gives what the sample
 * is, in TSC ticks. For descriptors that are .single: nothing is batched and no overhead subtracted.
 */
#define NM_MEASURE_TICKS(control, ticks)                                                           \
	do {                                                                                       \
		volatile uint64_t *out_ = (volatile uint64_t *)(control)->sample_gpa;              \
		nm_touch((control)->overhead_gpa, (control)->samples * sizeof(uint64_t));          \
		for (uint64_t left_ = (control)->warmup; left_; left_--)                           \
			(void)(ticks);                                                             \
		nm_begin(control);                                                                 \
		for (uint64_t left_ = (control)->samples; left_; left_--)                          \
			*out_++ = (ticks);                                                         \
		nm_end(control);                                                                   \
	} while (0)

#endif
