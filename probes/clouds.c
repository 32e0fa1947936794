/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/clouds.h"

#include "probes/line.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define NO_STATEMENT "no statement of this provider on nested virtualization is known"
#define ASK_PROVIDER "ask the provider which plans give their VMs vmx or svm"
#define UNDOCUMENTED                                                                               \
	{                                                                                          \
		"off", NM_STATUS_WARN, ASK_PROVIDER, NO_STATEMENT                                  \
	}

const struct nm_cloud nm_cloud_ec2 = {
	"Amazon EC2",
	"ec2",
	{"off", NM_STATUS_WARN,
	 "aws ec2 describe-instance-types --filters "
	 "Name=processor-info.supported-features,Values=nested-virtualization lists the types that "
	 "can",
	 "the instance type cannot be seen"}};
const struct nm_cloud nm_cloud_gce = {
	"Google Compute Engine",
	"gce",
	{"off", NM_STATUS_WARN,
	 "gcloud compute instances export NAME --destination=vm.yaml; add to it "
	 "advancedMachineFeatures: {enableNestedVirtualization: true}; gcloud compute instances "
	 "update-from-file NAME --source=vm.yaml --most-disruptive-allowed-action=RESTART",
	 "the flag is off, or an organization policy forbids it, or this is an E2 or "
	 "memory-optimized machine type (--imds tells)"}};
const struct nm_cloud nm_cloud_azure = {
	"Azure",
	"azure",
	{"not offered", NM_STATUS_FAIL,
	 "az vm deallocate, az vm resize --size SIZE, az vm start, with a size whose page says "
	 "\"Nested Virtualization: Supported\" (Dv3, Ev3 or newer), and security type Standard",
	 "there is no switch: the VM size and the security type decide"}};
static const struct nm_cloud oci = {"OCI", NULL, UNDOCUMENTED};
static const struct nm_cloud alibaba = {
	"Alibaba Cloud ECS",
	NULL,
	{"off", NM_STATUS_WARN, "use an ECS bare metal instance",
	 "users report VMs without vmx and svm; no statement of the provider is known"}};
static const struct nm_cloud digitalocean = {
	"DigitalOcean",
	NULL,
	{"off", NM_STATUS_WARN, ASK_PROVIDER,
	 "users report that it works on some plans; the provider does not document it"}};
static const struct nm_cloud hetzner = {"Hetzner", NULL, UNDOCUMENTED};
static const struct nm_cloud vultr = {"Vultr", NULL, UNDOCUMENTED};
static const struct nm_cloud scaleway = {"Scaleway", NULL, UNDOCUMENTED};
static const struct nm_cloud upcloud = {"UpCloud", NULL, UNDOCUMENTED};
static const struct nm_cloud akamai = {"Akamai", NULL, UNDOCUMENTED};
static const struct nm_cloud exoscale = {"Exoscale", NULL, UNDOCUMENTED};
static const struct nm_cloud outscale = {"3DS Outscale", NULL, UNDOCUMENTED};
static const struct nm_cloud cloudstack = {
	"CloudStack",
	NULL,
	{"off", NM_STATUS_WARN,
	 "ask the operator for nested=1 on the hosts and for a CPU model with vmx or svm",
	 "the operator decides"}};
static const struct nm_cloud openstack = {
	"OpenStack",
	NULL,
	{"off", NM_STATUS_WARN,
	 "ask the operator for a flavour with nested virtualization; in Sovereign Cloud Stack its "
	 "name ends in -vmx",
	 "the operator and the flavour decide"}};

enum match { IS, BEGINS, SWAPPED_EC2 };

/* Fields beyond those of SMBIOS. */
enum { CMDLINE = NM_DMI_COUNT, XEN_UUID };

/*
 * A sign is enough by itself. EC2's UUIDs of the Xen generations are, only beside Xen: one random UUID in 4096 looks
 * the same.
 */
