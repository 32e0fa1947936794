/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What the VMM hands to a Linux guest, as far as it needs no KVM device; tests/cli/boot.sh covers the rest. */
#include "vmm/linux/linux.h"
#include "helpers.h"
#include "vmm/instruction.h"
#include "vmm/linux/boot.h"
#include "vmm/linux/firmware.h"
#include "vmm/linux/initramfs.h"
#include "vmm/linux/layout.h"
#include "vmm/linux/unpack.h"

#include <asm/bootparam.h>
#include <elf.h>
#include <errno.h>
#include <linux/kvm.h>
#include <linux/serial_reg.h>
#include <lzma.h>
#include <sys/stat.h>
#include <zstd.h>

#define MIB (1ull << 20)

/* The same numbers every time. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Kernel images */

#define IMAGE_BYTES 0x2000
#define KERNEL_AT   (16 * MIB)
#define KERNEL_END  (KERNEL_AT + 0x5001)
#define PVH_ENTRY   ((uint32_t)KERNEL_AT + 0x40)
#define NOTES_AT    0x1900
#define XEN_NOTE    20 /* offset among the notes: behind another one */

enum { CODE, DATA, NOTES, SEGMENTS };

/* An ELF file as vmlinux is one, to be damaged. */
struct elf_image {
	Elf64_Ehdr header;
	Elf64_Phdr segments[SEGMENTS];
	unsigned char rest[IMAGE_BYTES - sizeof(Elf64_Ehdr) - SEGMENTS * sizeof(Elf64_Phdr)];
};

static unsigned char image[IMAGE_BYTES];
static struct elf_image *const elf = (struct elf_image *)(void *)image;
static unsigned char *const notes = image + NOTES_AT;

static size_t put_note(size_t at, const char *name, uint32_t type, const void *value,
		       uint32_t bytes)
{
	const Elf64_Nhdr note = {.n_namesz = (uint32_t)strlen(name) + 1,
				 .n_descsz = bytes,
				 .n_type = type};

	memcpy(notes + at, &note, sizeof(note));
	at += sizeof(note);
	strcpy((char *)notes + at, name);
	at += (note.n_namesz + 3) / 4 * 4;
	memcpy(notes + at, value, bytes);
	return at + (bytes + 3) / 4 * 4;
}

static void make_elf(void)
{
	const uint32_t entry = PVH_ENTRY;
	size_t bytes;

	memset(image, 0, sizeof(image));
	elf->header = (Elf64_Ehdr) {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64},
				    .e_type = ET_EXEC,
				    .e_machine = EM_X86_64,
				    .e_entry = KERNEL_AT + 0x200,
				    .e_phoff = sizeof(Elf64_Ehdr),
				    .e_phentsize = sizeof(Elf64_Phdr),
				    .e_phnum = SEGMENTS};
	bytes = put_note(0, "GNU", 18, "abcd", 4);
	cr_assert_eq(bytes, XEN_NOTE, "the first note has %zu bytes", bytes);
	bytes = put_note(bytes, "Xen", 18, &entry, sizeof(entry));
	elf->segments[CODE] = (Elf64_Phdr) {.p_type = PT_LOAD,
					    .p_offset = 0x1000,
					    .p_paddr = KERNEL_AT,
					    .p_filesz = 0x800,
					    .p_memsz = 0x3000};
	elf->segments[DATA] = (Elf64_Phdr) {.p_type = PT_LOAD,
					    .p_offset = 0x1800,
					    .p_paddr = KERNEL_AT + 0x4000,
					    .p_filesz = 0x100,
					    .p_memsz = 0x1001};
	elf->segments[NOTES] =
		(Elf64_Phdr) {.p_type = PT_NOTE, .p_offset = NOTES_AT, .p_filesz = bytes};
	memset(image + 0x1000, 0xc0, 0x800);
	memset(image + 0x1800, 0xda, 0x100);
}

#define SETUP	   ((struct setup_header *)(void *)(image + 0x1f1))
#define PAYLOAD_AT (3 * 512)
#define INIT_BYTES 0x5001

static void make_bzimage(void)
{
	const struct setup_header header = {.setup_sects = 2,
					    .boot_flag = 0xaa55,
					    .header = 0x53726448,
					    .version = 0x20f,
					    .initrd_addr_max = 0x7fffffff,
					    .xloadflags = XLF_KERNEL_64,
					    .cmdline_size = 2047,
					    .pref_address = KERNEL_AT,
					    .init_size = INIT_BYTES};

	memset(image, 0, sizeof(image));
	memset(image + PAYLOAD_AT, 0xc0, sizeof(image) - PAYLOAD_AT);
	memcpy(SETUP, &header, sizeof(header));
}

static void change_setup(size_t offset, const void *value, size_t bytes)
{
	make_bzimage();
	memcpy(image + 0x1f1 + offset, value, bytes);
}

#define SET(member, ...)                                                                           \
	change_setup(offsetof(struct setup_header, member),                                        \
		     &(__typeof__(((struct setup_header *)0)->member)) {__VA_ARGS__},              \
		     sizeof(((struct setup_header *)0)->member))

/* A machine without KVM: 32 MiB. */
static struct nm_vm machine;

static void make_machine(void)
{
	machine = (struct nm_vm) {.fd = -1, .slot_count = 1};
	machine.slots[0] = (struct nm_memory_slot) {.bytes = 32 * MIB, .host = calloc(32, MIB)};
	cr_assert(machine.slots[0].host, "no memory");
}

static void free_machine(void)
{
	free(machine.slots[0].host);
}

/* From memory that ends where the image does; what is accepted makes sense and can be loaded, or is refused then. */
static int parse(struct nm_kernel *kernel, size_t size)
{
	unsigned char *exact = malloc(size ? size : 1);
	int r;

	memcpy(exact, image, size);
	r = nm_kernel_parse(kernel, "vmlinux", exact, size);
	if (!r) {
		cr_assert(kernel->start >= MIB && kernel->start <= kernel->entry &&
				  kernel->entry < kernel->end,
			  "it is at %lx to %lx and begins at %lx", kernel->start, kernel->end,
			  kernel->entry);
		r = nm_kernel_load(kernel, &machine);
		cr_assert(!r || r == -ENOSPC, "it is loaded with %d", r);
	}
	free(exact);
	return r;
}

static void assert_refused(size_t size, const char *says)
{
	struct nm_kernel kernel;

	cr_assert_eq(parse(&kernel, size), -ENOEXEC, "accepted: %s", says);
	assert_error_says("vmlinux: ");
	assert_error_says(says);
	cr_assert(strstr(nm_error_last()->remedy, "bzImage"), "no remedy: %s", says);
}

TestSuite(kernel, .init = make_machine, .fini = free_machine);

Test(kernel, an_elf_file_is_loaded_where_it_says)
{
	const unsigned char *memory = machine.slots[0].host + KERNEL_AT;
	struct nm_kernel kernel;

	make_elf();
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), 0, "%s", nm_error_last()->text);
	cr_assert_eq(kernel.start, KERNEL_AT, "start %lx", kernel.start);
	cr_assert_eq(kernel.end, KERNEL_END, "end %lx", kernel.end);
	cr_assert_eq(kernel.entry, KERNEL_AT + 0x200, "entry %lx", kernel.entry);
	cr_assert_eq(kernel.pvh_entry, PVH_ENTRY, "PVH entry %lx", kernel.pvh_entry);
	cr_assert_eq(kernel.payload, 0, "it is a bzImage");
	cr_assert(memory[-1] == 0 && memory[0] == 0xc0 && memory[0x7ff] == 0xc0 &&
			  memory[0x800] == 0,
		  "the first segment");
	cr_assert(memory[0x3fff] == 0 && memory[0x4000] == 0xda && memory[0x40ff] == 0xda &&
			  memory[0x4100] == 0,
		  "the second segment");
}

Test(kernel, a_bzimage_is_loaded_behind_its_setup_code)
{
	const unsigned char *memory = machine.slots[0].host + KERNEL_AT;
	struct nm_kernel kernel;

	make_bzimage();
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), 0, "%s", nm_error_last()->text);
	cr_assert_eq(kernel.start, KERNEL_AT, "start %lx", kernel.start);
	cr_assert_eq(kernel.end, KERNEL_END, "end %lx", kernel.end);
	cr_assert_eq(kernel.entry, KERNEL_AT + 0x200, "entry %lx", kernel.entry);
	cr_assert_eq(kernel.pvh_entry, 0, "PVH entry %lx", kernel.pvh_entry);
	cr_assert_eq(kernel.payload, PAYLOAD_AT, "payload at %zu", kernel.payload);
	cr_assert_eq(kernel.initrd_end, 0x7fffffff, "initramfs to %lx", kernel.initrd_end);
	cr_assert(memory[-1] == 0 && memory[0] == 0xc0 &&
			  memory[IMAGE_BYTES - PAYLOAD_AT - 1] == 0xc0 &&
			  memory[IMAGE_BYTES - PAYLOAD_AT] == 0,
		  "what is loaded of it");
	/* boot.rst: 0 is 4. */
	SET(setup_sects, 0);
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), 0, "%s", nm_error_last()->text);
	cr_assert_eq(kernel.payload, 5 * 512, "payload at %zu", kernel.payload);
}

