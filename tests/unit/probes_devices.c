/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What nm_probe_devices() says of device nodes, their drivers and IOMMU groups. */
#include "probe_case.h"

#include <errno.h>

static const struct {
	const char *id, *path, *misc;
} all[] = {
	{"device.vhost_net", "dev/vhost-net", "sys/class/misc/vhost-net"},
	{"device.vhost_vsock", "dev/vhost-vsock", "sys/class/misc/vhost-vsock"},
	{"device.tun", "dev/net/tun", "sys/class/misc/tun"},
	{"device.iommufd", "dev/iommu", "sys/class/misc/iommu"},
	{"device.userfaultfd", "dev/userfaultfd", "sys/class/misc/userfaultfd"},
	{"device.udmabuf", "dev/udmabuf", "sys/class/misc/udmabuf"},
	{"device.vfio", "dev/vfio/vfio", "sys/class/misc/vfio"},
};

#define ALL (sizeof(all) / sizeof(all[0]))

static void says(const char *id, const char *text)
{
	cr_assert_not_null(strstr(found(id)->evidence, text), "%s: %s", id, found(id)->evidence);
}

static void advises(const char *id, const char *text)
{
	const char *remedy = found(id)->remedy;

	cr_assert_not_null(remedy, "%s has no remedy", id);
	cr_assert_not_null(strstr(remedy, text), "%s: %s", id, remedy);
}

Test(probes_devices, devices_that_open)
{
	for (size_t i = 0; i < ALL; i++) {
		given(NM_ANSWER_EXISTS, all[i].misc);
		given(NM_ANSWER_DEVICE, all[i].path);
	}
	given(NM_ANSWER_EXISTS, "sys/kernel/iommu_groups");
	given_list("sys/kernel/iommu_groups", "0 1 2");
	probe_with(nm_probe_devices);
	for (size_t i = 0; i < ALL; i++) {
		found_status(all[i].id, NM_STATUS_PASS);
		found_bool(all[i].id, true);
	}
	found_int("device.iommu_groups", 3);
}

/* The node would open, and by that load its module: it must not be asked. */
Test(probes_devices, a_node_without_its_driver_is_not_opened)
{
	given_error(NM_ANSWER_EXISTS, "sys/class/misc/vhost-net", ENOENT);
	given_error(NM_ANSWER_EXISTS, "sys/class/misc/udmabuf", ENOENT);
	given_error(NM_ANSWER_EXISTS, "sys/class/misc/userfaultfd", ENOENT);
	given(NM_ANSWER_DEVICE, "dev/vhost-net");
	probe_with(nm_probe_devices);
	found_status("device.vhost_net", NM_STATUS_WARN);
	found_bool("device.vhost_net", false);
	says("device.vhost_net", "the driver is not loaded");
	advises("device.vhost_net", "sudo modprobe vhost_net");
	found_status("device.udmabuf", NM_STATUS_INFO);
	says("device.userfaultfd", "not in this kernel");
	cr_assert_null(found("device.userfaultfd")->remedy, "there is no module to load");
}

static void given_trouble(size_t i, int error)
{
	given(NM_ANSWER_EXISTS, all[i].misc);
	given_error(NM_ANSWER_DEVICE, all[i].path, error);
}

Test(probes_devices, each_error_has_its_own_words)
{
	given_trouble(0, EACCES);
	given_trouble(1, ENOENT);
	given_trouble(2, EPERM);
	given_trouble(3, ENODEV);
	given_trouble(4, EBUSY);
	given_trouble(5, EMFILE);
	probe_with(nm_probe_devices);
	found_status("device.vhost_net", NM_STATUS_WARN);
	says("device.vhost_net", "/dev/vhost-net: not permitted");
	advises("device.vhost_net", "setfacl -m u:$USER:rw /dev/vhost-net");
	says("device.vhost_vsock", "not the node");
	advises("device.vhost_vsock", "--device /dev/vhost-vsock");
	says("device.tun", "device cgroup");
	advises("device.tun", "DeviceAllow=/dev/net/tun rw");
	says("device.iommufd", "no driver serves it");
	says("device.userfaultfd", "in use");
	found_status("device.udmabuf", NM_STATUS_UNKNOWN);
	says("device.udmabuf", "Too many open files");
}

Test(probes_devices, what_was_not_captured_is_unknown)
{
	given(NM_ANSWER_EXISTS, "sys/class/misc/tun");
	probe_with(nm_probe_devices);
	for (size_t i = 0; i < ALL; i++) {
		found_status(all[i].id, NM_STATUS_UNKNOWN);
		says(all[i].id, "not captured");
	}
	found_status("device.iommu_groups", NM_STATUS_UNKNOWN);
}

Test(probes_devices, an_iommu_that_is_off)
{
	given(NM_ANSWER_EXISTS, "sys/kernel/iommu_groups");
	given_list("sys/kernel/iommu_groups", "");
	given(NM_ANSWER_EXISTS, "sys/firmware/acpi/tables/DMAR");
	probe_with(nm_probe_devices);
	found_int("device.iommu_groups", 0);
	says("device.iommu_groups", "ACPI table DMAR");
	advises("device.iommu_groups", "intel_iommu=on");
}

Test(probes_devices, an_amd_iommu_that_is_off)
{
	given_error(NM_ANSWER_EXISTS, "sys/kernel/iommu_groups", ENOENT);
	given(NM_ANSWER_EXISTS, "sys/firmware/acpi/tables/IVRS");
	probe_with(nm_probe_devices);
	says("device.iommu_groups", "ACPI table IVRS");
	advises("device.iommu_groups", "iommu=off");
}

Test(probes_devices, vfio_without_groups_is_of_no_use)
{
	given(NM_ANSWER_EXISTS, "sys/class/misc/vfio");
	given(NM_ANSWER_DEVICE, "dev/vfio/vfio");
	given_error(NM_ANSWER_EXISTS, "sys/kernel/iommu_groups", ENOENT);
	probe_with(nm_probe_devices);
	found_status("device.vfio", NM_STATUS_INFO);
	found_bool("device.vfio", false);
	says("device.vfio", "no IOMMU group");
	says("device.iommu_groups", "no ACPI table");
}
