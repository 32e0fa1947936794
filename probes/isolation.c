/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/isolation.h"

#include "probes/evidence.h"
#include "probes/number.h"
#include "probes/probes.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

#define SMT "sys/devices/system/cpu/smt/"

/* What a probe inside a guest reads is what the hypervisor wants it to see. */
const char *nm_isolation_shown_by(const struct nm_probe_context *context)
{
	return context->machine->level == 1 ? " (as the hypervisor below shows the CPU)" : "";
}

bool nm_isolation_is_yes(const char *line)
{
	return !strcasecmp(line, "Y") || !strcmp(line, "1");
}

/* "a, b" for people. */
const char *nm_isolation_join(const struct nm_probe_context *context, const char *list,
			      const char *name)
{
	const char *longer = *list ? nm_arena_printf(context->arena, "%s, %s", list, name) : name;

	return longer ? longer : list;
}

/* SMT and core scheduling */

static int add_smt(struct nm_probe_context *context)
{
	const char *control = nm_root_line(context->root, context->arena, SMT "control");
	int error = errno;
	const char *active;

	if (!control || !*control)
		return nm_unread_add(context, "isolation.smt", SMT "control",
				     control ? EBADMSG : error);
	active = nm_root_line(context->root, context->arena, SMT "active");
	return nm_finding_add(context, "isolation.smt", NM_STATUS_INFO,
			      NM_STRING(nm_clean(context, control)), NULL,
			      "/" SMT "control; sibling threads are %s%s",
			      !active		     ? "unknown"
			      : !strcmp(active, "1") ? "running"
						     : "not running",
			      nm_isolation_shown_by(context));
}

/*
 * A query that changes nothing. The kernel answers with this thread's cookie, EINVAL without CONFIG_SCHED_CORE, ENODEV
 * where no core has two running threads (kernel/sched/core_sched.c).
 */
static int produce_cookie(struct nm_text *out, void *unused)
{
	unsigned long cookie = 0;

	(void)unused;
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD, &cookie))
		return -errno;
	nm_text_puts(out, cookie ? "tagged\n" : "untagged\n");
	return 0;
}

static int add_core_scheduling(struct nm_probe_context *context)
{
	static const char id[] = "isolation.core_scheduling";
	static const char source[] = "prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET)";
	const char *text = nm_root_fact(context->root, context->arena, "core_scheduling",
					produce_cookie, NULL);
	int error = errno;
	bool tagged = text && !strcmp(text, "tagged\n");

	if (!text && error == EINVAL)
		return nm_finding_add(context, id, NM_STATUS_INFO, NM_STRING("no"), NULL,
				      "%s: EINVAL, the kernel is built without CONFIG_SCHED_CORE",
				      source);
	if (!text && error == ENODEV)
		return nm_finding_add(context, id, NM_STATUS_INFO, NM_STRING("not needed"), NULL,
				      "%s: ENODEV, no core has two running threads", source);
	if (!text)
		return nm_unknown_add(context, id, NULL, "%s: %s", source, nm_why_not(error));
	if (!tagged && strcmp(text, "untagged\n") != 0)
		return nm_unknown_add(context, id, NULL,
				      "the captured answer is not as nestmark writes it");
	return nm_finding_add(context, id, NM_STATUS_PASS, NM_STRING("available"), NULL,
			      "%s: this process %s a cookie; a VMM must give each guest its own",
			      source, tagged ? "has" : "has not");
}

/* Host settings */

/*
 * KVM splits huge pages on execution where the CPU has the iTLB multihit erratum (hw-vuln/multihit.rst). "VMX disabled"
 * says only that no guest runs at this moment: CR4.VMXE is clear (itlb_multihit_show_state() in
 * arch/x86/kernel/cpu/bugs.c).
 */
static int add_nx_huge_pages(struct nm_probe_context *context)
{
	static const char path[] = "sys/module/kvm/parameters/nx_huge_pages";
	static const char id[] = "isolation.nx_huge_pages";
	const char *line = nm_root_line(context->root, context->arena, path);
	int error = errno;
	const char *state = nm_isolation_state(context, "itlb_multihit");
	bool on = line && nm_isolation_is_yes(line);
	bool needed = state && (nm_isolation_judge(state) == NM_STATUS_WARN ||
				strstr(state, "VMX disabled"));

	if (!line)
		return nm_unread_add(context, id, path, error);
	if (!on && needed)
		return nm_finding_add(
			context, id, NM_STATUS_WARN, NM_STRING(nm_clean(context, line)),
			"echo auto | sudo tee /sys/module/kvm/parameters/nx_huge_pages: "
			"a guest can otherwise stop the machine (iTLB multihit)",
			"/%s; itlb_multihit: %s", path, nm_clean(context, state));
	return nm_finding_add(context, id, NM_STATUS_INFO, NM_STRING(nm_clean(context, line)), NULL,
			      "/%s; itlb_multihit: %s", path,
			      state ? nm_clean(context, state) : "unknown");
}

