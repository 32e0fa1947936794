/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_RUN_OPTIONS_H
#define NM_CLI_RUN_OPTIONS_H

#include "benchmarks/plan.h"
#include "cli/against.h"
#include "cli/outputs.h"

#include <stdbool.h>
#include <stdint.h>

/** What the command line of nestmark run says. */
struct nm_run_options {
	struct nm_document *document; /* plan, patterns and argv go there at once */
	struct nm_selection selection;
	const struct nm_profile *profile;
	uint64_t rounds, samples, cpu;
	bool has_seed, has_plan;
	bool io_device, may_overwrite;
	struct nm_outputs outputs;
	struct nm_output *main_output; /* the document's, when -o names it */
	const char *document_path;
	const char *resume;
	struct nm_against against;
	const char *batches_of; /* a document whose batches are taken; NULL: pilots choose */
	enum nm_colour colour;
	bool quiet, verbose;
	bool part; /* of a plan, for nestmark ab: */
	uint64_t passes;
	uint64_t skip_code;
};

/** Parses it; false when the command ends here, with its exit code. */
bool nm_run_parse(struct nm_run_options *options, int argc, char **argv, int *code);

#endif
