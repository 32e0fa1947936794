/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/firmware.h"

#include "core/error.h"
#include "vmm/linux/layout.h"

#include <errno.h>
#include <string.h>

/* ACPI 6.4, chapter 5. Every table of ours is written in order into one stretch of memory. */
struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct gas {
	uint8_t space; /* 1: I/O ports */
	uint8_t width;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} __attribute__((packed));

struct facs {
	char signature[4];
	uint32_t length;
	uint8_t rest[56];
} __attribute__((packed));

struct fadt {
	struct header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved0;
	uint8_t profile;
	uint16_t sci;
	uint32_t smi_command; /* 0: always in ACPI mode */
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer, gpe0,
		gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	uint8_t gpe0_length, gpe1_length, gpe1_base, cst;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_architecture;
	uint8_t reserved1;
	uint32_t flags;
	struct gas reset;
	uint8_t reset_value;
	uint16_t arm_boot_architecture;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct gas x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control, x_pm2_control,
		x_pm_timer, x_gpe0, x_gpe1;
	struct gas sleep_control, sleep_status;
} __attribute__((packed));

_Static_assert(sizeof(struct fadt) == 268, "the FADT of revision 5 has 268 bytes");

#define FADT_REVISION		 5
#define BOOT_NO_CMOS_CLOCK	 (1u << 5)
#define FLAG_WBINVD		 (1u << 0)
#define FLAG_C1			 (1u << 2)
#define FLAG_NO_POWER_BUTTON	 (1u << 4)
#define FLAG_NO_SLEEP_BUTTON	 (1u << 5)
#define FLAG_RESET_REGISTER	 (1u << 10)
#define MADT_PCAT_COMPATIBLE	 1u
#define MADT_LOCAL_APIC_ENABLED	 1u
#define MADT_SCI_LEVEL_ACTIVE_HI 0xdu

struct madt {
	struct header header;
	uint32_t local_apic;
	uint32_t flags;
} __attribute__((packed));

struct madt_local_apic {
	uint8_t type, length, processor, apic;
	uint32_t flags;
} __attribute__((packed));

struct madt_io_apic {
	uint8_t type, length, id, reserved;
	uint32_t address, first_gsi;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length, bus, source;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

/* Name (_S5, Package (4) { 5, 5, 0, 0 }): what to write for the state that is off (ACPI 6.4, 7.4.2). */
static const unsigned char s5[] = {
	0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, NM_LINUX_S5_TYPE, 0x0a, NM_LINUX_S5_TYPE,
	0x00, 0x00};

/*
 * Scope (\_SB) { Device (VIRn) { _HID "LNRO0005", _UID n, _CRS { Memory32Fixed, Interrupt (Edge, ActiveHigh) } } }: a device by virtio-mmio,
 * as drivers/virtio/virtio_mmio.c looks for it (ACPI 6.4, 20.2.5 and 6.4.3).
 */
struct virtio_device {
	unsigned char scope[8];
	unsigned char device[6];
	unsigned char number0;
	unsigned char hid[15];
	unsigned char uid[6];
	unsigned char number;
	unsigned char crs[9];
	unsigned char memory[4];
	uint32_t base, bytes;
	unsigned char interrupt[5];
	uint32_t gsi;
	unsigned char end[2];
} __attribute__((packed));

_Static_assert(sizeof(struct virtio_device) == 69, "the lengths in it are those of this layout");

struct writer {
	unsigned char *memory;
	size_t bytes;
	size_t used;
	int error;
};

/* Appends and gives the guest address. */
static uint64_t append(struct writer *writer, const void *data, size_t length)
{
	size_t at = writer->used;

	if (writer->error || length > writer->bytes - at) {
		writer->error = -ENOSPC;
		return 0;
	}
	memcpy(writer->memory + at, data, length);
	writer->used += length;
	return NM_LINUX_ACPI + at;
}

static void align(struct writer *writer, size_t boundary)
{
	writer->used = (writer->used + boundary - 1) / boundary * boundary;
	if (writer->used > writer->bytes)
		writer->error = -ENOSPC;
}

uint8_t nm_firmware_checksum(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + at[i]);
	return (uint8_t)-sum;
}

