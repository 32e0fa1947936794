/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ab_options.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS	       100u
#define BLOCK	       5u
#define BLOCK_LIMIT_NS (600 * NM_NS_PER_S)
#define MAX_TIME_NS    (24ull * 3600 * NM_NS_PER_S)

/*
 * The quiet floor decides alone: it is what the code costs, and between pairs that are milliseconds apart a machine that is
 * busy tells 1 % (docs/measurement.md has what was measured). Of one operation without a difference one trial in a hundred may
 * be called different, whatever noise there is, as long as both sides meet it alike.
 */
static const struct nm_policy ab_policy = {
	.name = "ab",
	.false_discovery_rate = 0.01,
	.limits = {.threshold_percent = {[NM_COMPARED_FLOOR] = 0.75,
					 [NM_COMPARED_P50] = 2,
					 [NM_COMPARED_P99] = 25},
		   .gated = {[NM_COMPARED_FLOOR] = true}},
};

enum option_id {
	OPT_ROUNDS,
	OPT_BUDGET,
	OPT_BLOCK,
	OPT_BLOCK_LIMIT,
	OPT_SEED,
	OPT_POLICY,
	OPT_DOCUMENTS,
	OPT_OUTPUT,
	OPT_COLOR,
	OPT_GATE,
	OPT_JSON,
	OPT_QUIET,
	OPT_HELP,
	OPT_OTHER, /* of nestmark run */
};

/* getopt would have to know the options of nestmark run, and their values. */
static const struct own_option {
	const char *name, *letter;
	enum option_id id;
	bool takes_value;
} own_options[] = {
	{"--rounds", NULL, OPT_ROUNDS, true},	    {"--budget", NULL, OPT_BUDGET, true},
	{"--block", NULL, OPT_BLOCK, true},	    {"--block-limit", NULL, OPT_BLOCK_LIMIT, true},
	{"--seed", NULL, OPT_SEED, true},	    {"--policy", NULL, OPT_POLICY, true},
	{"--documents", NULL, OPT_DOCUMENTS, true}, {"--output", "-o", OPT_OUTPUT, true},
	{"--color", NULL, OPT_COLOR, true},	    {"--gate", NULL, OPT_GATE, false},
	{"--json", "-J", OPT_JSON, false},	    {"--quiet", "-q", OPT_QUIET, false},
	{"--help", "-h", OPT_HELP, false},
};

/* Sets *value to what stands behind "=", or to NULL. */
static const struct own_option *find_option(const char *word, const char **value)
{
	size_t length = strcspn(word, "=");

	*value = word[length] ? word + length + 1 : NULL;
	for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]); i++) {
		const struct own_option *option = &own_options[i];

		if ((strlen(option->name) == length && !strncmp(word, option->name, length)) ||
		    (option->letter && !strcmp(word, option->letter)))
			return option;
	}
	return NULL;
}

static bool set_colour(struct nm_ab_options *options, const char *value)
{
	if (nm_parse_colour(value, &options->comparing.colour))
		return true;
	nm_usage_error(&nm_command_ab, "--color %s: expected auto, always or never", value);
	return false;
}

static bool set_option(struct nm_ab_options *options, enum option_id id, const char *value)
{
	const struct nm_command *self = &nm_command_ab;
	struct nm_comparing *comparing = &options->comparing;

	switch (id) {
	case OPT_ROUNDS:
		return nm_parse_number(self, "--rounds", value, 1, NM_MAX_ROUNDS, &options->rounds);
	case OPT_BUDGET:
		return nm_parse_duration(self, "--budget", value, MAX_TIME_NS, &options->budget_ns);
	case OPT_BLOCK:
		return nm_parse_number(self, "--block", value, 1, NM_MAX_ROUNDS, &options->block);
	case OPT_BLOCK_LIMIT:
		return nm_parse_duration(self, "--block-limit", value, MAX_TIME_NS,
					 &options->block_limit_ns);
	case OPT_SEED:
		return nm_parse_number(self, "--seed", value, 0, UINT64_MAX, &options->seed);
	case OPT_POLICY:
		comparing->policy_path = value;
		return true;
	case OPT_DOCUMENTS:
		options->documents = value;
		return true;
	case OPT_OUTPUT:
		return nm_outputs_add(self, &comparing->outputs, value);
	case OPT_JSON:
		return nm_outputs_add(self, &comparing->outputs, "json:-");
	case OPT_COLOR:
		return set_colour(options, value);
	case OPT_GATE:
		comparing->request.gate = true;
		return true;
	default:
		comparing->quiet = true;
		return true;
	}
}

