/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/format.h"

#include "core/document.h"

#include <math.h>
#include <string.h>

static const char absent[] = "–";

struct unit {
	const char *name;
	double ns;
};

static struct unit unit_for(double ns)
{
	static const struct unit units[] = {{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	size_t i = 0;

	/* What would round up to 1000 takes the next unit. */
	while (i < 3 && fabs(ns) >= units[i + 1].ns * 0.9995)
		i++;
	return units[i];
}

/* Decimals that leave three significant digits. */
static int decimals(double value)
{
	value = fabs(value);
	return value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
}

char *nm_format_ns(struct nm_arena *arena, double ns)
{
	struct unit unit = unit_for(ns);

	if (!isfinite(ns))
		return nm_arena_strdup(arena, absent);
	return nm_arena_printf(arena, "%.*f %s", decimals(ns / unit.ns), ns / unit.ns, unit.name);
}

/* Puts a comma before every three digits that stand before the point. */
static char *group_digits(struct nm_arena *arena, const char *number)
{
	size_t sign = *number == '-';
	size_t whole = strcspn(number, ".") - sign;
	size_t used = 0;
	char *out = nm_arena_alloc(arena, strlen(number) + whole / 3 + 1);

	for (size_t i = 0; out && number[i]; i++) {
		size_t left = whole + sign - i;

		if (i > sign && i < whole + sign && left % 3 == 0)
			out[used++] = ',';
		out[used++] = number[i];
	}
	return out;
}

static char *format_digits(struct nm_arena *arena, double count, int digits)
{
	const char *number = nm_arena_printf(arena, "%.*f", digits, count);

	return number ? group_digits(arena, number) : NULL;
}

char *nm_format_instructions(struct nm_arena *arena, double count)
{
	if (!isfinite(count))
		return nm_arena_strdup(arena, absent);
	return format_digits(arena, count, decimals(count));
}

static char *format_counted(struct nm_arena *arena, const struct nm_statistic *statistic)
{
	int digits = decimals(statistic->value);
	char *value = nm_format_instructions(arena, statistic->value);
	const char *lo;
	const char *hi;

	if (!isfinite(statistic->value) || !isfinite(statistic->lo) || !isfinite(statistic->hi))
		return value;
	lo = format_digits(arena, statistic->lo, digits);
	hi = format_digits(arena, statistic->hi, digits);
	return value && lo && hi ? nm_arena_printf(arena, "%s [%s, %s]", value, lo, hi) : NULL;
}

static char *format_timed(struct nm_arena *arena, const struct nm_statistic *statistic)
{
	struct unit unit = unit_for(statistic->value);
	int digits = decimals(statistic->value / unit.ns);

	if (!isfinite(statistic->value) || !isfinite(statistic->lo) || !isfinite(statistic->hi))
		return nm_format_ns(arena, statistic->value);
	return nm_arena_printf(arena, "%.*f %s [%.*f, %.*f]", digits, statistic->value / unit.ns,
			       unit.name, digits, statistic->lo / unit.ns, digits,
			       statistic->hi / unit.ns);
}

char *nm_format_ratio(struct nm_arena *arena, const struct nm_statistic *ratio)
{
	if (!isfinite(ratio->value) || !isfinite(ratio->lo) || !isfinite(ratio->hi))
		return nm_arena_strdup(arena, absent);
	return nm_arena_printf(arena, "%.*f [%.*f, %.*f]", decimals(ratio->value), ratio->value,
			       decimals(ratio->value), ratio->lo, decimals(ratio->value),
			       ratio->hi);
}

char *nm_format_change(struct nm_arena *arena, const struct nm_statistic *ratio)
{
	if (!isfinite(ratio->value) || !isfinite(ratio->lo) || !isfinite(ratio->hi))
		return nm_arena_strdup(arena, absent);
	return nm_arena_printf(arena, "%+.1f %% [%+.1f, %+.1f]", (ratio->value - 1) * 100,
			       (ratio->lo - 1) * 100, (ratio->hi - 1) * 100);
}

char *nm_format_rate(struct nm_arena *arena, const struct nm_statistic *rate, const char *unit)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T"};
	double scale = 1;
	size_t i = 0;
	int digits;

	while (i < 4 && rate->value >= scale * 999.5) {
		scale *= 1000;
		i++;
	}
	digits = decimals(rate->value / scale);
	return nm_arena_printf(arena, "%.*f %s%s/s [%.*f, %.*f]", digits, rate->value / scale,
			       prefixes[i], unit, digits, rate->lo / scale, digits,
			       rate->hi / scale);
}

char *nm_format_count(struct nm_arena *arena, double count)
{
	if (!isfinite(count))
		return nm_arena_strdup(arena, absent);
	return nm_arena_printf(arena, "%.2f", count);
}

static bool is_counted(const char *unit)
{
	return !strcmp(unit, nm_clock_units[NM_CLOCK_INSTRUCTIONS]);
}

char *nm_format_value(struct nm_arena *arena, const char *unit, double value)
{
	return is_counted(unit) ? nm_format_instructions(arena, value) : nm_format_ns(arena, value);
}

char *nm_format_statistic(struct nm_arena *arena, const char *unit,
			  const struct nm_statistic *statistic)
{
	return is_counted(unit) ? format_counted(arena, statistic) : format_timed(arena, statistic);
}

char *nm_format_edge(struct nm_arena *arena, const char *unit, double value)
{
	struct unit own = unit_for(value);

	if (is_counted(unit))
		return nm_arena_printf(arena, "%.10g", value);
	return nm_arena_printf(arena, "%.4g %s", value / own.ns, own.name);
}

char *nm_format_finding(struct nm_arena *arena, const struct nm_value *value)
{
	switch (value->type) {
	case NM_VALUE_BOOL:
		return nm_arena_strdup(arena, value->boolean ? "yes" : "no");
	case NM_VALUE_INT:
		return nm_arena_printf(arena, "%lld", (long long)value->integer);
	case NM_VALUE_REAL:
		return nm_arena_printf(arena, "%g", value->real);
	case NM_VALUE_STRING:
		return nm_arena_strdup(arena, value->string);
	case NM_VALUE_NONE:
		break;
	}
	return nm_arena_strdup(arena, absent);
}
