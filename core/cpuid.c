/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpuid.h"

#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nm_cpuid_print(struct nm_text *out, uint32_t leaf, uint32_t subleaf,
		    const struct nm_cpuid *regs)
{
	nm_text_printf(out, "   0x%08x 0x%02x: eax=0x%08x ebx=0x%08x ecx=0x%08x edx=0x%08x\n", leaf,
		       subleaf, regs->eax, regs->ebx, regs->ecx, regs->edx);
}

/* "NAME0x" and up to eight hexadecimal digits; NULL when they do not stand here. */
static const char *parse_word(const char *at, const char *name, uint32_t *out)
{
	char *end;

	if (!at || strncmp(at, name, strlen(name)) != 0)
		return NULL;
	at += strlen(name);
	if (strncmp(at, "0x", 2) != 0 || !strchr("0123456789abcdef", at[2]) || !at[2])
		return NULL;
	*out = (uint32_t)strtoul(at, &end, 16);
	return end - at <= 10 ? end : NULL;
}

static const char *parse_leaf(const char *at, struct nm_cpuid_leaf *out)
{
	at = parse_word(at, "   ", &out->leaf);
	at = parse_word(at, " ", &out->subleaf);
	at = parse_word(at, ": eax=", &out->regs.eax);
	at = parse_word(at, " ebx=", &out->regs.ebx);
	at = parse_word(at, " ecx=", &out->regs.ecx);
	at = parse_word(at, " edx=", &out->regs.edx);
	return at && *at == '\n' ? at + 1 : NULL;
}

static bool is_before(const struct nm_cpuid_leaf *a, const struct nm_cpuid_leaf *b)
{
	return a->leaf != b->leaf ? a->leaf < b->leaf : a->subleaf < b->subleaf;
}

int nm_cpuid_parse(struct nm_arena *arena, const char *text, struct nm_cpuid_table *out)
{
	static const char title[] = "CPU 0:\n";
	unsigned int line = 1;

	*out = (struct nm_cpuid_table) {0};
	if (!strncmp(text, title, strlen(title))) {
		text += strlen(title);
		line++;
	}
	for (; *text; line++) {
		struct nm_cpuid_leaf leaf;
		struct nm_cpuid_leaf *last = out->items;
		struct nm_cpuid_leaf *item;

		text = parse_leaf(text, &leaf);
		if (!text)
			return nm_fail(EINVAL, "line %u: expected a leaf in the manner of cpuid -r",
				       line);
		if (out->count && !is_before(last + out->count - 1, &leaf))
			return nm_fail(EINVAL, "line %u: leaves must ascend", line);
		item = nm_arena_append(arena, &out->items, &out->count, sizeof(*item));
		if (!item)
			return -ENOMEM;
		*item = leaf;
	}
	return 0;
}

struct nm_cpuid nm_cpuid_get(const struct nm_cpuid_table *table, uint32_t leaf, uint32_t subleaf)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->items[i].leaf == leaf && table->items[i].subleaf == subleaf)
			return table->items[i].regs;
	return (struct nm_cpuid) {0};
}

/* Three registers as text. Strings of CPUID end up in reports: what is not printable ASCII ends them. */
static void put_words(char *out, uint32_t a, uint32_t b, uint32_t c)
{
	const uint32_t words[3] = {a, b, c};

	memcpy(out, words, sizeof(words));
	out[12] = '\0';
	for (char *at = out; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '\0';
}

void nm_cpuid_vendor(const struct nm_cpuid *regs, char out[13])
{
	put_words(out, regs->ebx, regs->edx, regs->ecx);
}

void nm_cpuid_signature(const struct nm_cpuid *regs, char out[13])
{
	put_words(out, regs->ebx, regs->ecx, regs->edx);
}

/* SDM vol. 2, CPUID leaf 1: how family and model are extended. */
static void decode_version(uint32_t eax, struct nm_cpu_identity *out)
{
	unsigned int family = eax >> 8 & 0xf;
	unsigned int model = eax >> 4 & 0xf;

	out->stepping = eax & 0xf;
	out->family = family == 0xf ? family + (eax >> 20 & 0xff) : family;
	out->model = family == 0xf || family == 0x6 ? model | (eax >> 12 & 0xf0) : model;
}

static void read_brand(const struct nm_cpuid_table *table, char brand[49])
{
	const char *start;
	size_t length;

	for (uint32_t i = 0; i < 3; i++) {
		struct nm_cpuid regs = nm_cpuid_get(table, 0x80000002 + i, 0);

		memcpy(brand + (size_t)16 * i, &regs, sizeof(regs));
	}
	brand[48] = '\0';
	start = brand + strspn(brand, " ");
	memmove(brand, start, strlen(start) + 1);
	length = strlen(brand);
	while (length && brand[length - 1] == ' ')
		brand[--length] = '\0';
	for (char *at = brand; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

void nm_cpu_identify(const struct nm_cpuid_table *table, struct nm_cpu_identity *out)
{
	const struct nm_cpuid first = nm_cpuid_get(table, 0, 0);
	const struct nm_cpuid features = nm_cpuid_get(table, 1, 0);
	const struct nm_cpuid hypervisor = nm_cpuid_get(table, 0x40000000, 0);

	*out = (struct nm_cpu_identity) {0};
	nm_cpuid_vendor(&first, out->vendor);
	decode_version(features.eax, out);
	read_brand(table, out->brand);
	out->vmx = features.ecx >> 5 & 1;
	out->x2apic = features.ecx >> 21 & 1;
	out->guest = features.ecx >> 31;
	out->svm = nm_cpuid_get(table, 0x80000001, 0).ecx >> 2 & 1;
	out->invariant_tsc = nm_cpuid_get(table, 0x80000007, 0).edx >> 8 & 1;
	if (out->guest)
		nm_cpuid_signature(&hypervisor, out->hypervisor);
}

const char *nm_cpu_virtualization(const struct nm_cpu_identity *cpu)
{
	return cpu->vmx ? "vmx" : cpu->svm ? "svm" : "none";
}
