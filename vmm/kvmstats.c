/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kvmstats.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Bounds against a header that makes no sense. */
#define MAX_STATS 4096u
#define MAX_NAME  256u
#define MAX_DATA  (1u << 20)

static int read_exactly(int fd, void *buffer, size_t bytes, uint64_t offset)
{
	ssize_t got = pread(fd, buffer, bytes, (off_t)offset);

	if (got < 0)
		return nm_fail(errno, "KVM statistics: %s", strerror(errno));
	if ((size_t)got != bytes)
		return nm_fail(EIO, "KVM statistics: %zd bytes instead of %zu", got, bytes);
	return 0;
}

static int add_descriptor(struct nm_kvmstats *stats, const struct kvm_stats_desc *descriptor,
			  const struct kvm_stats_header *header)
{
	struct nm_kvmstat *stat = &stats->stats[stats->count];
	size_t end = descriptor->offset + (size_t)descriptor->size * sizeof(uint64_t);

	if (end > MAX_DATA)
		return nm_fail(EIO, "KVM statistics: a counter at offset %u", descriptor->offset);
	if (end > stats->data_bytes)
		stats->data_bytes = end;
	if ((descriptor->flags & KVM_STATS_TYPE_MASK) != KVM_STATS_TYPE_CUMULATIVE ||
	    descriptor->size != 1)
		return 0;
	stat->offset = descriptor->offset;
	stat->name = strndup(descriptor->name, header->name_size);
	if (!stat->name)
		return nm_fail(ENOMEM, "out of memory");
	stats->count++;
	return 0;
}

static int read_descriptors(struct nm_kvmstats *stats, const struct kvm_stats_header *header)
{
	size_t size = sizeof(struct kvm_stats_desc) + header->name_size;
	size_t bytes = size * header->num_desc;
	unsigned char *block = malloc(bytes);
	int r;

	stats->stats = calloc(header->num_desc, sizeof(*stats->stats));
	if (!block || !stats->stats)
		r = nm_fail(ENOMEM, "out of memory");
	else
		r = read_exactly(stats->fd, block, bytes, header->desc_offset);
	for (uint32_t i = 0; !r && i < header->num_desc; i++)
		r = add_descriptor(stats, (const void *)(block + i * size), header);
	free(block);
	return r;
}

int nm_kvmstats_open(struct nm_kvmstats *stats, int kvm_fd)
{
	struct kvm_stats_header header;
	int r;

	*stats = (struct nm_kvmstats) {0};
	stats->fd = ioctl(kvm_fd, KVM_GET_STATS_FD, NULL);
	if (stats->fd < 0)
		return nm_fail(errno, "KVM_GET_STATS_FD: %s", strerror(errno));
	r = read_exactly(stats->fd, &header, sizeof(header), 0);
	if (!r && (!header.num_desc || header.num_desc > MAX_STATS || !header.name_size ||
		   header.name_size > MAX_NAME || header.name_size % 8))
		r = nm_fail(EIO, "KVM statistics: %u counters with names of %u bytes",
			    header.num_desc, header.name_size);
	if (!r)
		r = read_descriptors(stats, &header);
	if (!r) {
		stats->data_offset = header.data_offset;
		stats->data = malloc(stats->data_bytes);
		if (!stats->data)
			r = nm_fail(ENOMEM, "out of memory");
	}
	if (r)
		nm_kvmstats_close(stats);
	return r;
}

void nm_kvmstats_close(struct nm_kvmstats *stats)
{
	if (stats->fd >= 0)
		close(stats->fd);
	for (size_t i = 0; i < stats->count; i++)
		free(stats->stats[i].name);
	free(stats->stats);
	free(stats->data);
	*stats = (struct nm_kvmstats) {.fd = -1};
}

int nm_kvmstats_read(const struct nm_kvmstats *stats, uint64_t *values)
{
	int r = read_exactly(stats->fd, stats->data, stats->data_bytes, stats->data_offset);

	for (size_t i = 0; !r && i < stats->count; i++)
		memcpy(&values[i], stats->data + stats->stats[i].offset, sizeof(values[i]));
	return r;
}
