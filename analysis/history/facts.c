/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/facts.h"

#include <math.h>

static void forget_run(struct nm_run *run)
{
	run->uuid = "00000000-0000-0000-0000-000000000000";
	run->started = "";
	run->ended = "";
	run->state = NM_RUN_COMPLETE;
	run->reason = NULL;
	run->argv = (struct nm_strings) {0};
	run->seed = 0;
	run->supersedes = NULL;
	run->plan.patterns = (struct nm_strings) {0};
	run->plan.contexts = (struct nm_strings) {0};
}

static void forget_load(struct nm_environment *environment)
{
	environment->load_before = NAN;
	environment->load_after = NAN;
	environment->pressure_before_percent = NAN;
	environment->pressure_after_percent = NAN;
	environment->changed = (struct nm_strings) {0};
}

int nm_facts_write(const struct nm_document *document, struct nm_text *out)
{
	struct nm_document facts = *document;

	forget_run(&facts.run);
	forget_load(&facts.environment);
	/* Calibrated anew by each run: the last digits differ. */
	facts.machine.tsc_khz = facts.machine.tsc_khz / 10000 * 10000;
	facts.findings.count = 0;
	facts.measurements.count = 0;
	facts.soak = NULL;
	return nm_document_write(out, &facts, false);
}
