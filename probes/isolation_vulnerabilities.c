/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Vulnerabilities of the CPU as the kernel names them, and which mitigations its command line takes away. */
#include "probes/isolation.h"

#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VULNERABILITIES "sys/devices/system/cpu/vulnerabilities"
#define MAX_ENTRIES	128

/*
 * The kernel's words (Documentation/ABI/testing/sysfs-devices-system-cpu and arch/x86/kernel/cpu/bugs.c): "Not affected",
 * "Mitigation: …" and "Vulnerable…", with several parts in one line: "Mitigation: PTE Inversion; VMX: conditional cache
 * flushes, SMT vulnerable". The worst part decides.
 */
enum nm_status nm_isolation_judge(const char *state)
{
	if (strcasestr(state, "vulnerable"))
		return NM_STATUS_WARN;
	if (strcasestr(state, "unknown"))
		return NM_STATUS_UNKNOWN;
	if (!strncmp(state, "Not affected", 12) || strstr(state, "Mitigation"))
		return NM_STATUS_PASS;
	return NM_STATUS_UNKNOWN;
}

const char *nm_isolation_state(const struct nm_probe_context *context, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), VULNERABILITIES "/%.63s", name);
	return nm_root_line(context->root, context->arena, path);
}

static int add_vulnerability(struct nm_probe_context *context, const char *name,
			     enum nm_status *status)
{
	const char *state = nm_isolation_state(context, name);
	int error = errno;
	char id[128];

	*status = state ? nm_isolation_judge(state) : NM_STATUS_UNKNOWN;
	snprintf(id, sizeof(id), "isolation.vulnerability.%s", name);
	if (!state)
		return nm_detail_add(context, id, *status, (struct nm_value) {0}, NULL,
				     "/" VULNERABILITIES "/%s: %s", name, nm_why_not(error));
	return nm_detail_add(context, id, *status, NM_STRING(nm_clean(context, state)),
			     *status == NM_STATUS_WARN
				     ? "newer microcode or kernel, or other mitigations; see "
				       "Documentation/admin-guide/hw-vuln of the kernel"
				     : NULL,
			     "/" VULNERABILITIES "/%s%s", name, nm_isolation_shown_by(context));
}

int nm_isolation_vulnerabilities(struct nm_probe_context *context)
{
	static const char id[] = "isolation.vulnerabilities";
	const char *lists[] = {[NM_STATUS_WARN] = "", [NM_STATUS_UNKNOWN] = ""};
	unsigned int counts[] = {[NM_STATUS_UNKNOWN] = 0};
	struct nm_strings names = {0};
	unsigned int total = 0;
	int r = nm_root_list(context->root, context->arena, VULNERABILITIES, &names);

	for (size_t i = 0; !r && i < names.count && total < MAX_ENTRIES; i++) {
		enum nm_status status;

		if (!nm_fits_id(names.items[i]))
			continue;
		r = add_vulnerability(context, names.items[i], &status);
		total++;
		counts[status]++;
		if (status == NM_STATUS_WARN || status == NM_STATUS_UNKNOWN)
			lists[status] = nm_isolation_join(context, lists[status], names.items[i]);
	}
	if (r)
		return r;
	if (!total)
		return nm_unknown_add(context, id, NULL,
				      "/" VULNERABILITIES " is empty: absent, or not captured");
	return nm_finding_add(
		context, id,
		counts[NM_STATUS_WARN]	    ? NM_STATUS_WARN
		: counts[NM_STATUS_UNKNOWN] ? NM_STATUS_UNKNOWN
					    : NM_STATUS_PASS,
		NM_INT(counts[NM_STATUS_WARN]),
		counts[NM_STATUS_WARN]
			? "look at isolation.vulnerability.* before guests of strangers run here"
			: NULL,
		"of %u known to this kernel, vulnerable: %s; unknown: %s%s", total,
		*lists[NM_STATUS_WARN] ? nm_clean(context, lists[NM_STATUS_WARN]) : "none",
		*lists[NM_STATUS_UNKNOWN] ? nm_clean(context, lists[NM_STATUS_UNKNOWN]) : "none",
		nm_isolation_shown_by(context));
}

/* Mitigations in force */

/*
 * Words of the command line that take a mitigation away. Documentation/admin-guide/kernel-parameters.txt; the vectors of
 * mitigations=auto (6.17) in Documentation/admin-guide/hw-vuln/attack_vector_controls.rst are looked for apart.
 */
static const char *const weakening[] = {"mitigations=off",
					"nopti",
					"pti=off",
					"nospectre_v1",
					"nospectre_v2",
					"nospec_store_bypass_disable",
					"spectre_v2=off",
					"spectre_v2_user=off",
					"spectre_bhi=off",
					"spec_store_bypass_disable=off",
					"l1tf=off",
					"mds=off",
					"tsx_async_abort=off",
					"mmio_stale_data=off",
					"reg_file_data_sampling=off",
					"gather_data_sampling=off",
					"srbds=off",
					"retbleed=off",
					"spec_rstack_overflow=off",
					"indirect_target_selection=off",
					"tsa=off",
					"vmscape=off",
					"kvm.nx_huge_pages=off",
					"kvm-intel.vmentry_l1d_flush=never",
					"kvm_intel.vmentry_l1d_flush=never",
					NULL};

static bool weakens(const char *word)
{
	if (nm_name_index(weakening, word) >= 0)
		return true;
	return !strncmp(word, "mitigations=", 12) &&
	       (strstr(word, "no_guest_host") || strstr(word, "no_guest_guest") ||
		strstr(word, "no_cross_thread"));
}

int nm_isolation_mitigations(struct nm_probe_context *context)
{
	static const char id[] = "isolation.mitigations";
	const char *line = nm_kept_text(context, "proc/cmdline");
	char *words;
	const char *value = "auto";
	const char *weak = "";
	char *next = NULL;

	if (!line)
		return nm_unread_add(context, id, "proc/cmdline", errno);
	words = nm_arena_strndup(context->arena, line, strcspn(line, "\n"));
	if (!words)
		return -ENOMEM;
	/* What follows "--" is for init. */
	for (char *word = strtok_r(words, " \t", &next); word && strcmp(word, "--") != 0;
	     word = strtok_r(NULL, " \t", &next)) {
		if (!strncmp(word, "mitigations=", 12))
			value = word + 12;
		if (weakens(word))
			weak = nm_isolation_join(context, weak, word);
	}
	return nm_finding_add(
		context, id, *weak ? NM_STATUS_WARN : NM_STATUS_PASS,
		NM_STRING(nm_clean(context, value)),
		*weak ? "take these words from the kernel's command line where guests "
			"do not trust each other"
		      : NULL,
		"/proc/cmdline takes mitigations away with: %s",
		*weak ? nm_clean(context, weak) : "nothing");
}
