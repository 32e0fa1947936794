/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/kernel.h"

#include "core/error.h"
#include "core/file.h"
#include "vmm/linux/layout.h"
#include "vmm/linux/unpack.h"

#include <asm/bootparam.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Documentation/arch/x86/boot.rst */
#define SETUP_HEADER	0x1f1u
#define HEADER_MAGIC	0x53726448u /* "HdrS" */
#define VERSION_XLOAD	0x20cu
#define SECTOR		512u
#define DEFAULT_SECTORS 4u
#define ENTRY_64	0x200u
#define INITRD_END	0x7fffffffu
#define BOOT_FLAG	0xaa55u

/* xen/include/public/elfnote.h: the 32-bit physical entry point of PVH. */
#define NOTE_NAME	  "Xen"
#define NOTE_PHYS32_ENTRY 18u

#define REMEDY_KERNEL "give a bzImage (vmlinuz) or an uncompressed vmlinux for x86-64"

static int fail_image(const struct nm_kernel *kernel, const char *what)
{
	return nm_fail_remedy(ENOEXEC, REMEDY_KERNEL, "%s: %s", kernel->name, what);
}

/* The word at an offset, if it ends within the image. */
static void take_release(struct nm_kernel *kernel, size_t at)
{
	const char *text = (const char *)kernel->bytes + at;
	size_t length = 0;

	while (at + length < kernel->size && text[length] > ' ' && text[length] < 0x7f)
		length++;
	if (at + length < kernel->size && length < sizeof(kernel->release)) {
		memcpy(kernel->release, text, length);
		kernel->release[length] = '\0';
	}
}

/* Where it goes and begins: below 1 MiB are the tables that it is handed. */
static int check_place(const struct nm_kernel *kernel)
{
	if (kernel->start < NM_LINUX_HIGH)
		return fail_image(kernel, "wants memory below 1 MiB, which no 64-bit kernel does");
	if (kernel->entry < kernel->start || kernel->entry >= kernel->end ||
	    (kernel->pvh_entry &&
	     (kernel->pvh_entry < kernel->start || kernel->pvh_entry >= kernel->end)))
		return fail_image(kernel, "its entry point lies outside of it");
	return 0;
}

static int parse_bzimage(struct nm_kernel *kernel)
{
	struct setup_header header;

	memcpy(&header, kernel->bytes + SETUP_HEADER, sizeof(header));
	if (header.version < VERSION_XLOAD || !(header.xloadflags & XLF_KERNEL_64))
		return fail_image(kernel, "this bzImage has no 64-bit entry point");
	kernel->payload =
		((size_t)(header.setup_sects ? header.setup_sects : DEFAULT_SECTORS) + 1) * SECTOR;
	if (kernel->payload >= kernel->size)
		return fail_image(kernel, "cut off: it ends within its setup code");
	kernel->start = header.pref_address;
	kernel->end = kernel->start + header.init_size;
	if (kernel->end <= kernel->start || kernel->size - kernel->payload > header.init_size)
		return fail_image(kernel, "its header does not fit its size");
	kernel->entry = kernel->start + ENTRY_64;
	kernel->initrd_end = header.initrd_addr_max;
	if (header.kernel_version)
		take_release(kernel, (size_t)header.kernel_version + SECTOR);
	return check_place(kernel);
}

static bool within(const struct nm_kernel *kernel, uint64_t offset, uint64_t bytes)
{
	return offset <= kernel->size && bytes <= kernel->size - offset;
}

static uint64_t round4(uint64_t value)
{
	return (value + 3) / 4 * 4;
}

/* Looks through the notes of one PT_NOTE segment, which lies within the file. */
static void find_pvh_entry(struct nm_kernel *kernel, uint64_t offset, uint64_t bytes)
{
	const uint64_t end = offset + bytes;

	while (end - offset >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		uint64_t name = offset + sizeof(note);
		uint64_t value;

		memcpy(&note, kernel->bytes + offset, sizeof(note));
		value = name + round4(note.n_namesz);
		offset = value + round4(note.n_descsz);
		if (offset > end)
			return;
		if (note.n_type == NOTE_PHYS32_ENTRY && note.n_namesz == sizeof(NOTE_NAME) &&
		    note.n_descsz <= sizeof(kernel->pvh_entry) &&
		    !memcmp(kernel->bytes + name, NOTE_NAME, sizeof(NOTE_NAME)))
			memcpy(&kernel->pvh_entry, kernel->bytes + value, note.n_descsz);
	}
}

static Elf64_Phdr program_header(const struct nm_kernel *kernel, const Elf64_Ehdr *elf,
				 unsigned int index)
{
	Elf64_Phdr header;

	memcpy(&header, kernel->bytes + elf->e_phoff + index * sizeof(header), sizeof(header));
	return header;
}

static int parse_segment(struct nm_kernel *kernel, const Elf64_Phdr *header)
{
	if (header->p_type != PT_LOAD && header->p_type != PT_NOTE)
		return 0;
	if (!within(kernel, header->p_offset, header->p_filesz))
		return fail_image(kernel, "cut off: a segment lies outside of the file");
	if (header->p_type == PT_NOTE) {
		find_pvh_entry(kernel, header->p_offset, header->p_filesz);
		return 0;
	}
	if (header->p_filesz > header->p_memsz ||
	    header->p_paddr + header->p_memsz < header->p_paddr)
		return fail_image(kernel, "a segment does not fit its memory");
	if (header->p_paddr < kernel->start)
		kernel->start = header->p_paddr;
	if (header->p_paddr + header->p_memsz > kernel->end)
		kernel->end = header->p_paddr + header->p_memsz;
	return 0;
}

