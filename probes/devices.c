/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Devices beside /dev/kvm that VMMs use for networks, sockets, memory and pass-through. */
#include "probes/probes.h"

#include "probes/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GROUPS "sys/kernel/iommu_groups"

struct device {
	const char *id;
	const char *path;
	const char *misc;   /* the driver's name in /sys/class/misc */
	const char *module; /* NULL: no module, part of the kernel */
	bool common;	    /* what most VMMs would use; missing, it deserves a warning */
};

static const struct device devices[] = {
	{"device.vhost_net", "dev/vhost-net", "vhost-net", "vhost_net", true},
	{"device.vhost_vsock", "dev/vhost-vsock", "vhost-vsock", "vhost_vsock", true},
	{"device.tun", "dev/net/tun", "tun", "tun", true},
	{"device.iommufd", "dev/iommu", "iommu", "iommufd", false},
	{"device.userfaultfd", "dev/userfaultfd", "userfaultfd", NULL, false},
	{"device.udmabuf", "dev/udmabuf", "udmabuf", "udmabuf", false},
};

static const struct device vfio = {"device.vfio", "dev/vfio/vfio", "vfio", "vfio-pci", false};

/* How a device can be unusable although its driver is there. */
static const struct {
	int error;
	const char *text;
	const char *remedy; /* with the path twice */
} troubles[] = {
	{ENOENT, "the driver is there, but not the node",
	 "in a container, start it with --device /%s; else let udev make /%s"},
	{ENODEV, "the node is there, but no driver serves it",
	 "compare the numbers of /%s with /proc/misc, and make /%s anew"},
	{ENXIO, "the node is there, but no driver serves it",
	 "compare the numbers of /%s with /proc/misc, and make /%s anew"},
	{EACCES, "not permitted: neither its mode nor its group lets you open it",
	 "see ls -l /%s for its group, often kvm, and join it, or give yourself access: "
	 "sudo setfacl -m u:$USER:rw /%s"},
	{EPERM, "forbidden by a device cgroup",
	 "allow the device: --device /%s for a container, DeviceAllow=/%s rw for a unit"},
	{EBUSY, "in use by another process", "see who has it open: sudo fuser -v /%s /%s"},
};

static int add_trouble(struct nm_probe_context *context, const struct device *device, int error)
{
	enum nm_status status = device->common ? NM_STATUS_WARN : NM_STATUS_INFO;
	const char *remedy;

	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		if (troubles[i].error != error)
			continue;
		remedy = nm_arena_printf(context->arena, troubles[i].remedy, device->path,
					 device->path);
		if (!remedy)
			return -ENOMEM;
		return nm_finding_add(context, device->id, status, NM_BOOL(false), remedy,
				      "/%s: %s", device->path, troubles[i].text);
	}
	return nm_unknown_add(context, device->id, NULL, "/%s: %s", device->path,
			      nm_why_not(error));
}

static int add_no_driver(struct nm_probe_context *context, const struct device *device)
{
	char remedy[128] = "";

	if (device->module)
		snprintf(remedy, sizeof(remedy),
			 "sudo modprobe %s; a kernel built without it needs another",
			 device->module);
	return nm_finding_add(context, device->id, device->common ? NM_STATUS_WARN : NM_STATUS_INFO,
			      NM_BOOL(false), *remedy ? remedy : NULL,
			      "the driver is not %s: no /sys/class/misc/%s",
			      device->module ? "loaded" : "in this kernel", device->misc);
}

/*
 * Whether a driver serves the device. Nodes of vhost and tun are there before their modules (devname: aliases of
 * modules), and opening one would load its module: who looks must not change the machine.
 */
static int find_driver(struct nm_probe_context *context, const struct device *device)
{
	char path[64];

	snprintf(path, sizeof(path), "sys/class/misc/%s", device->misc);
	return nm_root_exists(context->root, path) ? 0 : -errno;
}

static int add_unknown_driver(struct nm_probe_context *context, const struct device *device, int r)
{
	return nm_unknown_add(context, device->id, NULL, "/sys/class/misc/%s: %s", device->misc,
			      nm_why_not(-r));
}

static int add_device(struct nm_probe_context *context, const struct device *device)
{
	int r = find_driver(context, device);

	if (r == -ENOENT)
		return add_no_driver(context, device);
	if (r)
		return add_unknown_driver(context, device, r);
	r = nm_root_device(context->root, device->path);
	if (r)
		return add_trouble(context, device, -r);
	return nm_finding_add(context, device->id, NM_STATUS_PASS, NM_BOOL(true), NULL,
			      "/%s opens for reading and writing", device->path);
}

/* ACPI tables that describe IOMMUs: of Intel, AMD, Arm, and of virtio (ACPI 6.5, table 5.6). */
static const char *find_table(struct nm_probe_context *context)
{
	static const char *const tables[] = {"DMAR", "IVRS", "IORT", "VIOT", NULL};

	for (size_t i = 0; tables[i]; i++) {
		char path[64];

		snprintf(path, sizeof(path), "sys/firmware/acpi/tables/%s", tables[i]);
		if (nm_root_exists(context->root, path))
			return tables[i];
	}
	return NULL;
}

static int add_no_groups(struct nm_probe_context *context)
{
	const char *table = find_table(context);
	const char *remedy = "enable the IOMMU (VT-d, AMD-Vi) in the firmware; a VM needs a "
			     "virtual IOMMU from its hypervisor";

	if (!table)
		return nm_finding_add(context, "device.iommu_groups", NM_STATUS_INFO, NM_INT(0),
				      remedy,
				      "/" GROUPS " is empty, and no ACPI table (DMAR, IVRS, IORT, "
				      "VIOT) describes an IOMMU");
	if (!strcmp(table, "DMAR"))
		remedy = "boot with intel_iommu=on";
	else
		remedy = "see the kernel log for iommu; boot without iommu=off";
	return nm_finding_add(context, "device.iommu_groups", NM_STATUS_INFO, NM_INT(0), remedy,
			      "/" GROUPS " is empty, although the ACPI table %s describes an IOMMU",
			      table);
}

static int add_groups(struct nm_probe_context *context, size_t *count)
{
	struct nm_strings groups = {0};
	int r;

	*count = 0;
	if (!nm_root_exists(context->root, GROUPS) && errno != ENOENT)
		return nm_unknown_add(context, "device.iommu_groups", NULL, "/" GROUPS ": %s",
				      nm_why_not(errno));
	r = nm_root_list(context->root, context->arena, GROUPS, &groups);
	*count = groups.count;
	if (r)
		return r;
	if (!groups.count)
		return add_no_groups(context);
	return nm_finding_add(context, "device.iommu_groups", NM_STATUS_INFO,
			      NM_INT((int64_t)groups.count), NULL,
			      "/" GROUPS ": what shares a group is passed through together");
}

/* VFIO isolates what it passes through by IOMMU groups; without them its device is of no use. */
static int add_vfio(struct nm_probe_context *context, size_t groups)
{
	int r = find_driver(context, &vfio);

	if (r || groups || nm_root_device(context->root, vfio.path))
		return add_device(context, &vfio);
	return nm_finding_add(context, vfio.id, NM_STATUS_INFO, NM_BOOL(false),
			      "see device.iommu_groups",
			      "/%s opens, but there is no IOMMU group to pass through", vfio.path);
}

int nm_probe_devices(struct nm_probe_context *context)
{
	size_t groups;
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(devices) / sizeof(devices[0]); i++)
		r = add_device(context, &devices[i]);
	if (!r)
		r = add_groups(context, &groups);
	return r ? r : add_vfio(context, groups);
}
