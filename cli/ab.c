/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ab_options.h"
#include "cli/stop.h"

#include "benchmarks/sides.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Arguments that are added to those of the user, NULL included. */
#define MORE_WORDS 16

struct side {
	const struct nm_ab_command *command;
	const char *name;
	const char *path; /* of its document */
	int status;	  /* of its last process, as of waitpid() */
	bool begun;
};

struct ab {
	struct nm_ab_options *options;
	struct side sides[NM_SIDES];
	uint64_t shown_ns;
};

/* The commands of both sides */

struct words {
	char **items;
	size_t count;
};

static void add_word(struct words *words, const char *word)
{
	words->items[words->count++] = (char *)(uintptr_t)word;
}

static int add_number(struct nm_arena *arena, struct words *words, const char *option,
		      uint64_t value)
{
	const char *text = nm_arena_printf(arena, "%" PRIu64, value);

	add_word(words, option);
	add_word(words, text);
	return text ? 0 : -ENOMEM;
}

static int add_plan(struct ab *ab, struct side *side, struct words *words)
{
	const struct nm_ab_options *options = ab->options;
	struct nm_arena *arena = &ab->options->comparing.arena;
	const char *output = nm_arena_printf(arena, "json:%s", side->path);
	int r = output ? 0 : -ENOMEM;

	for (size_t i = 0; i < options->common.count; i++)
		add_word(words, options->common.words[i]);
	if (!r)
		r = add_number(arena, words, "--rounds", options->rounds);
	if (!r)
		r = add_number(arena, words, "--seed", options->seed);
	add_word(words, "-o");
	add_word(words, output);
	if (side == &ab->sides[NM_SIDE_B]) {
		add_word(words, "--batches-of");
		add_word(words, ab->sides[NM_SIDE_A].path);
	}
	return r;
}

static int make_words(struct ab *ab, struct side *side, uint64_t passes, struct words *words)
{
	struct nm_arena *arena = &ab->options->comparing.arena;
	size_t most = side->command->count + ab->options->common.count + MORE_WORDS;
	int r;

	words->count = 0;
	words->items = nm_arena_alloc(arena, most * sizeof(char *));
	if (!words->items)
		return -ENOMEM;
	for (size_t i = 0; i < side->command->count; i++)
		add_word(words, side->command->words[i]);
	add_word(words, "-q");
	r = add_number(arena, words, "--passes", passes);
	if (!r && !side->begun)
		return add_plan(ab, side, words);
	add_word(words, "--resume");
	add_word(words, side->path);
	return r;
}

/* Blocks */

static bool has_document(const struct side *side)
{
	return access(side->path, F_OK) == 0;
}

/* A process that does so many passes, from where the one before it has ended. */
static int run_part(struct ab *ab, struct side *side, uint64_t passes,
		    const volatile sig_atomic_t *stop)
{
	struct words words;
	int r = make_words(ab, side, passes, &words);

	if (!r)
		r = nm_side_run(words.items, ab->options->block_limit_ns, stop, &side->status);
	side->begun = true;
	return r && r != -EINTR ? nm_error_within(r, "side %s", side->name) : r;
}

static bool has_failed(const struct side *side)
{
	return !has_document(side) && !(WIFEXITED(side->status) && !WEXITSTATUS(side->status));
}

static void show_progress(struct ab *ab, uint64_t pair, uint64_t pairs)
{
	uint64_t now = nm_clock_ns();

	if (ab->options->comparing.quiet || !isatty(STDERR_FILENO) ||
	    (pair < pairs && now - ab->shown_ns < 200 * NM_NS_PER_MS))
		return;
	ab->shown_ns = now;
	if (pair < pairs)
		fprintf(stderr, "\rpair %" PRIu64 " of %" PRIu64 "  ", pair + 1, pairs);
	else
		fputs("\r\033[K", stderr);
}

