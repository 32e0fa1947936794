/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* The vDSO is a shared library that the kernel maps into each process (vdso(7)); it is one segment from its ELF header on. */
#include "linux/vdso.h"

#include <linux/auxvec.h>
#include <linux/elf.h>

static const char *image;

/* Behind the arguments and the environment, each ended by a NULL. */
void nm_vdso_find(const long *stack)
{
	const long *at = stack + 1 + stack[0] + 1;

	while (*at++)
		;
	for (; at[0] != AT_NULL; at += 2)
		if (at[0] == AT_SYSINFO_EHDR)
			image = (const char *)at[1];
}

/* Where the sections of that type are; NULL where there is none. */
static const Elf64_Shdr *find_section(uint32_t type)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)image;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(const void *)(image + header->e_shoff);

	for (unsigned int i = 0; header->e_shoff && i < header->e_shnum; i++)
		if (sections[i].sh_type == type)
			return &sections[i];
	return NULL;
}

nm_clock_fn nm_vdso_clock(void)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)image;
	const Elf64_Shdr *table = image ? find_section(SHT_DYNSYM) : NULL;
	const Elf64_Shdr *sections;
	const Elf64_Sym *symbols;
	const char *names;

	if (!table)
		return NULL;
	sections = (const Elf64_Shdr *)(const void *)(image + header->e_shoff);
	symbols = (const Elf64_Sym *)(const void *)(image + table->sh_offset);
	names = image + sections[table->sh_link].sh_offset;
	for (size_t i = 0; i < table->sh_size / sizeof(*symbols); i++)
		if (nm_equal(names + symbols[i].st_name, "__vdso_clock_gettime"))
			return (nm_clock_fn)(uintptr_t)(image + symbols[i].st_value);
	return NULL;
}
