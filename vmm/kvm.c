/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kvm.h"

#include "core/error.h"
#include "vmm/kvm_arch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int fail_open(const char *path, int error)
{
	switch (error) {
	case ENOENT:
		return nm_fail_remedy(ENOENT, nm_kvm_absent_remedy,
				      "%s: not there: no KVM driver, or virtualization is not "
				      "exposed to this machine",
				      path);
	case ENODEV:
	case ENXIO:
		return nm_fail_remedy(ENODEV, nm_kvm_unserved_remedy,
				      "%s: the node exists but no driver serves it", path);
	case EACCES:
		return nm_fail_remedy(EACCES, "sudo usermod -aG kvm $USER, then log in again",
				      "%s: not permitted: you are not in the group that may use it",
				      path);
	case EPERM:
		return nm_fail_remedy(EPERM,
				      "allow the device: --device /dev/kvm for a container, "
				      "DeviceAllow=/dev/kvm rw for a unit",
				      "%s: forbidden by a device cgroup", path);
	default:
		return nm_fail_remedy(error, "please report this with the kernel version",
				      "%s: open failed: %s", path, strerror(error));
	}
}

static int check_api(struct nm_kvm *kvm, const char *path)
{
	int version = ioctl(kvm->fd, KVM_GET_API_VERSION, 0);
	int bytes;

	if (version < 0 && errno == ENOSYS)
		return nm_fail_remedy(ENOSYS, "run it on a machine of its own architecture",
				      "%s: an emulator of user space runs this program, and "
				      "passes on no call to KVM",
				      path);
	if (version < 0)
		return nm_fail_remedy(ENODEV, "name the KVM device with --kvm-device",
				      "%s: is not a KVM device (KVM_GET_API_VERSION: %s)", path,
				      strerror(errno));
	if (version != KVM_API_VERSION)
		return nm_fail_remedy(EPROTO, "run a kernel whose KVM has the stable API",
				      "%s: KVM API version %d, expected %d", path, version,
				      KVM_API_VERSION);
	bytes = ioctl(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (bytes < (int)sizeof(struct kvm_run))
		return nm_fail(EPROTO, "%s: KVM_GET_VCPU_MMAP_SIZE gave %d", path, bytes);
	kvm->run_bytes = (size_t)bytes;
	return 0;
}

int nm_kvm_open(struct nm_kvm *kvm, const char *path)
{
	int r;

	*kvm = (struct nm_kvm) {0};
	kvm->fd = open(path, O_RDWR | O_CLOEXEC);
	if (kvm->fd < 0)
		return fail_open(path, errno);
	r = check_api(kvm, path);
	if (!r)
		r = nm_kvm_read_cpuid(kvm);
	if (r)
		nm_kvm_close(kvm);
	return r;
}

void nm_kvm_close(struct nm_kvm *kvm)
{
	if (kvm->fd >= 0)
		close(kvm->fd);
	free(kvm->cpuid);
	*kvm = (struct nm_kvm) {.fd = -1};
}

int nm_kvm_capability(const struct nm_kvm *kvm, unsigned int capability)
{
	int value = ioctl(kvm->fd, KVM_CHECK_EXTENSION, (unsigned long)capability);

	return value > 0 ? value : 0;
}

int nm_kvm_create_vm(const struct nm_kvm *kvm)
{
	int fd;

	do
		fd = ioctl(kvm->fd, KVM_CREATE_VM, 0ul);
	while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		return fd;
	switch (errno) {
	case EBUSY:
		return nm_fail_remedy(
			EBUSY, "stop the other hypervisor (VirtualBox, VMware), then try again",
			"KVM_CREATE_VM: another hypervisor holds VMX or SVM");
	case EINVAL:
	case ENOMEM:
		return nm_fail_remedy(errno,
				      "free memory, or raise the limits of this user or cgroup",
				      "KVM_CREATE_VM: %s", strerror(errno));
	default:
		return nm_fail_remedy(
			errno, "see the kernel log; please report this with the kernel version",
			"KVM_CREATE_VM: %s", strerror(errno));
	}
}
