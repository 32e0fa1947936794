/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_COMPARING_H
#define NM_CLI_COMPARING_H

#include "analysis/compare.h"
#include "cli/outputs.h"

/* What commands that compare have in common: how it is judged, and where it goes. */

enum {
	NM_OPT_GATE = 512,
	NM_OPT_STRICT,
	NM_OPT_POLICY,
	NM_OPT_ALLOW,
};

/* Their rows in a table of getopt_long(). */
#define NM_COMPARING_OPTIONS                                                                       \
	{"gate", no_argument, NULL, NM_OPT_GATE}, {"strict", no_argument, NULL, NM_OPT_STRICT},    \
		{"policy", required_argument, NULL, NM_OPT_POLICY},                                \
	{                                                                                          \
		"allow", required_argument, NULL, NM_OPT_ALLOW                                     \
	}

struct nm_comparing {
	struct nm_arena arena;
	struct nm_compare_request request;
	struct nm_policy policy;
	const char *policy_path;
	bool strict, quiet;
	struct nm_outputs outputs;
	enum nm_colour colour;
};

/** Takes one of these options; false for another one, or without memory. */
bool nm_comparing_option(struct nm_comparing *comparing, int option, const char *value);

/** Documents that are read from files. */
struct nm_documents {
	struct nm_document *items;
	const char **paths;
	size_t count;
};

/** Reads the documents, several at once; 0, or -errno with the error of the first that is refused. */
int nm_documents_read(struct nm_arena *arena, struct nm_documents *documents, char **paths,
		      size_t count);
void nm_documents_free(struct nm_documents *documents);

/** `count` of them, from `first` on, as a side of a comparison; -ENOMEM. */
int nm_documents_side(struct nm_arena *arena, const struct nm_documents *documents, size_t first,
		      size_t count, struct nm_compare_side *side);

/** Reads the policy file, if one was named, and applies the options to it. */
int nm_comparing_prepare(struct nm_comparing *comparing);

/** Compares, writes the outputs, warns, and returns an exit code. */
int nm_comparing_finish(struct nm_comparing *comparing);

void nm_comparing_free(struct nm_comparing *comparing);

#endif
