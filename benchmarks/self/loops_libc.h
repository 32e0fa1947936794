/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_SELF_LOOPS_LIBC_H
#define NM_BENCHMARKS_SELF_LOOPS_LIBC_H

#include <unistd.h>

static inline long nm_parent(void)
{
	return getppid();
}

static inline long nm_receive(int fd, char *byte)
{
	return read(fd, byte, 1);
}

static inline long nm_send(int fd, const char *byte)
{
	return write(fd, byte, 1);
}

#endif
