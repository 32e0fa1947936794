/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VMMs of others, and how each is started: the serial port on its stdout, no display, and nothing else in its machine but what the
 * boot has. Files are those that the process inherits, by names below /proc/self/fd, but for a kernel or a disk that has a name.
 */
#include "benchmarks/linux/vmms.h"

#include "core/error.h"
#include "core/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QEMU(machine)                                                                              \
	"-machine " machine " -cpu host -smp {vcpus} -m {memory}M -nodefaults -no-user-config "    \
	"-no-reboot -display none -serial stdio -kernel {kernel} -initrd {initramfs} "             \
	"-append {arguments}"
#define QEMU_DISK(device)                                                                          \
	"-drive file={disk},format=raw,if=none,id=disk,cache.direct={direct} -device " device      \
	",drive=disk"
#define QEMU_NETWORK(device)                                                                       \
	"-netdev dgram,id=net,local.type=fd,local.str={network} -device " device ",netdev=net"

/* Its documents: docs/getting-started.md, docs/initrd.md; the machine has no ACPI that could switch it off. */
#define FIRECRACKER_KERNEL "reboot=k pci=off i8042.noaux i8042.nomux i8042.dumbkbd"

static int configure_firecracker(const char *const *values, struct nm_text *out);

static const struct nm_vmm vmms[] = {
	{
		.name = "qemu-q35",
		.program = "qemu-system-x86_64",
		.arguments = QEMU("q35,accel=kvm"),
		.disk = QEMU_DISK("virtio-blk-pci"),
		/* Nothing is booted from the network, and not everybody has its ROM. */
		.network = QEMU_NETWORK("virtio-net-pci,romfile="),
	},
	{
		/* Switched off by ACPI, which makes it find its virtio-mmio devices as well. */
		.name = "qemu-microvm",
		.program = "qemu-system-x86_64",
		.arguments = QEMU("microvm,accel=kvm,acpi=on,pit=off,pic=off,rtc=off"),
		.disk = QEMU_DISK("virtio-blk-device"),
		.network = QEMU_NETWORK("virtio-net-device"),
	},
	{
		.name = "firecracker",
		.program = "firecracker",
		.arguments = "--no-api --level Error --config-file {configuration}",
		.kernel_arguments = FIRECRACKER_KERNEL,
		.unpacked = true,
		.restarts = true,
		.configure = configure_firecracker,
	},
	{
		.name = "cloud-hypervisor",
		.program = "cloud-hypervisor",
		.arguments = "--kernel {kernel} --initramfs {initramfs} --cmdline {arguments} "
			     "--cpus boot={vcpus} --memory size={memory}M --serial tty "
			     "--console off",
		.disk = "--disk path={disk},direct={direct}",
		.unpacked = true,
	},
};

/* Short for the first one. */
#define QEMU_NAME "qemu"

static const char *const words[NM_VMM_WORDS] = {
	[NM_VMM_KERNEL] = "kernel",	  [NM_VMM_INITRAMFS] = "initramfs",
	[NM_VMM_ARGUMENTS] = "arguments", [NM_VMM_CONFIGURATION] = "configuration",
	[NM_VMM_VCPUS] = "vcpus",	  [NM_VMM_MEMORY] = "memory",
	[NM_VMM_DISK] = "disk",		  [NM_VMM_DIRECT] = "direct",
	[NM_VMM_NETWORK] = "network",
};

static bool is_word(const char *word, const char *text, size_t length)
{
	return strlen(word) == length && !strncmp(word, text, length);
}

const struct nm_vmm *nm_vmm_find(const char *specification)
{
	const size_t length = strcspn(specification, "=");

	if (is_word(QEMU_NAME, specification, length))
		return &vmms[0];
	for (size_t i = 0; i < sizeof(vmms) / sizeof(vmms[0]); i++)
		if (is_word(vmms[i].name, specification, length))
			return &vmms[i];
	return NULL;
}

const char *nm_vmm_name(const char *specification)
{
	const struct nm_vmm *vmm = nm_vmm_find(specification);

	if (!strcmp(specification, NM_LINUX_OWN_VMM))
		return NM_LINUX_OWN_VMM;
	return vmm ? vmm->name : NULL;
}

int nm_vmm_names(struct nm_text *out)
{
	for (size_t i = 0; i < sizeof(vmms) / sizeof(vmms[0]); i++)
		nm_text_printf(out, "%s%s", i ? ", " : "", vmms[i].name);
	return nm_text_status(out);
}

const char *nm_vmm_program(const char *specification)
{
	const char *program = strchr(specification, '=');

	return program ? program + 1 : nm_vmm_find(specification)->program;
}

/* The command line */

static const char *value_of(const char *const *values, const char *word, size_t length)
{
	for (size_t i = 0; i < NM_VMM_WORDS; i++)
		if (is_word(words[i], word, length))
			return values[i];
	return "";
}

