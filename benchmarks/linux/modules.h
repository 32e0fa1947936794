/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_MODULES_H
#define NM_BENCHMARKS_LINUX_MODULES_H

#include "core/text.h"

#include <stddef.h>

/* Modules of the kernel that a guest boots, with what they depend on (modules.dep(5)), in the order in which they load. */

#define NM_MODULES_MAX	   32u
#define NM_MODULE_NAME_MAX 56u /* MODULE_NAME_LEN of linux/moduleparam.h */

struct nm_module {
	char name[NM_MODULE_NAME_MAX]; /* with _ for every - */
	struct nm_text bytes;
};

struct nm_modules {
	struct nm_module items[NM_MODULES_MAX];
	size_t count;
};

/**
 * The folder with the modules of a kernel of that release: named, when that is not NULL, or the one that belongs to the kernel's file,
 * or this machine's. -EOPNOTSUPP, with the remedy, when there is none.
 */
int nm_modules_folder(const char *named, const char *kernel_path, const char *release, char *out,
		      size_t size);

/**
 * Reads modules by name, NULL at the end. Those that are built in, and those with a ? in front that are not there, are left out.
 * -EOPNOTSUPP when others are missing or packed as nm_unpack() does not know, -EBADMSG when modules.dep is not what depmod writes.
 * nm_modules_free() it in any case.
 */
int nm_modules_read(struct nm_modules *modules, const char *folder, const char *const *names);
void nm_modules_free(struct nm_modules *modules);

#endif
