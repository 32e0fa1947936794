/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_HISTORY_H
#define NM_CORE_HISTORY_H

#include "core/arena.h"
#include "core/document.h"
#include "core/record.h"

/* What the history knows of runs, as it stands in schema/history.schema.json, and what an import did. */

#define NM_HISTORY_SCHEMA "nestmark/history/1"
#define NM_IMPORT_SCHEMA  "nestmark/import/1"

struct nm_history_value {
	const char *measurement;
	uint64_t version;
	const char *unit;
	const char *state;
	const char *reason;
	uint64_t rounds; /* usable ones */
	struct nm_statistic floor, p50, p99;
};

struct nm_history_run {
	const char *uuid;
	const char *host;
	const char *machine; /* its key */
	const char *started;
	const char *night;
	const char *state;
	const char *reason;
	const char *clock;
	const char *profile;
	const char *tool_version;
	const char *kernel;
	const char *supersedes;
	const char *superseded_by;
	const char *path;
	const char *sha256;
	uint64_t measurements;
	uint64_t measurements_ok;
	struct {
		struct nm_history_value *items;
		size_t count;
	} values; /* only of a run that was asked for */
};

struct nm_history {
	struct nm_arena arena;
	const char *schema;
	const char *tool_version;
	struct {
		struct nm_history_run *items;
		size_t count;
	} runs;
};

struct nm_import_refusal {
	const char *path;
	const char *reason;
};

struct nm_import {
	struct nm_arena arena;
	const char *schema;
	const char *tool_version;
	uint64_t imported;
	uint64_t already_there;
	struct {
		struct nm_import_refusal *items;
		size_t count;
	} refused;
};

extern const struct nm_record nm_history_record;
extern const struct nm_record nm_import_record;

#endif
