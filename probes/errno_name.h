/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_ERRNO_NAME_H
#define NM_PROBES_ERRNO_NAME_H

/* Facts hold errors by name, since numbers differ between architectures. */

/** "EPERM" of EPERM; "EIO" of what is no errno. */
const char *nm_errno_name(int error);

/** EPERM of "EPERM"; 0 when nothing is called so. */
int nm_errno_by_name(const char *name);

#endif