static struct header header_of(const char *signature, uint8_t revision)
{
	struct header header = {.revision = revision, .oem_revision = 1, .creator_revision = 1};

	memcpy(header.signature, signature, 4);
	memcpy(header.oem_id, "NESTMK", 6);
	memcpy(header.oem_table_id, "NESTMARK", 8);
	memcpy(header.creator_id, "NMRK", 4);
	return header;
}

/* Sets length and checksum of the table that began at address and ends here. */
static void seal(struct writer *writer, uint64_t address)
{
	struct header header;
	unsigned char *table;

	if (writer->error)
		return;
	table = writer->memory + (address - NM_LINUX_ACPI);
	memcpy(&header, table, sizeof(header));
	header.length = (uint32_t)(writer->memory + writer->used - table);
	memcpy(table, &header, sizeof(header));
	header.checksum = nm_firmware_checksum(table, header.length);
	memcpy(table, &header, sizeof(header));
}

static void append_virtio(struct writer *writer, unsigned char number, uint32_t base, uint32_t gsi)
{
	const struct virtio_device device = {
		.scope = {0x10, 0x44, 0x04, '\\', '_', 'S', 'B', '_'},
		.device = {0x5b, 0x82, 0x3b, 'V', 'I', 'R'},
		.number0 = (unsigned char)('0' + number),
		.hid = {0x08, '_', 'H', 'I', 'D', 0x0d, 'L', 'N', 'R', 'O', '0', '0', '0', '5'},
		.uid = {0x08, '_', 'U', 'I', 'D', 0x0a},
		.number = number,
		.crs = {0x08, '_', 'C', 'R', 'S', 0x11, 0x1a, 0x0a, 0x17},
		.memory = {0x86, 0x09, 0x00, 0x01},
		.base = base,
		.bytes = NM_LINUX_VIRTIO_BYTES,
		.interrupt = {0x89, 0x06, 0x00, 0x03, 0x01},
		.gsi = gsi,
		.end = {0x79, 0x00},
	};

	append(writer, &device, sizeof(device));
}

static uint64_t write_dsdt(struct writer *writer, const struct nm_linux_virtio_config *virtio)
{
	const struct header header = header_of("DSDT", 2);
	uint64_t at = append(writer, &header, sizeof(header));

	append(writer, s5, sizeof(s5));
	if (virtio && virtio->disk_fd >= 0)
		append_virtio(writer, 0, NM_LINUX_DISK, NM_LINUX_DISK_IRQ);
	if (virtio && virtio->net_fd >= 0)
		append_virtio(writer, 1, NM_LINUX_NET, NM_LINUX_NET_IRQ);
	seal(writer, at);
	return at;
}

static struct gas port(uint16_t address, uint8_t width)
{
	return (struct gas) {.space = 1,
			     .width = width,
			     .access = width > 8 ? 2 : 1,
			     .address = address};
}

static uint64_t write_fadt(struct writer *writer, uint64_t facs, uint64_t dsdt)
{
	const struct fadt fadt = {
		.header = header_of("FACP", FADT_REVISION),
		.facs = (uint32_t)facs,
		.dsdt = (uint32_t)dsdt,
		.sci = NM_LINUX_SCI,
		.pm1a_event = NM_LINUX_PM1_EVENT,
		.pm1a_control = NM_LINUX_PM1_CONTROL,
		.pm1_event_length = 4,
		.pm1_control_length = 2,
		.pm_timer = NM_LINUX_PM_TIMER,
		.pm_timer_length = 4,
		.c2_latency = 0xffff,
		.c3_latency = 0xffff,
		/* Not that there is no VGA either: under Xen's signature Linux would take itself for PVH. */
		.boot_architecture = BOOT_NO_CMOS_CLOCK,
		.flags = FLAG_WBINVD | FLAG_C1 | FLAG_NO_POWER_BUTTON | FLAG_NO_SLEEP_BUTTON |
			 FLAG_RESET_REGISTER,
		.reset = port(NM_LINUX_RESET_PORT, 8),
		.reset_value = NM_LINUX_RESET_VALUE,
		.x_dsdt = dsdt,
		.x_pm1a_event = port(NM_LINUX_PM1_EVENT, 32),
		.x_pm1a_control = port(NM_LINUX_PM1_CONTROL, 16),
		.x_pm_timer = port(NM_LINUX_PM_TIMER, 32),
	};
	uint64_t at = append(writer, &fadt, sizeof(fadt));

	seal(writer, at);
	return at;
}