static int take_pair(struct ab *ab, uint64_t pair, bool *more)
{
	int r = 0;

	for (unsigned int half = 0; !r && half < 2; half++) {
		struct side *side = &ab->sides[nm_abba(pair, half)];

		r = run_part(ab, side, ab->options->block, &nm_stop_signal);
		*more &= !has_document(side);
		if (has_failed(side)) {
			*more = false;
			break;
		}
	}
	return r;
}

static int take_pairs(struct ab *ab)
{
	const struct nm_ab_options *options = ab->options;
	uint64_t pairs = options->rounds / options->block;
	uint64_t end = options->budget_ns ? nm_clock_ns() + options->budget_ns : UINT64_MAX;
	bool more = true;
	int r = 0;

	for (uint64_t pair = 0; !r && more && pair < pairs && nm_clock_ns() < end; pair++) {
		show_progress(ab, pair, pairs);
		r = take_pair(ab, pair, &more);
	}
	show_progress(ab, pairs, pairs);
	return r;
}

/* Whatever ended it, what was measured becomes a document. */
static int write_documents(struct ab *ab, int result)
{
	for (size_t i = 0; i < NM_SIDES; i++) {
		struct side *side = &ab->sides[i];
		const char *journal =
			nm_arena_printf(&ab->options->comparing.arena, "%s.journal", side->path);
		int r = 0;

		if (journal && access(journal, F_OK) == 0)
			r = run_part(ab, side, 0, NULL);
		result = result ? result : r;
	}
	return result;
}

/* Afterwards */

static int child_code(const struct side *side)
{
	return side->begun && WIFEXITED(side->status) ? WEXITSTATUS(side->status)
						      : NM_EXIT_UNDECIDED;
}

/* A side without a document has told why on stderr. */
static int check_document(const struct side *side)
{
	int code = child_code(side);

	if (has_document(side))
		return NM_EXIT_OK;
	if (!side->begun)
		nm_warn("side %s has not begun", side->name);
	else if (WIFSIGNALED(side->status))
		nm_warn("side %s was ended by signal %d, without a document", side->name,
			WTERMSIG(side->status));
	else
		nm_warn("side %s ended with code %d, without a document: does %s run nestmark run "
			"with what is added to it?",
			side->name, code, side->command->words[0]);
	return code == NM_EXIT_USAGE ? NM_EXIT_USAGE : NM_EXIT_UNDECIDED;
}

static int compare(struct ab *ab)
{
	struct nm_comparing *comparing = &ab->options->comparing;
	struct nm_documents sides[NM_SIDES] = {0};
	struct nm_compare_side *out[NM_SIDES] = {&comparing->request.base,
						 &comparing->request.changed};
	int r = 0;
	int code;

	for (size_t i = 0; !r && i < NM_SIDES; i++) {
		char *path = (char *)(uintptr_t)ab->sides[i].path;

		r = nm_documents_read(&comparing->arena, &sides[i], &path, 1);
		if (!r)
			r = nm_documents_side(&comparing->arena, &sides[i], 0, 1, out[i]);
		out[i]->label = ab->sides[i].command->label;
	}
	code = r ? nm_report_error(NM_EXIT_UNDECIDED) : nm_comparing_finish(comparing);
	nm_documents_free(&sides[NM_SIDE_A]);
	nm_documents_free(&sides[NM_SIDE_B]);
	return code;
}

/* Nothing could run: both sides say so, by the code of nestmark run. */
static bool are_unsupported(const struct ab *ab)
{
	return child_code(&ab->sides[NM_SIDE_A]) == NM_EXIT_UNSUPPORTED &&
	       child_code(&ab->sides[NM_SIDE_B]) == NM_EXIT_UNSUPPORTED;
}

