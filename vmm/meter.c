/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/meter.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * Not by ioperm(): a process with an I/O bitmap makes its kernel reload TR at every return to user space, which where UMIP is
 * emulated (an Intel CPU without it) is ten more exits for each KVM_RUN that is to be measured.
 */
#define PORTS "/dev/port"

static int read_port(int fd, uint32_t port, uint32_t *out)
{
	if (pread(fd, out, sizeof(*out), port) != sizeof(*out))
		return nm_fail(errno, PORTS ": %s", strerror(errno));
	return 0;
}

int nm_meter_open(int *fd)
{
	uint32_t magic;

	*fd = open(PORTS, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return nm_fail_remedy(EOPNOTSUPP,
				      errno == ENOENT ? "use a kernel with CONFIG_DEVPORT"
						      : "run nestmark as root",
				      "no access to the exit meter: " PORTS ": %s",
				      strerror(errno));
	if (!read_port(*fd, NM_METER_PORT_MAGIC, &magic) && magic == NM_METER_MAGIC)
		return 0;
	close(*fd);
	*fd = -1;
	return nm_fail_remedy(EOPNOTSUPP,
			      "run nestmark in a machine that nestmark boot has started",
			      "this machine has no exit meter");
}

int nm_meter_read(int fd, uint32_t *out)
{
	return read_port(fd, NM_METER_PORT_EXITS, out);
}

uint32_t nm_meter_delta(uint32_t first, uint32_t begin, uint32_t end)
{
	uint32_t loop = end - begin;
	uint32_t mark = begin - first;

	return loop > mark ? loop - mark : 0;
}
