/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/*
 * The whole user space of a Linux guest that proves itself: it writes a line to the console by the serial driver and its
 * interrupts, sleeps by a timer, and switches the machine off. No C library: system calls are arch/x86/entry/syscalls.
 */
#include <linux/reboot.h>
#include <linux/time.h>
#include <linux/utsname.h>
#include <sys/syscall.h>

#include "linux/marks.h"

static long call(long number, long a, long b, long c, long d)
{
	register long fourth __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
			 : "rcx", "r11", "memory");
	return result;
}

static void say(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	call(SYS_write, 1, (long)text, length, 0);
}

static void nap(void)
{
	struct {
		long seconds, nanoseconds;
	} time = {0, 20000000};

	call(SYS_nanosleep, (long)&time, 0, 0, 0);
}

__attribute__((force_align_arg_pointer)) void _start(void);
void _start(void)
{
	struct new_utsname name;

	call(SYS_uname, (long)&name, 0, 0, 0);
	say(NM_LINUX_MARK);
	say(name.release);
	say("\n");
	nap();
	/* The line is out before the power is. */
	call(SYS_ioctl, 1, 0x5409 /* TCSBRK */, 1, 0);
	call(SYS_reboot, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF,
	     0);
	for (;;)
		nap();
}
