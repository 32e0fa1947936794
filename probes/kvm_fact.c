/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/kvm_fact.h"

#include "probes/errno_name.h"
#include "probes/kvm_view.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Beyond every number in use: capabilities that are newer than the table are seen by their numbers. */
#define CAPABILITIES_END 512u

/* A number, or the name of the error that a negative one is. */
static void put_answer(struct nm_text *out, const char *what, int answer)
{
	if (answer < 0)
		nm_text_printf(out, "%s %s\n", what, nm_errno_name(-answer));
	else
		nm_text_printf(out, "%s %d\n", what, answer);
}

static void put_device(struct nm_text *out, const char *path, const struct nm_kvm_answers *answers)
{
	char printable[256];

	nm_text_printf(out, "device %s %s\n", nm_text_printable(printable, sizeof(printable), path),
		       answers->opened < 0 ? nm_errno_name(-answers->opened) : "opened");
	if (answers->opened < 0)
		return;
	put_answer(out, "api", answers->version);
	if (answers->version == KVM_API_VERSION)
		put_answer(out, "mmap", answers->run_bytes);
	if (answers->cpuid < 0)
		put_answer(out, "cpuid", answers->cpuid);
}

static void put_check(struct nm_text *out, int value)
{
	if (value < 0)
		nm_text_puts(out, " -");
	else
		nm_text_printf(out, " %d", value);
}

/* The table's capabilities whatever they are, and of others those that are there. */
static void put_capabilities(struct nm_text *out, const struct nm_kvm *kvm, int vm)
{
	size_t known = 0;

	for (unsigned long number = 0; number < CAPABILITIES_END; number++) {
		int system = ioctl(kvm->fd, KVM_CHECK_EXTENSION, number);
		int own = vm < 0 ? -1 : ioctl(vm, KVM_CHECK_EXTENSION, number);
		bool named = known < nm_kvm_capability_count &&
			     nm_kvm_capability_names[known].number == number;

		while (known < nm_kvm_capability_count &&
		       nm_kvm_capability_names[known].number == number)
			known++;
		if (!named && system <= 0 && own <= 0)
			continue;
		nm_text_printf(out, "capability %lu", number);
		put_check(out, system);
		put_check(out, own);
		nm_text_puts(out, "\n");
	}
}

int nm_kvm_fact(struct nm_text *out, void *context)
{
	const struct nm_kvm_question *question = context;
	struct nm_kvm *kvm = question->kvm;
	int r = nm_kvm_open(kvm, question->device);
	int vm;

	put_device(out, question->device, &kvm->answers);
	if (r)
		return 0;
	vm = nm_kvm_create_vm(kvm);
	nm_text_printf(out, "vm %s\n", vm < 0 ? nm_errno_name(-vm) : "created");
	put_capabilities(out, kvm, vm);
	if (vm >= 0)
		close(vm);
	nm_kvm_fact_arch(out, kvm);
	return 0;
}
