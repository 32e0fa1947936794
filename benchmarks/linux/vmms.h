/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_VMMS_H
#define NM_BENCHMARKS_LINUX_VMMS_H

#include "core/text.h"

#include <stdbool.h>

/** The VMM whose guests every run has: nestmark's own. */
#define NM_LINUX_OWN_VMM "nestmark"

/* The VMMs of others that boot the same guests, named "NAME" or "NAME=PROGRAM". */

struct nm_vmm {
	const char *name;
	const char *program; /* unless the specification names one: that of $PATH */
	/* The words of its command line; {these} stand for what differs from boot to boot. */
	const char *arguments;
	const char *disk;	      /* added for a boot that has a disk */
	const char *network;	      /* and for one that has a network; NULL: it takes no socket */
	const char *kernel_arguments; /* that its machine needs */
	bool unpacked;		      /* takes the uncompressed kernel only */
	bool restarts;		      /* its machine cannot be switched off: it ends by a restart */
	int (*configure)(const char *const *values,
			 struct nm_text *out); /* writes {configuration} */
};

/** What the words of a command line stand for. */
enum nm_vmm_word {
	NM_VMM_KERNEL,
	NM_VMM_INITRAMFS,
	NM_VMM_ARGUMENTS,
	NM_VMM_CONFIGURATION,
	NM_VMM_VCPUS,
	NM_VMM_MEMORY,	/* in MiB */
	NM_VMM_DISK,	/* NULL: none */
	NM_VMM_DIRECT,	/* "on" or "off": whether the page cache is bypassed */
	NM_VMM_NETWORK, /* a descriptor; NULL: none */
	NM_VMM_WORDS,
};

#define NM_VMM_ARGUMENTS_MAX 64u

struct nm_vmm_command {
	struct nm_text text; /* nm_text_free() it */
	char *arguments[NM_VMM_ARGUMENTS_MAX];
};

/** The VMM of a specification; NULL for one that is not known, and for nestmark's own. */
const struct nm_vmm *nm_vmm_find(const char *specification);

/** NAME of a specification, or of nestmark's own VMM; NULL for one that is not known. */
const char *nm_vmm_name(const char *specification);

/** All names, for people: "qemu-q35, qemu-microvm, …". */
int nm_vmm_names(struct nm_text *out);

const char *nm_vmm_program(const char *specification);

/** The command line, program first, for execvp(). -E2BIG, -ENOMEM. */
int nm_vmm_command(const char *specification, const char *const *values,
		   struct nm_vmm_command *out);

/** The same for people; what has no name, or differs from boot to boot, is written in capitals. */
int nm_vmm_describe(const char *specification, const char *kernel, unsigned int vcpus,
		    struct nm_text *out);

#endif
