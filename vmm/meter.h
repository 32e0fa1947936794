/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_METER_H
#define NM_VMM_METER_H

/*
 * The exit meter: a device of `nestmark boot` through which a guest that is itself a host reads how many VM exits it has
 * caused in the KVM below. Two 32-bit ports; reading is one exit itself, which the second reading includes.
 */
#define NM_METER_PORT_MAGIC 0x4e40u
#define NM_METER_PORT_EXITS                                                                        \
	0x4e44u /* exits of all its vCPUs since they were created, modulo 2^32 */
#define NM_METER_MAGIC 0x4d4e584du

#endif
