/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/meter.h"

#include "core/error.h"

#include <errno.h>
#include <string.h>
#include <sys/io.h>

#define PORT_BYTES (NM_METER_PORT_EXITS + 4 - NM_METER_PORT_MAGIC)

int nm_meter_open(void)
{
	if (ioperm(NM_METER_PORT_MAGIC, PORT_BYTES, 1))
		return nm_fail_remedy(EOPNOTSUPP,
				      errno == EPERM ? "run nestmark as root"
						     : "use a kernel with CONFIG_X86_IOPL_IOPERM",
				      "no access to the exit meter's ports: %s", strerror(errno));
	if (inl(NM_METER_PORT_MAGIC) != NM_METER_MAGIC)
		return nm_fail_remedy(EOPNOTSUPP,
				      "run nestmark in a machine that nestmark boot has started",
				      "this machine has no exit meter");
	return 0;
}

uint32_t nm_meter_read(void)
{
	return inl(NM_METER_PORT_EXITS);
}

uint32_t nm_meter_delta(uint32_t first, uint32_t begin, uint32_t end)
{
	uint32_t loop = end - begin;
	uint32_t mark = begin - first;

	return loop > mark ? loop - mark : 0;
}
