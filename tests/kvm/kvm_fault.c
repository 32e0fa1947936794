/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Preloaded into nestmark: makes one KVM ioctl answer as another machine would. KVM_FAULT_IOCTL is its number,
 * KVM_FAULT_ERRNO what it fails with, or KVM_FAULT_RESULT what it returns, once KVM_FAULT_AFTER calls went well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	const char *faulty = getenv("KVM_FAULT_IOCTL");
	const char *result = getenv("KVM_FAULT_RESULT");
	const char *error = getenv("KVM_FAULT_ERRNO");
	const char *after = getenv("KVM_FAULT_AFTER");
	static int calls;
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	if (!faulty || strtoul(faulty, NULL, 0) != request)
		return real(fd, request, argument);
	if (after && calls++ < atoi(after))
		return real(fd, request, argument);
	if (result)
		return atoi(result);
	errno = error ? atoi(error) : EIO;
	return -1;
}
