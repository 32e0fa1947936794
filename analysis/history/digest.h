/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_DIGEST_H
#define NM_ANALYSIS_HISTORY_DIGEST_H

#include <stddef.h>

#define NM_DIGEST_SIZE 65

/** SHA-256 in hexadecimal. */
void nm_digest(const char *bytes, size_t length, char out[NM_DIGEST_SIZE]);

#endif
