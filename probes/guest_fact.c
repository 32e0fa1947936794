/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/guest_fact.h"

#include "core/error.h"
#include "core/record.h"

#include <errno.h>
#include <string.h>

#define LINE_BYTES 1024u

static const char *const states[] = {"absent",	    "ok",      "fail", "timeout",
				     "unsupported", "skipped", NULL};

const struct nm_guest_class_info nm_guest_classes[NM_GUEST_CLASSES] = {
	[NM_CLASS_CPUID] = {"cpuid", "CPUID gave the vendor that KVM was told", true},
	[NM_CLASS_PIO_OUT] = {"pio_out", "OUT reached user space with the guest's value", true},
	[NM_CLASS_PIO_IN] = {"pio_in", "IN gave the guest the value of user space", true},
	[NM_CLASS_MMIO_WRITE] = {"mmio_write",
				 "a store where no memory is reached user space with its value",
				 true},
	[NM_CLASS_MMIO_READ] = {"mmio_read",
				"a load where no memory is got the value of user space", true},
	[NM_CLASS_PAGE_FAULT] = {"page_fault", "pages that KVM had to map, and had to find first",
				 true},
	[NM_CLASS_HLT] = {"hlt", "HLT left to user space and went on", true},
	[NM_CLASS_CPUID_FEATURES] = {"cpuid_features", "CPUID gave the features that KVM was told",
				     false},
	[NM_CLASS_MSR] = {"msr", "WRMSR changed IA32_MISC_ENABLE, RDMSR showed it", false},
	[NM_CLASS_DE] = {"exception_de", "the guest handled its #DE", false},
	[NM_CLASS_UD] = {"exception_ud", "the guest handled its #UD", false},
	[NM_CLASS_INTERRUPT] = {"interrupt",
				"an interrupt of user space was delivered (no irqchip)", false},
	[NM_CLASS_CPUID_CPL3] = {"cpuid.cpl3", "CPUID gave the vendor that KVM was told", false},
	[NM_CLASS_CPUID_FEATURES_CPL3] = {"cpuid_features.cpl3",
					  "CPUID gave the features that KVM was told", false},
	[NM_CLASS_PIO_OUT_CPL3] = {"pio_out.cpl3", "OUT reached user space with the guest's value",
				   false},
	[NM_CLASS_PIO_IN_CPL3] = {"pio_in.cpl3", "IN gave the guest the value of user space",
				  false},
	[NM_CLASS_MMIO_READ_CPL3] = {"mmio_read.cpl3",
				     "a load where no memory is got the value of user space",
				     false},
	[NM_CLASS_PAGE_FAULT_CPL3] = {"page_fault.cpl3",
				      "pages that KVM had to map, and had to find first", false},
	[NM_CLASS_UD_CPL3] = {"exception_ud.cpl3", "the guest handled its #UD", false},
	[NM_CLASS_PIC] = {"pic", "KVM's own 8259A kept what OUT wrote", false},
	[NM_CLASS_IPI] = {"self_ipi", "KVM's local APIC delivered an IPI to its own vCPU", false},
	[NM_CLASS_WAKE] = {"hlt_wake", "the timer of KVM's local APIC ended a HLT", false},
	[NM_CLASS_HYPERCALL] = {"hypercall", "KVM refused an unknown hypercall with -ENOSYS",
				false},
};

void nm_guest_fact_put(struct nm_text *out, const char *name, enum nm_proof_state state,
		       const char *text)
{
	char clean[LINE_BYTES / 2];

	nm_text_printable(clean, sizeof(clean), text ? text : "");
	nm_text_printf(out, "%s %s%s%s\n", name, states[state], *clean ? " " : "", clean);
}

void nm_guest_fact_put_remedy(struct nm_text *out, const char *remedy)
{
	char clean[LINE_BYTES / 2];

	nm_text_printf(out, "remedy %s\n", nm_text_printable(clean, sizeof(clean), remedy));
}

/* A copy of one line, or NULL when it is too long, has no end or something in it that a terminal would obey. */
static char *take_line(struct nm_arena *arena, const char **at)
{
	char clean[LINE_BYTES];
	const char *end = strchr(*at, '\n');
	char *line;

	if (!end || end == *at || (size_t)(end - *at) >= sizeof(clean))
		return NULL;
	line = nm_arena_strndup(arena, *at, (size_t)(end - *at));
	*at = end + 1;
	if (!line || strcmp(nm_text_printable(clean, sizeof(clean), line), line) != 0)
		return NULL;
	return line;
}

/* Cuts a word off the line; what is left, or NULL when that was all. */
static char *cut(char *line)
{
	char *blank = line ? strchr(line, ' ') : NULL;

	if (!blank)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

static struct nm_proof *proof_of(struct nm_guest_fact *fact, const char *name)
{
	if (!strcmp(name, "canary"))
		return &fact->canary;
	for (int i = 0; i < NM_GUEST_CLASSES; i++)
		if (!strcmp(name, nm_guest_classes[i].name))
			return &fact->classes[i];
	return NULL;
}

static bool parse_line(char *line, struct nm_guest_fact *fact)
{
	char *word = cut(line);
	struct nm_proof *proof;
	char *text;
	int state;

	if (!strcmp(line, "remedy")) {
		if (!word || !*word || fact->remedy)
			return false;
		fact->remedy = word;
		return true;
	}
	proof = proof_of(fact, line);
	text = cut(word);
	state = word ? nm_name_index(states, word) : -1;
	if (!proof || proof->state != NM_PROOF_ABSENT || state <= NM_PROOF_ABSENT)
		return false;
	/* What went wrong is always said, and nothing is said of what did not. */
	if (state == NM_PROOF_OK ? text != NULL : !text || !*text)
		return false;
	*proof = (struct nm_proof) {state, text};
	return true;
}

int nm_guest_fact_parse(struct nm_arena *arena, const char *text, struct nm_guest_fact *out)
{
	*out = (struct nm_guest_fact) {0};
	for (unsigned int number = 1; *text; number++) {
		char *line = take_line(arena, &text);

		if (!line || !parse_line(line, out))
			return nm_fail(EINVAL, "nestmark/guest, line %u: not as it is written",
				       number);
	}
	if (out->canary.state == NM_PROOF_ABSENT)
		return nm_fail(EINVAL, "nestmark/guest: nothing about the canary");
	return 0;
}
