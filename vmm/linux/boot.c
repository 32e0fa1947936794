/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/boot.h"

#include "core/error.h"
#include "vmm/linux/layout.h"

#include <asm/bootparam.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PAGE	      4096u
#define LARGE_PAGE    (2u << 20)
#define MAPPED_GIB    4u
#define TABLE_ENTRIES 512u
#define PTE_PRESENT   1u
#define PTE_WRITE     2u
#define PDE_LARGE     0x80u
#define SETUP_HEADER  0x1f1u
#define HEADER_MAGIC  0x53726448u
#define BOOT_FLAG     0xaa55u
#define LOADER_OTHER  0xffu
#define BOOT_CS	      0x10u
#define BOOT_DS	      0x18u
#define START_MAGIC   0x336ec578u
#define PROTOCOL      0x20fu
#define KERNEL_ALIGN  0x1000000u

/* Flat 64-bit code and data, at the selectors that the 64-bit boot protocol demands; 20h is a task state. */
static const uint64_t gdt[] = {0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0};

enum { E820_RAM = 1, E820_RESERVED = 2 };

#define MAX_RANGES 6

struct range {
	uint64_t start;
	uint64_t bytes;
	uint32_t type;
};

struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, command_line, rsdp, memory_map;
	uint32_t ranges, reserved;
};

struct start_module {
	uint64_t start, bytes, command_line, reserved;
};

struct start_range {
	uint64_t start, bytes;
	uint32_t type, reserved;
};

static uint64_t low_memory(const struct nm_boot *boot)
{
	return boot->memory_bytes < NM_LINUX_RAM_END ? boot->memory_bytes : NM_LINUX_RAM_END;
}

static unsigned int memory_map(const struct nm_boot *boot, struct range *out)
{
	uint64_t low = low_memory(boot);
	unsigned int count = 0;

	out[count++] = (struct range) {0, NM_LINUX_LOW_END, E820_RAM};
	out[count++] = (struct range) {NM_LINUX_ACPI, NM_LINUX_HIGH - NM_LINUX_ACPI, E820_RESERVED};
	out[count++] = (struct range) {NM_LINUX_HIGH, low - NM_LINUX_HIGH, E820_RAM};
	if (boot->share_bytes)
		out[count++] = (struct range) {NM_LINUX_SHARE, boot->share_bytes, E820_RESERVED};
	if (boot->memory_bytes > low)
		out[count++] = (struct range) {NM_LINUX_ABOVE, boot->memory_bytes - low, E820_RAM};
	return count;
}

/* As high as it may be, so that an unpacking kernel does not run into it. */
static int place_initrd(const struct nm_boot *boot, const struct nm_vm *vm, uint64_t *out)
{
	uint64_t limit = low_memory(boot);
	void *memory;

	*out = 0;
	if (!boot->initrd_bytes)
		return 0;
	if (boot->kernel->initrd_end + 1 < limit)
		limit = boot->kernel->initrd_end + 1;
	if (limit >= boot->initrd_bytes)
		*out = (limit - boot->initrd_bytes) / PAGE * PAGE;
	if (*out < boot->kernel->end)
		return nm_fail_remedy(ENOSPC, "give the guest more memory",
				      "an initramfs of %zu MiB does not fit behind the kernel",
				      (boot->initrd_bytes >> 20) + 1);
	memory = nm_vm_memory(vm, *out, boot->initrd_bytes);
	if (!memory)
		return nm_fail(ENOSPC, "the initramfs lies outside of the guest's memory");
	memcpy(memory, boot->initrd, boot->initrd_bytes);
	return 0;
}

static int place_command_line(const struct nm_boot *boot, const struct nm_vm *vm)
{
	size_t bytes = strlen(boot->command_line) + 1;

	if (bytes > NM_LINUX_COMMAND_LINE_BYTES)
		return nm_fail(E2BIG, "the kernel's command line is longer than %u bytes",
			       NM_LINUX_COMMAND_LINE_BYTES - 1);
	memcpy(nm_vm_memory(vm, NM_LINUX_COMMAND_LINE, bytes), boot->command_line, bytes);
	return 0;
}

