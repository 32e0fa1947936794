/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* One boot, in the child of a round: what its guest gets, and what becomes of the jobs. */
#include "benchmarks/linux/peer.h"
#include "benchmarks/linux/side.h"
#include "benchmarks/linux/vmm.h"
#include "benchmarks/linux/vmms.h"

#include "core/error.h"
#include "guest-payloads/images.h"
#include "vmm/linux/initramfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BEYOND	(256ull << 20) /* the kernel */
#define MEMORY_PAGE	(2ull << 20)
#define ARGUMENTS_BYTES 2048u

#define AGENT_ARGUMENTS	  "console=ttyS0 quiet panic=-1 rdinit=/init"
#define CONSOLE_ARGUMENTS "earlyprintk=serial,ttyS0,115200 console=ttyS0 panic=-1 rdinit=/init"
#define QUIET_ARGUMENTS	  "quiet panic=-1 rdinit=/init"

static uint64_t memory_of(const struct nm_linux *side, uint64_t point)
{
	const uint64_t least = side->kernel.end + MEMORY_BEYOND;

	return point ? point : (least + MEMORY_PAGE - 1) & ~(MEMORY_PAGE - 1);
}

/* How Linux gets at a disk, or a network. Which transport they have is the VMM's affair. */
#define TRANSPORTS "?virtio_mmio", "?virtio_pci"

static const char *const disk_modules[] = {
	TRANSPORTS, "virtio_blk", "?crc32c_intel", "?crc32c_generic", "?crc32c_cryptoapi",
	"ext4",	    NULL,
};
static const char *const net_modules[] = {TRANSPORTS, "virtio_net", NULL};

static void plan_devices(const struct nm_linux_boot *boot, struct nm_text *plan)
{
	for (size_t i = 0; i < boot->modules.count; i++)
		nm_text_printf(plan, "module %s\n", boot->modules.items[i].name);
	if (boot->disk.fd >= 0)
		nm_text_puts(plan, "disk\n");
}

static void add_modules(const struct nm_modules *modules, struct nm_initramfs_file *files)
{
	for (size_t i = 0; i < modules->count; i++)
		files[i] = (struct nm_initramfs_file) {
			.name = modules->items[i].name,
			.mode = 0644,
			.bytes = modules->items[i].bytes.bytes,
			.length = modules->items[i].bytes.length,
		};
}

static int write_initramfs(const struct nm_linux_boot *boot, struct nm_text *out)
{
	static const int cpus[NM_LINUX_VCPUS] = {0, 1};
	const struct nm_vmm *vmm = nm_vmm_find(boot->order->vmm);
	struct nm_initramfs_file files[2 + NM_MODULES_MAX];
	struct nm_text plan = {0};
	int r;

	plan_devices(boot, &plan);
	r = nm_linux_plan_text(&plan, boot->reader.jobs, boot->reader.count, cpus,
			       boot->side->vcpus, vmm && vmm->restarts);
	files[0] = (struct nm_initramfs_file) {.name = "init",
					       .mode = 0755,
					       .bytes = nm_image_linux_agent,
					       .length = (size_t)(nm_image_linux_agent_end -
								  nm_image_linux_agent)};
	files[1] = (struct nm_initramfs_file) {.name = "plan",
					       .mode = 0644,
					       .bytes = plan.bytes,
					       .length = plan.length};
	add_modules(&boot->modules, files + 2);
	if (!r)
		r = nm_initramfs_write(out, files, 2 + boot->modules.count);
	nm_text_free(&plan);
	return r;
}

static const char *arguments_of(enum nm_linux_guest kind)
{
	return kind == NM_LINUX_AGENT	  ? AGENT_ARGUMENTS
	       : kind == NM_LINUX_CONSOLE ? CONSOLE_ARGUMENTS
					  : QUIET_ARGUMENTS;
}

void nm_linux_boot_end(struct nm_linux_boot *boot, enum nm_state state, const char *what)
{
	char tail[200];

	nm_frames_tail(&boot->reader.frames, tail, sizeof(tail));
	snprintf(boot->why, sizeof(boot->why), "%.240s%s%s%s", what,
		 tail[0] ? "; the console ends: \"" : "", tail, tail[0] ? "\"" : "");
	nm_linux_reader_end(&boot->reader, state, boot->why);
}

static void boot_in_vmm(struct nm_linux_boot *boot)
{
	if (!strcmp(boot->order->vmm, NM_LINUX_OWN_VMM))
		nm_linux_boot_own(boot);
	else
		nm_linux_boot_vmm(boot);
}

static void boot_with_network(struct nm_linux_boot *boot)
{
	struct nm_linux_peer peer;

	if (nm_linux_peer_start(&peer)) {
		nm_linux_boot_end(boot, NM_STATE_FAILED, nm_error_last()->text);
		return;
	}
	boot->net_fd = peer.fds[0];
	boot_in_vmm(boot);
	nm_linux_peer_stop(&peer);
}

