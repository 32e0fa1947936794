/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CLI_LIST_MARKDOWN_H
#define NM_CLI_LIST_MARKDOWN_H

#include "benchmarks/bench.h"
#include "core/text.h"

/** docs/operations.md: what each operation does, why it matters, what it must show. Drills are left out. */
int nm_list_markdown(struct nm_text *out);

#endif