static int conclude(struct ab *ab, int result)
{
	int code = NM_EXIT_OK;

	if (result && result != -EINTR)
		code = nm_report_error(result == -ENOENT ? NM_EXIT_USAGE : NM_EXIT_UNDECIDED);
	for (size_t i = 0; !code && i < NM_SIDES; i++)
		code = check_document(&ab->sides[i]);
	if (code)
		return code;
	code = compare(ab);
	if (!ab->options->comparing.quiet)
		nm_warn("wrote %s and %s", ab->sides[NM_SIDE_A].path, ab->sides[NM_SIDE_B].path);
	return !code && are_unsupported(ab) ? NM_EXIT_UNSUPPORTED : code;
}

static int prepare(struct ab *ab)
{
	struct nm_arena *arena = &ab->options->comparing.arena;

	for (size_t i = 0; i < NM_SIDES; i++) {
		struct side *side = &ab->sides[i];

		side->path =
			nm_arena_printf(arena, "%s-%s.json", ab->options->documents, i ? "b" : "a");
		if (!side->path)
			return -ENOMEM;
		if (access(side->path, F_OK) == 0)
			return nm_fail_remedy(EEXIST, "name another place with --documents",
					      "%s: is there already", side->path);
	}
	return nm_ab_open_outputs(ab->options, ab->sides[NM_SIDE_A].path,
				  ab->sides[NM_SIDE_B].path);
}

static int ab_main(int argc, char **argv)
{
	struct nm_ab_options options = {0};
	struct ab ab = {.options = &options,
			.sides = {{.command = &options.commands[NM_SIDE_A], .name = "A"},
				  {.command = &options.commands[NM_SIDE_B], .name = "B"}}};
	int code;

	if (nm_ab_parse(&options, argc, argv, &code)) {
		int r = prepare(&ab);

		if (r) {
			code = nm_report_error(NM_EXIT_USAGE);
		} else {
			nm_stop_catch();
			r = take_pairs(&ab);
			r = write_documents(&ab, r);
			code = conclude(&ab, r);
		}
	}
	nm_comparing_free(&options.comparing);
	nm_stop_raise();
	return code;
}

const struct nm_command nm_command_ab = {
	.name = "ab",
	.summary = "compare two builds or settings that are measured in turn",
	.main = ab_main,
	.help = "Usage: nestmark ab [OPTION…] [OPTION OF RUN…] [PATTERN…] -- COMMAND_A… -- "
		"COMMAND_B…\n"
		"Both commands end up in nestmark run, such as ./old/nestmark run and "
		"./new/nestmark run, or\n"
		"nestmark run and env NAME=VALUE nestmark run. They take turns, A B B A, a few "
		"rounds each time, and\n"
		"are compared in pairs of such blocks, so that what disturbs this machine "
		"disturbs both sides\n"
		"alike. docs/ab.md has examples.\n"
		"\n"
		"How much:\n"
		"      --rounds N            rounds of each side, in whole blocks (default 100)\n"
		"      --block N             rounds in a row of one side, by one process (default "
		"5)\n"
		"      --budget TIME         start no further pair after this time (90s, 5m, 1h)\n"
		"      --block-limit TIME    end a command that takes longer for a block (default "
		"10m)\n"
		"      --seed N              order of operations, and bootstrap\n"
		"How it is judged:\n"
		"      --policy FILE         as nestmark compare has it; without one the quiet "
		"floor decides,\n"
		"                            0.75 % of it matter, and q is 0.01\n"
		"      --gate                exit with 1 when B regressed, with 3 on what is "
		"invalid or missing\n"
		"Results:\n"
		"      --documents PREFIX    the run documents: PREFIX-a.json and PREFIX-b.json "
		"(default: time and\n"
		"                            process)\n"
		"  -o, --output FORMAT:PATH  the comparison: text, md or json into a file; - is "
		"stdout; PATH/ names\n"
		"                            the file; repeatable\n"
		"  -J, --json                the same as -o json:-\n"
		"  -q, --quiet               no progress and no hints\n"
		"      --color WHEN          auto, always or never\n"
		"  -h, --help                this help\n"
		"Everything else before the first -- is for nestmark run of both sides "
		"(--samples, --context, --cpu …).\n",
};
