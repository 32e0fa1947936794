/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_FACTS_H
#define NM_ANALYSIS_HISTORY_FACTS_H

#include "core/document.h"

/**
 * What two runs of one setting have in common: the document without measurements, findings, and whatever differs from run
 * to run by nature. nm_document_parse() reads it.
 */
int nm_facts_write(const struct nm_document *document, struct nm_text *out);

#endif
