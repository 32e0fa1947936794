/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/evidence.h"

#include <errno.h>
#include <string.h>

#define LONGEST 400

const char *nm_why_not(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "not there";
	case EACCES:
	case EPERM:
		return "not permitted: root may read it";
	case ENODATA:
		return "not captured";
	case EBADMSG:
		return "it holds something else than expected";
	default:
		return strerror(error);
	}
}

const char *nm_clean(const struct nm_probe_context *context, const char *text)
{
	char clean[LONGEST];
	const char *copy;

	nm_text_printable(clean, sizeof(clean), text ? text : "");
	copy = nm_arena_strdup(context->arena, clean);
	return copy ? copy : "";
}

int nm_unread_add(struct nm_probe_context *context, const char *id, const char *path, int error)
{
	return nm_unknown_add(context, id, NULL, "/%s: %s", nm_clean(context, path),
			      nm_why_not(error));
}