static const struct sign {
	const struct nm_cloud *cloud;
	int field;
	enum match match;
	const char *string;
	bool xen;
} signs_of_clouds[] = {
	{&nm_cloud_ec2, NM_DMI_SYS_VENDOR, IS, "Amazon EC2", false},
	{&nm_cloud_ec2, NM_DMI_BIOS_VENDOR, IS, "Amazon EC2", false},
	{&nm_cloud_ec2, XEN_UUID, BEGINS, "ec2", false},
	{&nm_cloud_ec2, NM_DMI_PRODUCT_UUID, BEGINS, "ec2", true},
	{&nm_cloud_ec2, NM_DMI_PRODUCT_UUID, SWAPPED_EC2, NULL, true},
	{&nm_cloud_gce, NM_DMI_PRODUCT_NAME, IS, "Google Compute Engine", false},
	{&nm_cloud_gce, NM_DMI_PRODUCT_SERIAL, BEGINS, "GoogleCloud-", false},
	{&nm_cloud_azure, NM_DMI_CHASSIS_ASSET_TAG, IS, "7783-7084-3265-9085-8269-3286-77", false},
	{&oci, NM_DMI_CHASSIS_ASSET_TAG, IS, "OracleCloud.com", false},
	{&alibaba, NM_DMI_PRODUCT_NAME, IS, "Alibaba Cloud ECS", false},
	{&digitalocean, NM_DMI_SYS_VENDOR, IS, "DigitalOcean", false},
	{&hetzner, NM_DMI_SYS_VENDOR, IS, "Hetzner", false},
	{&vultr, NM_DMI_SYS_VENDOR, IS, "Vultr", false},
	{&vultr, CMDLINE, IS, "vultr", false},
	{&scaleway, NM_DMI_SYS_VENDOR, IS, "Scaleway", false},
	{&scaleway, CMDLINE, IS, "scaleway", false},
	{&upcloud, NM_DMI_SYS_VENDOR, IS, "UpCloud", false},
	{&akamai, NM_DMI_SYS_VENDOR, IS, "Akamai", false},
	{&akamai, NM_DMI_SYS_VENDOR, IS, "Linode", false},
	{&exoscale, NM_DMI_PRODUCT_NAME, BEGINS, "Exoscale", false},
	{&outscale, NM_DMI_PRODUCT_NAME, IS, "3DS Outscale VM", false},
	{&outscale, NM_DMI_SYS_VENDOR, IS, "3DS Outscale", false},
	{&cloudstack, NM_DMI_PRODUCT_NAME, BEGINS, "CloudStack", false},
	{&openstack, NM_DMI_PRODUCT_NAME, IS, "OpenStack Nova", false},
	{&openstack, NM_DMI_PRODUCT_NAME, IS, "OpenStack Compute", false},
	{&openstack, NM_DMI_CHASSIS_ASSET_TAG, IS, "OpenTelekomCloud", false},
	{&openstack, NM_DMI_CHASSIS_ASSET_TAG, IS, "SAP CCloud VM", false},
	{&openstack, NM_DMI_CHASSIS_ASSET_TAG, IS, "HUAWEICLOUD", false},
	{&openstack, NM_DMI_CHASSIS_ASSET_TAG, IS, "Samsung Cloud Platform", false},
	{NULL, 0, IS, NULL, false},
};

/* SMBIOS before 2.6 stores the first group of a UUID in the other byte order: 45E12AEC is ec2ae145. */
static bool is_swapped_ec2(const char *uuid)
{
	return strlen(uuid) == 36 && uuid[4] == '2' && !strncasecmp(uuid + 6, "ec", 2);
}

static bool matches(const struct sign *sign, const char *string)
{
	switch (sign->match) {
	case IS:
		return !strcmp(string, sign->string);
	case BEGINS:
		return !strncasecmp(string, sign->string, strlen(sign->string));
	default:
		return is_swapped_ec2(string);
	}
}

static bool is_xen(const struct nm_signs *signs)
{
	const char *vendor = signs->dmi[NM_DMI_SYS_VENDOR];

	return vendor && !strcmp(vendor, "Xen");
}

static const char *string_of(const struct nm_signs *signs, const struct sign *sign)
{
	if (sign->field == CMDLINE)
		return nm_has_word(signs->cmdline, sign->string) ? sign->string : NULL;
	return sign->field == XEN_UUID ? signs->xen_uuid : signs->dmi[sign->field];
}