Test(kernel, what_is_cut_off_is_refused)
{
	/* What is needed of it: the last segment's bytes, and one byte behind the setup code. */
	const size_t elf_bytes = NOTES_AT + 2 * XEN_NOTE;
	struct nm_kernel kernel;

	make_elf();
	for (size_t size = 0; size < elf_bytes; size++)
		assert_refused(size, size < sizeof(Elf64_Ehdr) ? "too short for a kernel"
				     : size < sizeof(Elf64_Ehdr) + sizeof(elf->segments)
					     ? "not an ELF file for x86-64"
					     : "cut off: a segment");
	cr_assert_eq(parse(&kernel, elf_bytes), 0, "%s", nm_error_last()->text);
	make_bzimage();
	for (size_t size = 0; size <= PAYLOAD_AT; size++)
		assert_refused(size, size < 0x1f1 + sizeof(struct setup_header)
					     ? "too short for a kernel"
					     : "within its setup code");
	cr_assert_eq(parse(&kernel, PAYLOAD_AT + 1), 0, "%s", nm_error_last()->text);
}

Test(kernel, another_kind_of_file_is_refused)
{
	make_elf();
	elf->header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_refused(IMAGE_BYTES, "not an ELF file for x86-64");
	make_elf();
	elf->header.e_machine = EM_AARCH64;
	assert_refused(IMAGE_BYTES, "not an ELF file for x86-64");
	make_elf();
	elf->header.e_phentsize++;
	assert_refused(IMAGE_BYTES, "not an ELF file for x86-64");
	make_elf();
	elf->header.e_ident[0] = 0;
	assert_refused(IMAGE_BYTES, "neither a bzImage nor an ELF file");
	SET(boot_flag, 0x55aa);
	assert_refused(IMAGE_BYTES, "neither a bzImage nor an ELF file");
	SET(header, 0x53726449);
	assert_refused(IMAGE_BYTES, "neither a bzImage nor an ELF file");
	SET(version, 0x20b);
	assert_refused(IMAGE_BYTES, "no 64-bit entry point");
	SET(xloadflags, XLF_CAN_BE_LOADED_ABOVE_4G);
	assert_refused(IMAGE_BYTES, "no 64-bit entry point");
}

Test(kernel, headers_that_reach_outside_are_refused)
{
	static const uint64_t offsets[] = {IMAGE_BYTES - SEGMENTS * sizeof(Elf64_Phdr) + 1,
					   IMAGE_BYTES, UINT64_MAX, UINT64_MAX - 100, 1ull << 63};

	for (size_t i = 0; i < COUNT(offsets); i++) {
		make_elf();
		elf->header.e_phoff = offsets[i];
		assert_refused(IMAGE_BYTES, "not an ELF file for x86-64");
	}
	make_elf();
	elf->header.e_phnum = 0xffff;
	assert_refused(IMAGE_BYTES, "not an ELF file for x86-64");
	make_elf();
	elf->header.e_phnum = (IMAGE_BYTES - sizeof(Elf64_Ehdr)) / sizeof(Elf64_Phdr) + 1;
	assert_refused(IMAGE_BYTES, "not an ELF file for x86-64");
}

Test(kernel, segments_that_make_no_sense_are_refused)
{
	static const uint64_t beyond[] = {IMAGE_BYTES + 1, UINT64_MAX, UINT64_MAX - 0x7ff,
					  1ull << 63};

	for (size_t i = 0; i < COUNT(beyond); i++) {
		make_elf();
		elf->segments[DATA].p_offset = beyond[i];
		assert_refused(IMAGE_BYTES, "a segment lies outside of the file");
		make_elf();
		elf->segments[NOTES].p_offset = beyond[i];
		assert_refused(IMAGE_BYTES, "a segment lies outside of the file");
		make_elf();
		elf->segments[DATA].p_filesz = beyond[i];
		elf->segments[DATA].p_memsz = beyond[i];
		assert_refused(IMAGE_BYTES, "a segment lies outside of the file");
	}
	make_elf();
	elf->segments[CODE].p_memsz = elf->segments[CODE].p_filesz - 1;
	assert_refused(IMAGE_BYTES, "a segment does not fit its memory");
	make_elf();
	elf->segments[DATA].p_paddr = UINT64_MAX - 0x1000;
	assert_refused(IMAGE_BYTES, "a segment does not fit its memory");
	make_elf();
	elf->segments[DATA].p_memsz = UINT64_MAX;
	assert_refused(IMAGE_BYTES, "a segment does not fit its memory");
	make_elf();
	elf->segments[CODE].p_type = PT_NULL;
	elf->segments[DATA].p_type = PT_NULL;
	assert_refused(IMAGE_BYTES, "nothing in it is to be loaded");
	elf->header.e_phnum = 0;
	assert_refused(IMAGE_BYTES, "nothing in it is to be loaded");
}

/* An ordinary program wants to lie at 0. */
Test(kernel, what_would_lie_on_the_firmware_is_refused)
{
	make_elf();
	elf->segments[DATA].p_paddr = 0;
	assert_refused(IMAGE_BYTES, "wants memory below 1 MiB");
	SET(pref_address, MIB - 1);
	assert_refused(IMAGE_BYTES, "wants memory below 1 MiB");
}

Test(kernel, entry_points_lie_within)
{
	static const uint64_t outside[] = {0, KERNEL_AT - 1, KERNEL_END, UINT64_MAX};
	struct nm_kernel kernel;

	for (size_t i = 0; i < COUNT(outside); i++) {
		uint32_t pvh = (uint32_t)outside[i];

		make_elf();
		elf->header.e_entry = outside[i];
		assert_refused(IMAGE_BYTES, "its entry point lies outside of it");
		if (!pvh)
			continue;
		make_elf();
		put_note(XEN_NOTE, "Xen", 18, &pvh, sizeof(pvh));
		assert_refused(IMAGE_BYTES, "its entry point lies outside of it");
	}
	make_elf();
	elf->header.e_entry = KERNEL_END - 1;
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), 0, "%s", nm_error_last()->text);
	SET(init_size, 0x1ff);
	assert_refused(PAYLOAD_AT + 1, "its entry point lies outside of it");
}

Test(kernel, sizes_of_a_bzimage_must_fit)
{
	struct nm_kernel kernel;

	SET(setup_sects, 255);
	assert_refused(IMAGE_BYTES, "within its setup code");
	SET(setup_sects, IMAGE_BYTES / 512 - 1);
	assert_refused(IMAGE_BYTES, "within its setup code");
	SET(init_size, IMAGE_BYTES - PAYLOAD_AT - 1);
	assert_refused(IMAGE_BYTES, "does not fit its size");
	SET(init_size, IMAGE_BYTES - PAYLOAD_AT);
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), 0, "%s", nm_error_last()->text);
	SET(init_size, 0);
	assert_refused(IMAGE_BYTES, "does not fit its size");
	SET(pref_address, UINT64_MAX - 0x1000);
	assert_refused(IMAGE_BYTES, "does not fit its size");
}

static uint64_t pvh_entry(uint64_t note_bytes)
{
	struct nm_kernel kernel;

	elf->segments[NOTES].p_filesz = note_bytes;
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), 0, "%s", nm_error_last()->text);
	return kernel.pvh_entry;
}

Test(kernel, the_pvh_entry_is_the_note_of_xen_alone)
{
	const uint64_t wide = PVH_ENTRY + 8;
	const uint32_t entry = PVH_ENTRY;
	size_t bytes;

	make_elf();
	bytes = put_note(XEN_NOTE, "Xen", 18, &wide, sizeof(wide));
	cr_assert_eq(pvh_entry(bytes), wide, "the note with 8 bytes");
	make_elf();
	bytes = put_note(XEN_NOTE, "Xen", 17, &entry, sizeof(entry));
	cr_assert_eq(pvh_entry(bytes), 0, "another note of Xen");
	make_elf();
	bytes = put_note(XEN_NOTE, "Zen", 18, &entry, sizeof(entry));
	cr_assert_eq(pvh_entry(bytes), 0, "another owner");
	make_elf();
	bytes = put_note(XEN_NOTE, "Xenon", 18, &entry, sizeof(entry));
	cr_assert_eq(pvh_entry(bytes), 0, "a longer owner");
	make_elf();
	bytes = put_note(XEN_NOTE, "Xen", 18, "123456789", 9);
	cr_assert_eq(pvh_entry(bytes), 0, "a note of 9 bytes");
	make_elf();
	elf->segments[NOTES].p_type = PT_NULL;
	cr_assert_eq(pvh_entry(0), 0, "no notes");
}

