/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_SELF_LOOPS_RAW_H
#define NM_BENCHMARKS_SELF_LOOPS_RAW_H

#include <sys/syscall.h>

static inline long nm_raw_call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long nm_parent(void)
{
	return nm_raw_call(SYS_getppid, 0, 0, 0);
}

static inline long nm_receive(int fd, char *byte)
{
	return nm_raw_call(SYS_read, fd, (long)byte, 1);
}

static inline long nm_send(int fd, const char *byte)
{
	return nm_raw_call(SYS_write, fd, (long)byte, 1);
}

#endif
