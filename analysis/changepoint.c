/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/changepoint.h"

#include "analysis/student.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct nm_change_rule nm_change_rule_default = {.significance = 0.01,
						      .permutations = 999,
						      .seed = 1};

/* A value of the part under test. Distances do not hang on where zero is: values are above the lowest one. */
struct item {
	double value;
	double distance; /* the sum of its distances to all others */
	size_t rank;	 /* from 1 */
	size_t place;	 /* in the series */
};

/* Binary indexed tree over ranks: how many of the left side are at or below a rank, and their sum. */
struct node {
	double sum;
	double count;
};

struct workspace {
	const struct nm_change_rule *rule;
	struct nm_random random;
	struct item *items;
	struct node *tree; /* one more than items */
};

static struct node tree_up_to(const struct node *tree, size_t rank)
{
	struct node total = {0};

	for (; rank; rank &= rank - 1) {
		total.sum += tree[rank].sum;
		total.count += tree[rank].count;
	}
	return total;
}

static void tree_add(struct node *tree, size_t count, const struct item *item)
{
	for (size_t rank = item->rank; rank <= count; rank += rank & -rank) {
		tree[rank].sum += item->value;
		tree[rank].count++;
	}
}

/* Sums of distances between pairs: of the left side, of the right side, and across. */
struct sums {
	double left, right, across;
};

static double scaled_energy(const struct sums *sums, size_t left, size_t right)
{
	double n = (double)left;
	double m = (double)right;

	return n * m / (n + m) *
	       (2 * sums->across / (n * m) - 2 * sums->left / (n * (n - 1)) -
		2 * sums->right / (m * (m - 1)));
}

/* Moves the items one by one to the left side, in their order, and keeps the sums. */
static struct nm_division divide(struct node *tree, const struct item *items, size_t count)
{
	struct nm_division best = {.energy = -INFINITY};
	struct node all = {0};
	struct sums sums = {0};

	memset(tree, 0, (count + 1) * sizeof(*tree));
	for (size_t i = 0; i < count; i++)
		sums.right += items[i].distance / 2;
	for (size_t i = 0; i + NM_CHANGE_SHORTEST < count; i++) {
		const struct item *item = &items[i];
		struct node below = tree_up_to(tree, item->rank);
		double to_left =
			item->value * (2 * below.count - all.count) + all.sum - 2 * below.sum;
		double to_right = item->distance - to_left;

		sums.left += to_left;
		sums.right -= to_right;
		sums.across += to_right - to_left;
		tree_add(tree, count, item);
		all.sum += item->value;
		all.count++;
		if (i + 1 >= NM_CHANGE_SHORTEST) {
			double energy = scaled_energy(&sums, i + 1, count - i - 1);

			if (energy > best.energy)
				best = (struct nm_division) {.index = i + 1, .energy = energy};
		}
	}
	return best;
}