/* The memory probe has read it. */
static int add_ksm(struct nm_probe_context *context)
{
	const struct nm_finding *ksm = nm_found(context, "memory.ksm");

	if (!ksm || ksm->value.type != NM_VALUE_BOOL)
		return nm_unknown_add(context, "isolation.ksm", NULL, "see memory.ksm");
	return nm_finding_add(
		context, "isolation.ksm", ksm->value.boolean ? NM_STATUS_WARN : NM_STATUS_PASS,
		ksm->value, ksm->remedy, "%s",
		ksm->value.boolean
			? "guests whose memory is merged can tell by timing what others hold"
			: "pages of guests are not merged");
}

/* "[none] integrity confidentiality" (kernel_lockdown(7)). */
static int add_lockdown(struct nm_probe_context *context)
{
	static const char path[] = "sys/kernel/security/lockdown";
	const char *line = nm_root_line(context->root, context->arena, path);
	int error = errno;
	const char *open = line ? strchr(line, '[') : NULL;
	const char *close = open ? strchr(open, ']') : NULL;
	const char *mode;

	/* Every kernel with securityfs and an LSM has this file there. */
	if (error == ENOENT && !line && nm_root_exists(context->root, "sys/kernel/security/lsm"))
		return nm_finding_add(context, "isolation.lockdown", NM_STATUS_INFO,
				      NM_STRING("none"), NULL, "no /%s: the kernel has no lockdown",
				      path);
	if (error == ENOENT && !line)
		return nm_unknown_add(context, "isolation.lockdown",
				      "sudo mount -t securityfs none /sys/kernel/security",
				      "no /%s: securityfs is not mounted, or the kernel has none",
				      path);
	if (!close)
		return nm_unread_add(context, "isolation.lockdown", path, line ? EBADMSG : error);
	mode = nm_arena_strndup(context->arena, open + 1, (size_t)(close - open - 1));
	return nm_finding_add(context, "isolation.lockdown", NM_STATUS_INFO,
			      NM_STRING(nm_clean(context, mode)), NULL, "/%s", path);
}

static int add_modules(struct nm_probe_context *context)
{
	static const char disabled[] = "proc/sys/kernel/modules_disabled";
	static const char enforced[] = "sys/module/module/parameters/sig_enforce";
	const char *off = nm_root_line(context->root, context->arena, disabled);
	int error = errno;
	const char *signature = nm_root_line(context->root, context->arena, enforced);
	const char *value = "any";

	if (!off && error == ENOENT && nm_root_exists(context->root, "proc/sys/kernel"))
		return nm_finding_add(context, "isolation.modules", NM_STATUS_INFO,
				      NM_STRING("none"), NULL,
				      "no /%s: the kernel loads no modules", disabled);
	if (!off)
		return nm_unread_add(context, "isolation.modules", disabled, error);
	if (!nm_isolation_is_yes(off) && strcmp(off, "0") != 0)
		return nm_unread_add(context, "isolation.modules", disabled, EBADMSG);
	if (nm_isolation_is_yes(off))
		value = "none";
	else if (signature && nm_isolation_is_yes(signature))
		value = "signed";
	return nm_finding_add(context, "isolation.modules", NM_STATUS_INFO, NM_STRING(value), NULL,
			      "which modules root may still load: /%s is %s, sig_enforce is %s",
			      disabled, nm_clean(context, off),
			      signature ? nm_clean(context, signature) : "absent");
}

/* What a sibling could reach */

enum smt { SMT_UNKNOWN, SMT_OFF, SMT_ON };

static enum smt smt_state(const struct nm_probe_context *context)
{
	const char *active = nm_root_line(context->root, context->arena, SMT "active");

	if (active && !strcmp(active, "1"))
		return SMT_ON;
	return active && !strcmp(active, "0") ? SMT_OFF : SMT_UNKNOWN;
}

/* Defects by which one thread reads what its sibling works on (hw-vuln/{l1tf,mds,tsx_async_abort,…}.rst). */
static const struct {
	const char *name, *reach;
} leaks[] = {
	{"l1tf", "what lies in the L1 data cache (l1tf)"},
	{"mds", "what passes through fill and store buffers (mds)"},
	{"tsx_async_abort", "the same by TSX (tsx_async_abort)"},
	{"mmio_stale_data", "stale data of fill buffers (mmio_stale_data)"},
};

static const char *leaks_of(const struct nm_probe_context *context, bool *unknown)
{
	const char *list = "";

	*unknown = false;
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
		const char *state = nm_isolation_state(context, leaks[i].name);
		enum nm_status status = state ? nm_isolation_judge(state) : NM_STATUS_UNKNOWN;

		*unknown |= status == NM_STATUS_UNKNOWN;
		if (status == NM_STATUS_WARN)
			list = nm_isolation_join(context, list, leaks[i].reach);
	}
	return list;
}

/* Level 0 is what a hypervisor that hides shows too; platform.bare_metal weighs the other signs. */
static const char *doubt(const struct nm_probe_context *context)
{
	const struct nm_finding *metal = nm_findings_get(context->findings, "platform.bare_metal");

	return metal && !nm_found_true(context, "platform.bare_metal")
		       ? ", if no hypervisor hides beneath (platform.bare_metal)"
		       : "";
}

