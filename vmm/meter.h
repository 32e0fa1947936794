/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_METER_H
#define NM_VMM_METER_H

#include <stdint.h>

/*
 * The exit meter: a device of `nestmark boot` through which a guest that is itself a host reads how many VM exits it has caused
 * in the KVM below. Two 32-bit registers in I/O ports, which can be read as a whole or byte by byte from the lowest; the number is
 * that of the moment when its lowest byte is read. Reading it costs exits itself.
 */
#define NM_METER_PORT_MAGIC 0x4e40u
#define NM_METER_PORT_EXITS                                                                        \
	0x4e44u /* exits of all its vCPUs since they were created, modulo 2^32 */
#define NM_METER_MAGIC 0x4d4e584du

/**
 * Opens the meter of the machine below; fd is then for this process and its children. -EOPNOTSUPP without root, or without a
 * meter.
 */
int nm_meter_open(int *fd);

/** The exits so far into out. */
int nm_meter_read(int fd, uint32_t *out);

/** Exits between begin and end, less those between first and begin, which a mark alone costs. */
uint32_t nm_meter_delta(uint32_t first, uint32_t begin, uint32_t end);

#endif
