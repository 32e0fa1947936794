/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_LINUX_SYS_H
#define NM_GUEST_LINUX_SYS_H

/* Linux without a C library: system calls (arch/x86/entry/syscalls/syscall_64.tbl) give 0 or more, or -errno. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long nm_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;
	register long sixth __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long nm_call(long number, long a, long b, long c, long d)
{
	return nm_call6(number, a, b, c, d, 0, 0);
}

/** The clock of all samples: what was begun before is done. */
static inline uint64_t nm_ticks(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

struct nm_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};

static inline int64_t nm_clock(int clock)
{
	struct nm_timespec time = {0, 0};

	nm_call(SYS_clock_gettime, clock, (long)&time, 0, 0);
	return time.seconds * 1000000000 + time.nanoseconds;
}

/* sys.c */

size_t nm_length(const char *text);
bool nm_equal(const char *a, const char *b);

/** Reads a small file as text; -errno, or its length. */
long nm_read_text(const char *path, char *out, size_t size);
long nm_write_text(const char *path, const char *text);

/** Anonymous memory, zeroed; NULL where there is none. */
void *nm_map(size_t bytes);
void nm_unmap(void *memory, size_t bytes);

/** Binds the calling thread to a CPU. */
long nm_bind(unsigned int cpu);

/** A thread with a stack of its own that runs function(argument) and is gone. */
struct nm_thread {
	void (*function)(void *argument);
	void *argument;
	unsigned int cpu; /* where it runs */
	char *stack;
	size_t stack_bytes;
	int living; /* 0 once it has ended: a futex */
};

long nm_thread_start(struct nm_thread *thread);
void nm_thread_join(struct nm_thread *thread);

long nm_futex_wait(uint32_t *word, uint32_t value);
long nm_futex_wake(uint32_t *word);

/** What a process of this program that is started anew, with arguments, ends with; -errno where it could not be started. */
long nm_spawn(const char *what, const char *argument);

/** The program that is running. */
#define NM_SELF "/proc/self/exe"

#endif
