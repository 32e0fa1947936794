/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* What a guest has besides a CPU, memory and a serial port: modules that drive it, and a disk. */
#include "linux/agent.h"

#define ARGUMENTS_BYTES 4096u
#define NAME_BYTES	64u
#define DISK		"/dev/vda"
#define MOUNT_POINT	"/disk"
#define TRIES		200u

static char plain(char c)
{
	return c == '-' ? '_' : c;
}

/* Behind "NAME." of a word of the command line, or NULL. */
static const char *argument_of(const char *word, const char *name)
{
	while (*name && plain(*word) == *name) {
		word++;
		name++;
	}
	return !*name && *word == '.' ? word + 1 : NULL;
}

static size_t word_length(const char *word)
{
	size_t length = 0;

	while (word[length] && word[length] != ' ' && word[length] != '\n')
		length++;
	return length;
}

/* What built-in modules take themselves, others are given when they load. */
static void find_arguments(const char *name, char *out, size_t size)
{
	static char line[ARGUMENTS_BYTES];
	const char *at = line;
	size_t used = 0;

	nm_read_text("/proc/cmdline", line, sizeof(line));
	while (*at) {
		const char *argument = argument_of(at, name);
		size_t length = argument ? word_length(argument) : 0;

		for (size_t i = 0; i < length && used + 2 < size; i++)
			out[used++] = argument[i];
		if (length && used + 2 < size)
			out[used++] = ' ';
		at += word_length(at);
		at += *at != '\0';
	}
	out[used] = '\0';
}

/* What cannot be loaded is missed by what needs it. */
void nm_module_load(const char *name)
{
	static char arguments[ARGUMENTS_BYTES];
	char path[NAME_BYTES + 1] = "/";
	long file;

	for (size_t i = 0; name[i] && i + 2 < sizeof(path); i++) {
		path[i + 1] = name[i];
		path[i + 2] = '\0';
	}
	find_arguments(name, arguments, sizeof(arguments));
	file = nm_call(SYS_open, (long)path, 0, 0, 0);
	nm_call(SYS_finit_module, file, (long)arguments, 0, 0);
	nm_call(SYS_close, file, 0, 0, 0);
}

static long mount(const char *what, const char *where, const char *type)
{
	return nm_call6(SYS_mount, (long)what, (long)where, (long)type, 0, 0, 0);
}

/* Its driver may still be looking at it. */
static bool wait_for(const char *path)
{
	static const struct nm_timespec nap = {0, 10000000};
	unsigned int tries = TRIES;

	while (nm_call(SYS_access, (long)path, 0, 0, 0) && --tries)
		nm_call(SYS_nanosleep, (long)&nap, 0, 0, 0);
	return tries;
}

const char *nm_disk_enter(void)
{
	mount("devtmpfs", "/dev", "devtmpfs");
	if (!wait_for(DISK))
		return "a disk of virtio-blk, which this guest does not see";
	nm_call(SYS_mkdir, (long)MOUNT_POINT, 0755, 0, 0);
	if (mount(DISK, MOUNT_POINT, "ext4"))
		return "an ext4 that this kernel can mount";
	return nm_call(SYS_chdir, (long)MOUNT_POINT, 0, 0, 0) ? "a folder" : NULL;
}
