/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_TESTS_UNIT_PROBE_CASE_H
#define NM_TESTS_UNIT_PROBE_CASE_H

#include "core/capture.h"
#include "core/root.h"
#include "probes/probes.h"

#include <criterion/criterion.h>
#include <string.h>

/* A machine made of answers that a test gives, and what a probe finds on it. */

static struct nm_capture case_capture;
static struct nm_root case_root = {.fd = -1, .replay = &case_capture};
static struct nm_arena case_arena;
static struct nm_findings case_findings;
static struct nm_machine case_machine;
static struct nm_probe_context case_context = {.root = &case_root,
					       .kvm_device = "/dev/kvm",
					       .arena = &case_arena,
					       .findings = &case_findings,
					       .machine = &case_machine,
					       .kvm = {.fd = -1}};

static inline void given_text(const char *path, const char *text)
{
	const struct nm_answer answer = {.kind = NM_ANSWER_TEXT,
					 .path = path,
					 .bytes = text,
					 .length = strlen(text)};

	cr_assert_eq(nm_capture_add(&case_capture, &answer), 0, "out of memory");
}

static inline void given_error(enum nm_answer_kind kind, const char *path, int error)
{
	const struct nm_answer answer = {.kind = (int)kind, .path = path, .error = error};

	cr_assert_eq(nm_capture_add(&case_capture, &answer), 0, "out of memory");
}

/* Something that exists (NM_ANSWER_EXISTS) or a device that opens (NM_ANSWER_DEVICE). */
static inline void given(enum nm_answer_kind kind, const char *path)
{
	given_error(kind, path, 0);
}

/* names: separated by blanks. */
static inline void given_list(const char *path, const char *names)
{
	struct nm_answer answer = {.kind = NM_ANSWER_LIST, .path = path};
	char *copy = nm_arena_strdup(&case_arena, names);

	for (char *name = strtok(copy, " "); name; name = strtok(NULL, " "))
		nm_strings_add(&case_arena, &answer.names, name);
	cr_assert_eq(nm_capture_add(&case_capture, &answer), 0, "out of memory");
}

/* Runs a probe on what was given so far. */
static inline void probe_with(int (*probe)(struct nm_probe_context *context))
{
	nm_capture_sort(&case_capture);
	cr_assert_eq(probe(&case_context), 0, "the probe failed");
}

static inline const struct nm_finding *found(const char *id)
{
	const struct nm_finding *finding = nm_findings_get(&case_findings, id);

	cr_assert_not_null(finding, "no finding %s", id);
	return finding;
}

static inline void found_status(const char *id, enum nm_status status)
{
	cr_assert_eq(found(id)->status, (int)status, "%s is %s: %s", id,
		     nm_status_names[found(id)->status], found(id)->evidence);
}

static inline void found_string(const char *id, const char *value)
{
	cr_assert_eq(found(id)->value.type, NM_VALUE_STRING, "%s is no string", id);
	cr_assert_str_eq(found(id)->value.string, value, "%s is %s", id, found(id)->value.string);
}

static inline void found_int(const char *id, int64_t value)
{
	cr_assert_eq(found(id)->value.type, NM_VALUE_INT, "%s is no integer", id);
	cr_assert_eq(found(id)->value.integer, value, "%s is %lld", id,
		     (long long)found(id)->value.integer);
}

static inline void found_bool(const char *id, bool value)
{
	cr_assert_eq(found(id)->value.type, NM_VALUE_BOOL, "%s is no boolean", id);
	cr_assert_eq(found(id)->value.boolean, value, "%s: %s", id, found(id)->evidence);
}

#endif
