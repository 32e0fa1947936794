/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_PREDICTION_H
#define NM_CORE_PREDICTION_H

#include "core/document.h"

/* The prediction as it stands in schema/prediction.schema.json: what the exits of a profile cost by the exits of a run. */

#define NM_PREDICTION_SCHEMA "nestmark/prediction/1"

/** Exits of one kind in an operation. */
struct nm_predicted_kind {
	const char *kind;
	double exits_per_op;
	const char
		*priced_by; /* the measurement whose exits are taken for these; NULL: see reason */
	struct nm_statistic each; /* what one of them costs, */
	struct nm_statistic cost; /* and all of them in an operation */
	const char *reason;
};

struct nm_predicted {
	const char *measurement;
	const char *source; /* of the kinds, as in the profile */
	double exits_per_op, priced_exits_per_op;
	struct nm_statistic native, guest; /* medians of the profile's run */
	double difference;		   /* of these */
	struct nm_statistic cost;	   /* of the exits that have a price */
	double share;			   /* of the difference; NAN: see reason */
	const char *reason;
	struct {
		struct nm_predicted_kind *items;
		size_t count;
	} kinds;
};

struct nm_prediction_side {
	const char *uuid;
	const char *host;
	const char *started;
};

struct nm_prediction {
	struct nm_arena arena;
	const char *schema;
	struct nm_prediction_side profile, costs;
	const char *unit;
	struct {
		struct nm_predicted *items;
		size_t count;
	} operations;
};

int nm_prediction_write(struct nm_text *out, const struct nm_prediction *prediction);
void nm_prediction_free(struct nm_prediction *prediction);

#endif