Test(kernel, notes_that_overrun_end_the_search)
{
	static const uint32_t sizes[] = {0x1000,     0x7fffffff,     0x80000000,
					 UINT32_MAX, UINT32_MAX - 2, IMAGE_BYTES - NOTES_AT};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		Elf64_Nhdr note = {.n_namesz = sizes[i], .n_descsz = 4, .n_type = 18};

		make_elf();
		memcpy(notes + XEN_NOTE, &note, sizeof(note));
		cr_assert_eq(pvh_entry((uint64_t)2 * XEN_NOTE), 0, "a name of %u bytes", sizes[i]);
		note = (Elf64_Nhdr) {.n_namesz = 4, .n_descsz = sizes[i], .n_type = 18};
		memcpy(notes + XEN_NOTE, &note, sizeof(note));
		cr_assert_eq(pvh_entry((uint64_t)2 * XEN_NOTE), 0, "a value of %u bytes", sizes[i]);
	}
	make_elf();
	for (uint64_t bytes = 0; bytes < 2 * XEN_NOTE; bytes++)
		cr_assert_eq(pvh_entry(bytes), 0, "found in %lu bytes", bytes);
	cr_assert_eq(pvh_entry((uint64_t)2 * XEN_NOTE), PVH_ENTRY, "it is not found");
	/* At the very end of the file. */
	memmove(image + IMAGE_BYTES - 2 * XEN_NOTE, notes, 2 * XEN_NOTE);
	elf->segments[NOTES].p_offset = IMAGE_BYTES - 2 * XEN_NOTE;
	cr_assert_eq(pvh_entry((uint64_t)2 * XEN_NOTE), PVH_ENTRY, "it is not found at the end");
}

static void mutate(size_t bytes)
{
	static const uint64_t values[] = {0,
					  1,
					  0xff,
					  0x7fffffff,
					  0x80000000,
					  UINT32_MAX,
					  1ull << 63,
					  UINT64_MAX,
					  UINT64_MAX - 0xfff,
					  IMAGE_BYTES,
					  IMAGE_BYTES - 1,
					  IMAGE_BYTES + 1,
					  KERNEL_AT,
					  KERNEL_END};
	static const size_t widths[] = {1, 2, 4, 8};

	for (uint64_t changes = 1 + random_number() % 4; changes; changes--) {
		uint64_t value = random_number() % 3 ? values[random_number() % COUNT(values)]
						     : random_number();
		size_t width = widths[random_number() % COUNT(widths)];

		memcpy(image + random_number() % (bytes - 8), &value, width);
	}
}

Test(kernel, random_damage_does_no_harm)
{
	unsigned int accepted = 0;
	unsigned int refused = 0;

	for (unsigned int i = 0; i < 8000; i++) {
		size_t size = random_number() % 8 ? IMAGE_BYTES : random_number() % IMAGE_BYTES;
		struct nm_kernel kernel;

		if (i % 2) {
			make_elf();
			mutate(sizeof(elf->header) + sizeof(elf->segments));
			if (i % 4 == 1)
				memset(notes + random_number() % (2 * XEN_NOTE), 0xff, 3);
		} else {
			make_bzimage();
			for (unsigned int j = 0; j < 4; j++)
				image[0x1f1 + random_number() % sizeof(struct setup_header)] =
					(unsigned char)random_number();
		}
		if (parse(&kernel, size))
			refused++;
		else
			accepted++;
	}
	/* Both ways were taken, or this tests nothing. */
	cr_assert(accepted > 100 && refused > 1000, "%u accepted, %u refused", accepted, refused);
}

Test(kernel, memory_that_is_not_there_is_asked_for)
{
	struct nm_kernel kernel;

	make_elf();
	elf->segments[DATA].p_paddr = 31 * MIB + 0xff000;
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), -ENOSPC, "it is loaded");
	assert_error_says("vmlinux: wants the memory up to 33 MiB");
	cr_assert_str_not_empty(nm_error_last()->remedy, "there is no remedy");
	SET(init_size, 16 * MIB);
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), 0, "%s", nm_error_last()->text);
	SET(init_size, 16 * MIB + 1);
	cr_assert_eq(parse(&kernel, IMAGE_BYTES), -ENOSPC, "it is loaded");
}

/* What a boot loader hands over */

/* Up to where a vCPU would be needed. */
static int load(const struct nm_boot *boot)
{
	const struct nm_vcpu none = {.fd = -1};

	return nm_boot_load(boot, &machine, &none);
}

static void assert_handed_over(const struct nm_boot *boot)
{
	cr_assert_eq(load(boot), -EBADF, "%s", nm_error_last()->text);
	assert_error_says("KVM_GET_SREGS");
}

static struct nm_kernel parsed;

static void parse_elf(void)
{
	make_machine();
	make_elf();
	cr_assert_eq(nm_kernel_parse(&parsed, "vmlinux", image, IMAGE_BYTES), 0, "%s",
		     nm_error_last()->text);
}

TestSuite(boot, .init = parse_elf, .fini = free_machine);

Test(boot, an_initramfs_lies_high_and_behind_the_kernel)
{
	const uint64_t behind = KERNEL_AT + 0x6000; /* the next page */
	unsigned char *initrd = calloc(1, 16 * MIB);
	struct nm_boot boot = {.kernel = &parsed,
			       .initrd = initrd,
			       .initrd_bytes = 5000,
			       .command_line = "",
			       .memory_bytes = 32 * MIB};
	const struct setup_header *header =
		(const void *)(machine.slots[0].host + NM_LINUX_BOOT_PARAMS + 0x1f1);
	const unsigned char *end = machine.slots[0].host + 32 * MIB;

	memset(initrd, 0x1d, 5000);
	assert_handed_over(&boot);
	cr_assert_eq(header->ramdisk_image, 32 * MIB - 8192, "it is at %x", header->ramdisk_image);
	cr_assert_eq(header->ramdisk_size, 5000, "it has %u bytes", header->ramdisk_size);
	cr_assert(end[-8193] == 0 && end[-8192] == 0x1d && end[-8192 + 4999] == 0x1d &&
			  end[-8192 + 5000] == 0,
		  "its bytes are elsewhere");
	boot.initrd_bytes = 32 * MIB - behind;
	assert_handed_over(&boot);
	cr_assert_eq(header->ramdisk_image, behind, "it is at %x", header->ramdisk_image);
	/* Its pages would reach into the kernel, its bytes would not. */
	boot.initrd_bytes = 32 * MIB - KERNEL_END;
	cr_assert_eq(load(&boot), -ENOSPC, "it lies on the kernel");
	assert_error_says("does not fit behind the kernel");
	boot.initrd_bytes = 64 * MIB;
	cr_assert_eq(load(&boot), -ENOSPC, "it has no room at all");
	boot.initrd_bytes = 5000;
	parsed.initrd_end = 24 * MIB - 1;
	assert_handed_over(&boot);
	cr_assert_eq(header->ramdisk_image, 24 * MIB - 8192, "it is at %x", header->ramdisk_image);
	free(initrd);
}

Test(boot, a_command_line_has_its_length)
{
	char line[NM_LINUX_COMMAND_LINE_BYTES + 1];
	const struct nm_boot boot = {.kernel = &parsed,
				     .command_line = line,
				     .memory_bytes = 32 * MIB};

	memset(line, 'x', sizeof(line));
	line[NM_LINUX_COMMAND_LINE_BYTES - 1] = '\0';
	assert_handed_over(&boot);
	cr_assert_str_eq((const char *)machine.slots[0].host + NM_LINUX_COMMAND_LINE, line,
			 "it is another");
	line[NM_LINUX_COMMAND_LINE_BYTES - 1] = 'x';
	line[NM_LINUX_COMMAND_LINE_BYTES] = '\0';
	cr_assert_eq(load(&boot), -E2BIG, "it is too long");
}

Test(boot, memory_maps_have_all_ranges_and_no_overlap)
{
	static const uint64_t sizes[] = {32 * MIB, 3328 * MIB, 3329 * MIB, 8192 * MIB};

	for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
		const struct nm_boot boot = {.kernel = &parsed,
					     .command_line = "",
					     .memory_bytes = sizes[i / 2],
					     .share_bytes = i % 2 ? 16 * MIB : 0};
		const struct boot_params *params =
			(const void *)(machine.slots[0].host + NM_LINUX_BOOT_PARAMS);
		uint64_t ram = 0;
		uint64_t at = 0;
		bool shared = false;

		assert_handed_over(&boot);
		for (unsigned int j = 0; j < params->e820_entries; j++) {
			const struct boot_e820_entry *entry = &params->e820_table[j];

			cr_assert_geq(entry->addr, at, "range %u overlaps", j);
			at = entry->addr + entry->size;
			ram += entry->type == 1 ? entry->size : 0;
			shared |= entry->addr == NM_LINUX_SHARE && entry->type == 2;
		}
		/* All but what is between 640 KiB and 1 MiB. */
		cr_assert_eq(ram, sizes[i / 2] - 384 * 1024, "%lu bytes of %lu", ram, sizes[i / 2]);
		cr_assert_eq(shared, i % 2, "the share");
		cr_assert_eq(params->acpi_rsdp_addr, NM_LINUX_ACPI, "the RSDP");
	}
}

