/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ab_options.h"
#include "cli/stop.h"

#include "benchmarks/rival.h"
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
	struct nm_rival rival;
	bool begun;
};

struct ab {
	struct nm_ab_options *options;
	struct side sides[NM_SIDES];
	uint64_t end_ns; /* of the budget; 0 without one */
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

static int make_words(struct ab *ab, struct side *side, struct words *words)
{
	const struct nm_ab_options *options = ab->options;
	size_t most = side->command->count + options->common.count + MORE_WORDS;

	words->count = 0;
	words->items = nm_arena_alloc(&ab->options->comparing.arena, most * sizeof(char *));
	if (!words->items)
		return -ENOMEM;
	for (size_t i = 0; i < side->command->count; i++)
		add_word(words, side->command->words[i]);
	add_word(words, "-q");
	add_word(words, "--turns");
	if (!side->begun)
		return add_plan(ab, side, words);
	add_word(words, "--resume");
	add_word(words, side->path);
	return 0;
}

/* Turns */

static int complain(int r, const struct side *side)
{
	return r == -EINTR ? r : nm_error_within(r, "side %s", side->name);
}

static int start(struct ab *ab, struct side *side)
{
	struct words words;
	int r = make_words(ab, side, &words);

	side->rival.limit_ns = ab->options->turn_limit_ns;
	side->rival.stop = &nm_stop_signal;
	if (!r)
		r = nm_rival_start(&side->rival, words.items);
	side->begun = true;
	return r < 0 ? complain(r, side) : 0;
}

static int take_turn(struct ab *ab, struct side *side)
{
	int r = 0;

	if (!side->rival.pid && !side->rival.ended)
		r = start(ab, side);
	if (!r && !side->rival.ended)
		r = nm_rival_turn(&side->rival);
	return r < 0 ? complain(r, side) : 0;
}

static int take_turns(struct ab *ab, enum nm_side which)
{
	struct side *side = &ab->sides[which];
	struct side *other = &ab->sides[!which];
	uint64_t count = ab->options->restart ? ab->options->restart : 1;
	int r = 0;

	/* What was set for the other side must not last. */
	if (ab->options->restart)
		nm_rival_end(&other->rival, false);
	for (uint64_t i = 0; !r && i < count; i++)
		r = take_turn(ab, side);
	return r;
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

static bool is_over(const struct ab *ab)
{
	return ab->sides[NM_SIDE_A].rival.ended || ab->sides[NM_SIDE_B].rival.ended ||
	       (ab->end_ns && nm_clock_ns() >= ab->end_ns);
}

static int take_pairs(struct ab *ab)
{
	uint64_t size = ab->options->restart ? ab->options->restart : 1;
	uint64_t pairs = (ab->options->rounds + size - 1) / size;
	int r = 0;

	if (ab->options->budget_ns)
		ab->end_ns = nm_clock_ns() + ab->options->budget_ns;
	for (uint64_t pair = 0; !r && pair < pairs && !is_over(ab); pair++) {
		show_progress(ab, pair, pairs);
		r = take_turns(ab, nm_abba(pair, 0));
		if (!r)
			r = take_turns(ab, nm_abba(pair, 1));
	}
	show_progress(ab, pairs, pairs);
	return r;
}

/* In whatever way it ends, both write their documents. One that is not there was not told that it is the end. */
static int end_sides(struct ab *ab, int result)
{
	for (size_t i = 0; i < NM_SIDES; i++) {
		struct side *side = &ab->sides[i];

		if (!result && ab->options->restart && side->begun && !side->rival.pid &&
		    !side->rival.ended)
			result = start(ab, side);
		nm_rival_end(&side->rival, !result);
	}
	return result;
}

/* Afterwards */

static int child_code(const struct side *side)
{
	return side->begun && WIFEXITED(side->rival.status) ? WEXITSTATUS(side->rival.status)
							    : NM_EXIT_UNDECIDED;
}

/* A side without a document has told why on stderr. */
static int check_document(const struct side *side)
{
	int code = child_code(side);

	if (access(side->path, F_OK) == 0)
		return NM_EXIT_OK;
	if (!side->begun)
		nm_warn("side %s has not begun", side->name);
	else if (WIFSIGNALED(side->rival.status))
		nm_warn("side %s was ended by signal %d, without a document", side->name,
			WTERMSIG(side->rival.status));
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
			r = nm_documents_side(&comparing->arena, &sides[i], out[i]);
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

		side->command = &ab->options->commands[i];
		side->name = i ? "B" : "A";
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
	struct ab ab = {.options = &options};
	int code;

	if (nm_ab_parse(&options, argc, argv, &code)) {
		int r = prepare(&ab);

		if (r) {
			code = nm_report_error(NM_EXIT_USAGE);
		} else {
			nm_stop_catch();
			r = take_pairs(&ab);
			r = end_sides(&ab, r);
			code = conclude(&ab, r);
		}
	}
	nm_comparing_free(&options.comparing);
	nm_stop_raise();
	return code;
}

const struct nm_command nm_command_ab = {
	.name = "ab",
	.summary = "compare two builds or settings by rounds that take turns",
	.main = ab_main,
	.help = "Usage: nestmark ab [OPTION…] [OPTION OF RUN…] [PATTERN…] -- COMMAND_A… -- "
		"COMMAND_B…\n"
		"Both commands end up in nestmark run, such as ./old/nestmark run and "
		"./new/nestmark run, or\n"
		"nestmark run and env NAME=VALUE nestmark run. Their rounds take turns, A B B A, "
		"and are compared\n"
		"in pairs, so that what disturbs this machine disturbs both sides alike. "
		"docs/ab.md has examples.\n"
		"\n"
		"How much:\n"
		"      --rounds N            rounds of each side (default 200)\n"
		"      --budget TIME         start no further pair after this time (90s, 5m, 1h)\n"
		"      --restart N           start the commands anew for every N rounds: for "
		"commands that set\n"
		"                            what lasts, such as a parameter of the kernel\n"
		"      --turn-limit TIME     end a command that gives no answer for so long "
		"(default 10m)\n"
		"      --seed N              order of operations, and bootstrap\n"
		"How it is judged:\n"
		"      --policy FILE         as nestmark compare has it; without one the quiet "
		"floor decides, and\n"
		"                            0.75 % of it matter\n"
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
