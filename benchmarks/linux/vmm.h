/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_VMM_H
#define NM_BENCHMARKS_LINUX_VMM_H

#include "core/text.h"

struct nm_linux_boot;

/** The VMM whose guests every run has: nestmark's own. */
#define NM_LINUX_OWN_VMM "nestmark"

/*
 * The VMMs of others that boot the same guests, named "NAME" or "NAME=PROGRAM": qemu-q35, by default the program
 * qemu-system-x86_64 where $PATH has it.
 */

/** NAME of such a specification, or of nestmark's own VMM; NULL for one that is not known. */
const char *nm_vmm_name(const char *specification);

/** The command line with which it boots the agent, for people; files that have no name are written in capitals. */
int nm_vmm_describe(const char *specification, const char *kernel, unsigned int vcpus,
		    struct nm_text *out);

/** The same as nm_linux_boot_own(), in the VMM of the order: it is gone afterwards, however it ended. */
void nm_linux_boot_vmm(struct nm_linux_boot *boot);

#endif
