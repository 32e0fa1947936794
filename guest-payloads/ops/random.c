/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/*
 * CF says whether there was a number (SDM vol. 2); there may be none for a while. result: how many numbers there were,
 * and the bits that were ever set.
 */
#define MEASURE_RANDOM(control, instruction)                                                       \
	do {                                                                                       \
		uint64_t value_ = 0;                                                               \
		uint64_t given_ = 0;                                                               \
		uint64_t bits_ = 0;                                                                \
		NM_MEASURE(control, __asm__ volatile("1:\n\t" instruction " %0\n\tjnc 1b\n\t"      \
						     "adcq $0, %1\n\torq %0, %2"                   \
						     : "=&r"(value_), "+r"(given_), "+r"(bits_)    \
						     :                                             \
						     : "cc"));                                     \
		(control)->result[0] = given_;                                                     \
		(control)->result[1] = bits_;                                                      \
	} while (0)

NM_GUEST_OP("exit.rdrand", rdrand)
{
	MEASURE_RANDOM(control, "rdrand");
}

NM_GUEST_OP("exit.rdseed", rdseed)
{
	MEASURE_RANDOM(control, "rdseed");
}
