/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_GNUPLOT_H
#define NM_REPORTS_GNUPLOT_H

#include "core/text.h"

/*
 * Runs gnuplot, which is a programming language with a shell: scripts are our own texts, word by word, and what
 * comes from documents is data that no script is made of. Nothing is written to a disk.
 */

/**
 * Draws by a script that reads its data from NM_GNUPLOT_DATA and sets the terminal to svg. -ENOENT when PATH has no gnuplot;
 * -EIO when it fails, or does not end in ten seconds. It is killed when this process ends, however it does.
 */
int nm_gnuplot(const char *script, const struct nm_text *data, struct nm_text *svg);

#define NM_GNUPLOT_DATA "/dev/fd/4"

#endif