static uint64_t write_madt(struct writer *writer, unsigned int vcpus)
{
	const struct madt madt = {.header = header_of("APIC", 3),
				  .local_apic = NM_LINUX_LAPIC,
				  .flags = MADT_PCAT_COMPATIBLE};
	const struct madt_io_apic io_apic = {.type = 1,
					     .length = sizeof(io_apic),
					     .id = (uint8_t)vcpus,
					     .address = NM_LINUX_IOAPIC};
	const struct madt_override sci = {.type = 2,
					  .length = sizeof(sci),
					  .source = NM_LINUX_SCI,
					  .gsi = NM_LINUX_SCI,
					  .flags = MADT_SCI_LEVEL_ACTIVE_HI};
	uint64_t at = append(writer, &madt, sizeof(madt));

	for (unsigned int i = 0; i < vcpus; i++) {
		const struct madt_local_apic local = {.length = sizeof(local),
						      .processor = (uint8_t)i,
						      .apic = (uint8_t)i,
						      .flags = MADT_LOCAL_APIC_ENABLED};

		append(writer, &local, sizeof(local));
	}
	append(writer, &io_apic, sizeof(io_apic));
	append(writer, &sci, sizeof(sci));
	seal(writer, at);
	return at;
}

static uint64_t write_xsdt(struct writer *writer, uint64_t fadt, uint64_t madt)
{
	const struct header header = header_of("XSDT", 1);
	uint64_t at = append(writer, &header, sizeof(header));

	append(writer, &fadt, sizeof(fadt));
	append(writer, &madt, sizeof(madt));
	seal(writer, at);
	return at;
}

static void write_rsdp(unsigned char *memory, uint64_t xsdt)
{
	struct rsdp rsdp = {.revision = 2, .length = sizeof(rsdp), .xsdt = xsdt};

	memcpy(rsdp.signature, "RSD PTR ", 8);
	memcpy(rsdp.oem_id, "NESTMK", 6);
	rsdp.checksum = nm_firmware_checksum(&rsdp, 20);
	rsdp.extended_checksum = nm_firmware_checksum(&rsdp, sizeof(rsdp));
	memcpy(memory, &rsdp, sizeof(rsdp));
}

int nm_acpi_write(unsigned char *memory, size_t bytes, unsigned int vcpus,
		  const struct nm_linux_virtio_config *virtio)
{
	struct writer writer = {.memory = memory, .bytes = bytes, .used = sizeof(struct rsdp)};
	struct facs facs = {.signature = {'F', 'A', 'C', 'S'}, .length = sizeof(facs)};
	uint64_t at;
	uint64_t dsdt;
	uint64_t fadt;
	uint64_t madt;
	uint64_t xsdt;

	align(&writer, 64);
	at = append(&writer, &facs, sizeof(facs));
	dsdt = write_dsdt(&writer, virtio);
	fadt = write_fadt(&writer, at, dsdt);
	madt = write_madt(&writer, vcpus);
	xsdt = write_xsdt(&writer, fadt, madt);
	if (writer.error)
		return nm_fail(ENOSPC, "ACPI tables of %u vCPUs need more than %zu bytes", vcpus,
			       bytes);
	write_rsdp(memory, xsdt);
	return 0;
}
