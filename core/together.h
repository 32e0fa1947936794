/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_TOGETHER_H
#define NM_CORE_TOGETHER_H

/**
 * Runs work(context) in this thread and in others beside it, as many as there are CPUs, up to a few; returns when all are through. It
 * takes pieces of the work by itself, under a lock or by atomics, until none is left.
 */
void nm_together(void *(*work)(void *context), void *context);

#endif