/* The user's come last, and win. */
static void write_command_line(const struct nm_linux_boot *boot, char out[ARGUMENTS_BYTES])
{
	const struct nm_vmm *vmm = nm_vmm_find(boot->order->vmm);
	const char *machine = vmm && vmm->kernel_arguments ? vmm->kernel_arguments : "";
	const char *more = boot->side->arguments ? boot->side->arguments : "";

	snprintf(out, ARGUMENTS_BYTES, "%s%s%s%s%s", arguments_of(boot->order->bench->linux_guest),
		 *machine ? " " : "", machine, *more ? " " : "", more);
}

/* What the jobs of a boot need besides a CPU and memory. */
static int add_devices(struct nm_linux_boot *boot)
{
	const struct nm_linux *side = boot->side;
	const struct nm_bench *bench = boot->order->bench;
	char folder[4096];
	int r;

	if (!bench->filesystem && !bench->network)
		return 0;
	r = nm_modules_folder(side->modules, side->kernel_path, side->kernel.release, folder,
			      sizeof(folder));
	if (!r)
		r = nm_modules_read(&boot->modules, folder,
				    bench->filesystem ? disk_modules : net_modules);
	if (!r && bench->filesystem)
		r = nm_linux_disk_make(&boot->disk, boot->host->io);
	boot->disk_path = boot->disk.fd < 0 ? NULL : boot->disk.path;
	return r;
}

static void remove_devices(struct nm_linux_boot *boot)
{
	nm_modules_free(&boot->modules);
	nm_linux_disk_close(&boot->disk);
}

static void could_not(struct nm_linux_boot *boot, int r)
{
	const struct nm_error *error = nm_error_last();
	char what[400];

	snprintf(what, sizeof(what), "%.250s%s%.120s", error->text, *error->remedy ? ": " : "",
		 error->remedy);
	nm_linux_boot_end(boot, r == -EOPNOTSUPP ? NM_STATE_UNSUPPORTED : NM_STATE_FAILED, what);
}

static void boot_guest(struct nm_linux_boot *boot)
{
	char command_line[ARGUMENTS_BYTES];
	struct nm_text initramfs = {0};
	int r;

	write_command_line(boot, command_line);
	boot->command_line = command_line;
	nm_linux_reader_init(&boot->reader);
	r = add_devices(boot);
	if (!r)
		r = write_initramfs(boot, &initramfs);
	if (r) {
		could_not(boot, r);
	} else {
		boot->initrd = initramfs.bytes;
		boot->initrd_bytes = initramfs.length;
		if (boot->order->bench->network)
			boot_with_network(boot);
		else
			boot_in_vmm(boot);
	}
	remove_devices(boot);
	nm_text_free(&initramfs);
}

/* How long a boot took to what a job names: the only sample of its round. */
static void store_stage(const struct nm_linux_boot *boot, const struct nm_linux_job *job)
{
	const char *stage = job->bench->payload;
	const struct nm_linux_reader *reader = &boot->reader;
	struct nm_round_area *area = job->area;
	const struct nm_moment *at = !strcmp(stage, "first-line") ? &reader->first_line
				     : !strcmp(stage, "init")	  ? &reader->hello
								  : &boot->off;

	area->tsc_khz = boot->host->tsc_khz;
	area->state = NM_STATE_FAILED;
	if (at->ns && boot->off.ns) {
		area->state = NM_STATE_OK;
		area->values[0] = at->tsc - boot->begin.tsc;
		area->tsc_ticks = area->values[0];
		area->host_ns = at->ns - boot->begin.ns;
	} else {
		snprintf(area->reason, sizeof(area->reason), "%s", boot->why);
	}
	area->finished = 1;
}

void nm_linux_round(const struct nm_round_host *host, const struct nm_round_order *order,
		    struct nm_round_area *area)
{
	struct nm_linux *side = host->linux_side;
	const struct nm_linux_job *own = nm_linux_job(side, order);
	struct nm_linux_job **jobs = calloc(side->count, sizeof(struct nm_linux_job *));
	const bool stages = order->bench->linux_guest != NM_LINUX_AGENT;
	struct nm_linux_boot boot = {
		.side = side,
		.host = host,
		.order = order,
		.disk = {.fd = -1},
		.net_fd = -1,
		.memory_bytes = memory_of(side, order->point),
	};
	size_t count;

	if (!jobs) {
		area->state = NM_STATE_FAILED;
		snprintf(area->reason, sizeof(area->reason), "out of memory");
		return;
	}
	count = nm_linux_jobs_of_boot(side, own, jobs);
	boot.reader.jobs = jobs;
	boot.reader.count = stages ? 0 : count;
	boot.reader.root = host->root;
	boot.reader.cpu = order->cpus[0];
	boot.reader.tsc_khz = host->tsc_khz;
	boot_guest(&boot);
	for (size_t i = 0; stages && i < count; i++)
		store_stage(&boot, jobs[i]);
	memcpy(area, own->area, sizeof(*area) + 2 * own->samples * sizeof(uint64_t));
	free(jobs);
}
