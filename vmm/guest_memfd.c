/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

/* api.rst, KVM_CREATE_GUEST_MEMFD and KVM_SET_USER_MEMORY_REGION2, which older headers lack. */
#define CAP_GUEST_MEMFD_FLAGS	244
#define FLAG_MMAP		1u
#define FLAG_INIT_SHARED	2u
#define SLOT_GUEST_MEMFD	4u
#define CREATE_GUEST_MEMFD	_IOWR(KVMIO, 0xd4, struct create_guest_memfd)
#define SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct memory_region2)

struct create_guest_memfd {
	uint64_t size;
	uint64_t flags;
	uint64_t reserved[6];
};

struct memory_region2 {
	uint32_t slot;
	uint32_t flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size;
	uint64_t userspace_addr;
	uint64_t guest_memfd_offset;
	uint32_t guest_memfd;
	uint32_t pad1;
	uint64_t pad2[14];
};

int nm_vm_create_guest_memfd(const struct nm_vm *vm, uint64_t bytes)
{
	struct create_guest_memfd request = {.size = bytes, .flags = FLAG_MMAP | FLAG_INIT_SHARED};
	int flags = ioctl(vm->fd, KVM_CHECK_EXTENSION, CAP_GUEST_MEMFD_FLAGS);
	int fd;

	if (flags < 0 || (flags & (int)request.flags) != (int)request.flags)
		return nm_fail_remedy(EOPNOTSUPP, "use Linux 6.18 or later",
				      "KVM has no guest_memfd that an ordinary VM can use "
				      "(KVM_CAP_GUEST_MEMFD_FLAGS is %d)",
				      flags < 0 ? 0 : flags);
	fd = ioctl(vm->fd, CREATE_GUEST_MEMFD, &request);
	if (fd < 0)
		return nm_fail(errno, "KVM_CREATE_GUEST_MEMFD: %s", strerror(errno));
	return fd;
}

int nm_vm_add_guest_memfd(struct nm_vm *vm, uint64_t gpa, uint64_t bytes, void *host, int fd)
{
	struct memory_region2 region = {
		.slot = vm->slot_count,
		.flags = SLOT_GUEST_MEMFD,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uint64_t)(uintptr_t)host,
		.guest_memfd = (uint32_t)fd,
	};
	int r = nm_vm_check_slot(vm, gpa, bytes);

	if (r)
		return r;
	if (ioctl(vm->fd, SET_USER_MEMORY_REGION2, &region))
		return nm_fail(errno, "KVM_SET_USER_MEMORY_REGION2: %s", strerror(errno));
	vm->slots[vm->slot_count++] =
		(struct nm_memory_slot) {.gpa = gpa, .bytes = bytes, .host = host};
	return 0;
}