static const char *name_of(int field)
{
	if (field == CMDLINE)
		return "the kernel's command line";
	return field == XEN_UUID ? "/sys/hypervisor/uuid" : nm_dmi_names[field];
}

const struct nm_cloud *nm_cloud_find(const struct nm_signs *signs, const char **field,
				     const char **string)
{
	for (const struct sign *sign = signs_of_clouds; sign->cloud; sign++) {
		const char *value = string_of(signs, sign);

		if (!value || !matches(sign, value) || (sign->xen && !is_xen(signs)))
			continue;
		*field = name_of(sign->field);
		/* Serial numbers and UUIDs are nobody's business. */
		*string = sign->string ? sign->string : "ec2 in the other byte order";
		return sign->cloud;
	}
	return NULL;
}

/* AWS user guide, "Nested virtualization"; dates are those of AWS's announcements. */
static const struct nm_ec2_family families[] = {
	{"c8i", "2026-02"},    {"c8i-flex", "2026-02"},
	{"m8i", "2026-02"},    {"m8i-flex", "2026-02"},
	{"r8i", "2026-02"},    {"r8i-flex", "2026-02"},
	{"c8id", NULL},	       {"m8id", NULL},
	{"r8id", NULL},	       {"x8i", NULL},
	{"c7i", "2026-06-18"}, {"c7i-flex", "2026-06-18"},
	{"m7i", "2026-06-18"}, {"m7i-flex", "2026-06-18"},
	{"r7i", "2026-06-18"}, {"r7iz", "2026-06-18"},
	{"i7i", "2026-06-18"}, {"i7ie", "2026-06-18"},
	{NULL, NULL},
};

bool nm_ec2_is_type(const char *type)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t family = strspn(type, letters);
	size_t size;

	if (!family || type[family] != '.' || !islower((unsigned char)type[0]))
		return false;
	size = strspn(type + family + 1, letters);
	return size && family + 1 + size < 32 && !type[family + 1 + size];
}

bool nm_ec2_is_metal(const char *type)
{
	const char *size = strchr(type, '.');

	return size && !strncmp(size, ".metal", 6) && (!size[6] || size[6] == '-');
}

bool nm_ec2_is_graviton(const char *type)
{
	const char *at = type + strcspn(type, "0123456789");

	if (!strncmp(type, "a1.", 3))
		return true;
	at += strspn(at, "0123456789");
	for (; islower((unsigned char)*at); at++)
		if (*at == 'g')
			return true;
	return false;
}

const struct nm_ec2_family *nm_ec2_family_find(const char *type)
{
	size_t length = strcspn(type, ".");

	for (const struct nm_ec2_family *family = families; family->name; family++)
		if (strlen(family->name) == length && !strncmp(type, family->name, length))
			return family;
	return NULL;
}

bool nm_gce_is_excluded(const char *machine_type)
{
	static const char *const series[] = {"e2-", "n2d-", "m1-", "m2-",
					     "m3-", "m4-",  "x4-", NULL};

	for (size_t i = 0; series[i]; i++)
		if (!strncmp(machine_type, series[i], strlen(series[i])))
			return true;
	return false;
}

const struct nm_limit nm_limits[] = {
	{&nm_cloud_ec2, "platform.limits.hypervisors", "KVM and Hyper-V only",
	 "AWS user guide, Nested virtualization"},
	{&nm_cloud_ec2, "platform.limits.windows",
	 "no Virtual Secure Mode (Credential Guard), no hibernation, at most 192 CPUs",
	 "Windows as L1; AWS user guide, Nested virtualization"},
	{&nm_cloud_ec2, "platform.limits.devices", "VT-x only: no IOMMU for L1",
	 "AWS user guide, Nested virtualization"},
	{&nm_cloud_gce, "platform.limits.hypervisors", "Linux KVM only, no Windows as L1",
	 "Compute Engine documentation, About nested virtualization"},
	{NULL, NULL, NULL, NULL},
};