/* linux_banner of init/version.c, which /proc/version shows. */
static void find_banner(struct nm_kernel *kernel)
{
	static const char banner[] = "Linux version ";
	const size_t length = sizeof(banner) - 1;
	const unsigned char *end = kernel->bytes + kernel->size;
	const unsigned char *at = kernel->bytes;

	while (!kernel->release[0] && (at = memmem(at, (size_t)(end - at), banner, length))) {
		at += length;
		take_release(kernel, (size_t)(at - kernel->bytes));
		if (kernel->release[0] < '0' || kernel->release[0] > '9')
			kernel->release[0] = '\0';
	}
}

static int parse_elf(struct nm_kernel *kernel)
{
	Elf64_Ehdr elf;
	int r = 0;

	memcpy(&elf, kernel->bytes, sizeof(elf));
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != EM_X86_64 ||
	    elf.e_phentsize != sizeof(Elf64_Phdr) ||
	    !within(kernel, elf.e_phoff, (uint64_t)elf.e_phnum * sizeof(Elf64_Phdr)))
		return fail_image(kernel, "not an ELF file for x86-64");
	kernel->start = UINT64_MAX;
	for (unsigned int i = 0; !r && i < elf.e_phnum; i++) {
		const Elf64_Phdr header = program_header(kernel, &elf, i);

		r = parse_segment(kernel, &header);
	}
	if (!r && kernel->end == 0)
		r = fail_image(kernel, "nothing in it is to be loaded");
	find_banner(kernel);
	kernel->entry = elf.e_entry;
	kernel->initrd_end = INITRD_END;
	return r ? r : check_place(kernel);
}

int nm_kernel_parse(struct nm_kernel *kernel, const char *name, const unsigned char *bytes,
		    size_t size)
{
	struct setup_header header;

	*kernel = (struct nm_kernel) {.name = name, .bytes = bytes, .size = size};
	if (size >= sizeof(Elf64_Ehdr) && !memcmp(bytes, ELFMAG, SELFMAG))
		return parse_elf(kernel);
	if (size < SETUP_HEADER + sizeof(header))
		return fail_image(kernel, "too short for a kernel");
	memcpy(&header, bytes + SETUP_HEADER, sizeof(header));
	if (header.boot_flag != BOOT_FLAG || header.header != HEADER_MAGIC)
		return fail_image(kernel, "neither a bzImage nor an ELF file");
	return parse_bzimage(kernel);
}

/* Where the compressed kernel lies in what is loaded of a bzImage; false when the header has it outside. */
static bool find_packed(const struct nm_kernel *kernel, size_t *at, size_t *bytes)
{
	struct setup_header header;

	memcpy(&header, kernel->bytes + SETUP_HEADER, sizeof(header));
	*at = kernel->payload + header.payload_offset;
	*bytes = header.payload_length;
	return within(kernel, *at, *bytes);
}

/* A kernel that is packed in another way, or damaged, stays as it is: it can still unpack itself, or say why not. */
static int unpack_kernel(struct nm_kernel *kernel, struct nm_text *out)
{
	struct nm_text plain = {0};
	size_t at;
	size_t bytes;

	if (!kernel->payload || !find_packed(kernel, &at, &bytes))
		return 0;
	if (nm_unpack(kernel->bytes + at, bytes, NM_KERNEL_MAX_BYTES, &plain)) {
		nm_text_free(&plain);
		return 0;
	}
	nm_text_free(out);
	*out = plain;
	return nm_kernel_parse(kernel, kernel->name, (const unsigned char *)out->bytes,
			       out->length);
}

int nm_kernel_read(struct nm_kernel *kernel, const char *path, bool unpack, struct nm_text *out)
{
	int r = nm_file_read(path, NM_KERNEL_MAX_BYTES, out);

	if (!r)
		r = nm_kernel_parse(kernel, path, (const unsigned char *)out->bytes, out->length);
	return r || !unpack ? r : unpack_kernel(kernel, out);
}

static void *memory_for(const struct nm_kernel *kernel, const struct nm_vm *vm, uint64_t at,
			uint64_t bytes)
{
	void *memory = nm_vm_memory(vm, at, bytes);

	if (!memory)
		nm_fail_remedy(ENOSPC, "give the guest more memory",
			       "%s: wants the memory up to %" PRIu64 " MiB", kernel->name,
			       (kernel->end >> 20) + 1);
	return memory;
}

int nm_kernel_load(const struct nm_kernel *kernel, const struct nm_vm *vm)
{
	Elf64_Ehdr elf;
	void *memory;

	if (kernel->payload) {
		memory = memory_for(kernel, vm, kernel->start, kernel->end - kernel->start);
		if (!memory)
			return -ENOSPC;
		memcpy(memory, kernel->bytes + kernel->payload, kernel->size - kernel->payload);
		return 0;
	}
	memcpy(&elf, kernel->bytes, sizeof(elf));
	for (unsigned int i = 0; i < elf.e_phnum; i++) {
		const Elf64_Phdr header = program_header(kernel, &elf, i);

		if (header.p_type != PT_LOAD)
			continue;
		memory = memory_for(kernel, vm, header.p_paddr, header.p_memsz);
		if (!memory)
			return -ENOSPC;
		memcpy(memory, kernel->bytes + header.p_offset, header.p_filesz);
	}
	return 0;
}

void nm_kernel_running_path(char *out, size_t size)
{
	struct utsname name;

	uname(&name);
	snprintf(out, size, "/boot/vmlinuz-%s", name.release);
}
