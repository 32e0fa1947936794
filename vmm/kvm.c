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

struct remedies {
	const char *absent;   /* where there is no node */
	const char *unserved; /* where there is one that no driver serves */
};

static const struct remedies *remedies_of(const char *architecture)
{
	static const struct remedies x86 = {
		"load kvm_intel or kvm_amd; in a VM, enable nested virtualization on the instance; "
		"in a container, start it with --device /dev/kvm",
		"see the kernel log for kvm; check that VT-x or SVM is exposed at all"};
	static const struct remedies arm = {
		"boot at EL2 a kernel that has KVM built in: bare metal, such as a .metal "
		"instance, or a VM with nested virtualization; in a container, start it with "
		"--device /dev/kvm",
		"see the kernel log for kvm: it says whether the kernel was entered at EL2"};

	return strcmp(architecture, "aarch64") ? &x86 : &arm;
}

static int fail_open(const char *path, int error, const char *architecture)
{
	switch (error) {
	case ENOENT:
		return nm_fail_remedy(ENOENT, remedies_of(architecture)->absent,
				      "%s: not there: no KVM driver, or virtualization is not "
				      "exposed to this machine",
				      path);
	case ENODEV:
	case ENXIO:
		return nm_fail_remedy(ENODEV, remedies_of(architecture)->unserved,
				      "%s: the node exists but no driver serves it", path);
	case EACCES:
		return nm_fail_remedy(EACCES,
				      "where ls -l shows group kvm: sudo usermod -aG kvm $USER, "
				      "then log in again; else sudo setfacl -m u:$USER:rw /dev/kvm",
				      "%s: not permitted: neither its mode nor its group lets you "
				      "open it",
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

static int answer(int result)
{
	return result < 0 ? -errno : result;
}

static int judge_api(const char *path, const struct nm_kvm_answers *answers)
{
	if (answers->version == -ENOSYS)
		return nm_fail_remedy(ENOSYS, "run it on a machine of its own architecture",
				      "%s: an emulator of user space runs this program, and "
				      "passes on no call to KVM",
				      path);
	if (answers->version < 0)
		return nm_fail_remedy(ENODEV, "name the KVM device with --kvm-device",
				      "%s: is not a KVM device (KVM_GET_API_VERSION: %s)", path,
				      strerror(-answers->version));
	if (answers->version != KVM_API_VERSION)
		return nm_fail_remedy(EPROTO, "run a kernel whose KVM has the stable API",
				      "%s: KVM API version %d, expected %d", path, answers->version,
				      KVM_API_VERSION);
	if (answers->run_bytes < (int)sizeof(struct kvm_run))
		return nm_fail(EPROTO, "%s: KVM_GET_VCPU_MMAP_SIZE gave %d", path,
			       answers->run_bytes);
	return 0;
}

int nm_kvm_judge(const char *path, const struct nm_kvm_answers *answers, const char *architecture)
{
	int r = answers->opened < 0 ? fail_open(path, -answers->opened, architecture)
				    : judge_api(path, answers);

	if (!r && answers->cpuid < 0)
		r = nm_fail(-answers->cpuid, "KVM_GET_SUPPORTED_CPUID: %s",
			    strerror(-answers->cpuid));
	return r;
}

int nm_kvm_open(struct nm_kvm *kvm, const char *path)
{
	struct nm_kvm_answers *answers = &kvm->answers;
	int r;

	*kvm = (struct nm_kvm) {.fd = open(path, O_RDWR | O_CLOEXEC)};
	answers->opened = kvm->fd < 0 ? -errno : 0;
	if (!answers->opened)
		answers->version = answer(ioctl(kvm->fd, KVM_GET_API_VERSION, 0));
	if (answers->version == KVM_API_VERSION)
		answers->run_bytes = answer(ioctl(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0));
	r = nm_kvm_judge(path, answers, nm_kvm_architecture);
	if (!r) {
		kvm->run_bytes = (size_t)answers->run_bytes;
		r = nm_kvm_read_cpuid(kvm);
		answers->cpuid = r;
	}
	if (r)
		nm_kvm_close(kvm);
	return r;
}

void nm_kvm_close(struct nm_kvm *kvm)
{
	if (kvm->fd >= 0)
		close(kvm->fd);
	free(kvm->cpuid);
	*kvm = (struct nm_kvm) {.fd = -1, .answers = kvm->answers};
}

int nm_kvm_capability(const struct nm_kvm *kvm, unsigned int capability)
{
	int value = ioctl(kvm->fd, KVM_CHECK_EXTENSION, (unsigned long)capability);

	return value > 0 ? value : 0;
}

int nm_kvm_fail_create_vm(int error)
{
	switch (error) {
	case EBUSY:
		return nm_fail_remedy(
			EBUSY, "stop the other hypervisor (VirtualBox, VMware), then try again",
			"KVM_CREATE_VM: another hypervisor holds VMX or SVM");
	case EINVAL:
	case ENOMEM:
		return nm_fail_remedy(error,
				      "free memory, or raise the limits of this user or cgroup",
				      "KVM_CREATE_VM: %s", strerror(error));
	default:
		return nm_fail_remedy(
			error, "see the kernel log; please report this with the kernel version",
			"KVM_CREATE_VM: %s", strerror(error));
	}
}

int nm_kvm_create_vm(const struct nm_kvm *kvm)
{
	int fd;

	do
		fd = ioctl(kvm->fd, KVM_CREATE_VM, 0ul);
	while (fd < 0 && errno == EINTR);
	return fd >= 0 ? fd : nm_kvm_fail_create_vm(errno);
}
