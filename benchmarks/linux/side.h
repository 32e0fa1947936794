/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_SIDE_H
#define NM_BENCHMARKS_LINUX_SIDE_H

#include "benchmarks/linux/disk.h"
#include "benchmarks/linux/job.h"
#include "benchmarks/linux/modules.h"
#include "core/document.h"
#include "vmm/linux/kernel.h"

/*
 * The Linux guests of a run. A boot is expensive, so that all operations of a pass that go with the same kind of boot in the same VMM
 * share one: in the order of the pass, which is drawn anew each time. For each of them it is a round, in a fresh VM.
 */

struct nm_linux {
	struct nm_text kernel_bytes;
	struct nm_kernel kernel; /* unpacked */
	char kernel_path[4096];
	const char *modules;	       /* the folder that the user names, or NULL */
	const char *arguments;	       /* added to the kernel's command line; NULL: none */
	const struct nm_strings *vmms; /* "NAME" or "NAME=PROGRAM" */
	unsigned int vcpus;
	/* The pass whose jobs these are, */
	uint64_t pass;
	struct nm_linux_job *jobs;
	size_t count;
	unsigned char *areas; /* and what comes of them, shared with the children */
	size_t area_bytes, areas_bytes;
};

/** Reads the kernel that the plan names, or that this machine runs. */
int nm_linux_open(struct nm_linux *side, const struct nm_plan *plan, size_t cpus);
void nm_linux_close(struct nm_linux *side);

/** Whether some measurement of a document needs it. */
bool nm_linux_needed(const struct nm_document *document);

/** The jobs of a pass, unless they are there: those of all measurements that have no round of it; only of one in a soak. */
int nm_linux_plan(struct nm_linux *side, const struct nm_document *document, size_t number,
		  uint64_t pass);

/** In the child: boots the guest of an order and does all of its jobs. */
void nm_linux_round(const struct nm_round_host *host, const struct nm_round_order *order,
		    struct nm_round_area *area);

/**
 * In the parent: what an earlier boot of this pass has left for this order goes into area. False when there was none, which there is
 * from now on.
 */
bool nm_linux_take(struct nm_linux *side, const struct nm_round_order *order,
		   struct nm_round_area *area);

/** Whether that order has a result, even if the child died afterwards. */
bool nm_linux_has(const struct nm_linux *side, const struct nm_round_order *order);

/** The longest that the boot of an order may take. */
uint64_t nm_linux_limit_ns(const struct nm_linux *side, const struct nm_round_order *order);

/** The job of an order, and all that share a boot with it; out has room for all jobs of the pass. */
const struct nm_linux_job *nm_linux_job(const struct nm_linux *side,
					const struct nm_round_order *order);
size_t nm_linux_jobs_of_boot(const struct nm_linux *side, const struct nm_linux_job *job,
			     struct nm_linux_job **out);

/* One boot: boot.c; in guest.c by nestmark's VMM and in vmm.c by others. */

struct nm_linux_boot {
	const struct nm_linux *side;
	const struct nm_round_host *host;
	const struct nm_round_order *order;
	struct nm_modules modules; /* of its devices */
	struct nm_linux_disk disk;
	const char *command_line;
	uint64_t memory_bytes;
	const void *initrd;
	size_t initrd_bytes;
	const char *disk_path; /* a raw image, the only virtio-blk disk; NULL: none */
	/* An end of an AF_UNIX SOCK_DGRAM pair that carries Ethernet frames, one each; -1: none. */
	int net_fd;
	struct nm_linux_reader reader;
	struct nm_moment begin, off; /* off.ns is 0 when the guest did not switch itself off */
	char why[512];		     /* what became of it instead */
};

/** What became of the guest, with the end of its console, is what jobs without a result say. */
void nm_linux_boot_end(struct nm_linux_boot *boot, enum nm_state state, const char *what);

void nm_linux_boot_own(struct nm_linux_boot *boot);

#endif