static int by_value(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static int by_place(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

/* Leaves the items in the order of the series. */
static void fill(struct item *items, const double *values, size_t count)
{
	double total = 0;
	double below = 0;
	double lowest;

	for (size_t i = 0; i < count; i++)
		items[i] = (struct item) {.value = values[i], .place = i};
	qsort(items, count, sizeof(*items), by_value);
	lowest = items[0].value;
	for (size_t i = 0; i < count; i++) {
		items[i].value -= lowest;
		items[i].rank = i + 1;
		total += items[i].value;
	}
	for (size_t i = 0; i < count; i++) {
		double value = items[i].value;

		items[i].distance = value * (2 * (double)i - (double)count) + total - 2 * below;
		below += value;
	}
	qsort(items, count, sizeof(*items), by_place);
}

static void shuffle(struct nm_random *random, struct item *items, size_t count)
{
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = nm_random_below(random, i + 1);
		struct item item = items[i];

		items[i] = items[j];
		items[j] = item;
	}
}

/*
 * The share of random orders that divide as well, the observed one among them. Ends early when it cannot become
 * significant any more; what it returns then is above the significance too.
 */
static double permutation_p(struct workspace *work, size_t count, double energy)
{
	/* The same sums in another order differ in the last digits. */
	double as_good = energy - 1e-9 * fabs(energy);
	double limit = work->rule->significance * ((double)work->rule->permutations + 1);
	size_t reached = 1;
	size_t done = 0;

	nm_random_seed(&work->random, work->rule->seed);
	while (done < work->rule->permutations && (double)reached <= limit) {
		shuffle(&work->random, work->items, count);
		reached += divide(work->tree, work->items, count).energy >= as_good;
		done++;
	}
	return (double)reached / (double)(done + 1);
}

struct division {
	struct workspace *work;
	const double *values;
	struct nm_change *out;
	size_t found;
	size_t tests;
};

static int open_workspace(struct workspace *work, const struct nm_change_rule *rule, size_t count)
{
	work->rule = rule;
	work->items = calloc(count, sizeof(*work->items));
	work->tree = calloc(count + 1, sizeof(*work->tree));
	return work->items && work->tree ? 0 : nm_fail(ENOMEM, "out of memory");
}

static void close_workspace(struct workspace *work)
{
	free(work->items);
	free(work->tree);
}

/* Divides values[from..to) and goes on with what lies before and behind. The stack is bounded by the depth of parts. */
static void divide_part(struct division *division, size_t from, size_t to)
{
	struct workspace *work = division->work;
	size_t count = to - from;
	struct nm_division best;
	double p;

	if (count < NM_CHANGE_MIN_POINTS)
		return;
	division->tests++;
	fill(work->items, division->values + from, count);
	best = divide(work->tree, work->items, count);
	if (best.energy <= 0)
		return;
	p = permutation_p(work, count, best.energy);
	if (p > work->rule->significance)
		return;
	divide_part(division, from, from + best.index);
	division->out[division->found++] = (struct nm_change) {.index = from + best.index, .p = p};
	divide_part(division, from + best.index, to);
}

/* The part between the changes before and behind this one. */
static void place_change(struct division *division, size_t i, size_t count)
{
	struct nm_change *change = &division->out[i];
	size_t from = i ? division->out[i - 1].index : 0;
	size_t to = i + 1 < division->found ? division->out[i + 1].index : count;
	size_t places = to - from - 2 * NM_CHANGE_SHORTEST + 1;
	struct nm_division best;
	const double *values = division->values;

	fill(division->work->items, values + from, to - from);
	best = divide(division->work->tree, division->work->items, to - from);
	change->index = from + best.index;
	change->energy = best.energy;
	change->p_step =
		fmin(1, (double)places * nm_student_p(values + from, best.index,
						      values + change->index, to - change->index));
	change->adjusted = change->p_step;
}

static int check_count(size_t count, size_t lowest)
{
	if (count < lowest || count > NM_CHANGE_MAX_POINTS)
		return nm_fail(EINVAL, "%zu points: expected %zu to %d", count, lowest,
			       NM_CHANGE_MAX_POINTS);
	return 0;
}

int nm_divide(const double *values, size_t count, struct nm_division *out)
{
	struct workspace work = {0};
	int r = check_count(count, 2 * NM_CHANGE_SHORTEST);

	if (!r)
		r = open_workspace(&work, &nm_change_rule_default, count);
	if (!r) {
		fill(work.items, values, count);
		*out = divide(work.tree, work.items, count);
	}
	close_workspace(&work);
	return r;
}

int nm_change_points(const double *values, size_t count, const struct nm_change_rule *rule,
		     struct nm_change *out, size_t *found, size_t *tests)
{
	struct workspace work = {0};
	struct division division = {.work = &work, .values = values, .out = out};
	int r = check_count(count, 0);

	*found = 0;
	*tests = 0;
	if (r || count < NM_CHANGE_MIN_POINTS)
		return r;
	r = open_workspace(&work, rule, count);
	if (!r) {
		divide_part(&division, 0, count);
		for (size_t i = 0; i < division.found; i++)
			place_change(&division, i, count);
		*found = division.found;
		*tests = division.tests;
	}
	close_workspace(&work);
	return r;
}
