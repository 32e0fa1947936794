/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/digest.h"

#include <sha2.h>
#include <stdint.h>

void nm_digest(const char *bytes, size_t length, char out[NM_DIGEST_SIZE])
{
	SHA256Data((const uint8_t *)bytes, length, out);
}
