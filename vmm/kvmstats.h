/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_KVMSTATS_H
#define NM_VMM_KVMSTATS_H

#include <stddef.h>
#include <stdint.h>

/**
 * KVM's binary statistics of one VM or vCPU (KVM_GET_STATS_FD, api.rst 4.133), decoded by the descriptors that
 * the kernel supplies: names and offsets differ between versions, so none is assumed.
 */
struct nm_kvmstats {
	int fd;
	size_t count; /* cumulative counters with one value each */
	struct nm_kvmstat {
		char *name;
		uint32_t offset; /* in the data block */
	} * stats;
	uint64_t data_offset;
	size_t data_bytes;
	unsigned char *data;
};

/** Opens the statistics of a VM or vCPU fd. -ENOTTY on kernels before 5.14. */
int nm_kvmstats_open(struct nm_kvmstats *stats, int kvm_fd);
void nm_kvmstats_close(struct nm_kvmstats *stats);

/** Reads all counters by one system call into values[stats->count]. */
int nm_kvmstats_read(const struct nm_kvmstats *stats, uint64_t *values);

#endif
