/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_JUNIT_H
#define NM_REPORTS_JUNIT_H

#include "core/check.h"
#include "core/text.h"

/*
 * JUnit XML that two schemas agree with: Ant's (github.com/windyroad/JUnit-Schema) and Jenkins' junit-10.xsd
 * (github.com/jenkinsci/xunit-plugin).
 */

struct nm_junit_suite {
	const char *name;
	const char *package;
	const char *host; /* NULL or empty: "localhost" */
	const char *time; /* RFC 3339 */
	size_t tests;
	size_t counts[NM_OUTCOME_FAILURE + 1]; /* tests by outcome */
	double seconds;
};

void nm_junit_begin(struct nm_text *out);
void nm_junit_end(struct nm_text *out);

/** index counts the suites of one file. Its properties come next, then its cases. */
void nm_junit_begin_suite(struct nm_text *out, const struct nm_junit_suite *suite, size_t index);
void nm_junit_end_suite(struct nm_text *out);

void nm_junit_begin_properties(struct nm_text *out);
void nm_junit_put_property(struct nm_text *out, const char *name, const char *value);
void nm_junit_end_properties(struct nm_text *out);

struct nm_junit_case {
	const char *class;
	const char *name;
	double seconds;
	enum nm_check_outcome outcome;
	const char *type;    /* one word: the state or verdict; of no use for what passed */
	const char *message; /* one line */
	const char *text;    /* the same or more */
};

void nm_junit_put_case(struct nm_text *out, const struct nm_junit_case *test);

#endif
