/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/prove.h"

#include "guest-payloads/images.h"
#include "guest-payloads/linux/marks.h"
#include "vmm/linux/initramfs.h"

#include <string.h>

#define CONSOLE_LIMIT (1u << 20)

/* Without KASLR an address on the console can be looked up. */
#define COMMAND_LINE "console=ttyS0 earlyprintk=ttyS0 panic=-1 nokaslr"

static uint64_t memory_for(const struct nm_kernel *kernel)
{
	const uint64_t room = 64ull << 20;

	return (kernel->end + room + 0xfffff) & ~0xfffffull;
}

static void on_console(void *context, const char *bytes, size_t length)
{
	struct nm_text *console = context;

	/* Text: a NUL would hide what follows it. */
	for (size_t i = 0; i < length && console->length < CONSOLE_LIMIT; i++)
		if (bytes[i])
			nm_text_put(console, &bytes[i], 1);
}

static void read_release(struct nm_linux_proof *out)
{
	const char *mark = out->console.bytes ? strstr(out->console.bytes, NM_LINUX_MARK) : NULL;
	size_t length;

	out->user_space = mark;
	if (!mark)
		return;
	mark += strlen(NM_LINUX_MARK);
	length = strcspn(mark, "\r\n");
	if (length >= sizeof(out->release))
		length = sizeof(out->release) - 1;
	memcpy(out->release, mark, length);
}

int nm_linux_prove(const struct nm_kvm *kvm, const struct nm_kernel *kernel, uint64_t limit_ns,
		   struct nm_linux_proof *out)
{
	struct nm_text initramfs = {0};
	struct nm_linux_config config = {
		.kernel = kernel,
		.command_line = COMMAND_LINE,
		.memory_bytes = memory_for(kernel),
		.vcpus = 1,
		.identity = nm_identity_at(0),
		.console = on_console,
		.console_context = &out->console,
	};
	const struct nm_initramfs_file init = {
		.name = "init",
		.mode = 0755,
		.bytes = nm_image_linux_init,
		.length = (size_t)(nm_image_linux_init_end - nm_image_linux_init),
	};
	int r = nm_initramfs_write(&initramfs, &init, 1);

	*out = (struct nm_linux_proof) {0};
	config.initrd = initramfs.bytes;
	config.initrd_bytes = initramfs.length;
	if (!r)
		r = nm_linux_run(kvm, &config, limit_ns, &out->result);
	nm_text_free(&initramfs);
	if (r)
		return r;
	read_release(out);
	out->works = out->user_space && out->result.end == NM_LINUX_POWER_OFF;
	return 0;
}