Test(boot, impossible_machines_are_refused)
{
	static const struct {
		uint64_t memory;
		unsigned int vcpus;
		uint64_t share;
		const char *says;
	} cases[] = {
		{256 * MIB, 0, 0, "1 to 64 vCPUs"},
		{256 * MIB, 65, 0, "1 to 64 vCPUs"},
		{32 * MIB - 4096, 1, 0, "32 MiB to 1 TiB"},
		{MIB * MIB + 4096, 1, 0, "32 MiB to 1 TiB"},
		{256 * MIB + 1, 1, 0, "32 MiB to 1 TiB"},
		{256 * MIB, 1, 4097, "whole pages"},
		{256 * MIB, 1, 256 * MIB + 4096, "at most 256 MiB"},
	};
	const struct nm_kvm kvm = {.fd = -1};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct nm_linux_config config = {.kernel = &parsed,
						       .command_line = "",
						       .memory_bytes = cases[i].memory,
						       .vcpus = cases[i].vcpus,
						       .share_bytes = cases[i].share,
						       .identity = nm_identity_at(0)};
		struct nm_linux_result result;

		cr_assert_eq(nm_linux_run(&kvm, &config, 1000000, &result), -EINVAL, "case %zu", i);
		assert_error_says(cases[i].says);
	}
}

/* Compressed kernels */

#define PLAIN_BYTES (3 * MIB + 12345)

static unsigned char *plain;
static unsigned char *packed;
static size_t packed_bytes;

static void make_plain(void)
{
	plain = malloc(PLAIN_BYTES);
	packed = malloc(PLAIN_BYTES);
	/* Compressible, and not so much that nothing is left to damage. */
	for (size_t i = 0; i < PLAIN_BYTES; i++)
		plain[i] =
			i % 4096 < 8 ? (unsigned char)random_number() : (unsigned char)(i / 4096);
}

static void free_plain(void)
{
	free(plain);
	free(packed);
}

static void pack_xz(const unsigned char *bytes, size_t size)
{
	packed_bytes = 0;
	cr_assert_eq(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, bytes, size, packed,
					     &packed_bytes, PLAIN_BYTES),
		     LZMA_OK, "it cannot be packed");
}

static void pack_zstd(const unsigned char *bytes, size_t size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	packed_bytes = ZSTD_compress2(context, packed, PLAIN_BYTES, bytes, size);
	ZSTD_freeCCtx(context);
	cr_assert(!ZSTD_isError(packed_bytes), "it cannot be packed");
}

static void (*const packers[])(const unsigned char *bytes, size_t size) = {pack_xz, pack_zstd};

/* From memory that ends where the stream does. */
static int unpack(size_t size, size_t limit, struct nm_text *out)
{
	unsigned char *exact = malloc(size ? size : 1);
	int r;

	memcpy(exact, packed, size);
	*out = (struct nm_text) {0};
	r = nm_unpack(exact, size, limit, out);
	free(exact);
	return r;
}

static void assert_unpack(size_t size, size_t limit, int code)
{
	struct nm_text out;
	int r = unpack(size, limit, &out);

	cr_assert_eq(r, code, "%zu of %zu bytes, limit %zu: %d: %s", size, packed_bytes, limit, r,
		     nm_error_last()->text);
	nm_text_free(&out);
}

TestSuite(unpack, .init = make_plain, .fini = free_plain);

Test(unpack, gives_back_what_was_packed)
{
	static const size_t sizes[] = {0, 1, 4096, MIB - 1, MIB, MIB + 1, PLAIN_BYTES};

	for (size_t i = 0; i < COUNT(packers); i++) {
		for (size_t j = 0; j < COUNT(sizes); j++) {
			struct nm_text out;

			packers[i](plain, sizes[j]);
			/* Linux appends the size to some streams. */
			memset(packed + packed_bytes, 0xee, 4);
			for (size_t behind = 0; behind <= 4; behind += 4) {
				cr_assert_eq(unpack(packed_bytes + behind, PLAIN_BYTES, &out), 0,
					     "packer %zu, %zu bytes: %s", i, sizes[j],
					     nm_error_last()->text);
				cr_assert_eq(out.length, sizes[j], "%zu bytes", out.length);
				cr_assert(!sizes[j] || !memcmp(out.bytes, plain, sizes[j]),
					  "other bytes");
				nm_text_free(&out);
			}
		}
	}
}

Test(unpack, the_limit_holds)
{
	for (size_t i = 0; i < COUNT(packers); i++) {
		packers[i](plain, PLAIN_BYTES);
		assert_unpack(packed_bytes, PLAIN_BYTES, 0);
		assert_unpack(packed_bytes, PLAIN_BYTES - 1, -EFBIG);
		assert_unpack(packed_bytes, 0, -EFBIG);
	}
}

Test(unpack, what_is_cut_off_is_damaged)
{
	for (size_t i = 0; i < COUNT(packers); i++) {
		packers[i](plain, PLAIN_BYTES);
		for (size_t size = 8; size < packed_bytes; size += 1 + size / 16)
			assert_unpack(size, PLAIN_BYTES, -EBADMSG);
		assert_unpack(packed_bytes - 1, PLAIN_BYTES, -EBADMSG);
		assert_error_says("damaged");
	}
}

Test(unpack, damage_is_found_or_harmless)
{
	for (size_t i = 0; i < COUNT(packers); i++) {
		unsigned int found = 0;

		packers[i](plain, 20000);
		for (size_t at = 0; at < packed_bytes; at++) {
			struct nm_text out;

			packed[at] ^= (unsigned char)(1 + random_number() % 255);
			if (unpack(packed_bytes, PLAIN_BYTES, &out))
				found++;
			else
				cr_assert(out.length == 20000 && !memcmp(out.bytes, plain, 20000),
					  "packer %zu: damage at %zu is not found", i, at);
			nm_text_free(&out);
			packers[i](plain, 20000);
		}
		cr_assert_gt(found, packed_bytes / 2, "%u of %zu", found, packed_bytes);
	}
}

