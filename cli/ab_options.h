/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_AB_OPTIONS_H
#define NM_CLI_AB_OPTIONS_H

#include "cli/comparing.h"

#include <stdbool.h>
#include <stdint.h>

/** A command line, or a part of one. */
struct nm_ab_command {
	char **words;
	size_t count;
	const char *label; /* as one text */
};

/** What the command line of nestmark ab says. */
struct nm_ab_options {
	struct nm_comparing comparing;
	struct nm_ab_command common;	  /* for nestmark run of both sides */
	struct nm_ab_command commands[2]; /* A and B */
	uint64_t rounds, block, seed;	  /* rounds of each side, and those in a row */
	uint64_t budget_ns, block_limit_ns;
	const char *documents; /* prefix of their paths */
};

/** Parses it; false when the command ends here, with its exit code. */
bool nm_ab_parse(struct nm_ab_options *options, int argc, char **argv, int *code);

/** Opens the outputs of the comparison, none of which may be a document of a side. */
int nm_ab_open_outputs(struct nm_ab_options *options, const char *a, const char *b);

#endif