static int enter_pvh(const struct nm_boot *boot, const struct nm_vm *vm, const struct nm_vcpu *vcpu,
		     uint64_t initrd)
{
	struct start_info info = {
		.magic = START_MAGIC,
		.version = 1,
		.modules = initrd ? 1 : 0,
		.command_line = NM_LINUX_COMMAND_LINE,
		.rsdp = NM_LINUX_ACPI,
	};
	const struct start_module module = {.start = initrd, .bytes = boot->initrd_bytes};
	struct range ranges[MAX_RANGES];
	unsigned char *page = nm_vm_memory(vm, NM_LINUX_START_INFO, PAGE);
	unsigned char *list = page + sizeof(info) + sizeof(module);

	info.ranges = memory_map(boot, ranges);
	info.module_list = NM_LINUX_START_INFO + sizeof(info);
	info.memory_map = info.module_list + sizeof(module);
	memcpy(page, &info, sizeof(info));
	memcpy(page + sizeof(info), &module, sizeof(module));
	for (unsigned int i = 0; i < info.ranges; i++) {
		const struct start_range range = {.start = ranges[i].start,
						  .bytes = ranges[i].bytes,
						  .type = ranges[i].type};

		memcpy(list + i * sizeof(range), &range, sizeof(range));
	}
	return nm_vcpu_enter_protected_mode(vcpu, (uint32_t)boot->kernel->pvh_entry,
					    NM_LINUX_START_INFO);
}

/* Only the setup header comes from the image; the rest of the page is the loader's. */
static void fill_boot_params(const struct nm_boot *boot, const struct nm_vm *vm, uint64_t initrd)
{
	struct boot_params params = {.acpi_rsdp_addr = NM_LINUX_ACPI};
	struct setup_header *header = &params.hdr;
	struct range ranges[MAX_RANGES];

	if (boot->kernel->payload) {
		memcpy(header, boot->kernel->bytes + SETUP_HEADER, sizeof(*header));
	} else {
		header->boot_flag = BOOT_FLAG;
		header->header = HEADER_MAGIC;
		header->version = PROTOCOL;
		header->kernel_alignment = KERNEL_ALIGN;
	}
	header->type_of_loader = LOADER_OTHER;
	header->ramdisk_image = (uint32_t)initrd;
	header->ramdisk_size = (uint32_t)boot->initrd_bytes;
	header->cmd_line_ptr = NM_LINUX_COMMAND_LINE;
	header->cmdline_size = NM_LINUX_COMMAND_LINE_BYTES - 1;
	params.e820_entries = (uint8_t)memory_map(boot, ranges);
	for (unsigned int i = 0; i < params.e820_entries; i++)
		params.e820_table[i] = (struct boot_e820_entry) {.addr = ranges[i].start,
								 .size = ranges[i].bytes,
								 .type = ranges[i].type};
	memcpy(nm_vm_memory(vm, NM_LINUX_BOOT_PARAMS, PAGE), &params, sizeof(params));
}

/* The first 4 GiB where they are, in large pages. */
static void write_page_tables(const struct nm_vm *vm)
{
	uint64_t *pml4 = nm_vm_memory(vm, NM_LINUX_PAGE_TABLES, (uint64_t)(2 + MAPPED_GIB) * PAGE);
	uint64_t *pdpt = pml4 + TABLE_ENTRIES;
	uint64_t *directories = pdpt + TABLE_ENTRIES;
	const uint64_t flags = PTE_PRESENT | PTE_WRITE;

	pml4[0] = (NM_LINUX_PAGE_TABLES + PAGE) | flags;
	for (uint64_t i = 0; i < MAPPED_GIB; i++)
		pdpt[i] = (NM_LINUX_PAGE_TABLES + (2 + i) * PAGE) | flags;
	for (uint64_t i = 0; i < (uint64_t)MAPPED_GIB * TABLE_ENTRIES; i++)
		directories[i] = i * LARGE_PAGE | PDE_LARGE | flags;
}

static int enter_64(const struct nm_boot *boot, const struct nm_vm *vm, const struct nm_vcpu *vcpu,
		    uint64_t initrd)
{
	const struct nm_long_mode mode = {
		.page_table = NM_LINUX_PAGE_TABLES,
		.gdt = NM_LINUX_GDT,
		.gdt_limit = sizeof(gdt) - 1,
		.tss_limit = 0x67,
		.code_selector = BOOT_CS,
		.data_selector = BOOT_DS,
		.segment_selector = BOOT_DS,
		.tss_selector = 0x20,
		.rip = boot->kernel->entry,
		.rsi = NM_LINUX_BOOT_PARAMS,
	};

	fill_boot_params(boot, vm, initrd);
	write_page_tables(vm);
	memcpy(nm_vm_memory(vm, NM_LINUX_GDT, sizeof(gdt)), gdt, sizeof(gdt));
	return nm_vcpu_enter_long_mode(vcpu, &mode);
}

int nm_boot_load(const struct nm_boot *boot, const struct nm_vm *vm, const struct nm_vcpu *vcpu)
{
	uint64_t initrd;
	int r = nm_kernel_load(boot->kernel, vm);

	if (!r)
		r = place_initrd(boot, vm, &initrd);
	if (!r)
		r = place_command_line(boot, vm);
	if (r)
		return r;
	return boot->pvh ? enter_pvh(boot, vm, vcpu, initrd) : enter_64(boot, vm, vcpu, initrd);
}
