/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_UNPACK_H
#define NM_VMM_LINUX_UNPACK_H

#include "core/text.h"

/**
 * Unpacks one xz or zstd stream of at most limit bytes; what follows it is ignored. -ENOTSUP for another compression, -EBADMSG
 * when it is damaged, -EFBIG beyond the limit.
 */
int nm_unpack(const unsigned char *bytes, size_t size, size_t limit, struct nm_text *out);

#endif
