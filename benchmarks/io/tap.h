/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_IO_TAP_H
#define NM_BENCHMARKS_IO_TAP_H

/*
 * A tap interface in a network namespace of this thread's own, and a packet socket on the kernel's side of it: what is written to one
 * is read from the other. Nothing of the machine's network is touched, and however the process ends, the kernel takes all of it away.
 */

#define NM_TAP_PACKET 65520u /* the longest packet of whole words, its header included */

struct nm_tap {
	int fd;	    /* the tap: reads and writes are packets, and none waits */
	int socket; /* on the kernel's side; likewise */
};

/** -EOPNOTSUPP with what to type where this process may not. nm_tap_close() also on one that could not be opened. */
int nm_tap_open(struct nm_tap *tap);
void nm_tap_close(struct nm_tap *tap);

#endif