Test(unpack, others_are_not_known)
{
	static const char gzip[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";

	memcpy(packed, gzip, sizeof(gzip));
	for (size_t size = 0; size < sizeof(gzip); size++)
		assert_unpack(size, PLAIN_BYTES, -ENOTSUP);
	for (size_t i = 0; i < COUNT(packers); i++) {
		packers[i](plain, 100);
		for (size_t size = 0; size <= 4; size++)
			assert_unpack(size, PLAIN_BYTES, -ENOTSUP);
	}
}

static void enter_plain(void)
{
	enter_folder();
	make_machine();
	make_plain();
}

static void leave_plain(void)
{
	free_plain();
	free_machine();
	leave_folder();
}

TestSuite(packed_kernel, .init = enter_plain, .fini = leave_plain);

/* A bzImage with the packed ELF file in it. */
static void write_packed(const char *path)
{
	unsigned char inside[sizeof(image)];
	size_t bytes;

	memcpy(inside, packed, packed_bytes);
	bytes = packed_bytes;
	make_bzimage();
	cr_assert_leq(PAYLOAD_AT + 256 + bytes, sizeof(image), "%zu bytes", bytes);
	memcpy(image + PAYLOAD_AT + 256, inside, bytes);
	SETUP->payload_offset = 256;
	SETUP->payload_length = (uint32_t)bytes;
	write_bytes(path, (const char *)image, sizeof(image));
}

static void assert_read(const char *path, bool unpacks, bool is_elf)
{
	struct nm_text bytes = {0};
	struct nm_kernel kernel;

	cr_assert_eq(nm_kernel_read(&kernel, path, unpacks, &bytes), 0, "%s",
		     nm_error_last()->text);
	cr_assert_eq(kernel.payload == 0, is_elf, "unpacked: %d", kernel.payload == 0);
	cr_assert_eq(kernel.pvh_entry, is_elf ? PVH_ENTRY : 0, "PVH entry %lx", kernel.pvh_entry);
	cr_assert_eq(nm_kernel_load(&kernel, &machine), 0, "%s", nm_error_last()->text);
	nm_text_free(&bytes);
}

Test(packed_kernel, is_unpacked_when_asked_for)
{
	for (size_t i = 0; i < COUNT(packers); i++) {
		make_elf();
		packers[i](image, sizeof(image));
		write_packed("kernel");
		assert_read("kernel", false, false);
		assert_read("kernel", true, true);
	}
	make_elf();
	write_bytes("kernel", (const char *)image, sizeof(image));
	assert_read("kernel", true, true);
}

Test(packed_kernel, stays_as_it_is_when_it_cannot_be)
{
	static const uint32_t outside[] = {IMAGE_BYTES, UINT32_MAX, UINT32_MAX - PAYLOAD_AT};

	make_elf();
	pack_zstd(image, sizeof(image));
	write_packed("kernel");
	image[PAYLOAD_AT + 256] ^= 1;
	write_bytes("kernel", (const char *)image, sizeof(image));
	assert_read("kernel", true, false);
	image[PAYLOAD_AT + 256] ^= 1;
	SETUP->payload_length /= 2;
	write_bytes("kernel", (const char *)image, sizeof(image));
	assert_read("kernel", true, false);
	for (size_t i = 0; i < COUNT(outside); i++) {
		SETUP->payload_length = outside[i];
		write_bytes("kernel", (const char *)image, sizeof(image));
		assert_read("kernel", true, false);
		SETUP->payload_offset = outside[i];
		write_bytes("kernel", (const char *)image, sizeof(image));
		assert_read("kernel", true, false);
		SETUP->payload_offset = 256;
	}
}

Test(packed_kernel, random_damage_does_no_harm)
{
	unsigned char good[IMAGE_BYTES];

	make_elf();
	pack_xz(image, sizeof(image));
	write_packed("kernel");
	memcpy(good, image, sizeof(good));
	for (unsigned int i = 0; i < 1000; i++) {
		struct nm_text bytes = {0};
		struct nm_kernel kernel;

		memcpy(image, good, sizeof(image));
		image[0x1f1 + random_number() % (PAYLOAD_AT + 512 - 0x1f1)] =
			(unsigned char)random_number();
		image[random_number() % sizeof(image)] ^= (unsigned char)random_number();
		write_bytes("kernel", (const char *)image, sizeof(image));
		if (!nm_kernel_read(&kernel, "kernel", true, &bytes))
			(void)nm_kernel_load(&kernel, &machine);
		nm_text_free(&bytes);
	}
}

/* The initramfs of a proof */

TestSuite(initramfs, .init = enter_folder, .fini = leave_folder);

static unsigned long field(const struct nm_text *archive, size_t at, unsigned int index)
{
	char digits[9] = {0};

	cr_assert_leq(at + 110, archive->length, "an entry is cut off");
	memcpy(digits, archive->bytes + at + 6 + index * 8, 8);
	cr_assert_eq(strspn(digits, "0123456789ABCDEF"), 8, "field %u is \"%s\"", index, digits);
	return strtoul(digits, NULL, 16);
}

static size_t aligned(size_t bytes)
{
	return (bytes + 3) / 4 * 4;
}

/* Names, modes and devices of buffer-format.rst; the init has a length that needs padding. */
Test(initramfs, has_an_init_and_a_console)
{
	static const struct {
		const char *name;
		unsigned long mode, bytes, major, minor;
	} expected[] = {{"dev", S_IFDIR | 0755, 0, 0, 0},
			{"dev/console", S_IFCHR | 0600, 0, 5, 1},
			{"dev/ttyS0", S_IFCHR | 0600, 0, 4, 64},
			{"proc", S_IFDIR | 0755, 0, 0, 0},
			{"sys", S_IFDIR | 0755, 0, 0, 0},
			{"init", S_IFREG | 0755, 7, 0, 0},
			{"TRAILER!!!", 0, 0, 0, 0}};
	const struct nm_initramfs_file init = {"init", 0755, "#!/init", 7};
	struct nm_text archive = {0};
	size_t at = 0;

	cr_assert_eq(nm_initramfs_write(&archive, &init, 1), 0, "%s", nm_error_last()->text);
	for (size_t i = 0; i < COUNT(expected); i++) {
		const char *name = archive.bytes + at + 110;

		cr_assert_eq(memcmp(archive.bytes + at, "070701", 6), 0, "entry %zu: magic", i);
		cr_assert_eq(field(&archive, at, 1), expected[i].mode, "%s: mode", name);
		cr_assert_eq(field(&archive, at, 2), 0, "%s: user", name);
		cr_assert_eq(field(&archive, at, 3), 0, "%s: group", name);
		cr_assert_eq(field(&archive, at, 4), 1, "%s: links", name);
		cr_assert_eq(field(&archive, at, 6), expected[i].bytes, "%s: size", name);
		cr_assert_eq(field(&archive, at, 9), expected[i].major, "%s: major", name);
		cr_assert_eq(field(&archive, at, 10), expected[i].minor, "%s: minor", name);
		cr_assert_eq(field(&archive, at, 11), strlen(expected[i].name) + 1, "%s: length",
			     name);
		cr_assert_str_eq(name, expected[i].name, "entry %zu is %s", i, name);
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(expected[j].name, name, "twice");
		at = aligned(at + 110 + strlen(name) + 1);
		if (expected[i].bytes)
			cr_assert_eq(memcmp(archive.bytes + at, "#!/init", 7), 0, "another init");
		at = aligned(at + expected[i].bytes);
	}
	cr_assert_eq(at, archive.length, "%zu bytes behind the end", archive.length - at);
	write_bytes("archive", archive.bytes, archive.length);
	nm_text_free(&archive);
	if (system("command -v cpio >/dev/null"))
		return;
	cr_assert_eq(system("cpio -t <archive >list 2>messages"), 0, "cpio does not read it");
	assert_file_holds("list", "dev\ndev/console\ndev/ttyS0\nproc\nsys\ninit\n");
}

/* ACPI */

static uint64_t number(const unsigned char *at, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, bytes);
	return value;
}

static uint8_t sum(const unsigned char *bytes, size_t length)
{
	uint8_t total = 0;

	for (size_t i = 0; i < length; i++)
		total = (uint8_t)(total + bytes[i]);
	return total;
}

static unsigned char tables[NM_LINUX_ACPI_BYTES];

/* The table at a guest address, which lies within and sums up to 0. */
static const unsigned char *table(uint64_t address, const char *signature)
{
	const unsigned char *at = tables + (address - NM_LINUX_ACPI);
	uint64_t bytes;

	cr_assert(address >= NM_LINUX_ACPI && address + 36 <= NM_LINUX_ACPI + sizeof(tables),
		  "%s is at %lx", signature, address);
	cr_assert_eq(memcmp(at, signature, 4), 0, "%.4s instead of %s", (const char *)at,
		     signature);
	bytes = number(at + 4, 4);
	cr_assert(bytes >= 36 && bytes <= sizeof(tables) - (size_t)(at - tables), "%s: %lu bytes",
		  signature, bytes);
	cr_assert_eq(sum(at, bytes), 0, "%s: checksum", signature);
	return at;
}

static const unsigned char *write_acpi(unsigned int vcpus)
{
	memset(tables, 0xa5, sizeof(tables));
	cr_assert_eq(nm_acpi_write(tables, sizeof(tables), vcpus, NULL), 0, "%s",
		     nm_error_last()->text);
	cr_assert_eq(memcmp(tables, "RSD PTR ", 8), 0, "no RSDP");
	cr_assert_eq(sum(tables, 20), 0, "checksum of the RSDP");
	cr_assert_eq(sum(tables, 36), 0, "extended checksum of the RSDP");
	cr_assert_eq(tables[15], 2, "revision of the RSDP");
	cr_assert_eq(number(tables + 20, 4), 36, "length of the RSDP");
	return table(number(tables + 24, 8), "XSDT");
}

Test(acpi, fixed_hardware_is_where_its_devices_are)
{
	const unsigned char *xsdt = write_acpi(1);
	const unsigned char *fadt = table(number(xsdt + 36, 8), "FACP");
	const unsigned char *dsdt = table(number(fadt + 140, 8), "DSDT");
	const unsigned char *facs = tables + (number(fadt + 36, 4) - NM_LINUX_ACPI);
	static const unsigned char s5[] = {8, '_', 'S', '5', '_', 0x12, 8, 4, 0x0a, 5};

	cr_assert_eq(number(xsdt + 4, 4), 36 + 16, "the XSDT has other tables");
	cr_assert_eq(number(fadt + 4, 4), 268, "length of the FADT");
	cr_assert_eq(number(fadt + 40, 4), number(fadt + 140, 8), "two DSDTs");
	cr_assert_eq(number(fadt + 46, 2), NM_LINUX_SCI, "SCI");
	cr_assert_eq(number(fadt + 48, 4), 0, "an SMI command");
	cr_assert_eq(number(fadt + 56, 4), NM_LINUX_PM1_EVENT, "PM1a event block");
	cr_assert_eq(number(fadt + 64, 4), NM_LINUX_PM1_CONTROL, "PM1a control block");
	cr_assert_eq(fadt[88], 4, "its length");
	cr_assert_eq(fadt[89], 2, "its length");
	cr_assert(number(fadt + 112, 4) & 1u << 10, "no reset register");
	cr_assert_eq(fadt[116], 1, "the reset register is no port");
	cr_assert_eq(number(fadt + 120, 8), NM_LINUX_RESET_PORT, "reset register");
	cr_assert_eq(fadt[128], NM_LINUX_RESET_VALUE, "reset value");
	cr_assert_eq(number(fadt + 148 + 4, 8), NM_LINUX_PM1_EVENT, "X_PM1a event block");
	cr_assert_eq(number(fadt + 172 + 4, 8), NM_LINUX_PM1_CONTROL, "X_PM1a control block");
	cr_assert_eq((facs - tables) % 64, 0, "the FACS is not aligned");
	cr_assert_eq(memcmp(facs, "FACS", 4), 0, "no FACS");
	cr_assert_eq(number(facs + 4, 4), 64, "length of the FACS");
	cr_assert_eq(memcmp(dsdt + 36, s5, sizeof(s5)), 0, "no S5");
}

