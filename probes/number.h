/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_NUMBER_H
#define NM_PROBES_NUMBER_H

#include "probes/probe.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * Decimal digits at *at, nothing else: no sign, no blank, no more than fits. Moves *at behind them; false, and *at as
 * it was, when there are none.
 */
bool nm_digits(const char **at, uint64_t *out);

/** A text that is one such number of at most INT64_MAX, so that a finding can hold it. */
bool nm_number(const char *text, uint64_t *out);

/** "0x" and exactly so many (at most 16) lower-case hexadecimal digits at *at; moves *at behind them. */
bool nm_hexadecimal(const char **at, size_t digits, uint64_t *out);

/** "12345 kB" in bytes. */
bool nm_kilobytes(const char *text, uint64_t *bytes);

/** The words that stand here; moves *at behind them. */
bool nm_words(const char **at, const char *words);

/** The first number in a file; false with errno when it cannot be read, EBADMSG when it holds no number. */
bool nm_root_number(const struct nm_probe_context *context, const char *path, uint64_t *out);

#endif
