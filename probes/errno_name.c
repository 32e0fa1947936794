/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/errno_name.h"

#include <errno.h>
#include <string.h>

#define LAST_ERRNO EHWPOISON

const char *nm_errno_name(int error)
{
	const char *name = error ? strerrorname_np(error) : NULL;

	return name ? name : "EIO";
}

int nm_errno_by_name(const char *name)
{
	for (int error = 1; error <= LAST_ERRNO; error++) {
		const char *known = strerrorname_np(error);

		if (known && !strcmp(known, name))
			return error;
	}
	return 0;
}
