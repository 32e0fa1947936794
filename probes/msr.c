/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/msr.h"

#include "probes/evidence.h"
#include "probes/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define MAX_REGISTERS 64u

/* SDM vol. 4: IA32_FEATURE_CONTROL and the capability MSRs of appendix A in vol. 3D. */
static const uint32_t vmx_registers[] = {
	0x3a,  0x480, 0x481, 0x482, 0x483, 0x484, 0x485, 0x486, 0x487, 0x488, 0x489,
	0x48a, 0x48b, 0x48c, 0x48d, 0x48e, 0x48f, 0x490, 0x491, 0x492, 0x493, 0,
};

/* APM vol. 2, 15.30.1 and 3.1.7: VM_CR and EFER. */
static const uint32_t svm_registers[] = {0xc0000080, 0xc0010114, 0};

enum nm_virtualization nm_virtualization(const struct nm_probe_context *context)
{
	struct nm_cpu_identity cpu;

	nm_cpu_identify(&context->cpuid, &cpu);
	if (cpu.vmx)
		return NM_VIRTUALIZATION_VMX;
	/* Intel reserves 80000001h ECX[2] and 8000000Ah. */
	if (cpu.svm && strcmp(cpu.vendor, "GenuineIntel") != 0)
		return NM_VIRTUALIZATION_SVM;
	return NM_VIRTUALIZATION_NONE;
}

static int put_register(struct nm_text *out, int fd, uint32_t index)
{
	uint64_t value;
	ssize_t got = pread(fd, &value, sizeof(value), (off_t)index);

	if (got == (ssize_t)sizeof(value))
		nm_text_printf(out, "0x%08x 0x%016" PRIx64 "\n", index, value);
	else if (got < 0 && errno == EIO)
		nm_text_printf(out, "0x%08x EIO\n", index);
	else
		return got < 0 ? -errno : -EIO;
	return 0;
}

static int produce(struct nm_text *out, void *context)
{
	const uint32_t *registers = context;
	int fd = open(NM_MSR_SOURCE, O_RDONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	for (; !r && *registers; registers++)
		r = put_register(out, fd, *registers);
	close(fd);
	return r;
}

/* "0x00000480 0x…", or EIO in place of the value. */
static bool parse_register(const char **at, struct nm_msr *out)
{
	uint64_t index;

	*out = (struct nm_msr) {0};
	if (!nm_hexadecimal(at, 8, &index) || !nm_words(at, " "))
		return false;
	out->index = (uint32_t)index;
	if (nm_words(at, "EIO"))
		out->error = EIO;
	else if (!nm_hexadecimal(at, 16, &out->value))
		return false;
	return nm_words(at, "\n");
}

static int parse(struct nm_arena *arena, const char *text, struct nm_msrs *out)
{
	*out = (struct nm_msrs) {0};
	while (*text) {
		struct nm_msr msr;
		struct nm_msr *item;

		if (!parse_register(&text, &msr) || out->count == MAX_REGISTERS ||
		    (out->count && msr.index <= out->items[out->count - 1].index))
			return -EINVAL;
		item = nm_arena_append(arena, &out->items, &out->count, sizeof(*item));
		if (!item)
			return -ENOMEM;
		*item = msr;
	}
	return 0;
}

int nm_msr_read(const struct nm_probe_context *context, enum nm_virtualization kind,
		struct nm_msrs *out)
{
	const uint32_t *registers = kind == NM_VIRTUALIZATION_VMX ? vmx_registers : svm_registers;
	const char *text;

	*out = (struct nm_msrs) {0};
	text = nm_root_fact(context->root, context->arena, "msr", produce, (void *)registers);
	return text ? parse(context->arena, text, out) : -errno;
}

const char *nm_msr_remedy(int error)
{
	if (error == -EACCES)
		return "root may read " NM_MSR_SOURCE;
	if (error == -EPERM)
		return "needs CAP_SYS_RAWIO: run as root outside of a container";
	if (error == -ENOENT || error == -ENXIO)
		return "load the msr module (modprobe msr) and run as root";
	return NULL;
}

const char *nm_msr_trouble(int error)
{
	if (error == -EINVAL)
		return "the recorded registers are not as nestmark writes them";
	return error == -EPERM ? strerror(EPERM) : nm_why_not(-error);
}