/* The words before the first "--": those of ab itself, and what goes to both sides. */
static bool parse_head(struct nm_ab_options *options, char **words, size_t count, int *code)
{
	for (size_t i = 0; i < count; i++) {
		const char *value;
		const struct own_option *option = find_option(words[i], &value);

		if (!option) {
			options->common.words[options->common.count++] = words[i];
			continue;
		}
		if (option->id == OPT_HELP) {
			*code = nm_print_help(&nm_command_ab);
			return false;
		}
		if (option->takes_value && !value && ++i < count)
			value = words[i];
		if (option->takes_value != (value != NULL)) {
			nm_usage_error(&nm_command_ab, "%s: %s", option->name,
				       value ? "takes no value" : "a value is missing");
			return false;
		}
		if (!set_option(options, option->id, value))
			return false;
	}
	return true;
}

static size_t find_dashes(char **words, size_t from, size_t count)
{
	while (from < count && strcmp(words[from], "--") != 0)
		from++;
	return from;
}

static bool set_command(struct nm_ab_options *options, struct nm_ab_command *command, char **words,
			size_t count)
{
	struct nm_text text = {0};

	command->words = words;
	command->count = count;
	for (size_t i = 0; i < count; i++)
		nm_text_printf(&text, "%s%s", i ? " " : "", words[i]);
	command->label = nm_arena_strdup(&options->comparing.arena, text.bytes ? text.bytes : "");
	nm_text_free(&text);
	return command->label;
}

static bool parse_commands(struct nm_ab_options *options, char **words, size_t count)
{
	size_t middle = find_dashes(words, 0, count);

	if (!middle || middle + 1 >= count) {
		nm_usage_error(&nm_command_ab, "expected -- COMMAND_A… -- COMMAND_B…");
		return false;
	}
	return set_command(options, &options->commands[0], words, middle) &&
	       set_command(options, &options->commands[1], words + middle + 1, count - middle - 1);
}

static uint64_t draw_seed(void)
{
	struct nm_random random;

	nm_random_seed(&random, nm_clock_raw_ns() ^ (uint64_t)getpid() << 32);
	return nm_random_next(&random) >> 40;
}

static bool set_defaults(struct nm_ab_options *options, size_t words)
{
	struct nm_arena *arena = &options->comparing.arena;
	char time[32];

	nm_time_basic(time, sizeof(time));
	options->rounds = ROUNDS;
	options->block = BLOCK;
	options->block_limit_ns = BLOCK_LIMIT_NS;
	options->seed = draw_seed();
	options->comparing.outputs.kind = &nm_comparison_output;
	options->comparing.request.mode = NM_COMPARE_AB;
	options->comparing.request.paired = true;
	options->documents = nm_arena_printf(arena, "%s-ab-%d", time, (int)getpid());
	options->common.words = nm_arena_alloc(arena, (words + 1) * sizeof(char *));
	/* Whatever differs is what the user compares. */
	return options->documents && options->common.words &&
	       !nm_strings_add(arena, &options->comparing.request.allowed, "*");
}

/* Whole blocks only: a pair of parts would weigh as much as the others. */
static bool set_blocks(struct nm_ab_options *options)
{
	options->rounds -= options->rounds % options->block;
	options->comparing.request.block = options->block;
	if (options->rounds)
		return true;
	nm_usage_error(&nm_command_ab, "--rounds: fewer than the %llu of one block",
		       (unsigned long long)options->block);
	return false;
}

static int set_policy(struct nm_comparing *comparing)
{
	int r = nm_comparing_prepare(comparing);

	if (!r && !comparing->policy_path)
		comparing->policy = ab_policy;
	return r;
}

bool nm_ab_parse(struct nm_ab_options *options, int argc, char **argv, int *code)
{
	char **words = argv + 1;
	size_t count = (size_t)argc - 1;
	size_t head = find_dashes(words, 0, count);

	*code = NM_EXIT_USAGE;
	if (!set_defaults(options, count) || !parse_head(options, words, head, code))
		return false;
	if (head == count) {
		nm_usage_error(&nm_command_ab, "expected -- COMMAND_A… -- COMMAND_B…");
		return false;
	}
	if (!parse_commands(options, words + head + 1, count - head - 1))
		return false;
	if (!set_blocks(options))
		return false;
	if (set_policy(&options->comparing)) {
		nm_report_error(NM_EXIT_USAGE);
		return false;
	}
	return nm_outputs_to_stdout(&options->comparing.outputs) ||
	       nm_outputs_add(&nm_command_ab, &options->comparing.outputs, "text:-");
}

int nm_ab_open_outputs(struct nm_ab_options *options, const char *a, const char *b)
{
	struct nm_outputs *outputs = &options->comparing.outputs;
	int r = nm_outputs_name(outputs, &options->comparing.arena, options->documents);

	if (!r)
		r = nm_outputs_check(outputs, NULL, a);
	if (!r)
		r = nm_outputs_check(outputs, NULL, b);
	return r ? r : nm_outputs_open(outputs, NULL);
}