#define SHARED "caches, TLBs, predictors and execution ports, whose use shows in timing"

static int add_sibling(struct nm_probe_context *context)
{
	static const char id[] = "isolation.sibling";
	static const char remedy[] =
		"give each guest a core scheduling cookie or whole cores, or switch "
		"SMT off: echo off | sudo tee /" SMT "control";
	enum smt smt = smt_state(context);
	bool unknown;
	const char *data = leaks_of(context, &unknown);

	if (context->machine->level == 1)
		return nm_unknown_add(
			context, id,
			"ask the provider whether vCPUs of others share cores with yours",
			"whether another guest runs on the sibling thread of this vCPU is not "
			"visible "
			"from inside; it would share " SHARED "%s%s",
			*data ? ", and could read " : "", data);
	if (context->machine->level)
		return nm_unknown_add(context, id, NULL,
				      "it is not known whether this machine is itself a guest");
	if (smt == SMT_UNKNOWN)
		return nm_unknown_add(context, id, NULL,
				      "/" SMT "active does not say whether "
				      "threads share cores");
	if (smt == SMT_OFF)
		return nm_finding_add(
			context, id, *doubt(context) ? NM_STATUS_INFO : NM_STATUS_PASS,
			NM_STRING("none"), NULL,
			"no core has two running threads: guests follow each other on a "
			"core, and never share it at one time%s",
			doubt(context));
	if (*data)
		return nm_finding_add(
			context, id, NM_STATUS_WARN, NM_STRING("data"), remedy,
			"a guest on the sibling thread could read %s; it also shares " SHARED,
			data);
	return nm_finding_add(context, id, unknown ? NM_STATUS_UNKNOWN : NM_STATUS_INFO,
			      NM_STRING(unknown ? "unknown" : "timing"), NULL,
			      "a guest on the sibling thread shares " SHARED "; %s",
			      unknown ? "whether it could read data is not known"
				      : "the kernel knows no way for it to read data here");
}

/* Proofs by clouds */

/*
 * AWS: "Nitro Isolation Engine", on all Graviton5-based instances since June 2026; M9g and M9gd are the first of them
 * (AWS Compute Blog, "AWS Nitro Isolation Engine: formally verifying the hypervisor in the AWS Nitro System", 2026-06).
 * Later families of that CPU cannot be known here: a ninth or later generation whose name says Graviton is "unknown".
 * Instances called metal have no hypervisor.
 */
enum engine { ENGINE_NO, ENGINE_YES, ENGINE_UNKNOWN };

static enum engine nitro_engine(const char *vendor, const char *product)
{
	const char *at = product;
	uint64_t generation;

	if (!vendor || strcmp(vendor, "Amazon EC2") != 0 || !product || strstr(product, ".metal"))
		return ENGINE_NO;
	if (!strncmp(product, "m9g.", 4) || !strncmp(product, "m9gd.", 5))
		return ENGINE_YES;
	while (islower((unsigned char)*at))
		at++;
	if (!nm_digits(&at, &generation) || generation < 9 || *at != 'g')
		return ENGINE_NO;
	return ENGINE_UNKNOWN;
}

static int add_proof(struct nm_probe_context *context)
{
	struct nm_arena *arena = context->arena;
	const char *vendor = nm_root_line(context->root, arena, "sys/class/dmi/id/sys_vendor");
	const char *product = nm_root_line(context->root, arena, "sys/class/dmi/id/product_name");
	enum engine engine = nitro_engine(vendor, product);
	const char *about = "";

	if (context->machine->level == 0)
		return nm_finding_add(
			context, "isolation.proof", NM_STATUS_INFO, NM_STRING("none"), NULL,
			"bare metal%s: what isolates guests here is this machine's own hypervisor; "
			"mainline KVM has no proof of isolation",
			doubt(context));
	if (engine == ENGINE_YES)
		about = "; AWS states that on Graviton5 instances such as this one the Nitro "
			"Isolation "
			"Engine isolates guests, and publishes a proof about it";
	else if (engine == ENGINE_UNKNOWN)
		about = "; unknown whether this instance has Graviton5, for which AWS publishes a "
			"proof "
			"about the Nitro Isolation Engine";
	return nm_finding_add(
		context, "isolation.proof", NM_STATUS_INFO, NM_STRING("not verifiable from inside"),
		NULL,
		"no probe inside a guest can verify that a cloud's hypervisor is the one "
		"that was proven, or that it isolates at all%s",
		about);
}

int nm_probe_isolation(struct nm_probe_context *context)
{
	static int (*const parts[])(struct nm_probe_context *) = {
		nm_isolation_vulnerabilities,
		nm_isolation_mitigations,
		add_smt,
		add_core_scheduling,
		add_nx_huge_pages,
		add_ksm,
		add_lockdown,
		add_modules,
		nm_isolation_parameters,
		nm_isolation_smt_rsb,
		add_sibling,
		add_proof,
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = parts[i](context);
	return r;
}
