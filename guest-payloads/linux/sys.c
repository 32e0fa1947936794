/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "linux/sys.h"

#include <asm/signal.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/wait.h>

/* What the compiler calls by itself. */
void *memset(void *to, int byte, size_t length);
void *memset(void *to, int byte, size_t length)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(length) : "a"(byte) : "memory");
	return to;
}

void *memcpy(void *to, const void *from, size_t length);
void *memcpy(void *to, const void *from, size_t length)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(length) : : "memory");
	return to;
}

size_t nm_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

bool nm_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

long nm_read_text(const char *path, char *out, size_t size)
{
	long fd = nm_call(SYS_open, (long)path, 0, 0, 0);
	size_t used = 0;
	long got = 1;

	out[0] = '\0';
	if (fd < 0)
		return fd;
	while (got > 0 && used < size - 1) {
		got = nm_call(SYS_read, fd, (long)(out + used), (long)(size - 1 - used), 0);
		used += got > 0 ? (size_t)got : 0;
	}
	nm_call(SYS_close, fd, 0, 0, 0);
	out[used] = '\0';
	return got < 0 ? got : (long)used;
}

long nm_write_text(const char *path, const char *text)
{
	long fd = nm_call(SYS_open, (long)path, 1 /* O_WRONLY */, 0, 0);
	long put;

	if (fd < 0)
		return fd;
	put = nm_call(SYS_write, fd, (long)text, (long)nm_length(text), 0);
	nm_call(SYS_close, fd, 0, 0, 0);
	return put < 0 ? put : 0;
}

void *nm_map(size_t bytes)
{
	long at = nm_call6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? NULL : (void *)at;
}

void nm_unmap(void *memory, size_t bytes)
{
	nm_call(SYS_munmap, (long)memory, (long)bytes, 0, 0);
}

long nm_bind(unsigned int cpu)
{
	uint64_t mask[16] = {0};

	if (cpu >= 64 * 16)
		return -22;
	mask[cpu / 64] = 1ull << cpu % 64;
	return nm_call(SYS_sched_setaffinity, 0, sizeof(mask), (long)mask, 0);
}

static void thread_main(struct nm_thread *thread)
{
	nm_bind(thread->cpu);
	thread->function(thread->argument);
}

/* The new thread has nothing on its stack but what is pushed here: it calls thread_main() and ends itself. */
long nm_thread_start(struct nm_thread *thread)
{
	const long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			   CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
	uintptr_t *top = (uintptr_t *)(thread->stack + thread->stack_bytes);
	register long child_tid __asm__("r10") = (long)&thread->living;
	register long tls __asm__("r8") = 0;
	long result;

	*--top = (uintptr_t)thread_main;
	*--top = (uintptr_t)thread;
	thread->living = 1;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "pop %%rdi\n\t"
			 "pop %%rax\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call *%%rax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(flags), "S"(top), "d"(0), "r"(child_tid),
			   "r"(tls), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	if (result < 0)
		thread->living = 0;
	return result < 0 ? result : 0;
}

/* The kernel wakes with a shared futex (kernel/fork.c, mm_release()). */
void nm_thread_join(struct nm_thread *thread)
{
	int living;

	while ((living = __atomic_load_n(&thread->living, __ATOMIC_ACQUIRE)))
		nm_call(SYS_futex, (long)&thread->living, FUTEX_WAIT, living, 0);
}

long nm_futex_wait(uint32_t *word, uint32_t value)
{
	return nm_call(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, value, 0);
}

long nm_futex_wake(uint32_t *word)
{
	return nm_call(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0);
}

long nm_spawn(const char *what, const char *argument)
{
	const char *const arguments[] = {NM_SELF, what, argument, NULL};
	const char *const environment[] = {NULL};
	long child = nm_call6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
	int status = 0;
	long ended;

	if (!child) {
		nm_call(SYS_execve, (long)NM_SELF, (long)arguments, (long)environment, 0);
		nm_call(SYS_exit_group, 127, 0, 0, 0);
	}
	if (child < 0)
		return child;
	do {
		ended = nm_call(SYS_wait4, child, (long)&status, __WALL, 0);
	} while (ended == -4 /* EINTR */);
	return ended < 0 ? ended : status & 0x7f ? -5 : status >> 8 & 0xff;
}
