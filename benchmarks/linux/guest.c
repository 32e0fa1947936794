/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A boot in nestmark's own VMM: as many vCPUs as operations have use for, each on a CPU of its own. */
#include "benchmarks/linux/side.h"

#include "core/error.h"
#include "vmm/linux/linux.h"

struct own {
	struct nm_linux_boot *boot;
	struct nm_linux_counters counters;
	struct nm_linux_result result;
};

static int on_ready(void *context, const struct nm_linux_ready *ready)
{
	struct own *own = context;

	if (ready->tsc_khz)
		own->boot->reader.tsc_khz = ready->tsc_khz;
	return nm_linux_counters_open(&own->counters, ready->vm_fd, ready->vcpu_fds, ready->vcpus,
				      own->boot->host->exit_tracepoint);
}

/* Where it cannot be bound it runs anyway: the round says that it moved. */
static void on_vcpu(void *context, unsigned int vcpu)
{
	const struct own *own = context;
	const struct nm_round_order *order = own->boot->order;

	if (vcpu < order->cpu_count)
		(void)nm_topology_bind(own->boot->host->topology, order->cpus[vcpu]);
}

static void conclude(struct own *own, int error)
{
	const bool late = own->result.end == NM_LINUX_TIMEOUT;
	const char *what =
		own->result.text[0] ? own->result.text : "the guest has switched itself off";

	nm_linux_boot_end(own->boot, late ? NM_STATE_TIMEOUT : NM_STATE_FAILED,
			  error ? nm_error_last()->text : what);
}

void nm_linux_boot_own(struct nm_linux_boot *boot)
{
	const struct nm_linux_virtio_config virtio = {.disk_fd = boot->disk.fd,
						      .disk_bytes = boot->disk.bytes,
						      .net_fd = boot->net_fd};
	struct own own = {.boot = boot, .counters = {.vm = {.fd = -1}}};
	const struct nm_linux_config config = {
		.kernel = &boot->side->kernel,
		.initrd = boot->initrd,
		.initrd_bytes = boot->initrd_bytes,
		.command_line = boot->command_line,
		.memory_bytes = boot->memory_bytes,
		.vcpus = boot->side->vcpus,
		.identity = nm_identity_at(0),
		.virtio = boot->disk.fd >= 0 || boot->net_fd >= 0 ? &virtio : NULL,
		.console = nm_linux_reader_feed,
		.console_context = &boot->reader,
		.ready = on_ready,
		.on_vcpu = on_vcpu,
		.hook_context = &own,
	};
	int r;

	boot->reader.counters = &own.counters;
	boot->reader.user_exits = &own.result.user_exits;
	boot->begin = nm_moment_now();
	r = nm_linux_run(boot->host->kvm, &config, nm_linux_limit_ns(boot->side, boot->order),
			 &own.result);
	if (!r && own.result.end == NM_LINUX_POWER_OFF)
		boot->off = nm_moment_now();
	conclude(&own, r);
	nm_linux_counters_close(&own.counters);
}
