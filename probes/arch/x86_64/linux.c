/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Proof beyond the canary: an unmodified Linux kernel, which uses what the canary does not: paging modes, interrupts, timers, FPU. */
#include "probes/probes.h"

#include "core/error.h"
#include "vmm/linux/prove.h"

#include <stdio.h>
#include <string.h>

#define TAIL_BYTES 300u

/* The end of the console on one line, for people: whole lines as far as they fit, " | " between them. */
static void console_tail(const struct nm_text *console, char *out, size_t size)
{
	const char *bytes = console->bytes ? console->bytes : "";
	const char *at =
		console->length > TAIL_BYTES ? bytes + console->length - TAIL_BYTES : bytes;
	const char *line = at == bytes ? bytes : strchr(at, '\n');
	char joined[TAIL_BYTES * 3 + 1];
	size_t used = 0;

	for (at = line ? line : at; *at && used + 4 < sizeof(joined); at++) {
		if (*at == '\n' && used)
			used += (size_t)snprintf(joined + used, 4, " | ");
		else if (*at != '\n' && *at != '\r')
			joined[used++] = *at;
	}
	while (used && strchr(" |", joined[used - 1]))
		used--;
	joined[used] = '\0';
	nm_text_printable(out, size, joined);
}

static int add_failure(struct nm_probe_context *context, const struct nm_linux_proof *proof)
{
	char tail[TAIL_BYTES * 3 + 1];
	const char *what = proof->result.text;

	if (proof->result.end == NM_LINUX_RESET)
		what = proof->user_space ? "user space was reached, but not the power-off"
					 : "the kernel gave up and asked for a reset";
	else if (proof->result.end == NM_LINUX_POWER_OFF)
		what = "it switched itself off without a sign of Linux user space";
	console_tail(&proof->console, tail, sizeof(tail));
	return nm_finding_add(context, "guest.linux", NM_STATUS_FAIL, NM_BOOL(false),
			      "use a machine with hardware virtualization; on one, report it "
			      "with the kernel log",
			      "%s; %s%s%s", what,
			      *tail ? "the console ends: \"" : "nothing on the console", tail,
			      *tail ? "\"" : "");
}

static int prove(struct nm_probe_context *context, const struct nm_kernel *kernel)
{
	struct nm_linux_proof proof;
	int r = nm_linux_prove(&context->kvm, kernel, context->linux_limit_ns, &proof);

	if (r)
		r = nm_finding_add(context, "guest.linux", NM_STATUS_FAIL, NM_BOOL(false),
				   nm_error_last()->remedy[0] ? nm_error_last()->remedy : NULL,
				   "%s", nm_error_last()->text);
	else if (proof.works)
		r = nm_finding_add(context, "guest.linux", NM_STATUS_PASS, NM_BOOL(true), NULL,
				   "Linux %s reached user space and switched itself off within "
				   "%.1f s",
				   proof.release, (double)proof.result.elapsed_ns / 1e9);
	else
		r = add_failure(context, &proof);
	nm_text_free(&proof.console);
	return r;
}

static int add_unknown(struct nm_probe_context *context, const char *why, const char *remedy)
{
	return nm_finding_add(context, "guest.linux", NM_STATUS_UNKNOWN, (struct nm_value) {0},
			      remedy, "%s", why);
}

int nm_probe_linux(struct nm_probe_context *context)
{
	static const char remedy[] = "name a kernel: --prove-linux=/boot/vmlinuz-VERSION";
	const char *path = context->linux_kernel;
	char running[256];
	struct nm_text bytes = {0};
	struct nm_kernel kernel;
	int r;

	if (!context->prove_linux)
		return 0;
	if (context->kvm.fd < 0)
		return add_unknown(context, "no KVM device to run a guest on", NULL);
	if (!path) {
		nm_kernel_running_path(running, sizeof(running));
		path = running;
	}
	r = nm_kernel_read(&kernel, path, true, &bytes);
	if (r)
		r = add_unknown(context, nm_error_last()->text,
				nm_error_last()->remedy[0] ? nm_error_last()->remedy : remedy);
	else
		r = prove(context, &kernel);
	nm_text_free(&bytes);
	return r;
}