/* Arguments end with a zero byte each. Values may hold spaces. */
static void put_arguments(struct nm_text *out, const char *at, const char *const *values)
{
	while (*at) {
		const size_t plain = strcspn(at, " {");
		const size_t length = at[plain] == '{' ? strcspn(at + plain, "}") : 0;

		nm_text_put(out, at, plain);
		if (length)
			nm_text_puts(out, value_of(values, at + plain + 1, length - 1));
		at += plain + length;
		if (length)
			at++;
		if (*at == ' ' || !*at)
			nm_text_put(out, "", 1);
		at += *at == ' ';
	}
}

static int split(struct nm_vmm_command *command)
{
	const struct nm_text *text = &command->text;
	size_t count = 0;

	for (size_t at = 0; at < text->length; at += strlen(text->bytes + at) + 1) {
		if (count == NM_VMM_ARGUMENTS_MAX - 1)
			return nm_fail(E2BIG, "the command line of the VMM is too long");
		command->arguments[count++] = text->bytes + at;
	}
	command->arguments[count] = NULL;
	return 0;
}

int nm_vmm_command(const char *specification, const char *const *values, struct nm_vmm_command *out)
{
	const struct nm_vmm *vmm = nm_vmm_find(specification);
	const char *program = nm_vmm_program(specification);

	nm_text_put(&out->text, program, strlen(program) + 1);
	put_arguments(&out->text, vmm->arguments, values);
	if (vmm->disk && values[NM_VMM_DISK])
		put_arguments(&out->text, vmm->disk, values);
	if (vmm->network && values[NM_VMM_NETWORK])
		put_arguments(&out->text, vmm->network, values);
	return nm_text_status(&out->text) ? nm_fail(ENOMEM, "out of memory") : split(out);
}

static void put_configuration(const struct nm_vmm *vmm, const char *const *values,
			      struct nm_text *out)
{
	struct nm_text configuration = {0};

	nm_text_puts(out, "; CONFIGURATION is ");
	if (vmm->configure(values, &configuration))
		out->failed = true;
	else
		nm_text_put(out, configuration.bytes, strcspn(configuration.bytes, "\n"));
	nm_text_free(&configuration);
}

int nm_vmm_describe(const char *specification, const char *kernel, unsigned int vcpus,
		    struct nm_text *out)
{
	const struct nm_vmm *vmm = nm_vmm_find(specification);
	char count[16];
	const char *const values[NM_VMM_WORDS] = {
		[NM_VMM_KERNEL] = vmm->unpacked ? "VMLINUX" : kernel,
		[NM_VMM_INITRAMFS] = "INITRAMFS",
		[NM_VMM_ARGUMENTS] = "ARGUMENTS",
		[NM_VMM_CONFIGURATION] = "CONFIGURATION",
		[NM_VMM_VCPUS] = count,
		[NM_VMM_MEMORY] = "MEMORY",
	};
	struct nm_vmm_command command = {0};
	int r;

	snprintf(count, sizeof(count), "%u", vcpus);
	r = nm_vmm_command(specification, values, &command);
	for (size_t i = 0; !r && command.arguments[i]; i++)
		nm_text_printf(out, "%s%s", i ? " " : "", command.arguments[i]);
	if (!r && vmm->configure)
		put_configuration(vmm, values, out);
	nm_text_free(&command.text);
	return r ? r : nm_text_status(out);
}

/* Firecracker's configuration file (src/firecracker/swagger/firecracker.yaml) */

static nm_json *number(const char *text)
{
	char *end;
	const long long value = strtoll(text, &end, 10);

	return *end ? nm_json_string(text) : nm_json_int(value);
}

static nm_json *firecracker_drives(const char *path)
{
	nm_json *drives = nm_json_new_array();
	nm_json *drive;

	if (!path)
		return drives;
	drive = nm_json_new_object();
	nm_json_add(drive, "drive_id", nm_json_string("disk"));
	nm_json_add(drive, "path_on_host", nm_json_string(path));
	nm_json_add(drive, "is_root_device", nm_json_bool(false));
	nm_json_add(drive, "is_read_only", nm_json_bool(false));
	nm_json_append(drives, drive);
	return drives;
}

/* Some versions refuse a file without "drives". */
static int configure_firecracker(const char *const *values, struct nm_text *out)
{
	nm_json *root = nm_json_new_object();
	nm_json *source = nm_json_new_object();
	nm_json *machine = nm_json_new_object();
	int r;

	nm_json_add(source, "kernel_image_path", nm_json_string(values[NM_VMM_KERNEL]));
	nm_json_add(source, "initrd_path", nm_json_string(values[NM_VMM_INITRAMFS]));
	nm_json_add(source, "boot_args", nm_json_string(values[NM_VMM_ARGUMENTS]));
	nm_json_add(machine, "vcpu_count", number(values[NM_VMM_VCPUS]));
	nm_json_add(machine, "mem_size_mib", number(values[NM_VMM_MEMORY]));
	nm_json_add(root, "boot-source", source);
	nm_json_add(root, "machine-config", machine);
	nm_json_add(root, "drives", firecracker_drives(values[NM_VMM_DISK]));
	r = nm_json_write(out, root, false);
	nm_json_free(root);
	return r;
}
