/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_TARGET_H
#define NM_GUEST_TARGET_H

#include "apic.h"

/*
 * vCPUs that others interrupt. The handler counts in shared->vcpu[own number]; the interrupted code tells shared->go once the
 * handler has returned, so that the next interrupt finds it where this one did.
 */

#define RFLAGS_IF     0x200u
#define USER_RFLAGS   0x3202u /* IOPL 3 and IF */
#define BETWEEN_LOOKS 256

NM_ABI_ASSERT(offsetof(struct nm_abi_control, vcpu) == 248);
NM_ABI_ASSERT(offsetof(struct nm_abi_shared, vcpu) == 256 && sizeof(struct nm_abi_line) == 64);

#define TARGET_COUNT                                                                               \
	"	pushq	%rax\n"                                                                            \
	"	pushq	%rcx\n"                                                                            \
	"	movq	%gs:256, %rax\n"                                                                    \
	"	movl	%gs:248, %ecx\n"                                                                    \
	"	shlq	$6, %rcx\n"                                                                         \
	"	incq	256(%rax,%rcx)\n"                                                                   \
	"	popq	%rcx\n"                                                                             \
	"	popq	%rax\n"

/**
 * One look of a loop that waits. One PAUSE in so many: closer ones would make the CPU leave for a loop of PAUSE (SDM vol. 3,
 * PLE_Gap; APM vol. 2, PAUSE filter threshold), none at all would starve a sibling.
 */
static inline void nm_look(unsigned int *looks)
{
	if (++*looks % BETWEEN_LOOKS == 0)
		__asm__ volatile("pause");
}

/** Waits until *word is at least value. */
static inline void nm_spin_until(const volatile uint64_t *word, uint64_t value)
{
	unsigned int looks = 0;

	while (*word < value)
		nm_look(&looks);
}

/** Tells how many interrupts have come and been returned from since the last time. */
static inline void nm_tell(struct nm_abi_shared *shared, uint32_t own, uint64_t *told)
{
	uint64_t seen = shared->vcpu[own].value;

	if (seen == *told)
		return;
	__atomic_fetch_add(&shared->go.value, seen - *told, __ATOMIC_SEQ_CST);
	*told = seen;
}

/** Runs function at CPL0, whatever the level is, and goes on with what it returns set in RFLAGS. */
static inline void nm_at_cpl0(struct nm_abi_control *control, uint64_t (*function)(void))
{
	control->skip_fault = NM_ABI_CALL_RAX;
	__asm__ volatile("ud2"
			 : "+a"(function)
			 :
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
	control->skip_fault = 0;
}

/** Goes to CPL3 on the stack for it, with interrupts on; function does not return. */
static inline void nm_enter_cpl3(struct nm_abi_control *control,
				 void (*function)(struct nm_abi_control *))
{
	__asm__ volatile(
		"pushq	%0\n\tpushq	%1\n\tpushq	%2\n\tpushq	%3\n\tpushq	%4\n\tiretq"
		:
		: "i"(NM_ABI_USER_DS), "r"((uint64_t)control + NM_ABI_CPU_STACK3_TOP - 8),
		  "i"(USER_RFLAGS), "i"(NM_ABI_USER_CS), "r"(function), "D"(control)
		: "memory");
	__builtin_unreachable();
}

#endif
