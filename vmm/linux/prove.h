/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_PROVE_H
#define NM_VMM_LINUX_PROVE_H

#include "core/text.h"
#include "vmm/linux/linux.h"

/** What became of a Linux guest that was to reach user space and switch itself off. */
struct nm_linux_proof {
	bool works;
	bool user_space; /* reached */
	struct nm_linux_result result;
	char release[65];	/* of the kernel, as its user space saw it */
	struct nm_text console; /* all that it said; nm_text_free() */
};

/** Boots a kernel with an initramfs of our own, at most limit_ns. 0 when it ran, whatever came of it. */
int nm_linux_prove(const struct nm_kvm *kvm, const struct nm_kernel *kernel, uint64_t limit_ns,
		   struct nm_linux_proof *out);

#endif
