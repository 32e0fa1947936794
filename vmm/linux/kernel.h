/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_KERNEL_H
#define NM_VMM_LINUX_KERNEL_H

#include "core/text.h"
#include "vmm/vm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_KERNEL_MAX_BYTES	(256u << 20)
#define NM_KERNEL_RELEASE_BYTES 65u /* of struct utsname */

/** A checked Linux kernel image: a bzImage, or the uncompressed ELF file (vmlinux). The bytes stay where they are. */
struct nm_kernel {
	const char *name; /* in messages */
	const unsigned char *bytes;
	size_t size;
	uint64_t start; /* guest-physical memory that it takes, with what it has not initialised */
	uint64_t end;
	uint64_t entry;			       /* of the 64-bit boot protocol */
	uint64_t pvh_entry;		       /* XEN_ELFNOTE_PHYS32_ENTRY; 0: none */
	uint64_t initrd_end;		       /* the initramfs must end at or below */
	char release[NM_KERNEL_RELEASE_BYTES]; /* as uname says it; empty: the image does not */
	size_t payload; /* bzImage: offset of what is loaded at start; 0: an ELF file */
};

/** Checks an image; every offset in it is checked against its size. The error names what is wrong with it. */
int nm_kernel_parse(struct nm_kernel *kernel, const char *name, const unsigned char *bytes,
		    size_t size);

/**
 * Reads and checks a kernel file. A bzImage that is packed as nm_unpack() knows is unpacked when asked for: entered as an ELF file
 * it starts sooner, and on a KVM that interprets guest kernels it starts at all. out holds the bytes: nm_text_free() it last.
 */
int nm_kernel_read(struct nm_kernel *kernel, const char *path, bool unpack, struct nm_text *out);

/** Where distributions keep the kernel that this machine runs. */
void nm_kernel_running_path(char *out, size_t size);

/** Copies the kernel to where it wants to be. -ENOSPC when the guest's memory does not reach there. */
int nm_kernel_load(const struct nm_kernel *kernel, const struct nm_vm *vm);

#endif