Test(acpi, each_processor_has_its_entry)
{
	static const unsigned int counts[] = {1, 2, NM_LINUX_MAX_VCPUS};

	for (size_t i = 0; i < COUNT(counts); i++) {
		const unsigned char *xsdt = write_acpi(counts[i]);
		const unsigned char *madt = table(number(xsdt + 44, 8), "APIC");
		const unsigned char *end = madt + number(madt + 4, 4);
		unsigned int kinds[3] = {0};

		cr_assert_eq(number(madt + 36, 4), NM_LINUX_LAPIC, "the local APIC");
		for (const unsigned char *at = madt + 44; at < end; at += at[1]) {
			cr_assert(at[0] < 3 && at[1] >= 8 && at + at[1] <= end, "an odd entry");
			if (at[0] == 0) {
				cr_assert_eq(at[2], kinds[0], "processor %u", at[2]);
				cr_assert_eq(at[3], kinds[0], "APIC %u", at[3]);
				cr_assert_eq(number(at + 4, 4), 1, "it is not enabled");
			} else if (at[0] == 1) {
				cr_assert_geq(at[2], counts[i], "two APICs have one number");
				cr_assert_eq(number(at + 4, 4), NM_LINUX_IOAPIC, "I/O APIC");
			}
			kinds[at[0]]++;
		}
		cr_assert_eq(kinds[0], counts[i], "%u processors", kinds[0]);
		cr_assert_eq(kinds[1], 1, "%u I/O APICs", kinds[1]);
		cr_assert_eq(kinds[2], 1, "%u overrides", kinds[2]);
	}
}

Test(acpi, tables_that_do_not_fit_are_refused)
{
	size_t size = 0;

	for (;; size++) {
		unsigned char *memory = malloc(size ? size : 1);
		int r = nm_acpi_write(memory, size, NM_LINUX_MAX_VCPUS, NULL);

		free(memory);
		if (!r)
			break;
		cr_assert_eq(r, -ENOSPC, "%zu bytes: %d", size, r);
		assert_error_says("ACPI tables of 64 vCPUs");
	}
	cr_assert(size > 500 && size <= NM_LINUX_ACPI_BYTES, "they need %zu bytes", size);
}

/* SMBIOS and identities */

static unsigned char smbios[NM_LINUX_SMBIOS_BYTES];

struct structure {
	const unsigned char *at;
	const char *strings[8];
	unsigned int count;
	const unsigned char *next;
};

static struct structure read_structure(const unsigned char *at)
{
	struct structure result = {.at = at};
	const char *text = (const char *)at + at[1];

	for (; *text; text += strlen(text) + 1) {
		cr_assert_lt(result.count, 8, "too many strings");
		result.strings[result.count++] = text;
	}
	/* Two zeroes at the end, also without strings. */
	result.next = (const unsigned char *)text + (result.count ? 1 : 2);
	cr_assert(result.next <= smbios + sizeof(smbios) && result.next[-1] == 0 &&
			  result.next[-2] == 0,
		  "a structure without an end");
	return result;
}

static void assert_string(const struct structure *structure, size_t offset, const char *expected)
{
	unsigned int index = structure->at[offset];

	cr_assert_leq(index, structure->count, "string %u of %u", index, structure->count);
	if (!expected)
		cr_assert_eq(index, 0, "type %u has a string at %zu", structure->at[0], offset);
	else
		cr_assert_str_eq(structure->strings[index - 1], expected, "type %u, offset %zu: %s",
				 structure->at[0], offset, structure->strings[index - 1]);
}

static void check_structure(const struct structure *structure, const struct nm_identity *identity)
{
	switch (structure->at[0]) {
	case 0:
		assert_string(structure, 4, identity->bios_vendor);
		cr_assert_eq(structure->at[1], 24, "length of the BIOS structure");
		cr_assert_eq(!(structure->at[19] & 0x10), !identity->signature, "the VM bit");
		break;
	case 1:
		assert_string(structure, 4, identity->vendor);
		assert_string(structure, 5, identity->product);
		assert_string(structure, 7, identity->serial);
		cr_assert_eq(structure->at[1], 27, "length of the system structure");
		cr_assert_eq(memcmp(structure->at + 8, identity->uuid, 16), 0, "another UUID");
		break;
	case 2:
		assert_string(structure, 4, identity->vendor);
		assert_string(structure, 8, identity->board_asset);
		cr_assert_eq(structure->at[1], 15, "length of the board structure");
		break;
	case 3:
		assert_string(structure, 4, identity->vendor);
		assert_string(structure, 8, identity->chassis_asset);
		cr_assert_eq(structure->at[1], 21, "length of the chassis structure");
		break;
	default:
		cr_assert_eq(structure->at[0], 127, "type %u", structure->at[0]);
		cr_assert_eq(structure->at[1], 4, "length of the end");
		break;
	}
}

Test(smbios, every_identity_is_found_in_its_structures)
{
	for (unsigned int i = 0; nm_identity_at(i); i++) {
		const struct nm_identity *identity = nm_identity_at(i);
		const unsigned char *at = smbios + 32;
		size_t largest = 0;
		unsigned int count;

		memset(smbios, 0xa5, sizeof(smbios));
		cr_assert_eq(nm_smbios_write(smbios, sizeof(smbios), identity), 0, "%s",
			     nm_error_last()->text);
		cr_assert_eq(memcmp(smbios, "_SM_", 4), 0, "no anchor");
		cr_assert_eq(memcmp(smbios + 16, "_DMI_", 5), 0, "no second anchor");
		cr_assert_eq(smbios[5], 31, "length of the entry point");
		cr_assert_eq(sum(smbios, 31), 0, "checksum");
		cr_assert_eq(sum(smbios + 16, 15), 0, "second checksum");
		cr_assert_eq(number(smbios + 24, 4), NM_LINUX_SMBIOS + 32, "place of the table");
		count = (unsigned int)number(smbios + 28, 2);
		cr_assert_eq(count, 5, "%u structures", count);
		for (unsigned int j = 0; j < count; j++) {
			const struct structure structure = read_structure(at);

			cr_assert_eq(number(at + 2, 2), j, "handle of structure %u", j);
			check_structure(&structure, identity);
			if ((size_t)(structure.next - at) > largest)
				largest = (size_t)(structure.next - at);
			at = structure.next;
		}
		cr_assert_eq(number(smbios + 22, 2), (size_t)(at - smbios) - 32, "table length");
		cr_assert_eq(number(smbios + 8, 2), largest, "the largest has %zu bytes", largest);
		cr_assert_eq(*at, 0xa5, "something behind the end");
	}
}

Test(smbios, tables_that_do_not_fit_are_refused)
{
	size_t size = 0;

	for (;; size++) {
		unsigned char *memory = malloc(size ? size : 1);
		int r = nm_smbios_write(memory, size, nm_identity_find("ec2"));

		free(memory);
		if (!r)
			break;
		cr_assert_eq(r, -ENOSPC, "%zu bytes: %d", size, r);
		assert_error_says("SMBIOS tables");
	}
	cr_assert(size > 100 && size <= NM_LINUX_SMBIOS_BYTES, "they need %zu bytes", size);
}

Test(identities, have_names_of_their_own_and_signatures_that_fit)
{
	unsigned int count = 0;

	for (; nm_identity_at(count); count++) {
		const struct nm_identity *identity = nm_identity_at(count);

		cr_assert_eq(nm_identity_find(identity->name), identity, "%s: not found, or twice",
			     identity->name);
		cr_assert(!identity->signature ||
				  (*identity->signature && strlen(identity->signature) <= 12),
			  "%s: signature", identity->name);
		cr_assert_eq(!identity->signature, !identity->highest_leaf, "%s: leaves",
			     identity->name);
		cr_assert(identity->bios_vendor && identity->vendor && identity->product,
			  "%s: strings", identity->name);
		cr_assert(!identity->kvm || !strcmp(identity->signature, "KVMKVMKVM"),
			  "%s: KVM's leaves under another name", identity->name);
	}
	cr_assert_geq(count, 7, "%u identities", count);
	cr_assert_null(nm_identity_at(UINT32_MAX), "one too many");
	cr_assert_null(nm_identity_find("KVM"), "KVM is not kvm");
	cr_assert_null(nm_identity_find(""), "no name is one");
	cr_assert_null(nm_identity_find("metal")->signature, "bare metal has a hypervisor");
}

/* The serial port, as drivers/tty/serial/8250/8250_port.c looks at it */

