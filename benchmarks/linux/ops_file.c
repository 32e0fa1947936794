/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files of Linux, by the agent (guest-payloads/linux/ops_file.c): in a guest on an ext4 of its own (disk.c), natively in the folder that
 * holds that disk, on whatever filesystem it lies.
 */
#include "benchmarks/linux/agent.h"

const struct nm_bench nm_bench_linux_file_create = {
	.name = "linux.file.create",
	NM_AGENT,
	.summary = "a file is created, 4 KiB are written to it, it is closed and removed",
	.happens = "Folders and inodes change in the page cache; the journal goes to the disk "
		   "later, in a thread of the kernel.",
	.matters = "Builds, package managers, mail: many small files.",
	.filesystem = true,
	.single = true,
	.max_samples = 200,
};

const struct nm_bench nm_bench_linux_file_write = {
	.name = "linux.file.write",
	NM_AGENT,
	.summary = "4 KiB of a file are written past the page cache (O_DIRECT)",
	.happens = "In a guest the request goes through ext4 and virtio-blk to the VMM, whose "
		   "thread writes the image past the host's page cache where it can: a "
		   "notification, an interrupt, and whatever the idle vCPU costs.",
	.matters = "Databases that have a cache of their own.",
	.filesystem = true,
	.single = true,
	.max_samples = 200,
};

const struct nm_bench nm_bench_linux_file_fsync = {
	.name = "linux.file.fsync",
	NM_AGENT,
	.summary = "4 KiB of a file are written and synced (fsync)",
	.happens = "The data and, where something else has changed, the journal go to the disk, "
		   "with a flush of its cache.",
	.matters = "Commits of databases, mail and message queues.",
	.filesystem = true,
	.single = true,
	.max_samples = 100,
};

const struct nm_bench nm_bench_linux_file_read = {
	.name = "linux.file.read",
	NM_AGENT,
	.summary = "4 KiB from anywhere in a file of 4 MiB are read past the page cache "
		   "(O_DIRECT)",
	.happens = "As linux.file.write, the other way round.",
	.matters = "Databases and indices that do not fit into memory.",
	.filesystem = true,
	.single = true,
	.max_samples = 200,
};
