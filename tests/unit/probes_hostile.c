/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* All probes on captures whose texts were damaged at random: nothing crashes, and every finding is one that can be shown. */
#include "core/error.h"
#include "core/statistics.h"
#include "probe_case.h"

#include <criterion/parameterized.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 50u

static struct nm_random generator;

static void damage(struct nm_answer *answer)
{
	static const char *const words[] = {
		"-1", "99999999999999999999", "0x",	"\n", "", "\xff", "\x1b[31m", " ",
		":",  "4294967296",	      "EACCES", "nan"};
	char *bytes = (char *)(uintptr_t)answer->bytes;
	const char *word =
		words[(size_t)nm_random_below(&generator, sizeof(words) / sizeof(words[0]))];
	size_t at = answer->length ? (size_t)nm_random_below(&generator, answer->length) : 0;
	size_t length = strlen(word);

	switch (nm_random_below(&generator, 5)) {
	case 0:
		answer->length = at;
		bytes[at] = '\0';
		break;
	case 1:
		answer->error = (int)nm_random_below(&generator, 40) + ENOMEM + 1;
		break;
	case 2:
		if (answer->length)
			bytes[at] = (char)nm_random_below(&generator, 256);
		break;
	default:
		if (at + length <= answer->length)
			memcpy(bytes + at, word, length);
	}
}

static void check_id(const char *id)
{
	bool dot = false;

	for (const char *at = id; *at; at++) {
		dot |= *at == '.';
		cr_assert(islower((unsigned char)*at) || isdigit((unsigned char)*at) ||
				  *at == '_' || *at == '.',
			  "id %s", id);
	}
	cr_assert(dot, "id %s", id);
}

static void probe_damaged(const char *path, unsigned int round)
{
	struct nm_capture *capture = calloc(1, sizeof(*capture));
	struct nm_root root = {.fd = -1, .replay = capture};

	cr_assert_eq(nm_capture_read(path, capture), 0, "%s", nm_error_last()->text);
	for (size_t i = 0; i < capture->answers.count; i++) {
		struct nm_answer *answer = &capture->answers.items[i];

		/* A few in some rounds, most in others. */
		if (answer->bytes && !answer->error &&
		    nm_random_below(&generator, 100) < 2 + (round * 7) % 90)
			damage(answer);
	}
	case_context = (struct nm_probe_context) {.root = &root,
						  .kvm_device = "/dev/kvm",
						  .run_guest = true,
						  .arena = &case_arena,
						  .findings = &case_findings,
						  .machine = &case_machine};
	cr_assert_eq(nm_probe_all(&case_context), 0, "%s, round %u: %s", path, round,
		     nm_error_last()->text);
	for (size_t i = 0; i < case_findings.count; i++) {
		check_id(case_findings.items[i].id);
		cr_assert_not_null(case_findings.items[i].evidence, "%s",
				   case_findings.items[i].id);
	}
	cr_assert_not_null(nm_findings_get(&case_findings, "verdict.nesting"), "no verdict");
	nm_arena_free(&case_arena);
	case_findings = (struct nm_findings) {0};
	case_machine = (struct nm_machine) {0};
	nm_root_close(&root);
}

struct capture_name {
	char text[256];
};

static struct capture_name captures[512];

static size_t find_captures(void)
{
	DIR *folder = opendir(FIXTURES);
	struct dirent *entry;
	size_t count = 0;

	while (folder && (entry = readdir(folder)) &&
	       count < sizeof(captures) / sizeof(captures[0]))
		if (strstr(entry->d_name, ".tar.zst"))
			snprintf(captures[count++].text, sizeof(captures[0].text), "%s",
				 entry->d_name);
	if (folder)
		closedir(folder);
	return count;
}

Test(probes_hostile, has_captures)
{
	cr_assert_geq(find_captures(), 30u, "%zu captures", find_captures());
}

/* A process for each, several at a time. */
ParameterizedTestParameters(probes_hostile, damaged_captures_are_probed)
{
	const size_t count = find_captures();

	return cr_make_param_array(struct capture_name, captures, count, NULL);
}

ParameterizedTest(struct capture_name *name, probes_hostile, damaged_captures_are_probed,
		  .timeout = 100)
{
	char path[512];

	snprintf(path, sizeof(path), FIXTURES "/%s", name->text);
	nm_random_seed(&generator, 20261121);
	for (unsigned int round = 0; round < ROUNDS; round++)
		probe_damaged(path, round);
}