#define COM1 NM_LINUX_COM1

static struct nm_vm no_vm = {.fd = -1};
static struct nm_uart uart;
static struct nm_device port;
static struct nm_text sent;

static void on_output(void *context, const char *bytes, size_t length)
{
	nm_text_put(context, bytes, length);
}

static void make_uart(void)
{
	nm_uart_init(&uart, &no_vm, 4, on_output, &sent);
	port = nm_uart_device(&uart, COM1);
}

static void free_sent(void)
{
	nm_text_free(&sent);
}

static void move(unsigned int at, bool write, uint32_t bytes, uint32_t count, void *data)
{
	const struct nm_access access = {
		.address = COM1 + at, .bytes = bytes, .count = count, .write = write, .data = data};

	port.access(port.context, &access);
}

static void out(unsigned int at, unsigned char value)
{
	move(at, true, 1, 1, &value);
}

static unsigned char in(unsigned int at)
{
	unsigned char value = 0xee;

	move(at, false, 1, 1, &value);
	return value;
}

static void assert_sent(const char *expected)
{
	cr_assert_str_eq(sent.bytes ? sent.bytes : "", expected, "sent: %s",
			 sent.bytes ? sent.bytes : "");
}

TestSuite(uart, .init = make_uart, .fini = free_sent);

Test(uart, is_a_16550a_to_the_driver)
{
	cr_assert(port.bus == NM_BUS_PIO && port.base == COM1 && port.bytes == 8, "its ports");
	/* autoconfig(): is there anything, and has it an interrupt enable register? */
	out(UART_IER, 0);
	cr_assert_eq(in(UART_IER)&0x0f, 0, "IER after 0");
	out(UART_IER, 0x0f);
	cr_assert_eq(in(UART_IER)&0x0f, 0x0f, "IER after 0Fh");
	out(UART_IER, 0xff);
	cr_assert_eq(in(UART_IER), 0x0f, "IER after FFh");
	out(UART_IER, 0);
	out(UART_MCR, UART_MCR_LOOP | 0x0a);
	cr_assert_eq(in(UART_MSR)&0xf0, 0x90, "MSR in loopback: %02x", in(UART_MSR));
	out(UART_MCR, UART_MCR_LOOP | 0x05);
	cr_assert_eq(in(UART_MSR)&0xf0, 0x60, "MSR in loopback: %02x", in(UART_MSR));
	out(UART_MCR, 0xff);
	cr_assert_eq(in(UART_MCR), 0x1f, "MCR");
	out(UART_MCR, 0);
	cr_assert_eq(in(UART_MSR)&0xf0, 0xb0, "MSR: carrier, ready, clear to send");
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	cr_assert_eq(in(UART_IIR) >> 6, 3, "no FIFO");
	out(UART_FCR, 0);
	cr_assert_eq(in(UART_IIR) >> 6, 0, "still a FIFO");
	for (unsigned int value = 0; value < 256; value += 0x55) {
		out(UART_SCR, (unsigned char)value);
		cr_assert_eq(in(UART_SCR), value, "scratch register");
		out(UART_LCR, (unsigned char)value);
		cr_assert_eq(in(UART_LCR), value, "LCR");
	}
}

Test(uart, the_divisor_is_no_output)
{
	out(UART_IER, 5);
	out(UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	out(UART_DLL, 0x12);
	out(UART_DLM, 0x34);
	cr_assert_eq(in(UART_DLL), 0x12, "divisor, low");
	cr_assert_eq(in(UART_DLM), 0x34, "divisor, high");
	out(UART_LCR, UART_LCR_WLEN8);
	cr_assert_eq(in(UART_IER), 5, "the divisor became IER");
	cr_assert_eq(in(UART_RX), 0, "something was received");
	assert_sent("");
}

Test(uart, sends_at_once_and_is_empty_again)
{
	unsigned char wide[] = {'e', 'X', 'f', 'Y'};

	cr_assert_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE, "LSR");
	out(UART_TX, 'a');
	cr_assert_eq(in(UART_LSR), UART_LSR_TEMT | UART_LSR_THRE, "LSR");
	out(UART_MCR, UART_MCR_LOOP);
	out(UART_TX, 'x');
	out(UART_MCR, 0);
	move(UART_TX, true, 1, 3, (char[]) {'b', 'c', 'd'});
	assert_sent("abcd");
	/* Words: eight bits of each. */
	move(UART_TX, true, 2, 2, wide);
	assert_sent("abcdef");
}

/* serial8250_THRE_test() and the interrupt handler: reading the cause takes it back. */
Test(uart, an_empty_transmitter_interrupts_once)
{
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT, "before anything");
	out(UART_IER, UART_IER_THRI);
	cr_assert_eq(in(UART_IIR), UART_IIR_THRI, "enabled");
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT, "read");
	out(UART_IER, UART_IER_THRI);
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT, "it was enabled before");
	out(UART_IER, 0);
	out(UART_IER, UART_IER_THRI);
	cr_assert_eq(in(UART_IIR), UART_IIR_THRI, "enabled again");
	out(UART_TX, 'a');
	cr_assert_eq(in(UART_IIR), UART_IIR_THRI, "sent");
	out(UART_TX, 'b');
	out(UART_IER, 0);
	cr_assert_eq(in(UART_IIR), UART_IIR_NO_INT, "disabled");
	assert_sent("ab");
}

Test(uart, the_line_follows_cause_and_connection)
{
	out(UART_IER, UART_IER_THRI);
	cr_assert(!uart.line, "OUT2 does not connect it");
	out(UART_MCR, UART_MCR_OUT2);
	cr_assert(uart.line, "connected");
	in(UART_LSR);
	in(UART_MSR);
	cr_assert(uart.line, "other registers take nothing back");
	in(UART_IIR);
	cr_assert(!uart.line, "the cause was read");
	out(UART_TX, 'a');
	cr_assert(uart.line, "sent");
	out(UART_IER, 0);
	cr_assert(!uart.line, "disabled");
}

Test(uart, wide_and_long_accesses_stay_in_their_buffer)
{
	static const uint32_t widths[] = {1, 2, 4};

	for (unsigned int at = 0; at < 8; at++) {
		for (size_t i = 0; i < COUNT(widths); i++) {
			for (uint32_t count = 1; count <= 1024; count *= 32) {
				size_t bytes = (size_t)widths[i] * count;
				unsigned char *data = malloc(bytes);

				memset(data, 0x03, bytes);
				move(at, true, widths[i], count, data);
				move(at, false, widths[i], count, data);
				for (size_t j = 0; j < bytes; j++)
					cr_assert(j % widths[i] == 0 || data[j] == 0xff,
						  "byte %zu at %u is %02x", j, at, data[j]);
				free(data);
			}
		}
	}
}

/* Instructions */

Test(instruction, those_that_stop_guests_have_names)
{
	static const struct {
		const char *bytes;
		size_t count;
		const char *name;
	} cases[] = {
		{"\x0f\x01\xc1", 3, "VMCALL"},
		{"\x0f\x01\xd9", 3, "VMMCALL"},
		{"\x0f\x01\xca", 3, "CLAC"},
		{"\x0f\x01\xcb", 3, "STAC"},
		{"\x0f\x01\xd0", 3, "XGETBV"},
		{"\x0f\x01\xd1", 3, "XSETBV"},
		{"\x0f\x01\xf9", 3, "RDTSCP"},
		{"\x0f\x01\xf8", 3, NULL}, /* SWAPGS */
		{"\x0f\x02\xc0", 3, "LAR"},
		{"\x66\x0f\x03\xc0", 4, "LSL"},
		/* Group 15: the same extension is another instruction with a register. */
		{"\x48\x0f\xae\x07", 4, "FXSAVE64"},
		{"\x48\x0f\xae\x0f", 4, "FXRSTOR64"},
		{"\x0f\xae\x07", 3, NULL}, /* FXSAVE, which KVM emulates */
		{"\x0f\xae\x27", 3, "XSAVE"},
		{"\x48\x0f\xae\x27", 4, "XSAVE"},
		{"\x0f\xae\x2f", 3, "XRSTOR"},
		{"\x48\x0f\xae\x6f\x40", 5, "XRSTOR"},
		{"\x0f\xae\x37", 3, "XSAVEOPT"},
		{"\x0f\xae\x3f", 3, NULL}, /* CLFLUSH */
		{"\x0f\xae\xe8", 3, "LFENCE"},
		{"\x0f\xae\xf0", 3, "MFENCE"},
		{"\x0f\xae\xf8", 3, "SFENCE"},
		{"\xf3\x48\x0f\xae\xc0", 5, "RDFSBASE"},
		{"\xf3\x48\x0f\xae\xc8", 5, "RDGSBASE"},
		{"\xf3\x48\x0f\xae\xd0", 5, "WRFSBASE"},
		{"\xf3\x48\x0f\xae\xd8", 5, "WRGSBASE"},
		{"\xf3\x0f\xae\x27", 4, NULL}, /* PTWRITE */
		{"\xf3\x0f\xae\xe8", 4, NULL}, /* INCSSPD */
		/* Group 9. */
		{"\x48\x0f\xc7\x0f", 4, "CMPXCHG16B"},
		{"\xf0\x49\x0f\xc7\x08", 5, "CMPXCHG16B"},
		{"\xf0\x0f\xc7\x0f", 4, "CMPXCHG8B"},
		{"\x0f\xc7\x1f", 3, "XRSTORS"},
		{"\x48\x0f\xc7\x27", 4, "XSAVEC"},
		{"\x48\x0f\xc7\x2f", 4, "XSAVES"},
		{"\x0f\xc7\xf0", 3, "RDRAND"},
		{"\x48\x0f\xc7\xf8", 4, "RDSEED"},
		{"\xf3\x0f\xc7\xf8", 4, "RDPID"},
		{"\x0f\xc7\x37", 3, NULL}, /* VMPTRLD */
		{"\xf3\x0f\xb8\xc0", 4, "POPCNT"},
		{"\x0f\xb8\xc0", 3, NULL},
		{"\x66\x0f\x38\x82\x00", 5, "INVPCID"},
		{"\x66\x0f\x38\x81\x00", 5, NULL},
		{"\xd9\xc0", 2, "an x87 instruction"},
		{"\x9b", 1, "FWAIT"},
		{"\xc5\xf8\x77", 3, "a VEX instruction"},
		{"\xc4\xe2\x79\x18", 4, "a VEX instruction"},
		{"\x62\xf1\x7c\x48", 4, "an EVEX instruction"},
		{"\xcc", 1, "INT3"},
		{"\xcd\x80", 2, "INT n"},
		{"\x90", 1, NULL},
		{"\x00\x00", 2, NULL},
		{"", 0, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name =
			nm_instruction_name((const uint8_t *)cases[i].bytes, cases[i].count);

		cr_assert_str_eq(name ? name : "", cases[i].name ? cases[i].name : "",
				 "case %zu is %s", i, name ? name : "unknown");
	}
}

Test(instruction, bytes_that_are_missing_are_not_read)
{
	static const unsigned char longest[] = {0xf3, 0x66, 0x48, 0x0f, 0x38, 0x82};

	for (size_t prefixes = 0; prefixes <= 15; prefixes++) {
		for (size_t count = 0; count < sizeof(longest); count++) {
			unsigned char *bytes = malloc(prefixes + count + 1);
			unsigned char *exact =
				realloc(bytes, prefixes + count ? prefixes + count : 1);

			memset(exact, 0x66, prefixes);
			memcpy(exact + prefixes, longest, count);
			cr_assert_null(nm_instruction_name(exact, prefixes + count), "%zu + %zu",
				       prefixes, count);
			free(exact);
		}
	}
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned char *bytes = malloc(15);
		size_t count = random_number() % 16;

		for (size_t j = 0; j < 15; j++)
			bytes[j] = (unsigned char)(random_number() % 3 ? random_number() : 0x0f);
		(void)nm_instruction_name(bytes, count);
		free(bytes);
	}
}

/* Devices */

struct log {
	unsigned int calls;
	struct nm_access last;
};

static void on_logged(void *context, const struct nm_access *access)
{
	struct log *log = context;

	log->calls++;
	log->last = *access;
}

/* kvm_run, with the page behind it in which KVM hands over the data of ports. */
static union {
	struct kvm_run run;
	unsigned char pages[8192];
} exit_area;

static bool serve_port(const struct nm_devices *devices, uint16_t at)
{
	exit_area.run.exit_reason = KVM_EXIT_IO;
	exit_area.run.io.direction = KVM_EXIT_IO_OUT;
	exit_area.run.io.port = at;
	exit_area.run.io.size = 2;
	exit_area.run.io.count = 3;
	exit_area.run.io.data_offset = 4096;
	return nm_devices_serve(devices, &exit_area.run);
}

static bool serve_memory(const struct nm_devices *devices, uint64_t at)
{
	exit_area.run.exit_reason = KVM_EXIT_MMIO;
	exit_area.run.mmio.phys_addr = at;
	exit_area.run.mmio.len = 8;
	exit_area.run.mmio.is_write = 0;
	return nm_devices_serve(devices, &exit_area.run);
}

static bool serve_msr(const struct nm_devices *devices, uint32_t reason, uint32_t at)
{
	exit_area.run.exit_reason = reason;
	exit_area.run.msr.error = 1;
	exit_area.run.msr.index = at;
	return nm_devices_serve(devices, &exit_area.run);
}

Test(devices, an_msr_is_an_address_of_its_own)
{
	struct log ports = {0};
	struct log msr = {0};
	struct nm_devices devices = {0};
	const struct nm_device items[] = {
		{NM_BUS_PIO, 0x100, 4, on_logged, &ports},
		{NM_BUS_MSR, 0x100, 1, on_logged, &msr},
	};

	for (size_t i = 0; i < COUNT(items); i++)
		cr_assert_eq(nm_devices_add(&devices, items[i]), 0, "%s", nm_error_last()->text);
	cr_assert(serve_msr(&devices, KVM_EXIT_X86_RDMSR, 0x100) && !msr.last.write, "a read");
	cr_assert_eq(exit_area.run.msr.error, 0, "#GP");
	cr_assert(serve_msr(&devices, KVM_EXIT_X86_WRMSR, 0x100) && msr.last.write, "a write");
	cr_assert(msr.last.data == &exit_area.run.msr.data && msr.last.bytes == 8 &&
			  msr.last.count == 1,
		  "its value");
	cr_assert(!serve_msr(&devices, KVM_EXIT_X86_RDMSR, 0x101), "no MSR is there");
	cr_assert(msr.calls == 2 && ports.calls == 0, "%u and %u calls", msr.calls, ports.calls);
}

Test(devices, the_first_one_at_an_address_serves_it)
{
	struct log first = {0};
	struct log second = {0};
	struct log rest = {0};
	struct log memory = {0};
	struct nm_devices devices = {0};
	const struct nm_device items[] = {
		{NM_BUS_PIO, 0x100, 4, on_logged, &first},
		{NM_BUS_PIO, 0x102, 4, on_logged, &second},
		{NM_BUS_MMIO, 0x100, 0x1000, on_logged, &memory},
		{NM_BUS_PIO, 0x80, 0x200, on_logged, &rest},
	};

	for (size_t i = 0; i < COUNT(items); i++)
		cr_assert_eq(nm_devices_add(&devices, items[i]), 0, "%s", nm_error_last()->text);
	cr_assert(serve_port(&devices, 0x100) && serve_port(&devices, 0x103), "the first");
	cr_assert_eq(first.calls, 2, "%u calls", first.calls);
	cr_assert(serve_port(&devices, 0x104) && serve_port(&devices, 0x105), "the second");
	cr_assert_eq(second.calls, 2, "%u calls", second.calls);
	cr_assert(serve_port(&devices, 0x80) && serve_port(&devices, 0xff) &&
			  serve_port(&devices, 0x106) && serve_port(&devices, 0x27f),
		  "around them");
	cr_assert_eq(rest.calls, 4, "%u calls", rest.calls);
	cr_assert(serve_memory(&devices, 0x100) && serve_memory(&devices, 0x10ff), "memory");
	cr_assert_eq(memory.calls, 2, "%u calls", memory.calls);
	cr_assert(!serve_port(&devices, 0x7f) && !serve_port(&devices, 0x280) &&
			  !serve_port(&devices, 0) && !serve_port(&devices, 0xffff),
		  "no device is there");
	cr_assert(!serve_memory(&devices, 0xff) && !serve_memory(&devices, 0x1100) &&
			  !serve_memory(&devices, UINT64_MAX),
		  "no memory is there");
	exit_area.run.exit_reason = KVM_EXIT_HLT;
	cr_assert(!nm_devices_serve(&devices, &exit_area.run), "HLT is no access");
	cr_assert_eq(first.calls + second.calls + rest.calls + memory.calls, 10, "other calls");
}

Test(devices, an_access_is_handed_over_as_it_was)
{
	struct log log = {0};
	struct nm_devices devices = {0};

	nm_devices_add(&devices, (struct nm_device) {NM_BUS_PIO, 0x100, 4, on_logged, &log});
	nm_devices_add(&devices, (struct nm_device) {NM_BUS_MMIO, 0, UINT64_MAX, on_logged, &log});
	cr_assert(serve_port(&devices, 0x101), "a port");
	cr_assert(log.last.address == 0x101 && log.last.bytes == 2 && log.last.count == 3 &&
			  log.last.write && log.last.data == exit_area.pages + 4096,
		  "the access to a port");
	cr_assert(serve_memory(&devices, 0xfedc000000000000), "memory");
	cr_assert(log.last.address == 0xfedc000000000000 && log.last.bytes == 8 &&
			  log.last.count == 1 && !log.last.write &&
			  log.last.data == exit_area.run.mmio.data,
		  "the access to memory");
}
