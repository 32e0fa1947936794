/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests of a virtio block device (virtio 1.2, 5.2) whose backend is another thread of this process, as in every VMM. A sample is the
 * time from offering a request to seeing it come back; with several under way, still the time of one. In an open loop it counts
 * from when the request was to be offered. A thread that looks for requests for a while before it sleeps is what io_uring and
 * vhost offer as polling.
 */
#include "benchmarks/io/disk.h"

#define REQUEST 4096u
#define STREAM	131072u

#define KIND(id, ...)                                                                              \
	static const struct nm_disk_kind id = {__VA_ARGS__};                                       \
	static int prepare_##id(struct nm_guest_round *round)                                      \
	{                                                                                          \
		return nm_disk_prepare(round, &(id));                                              \
	}

#define DISK(id, by, ...) KIND(id, .backend = &(by), .plan = {__VA_ARGS__})

#define DISK_NATIVE(id)                                                                            \
	static bool native_##id(struct nm_native_round *round, char *why, size_t size)             \
	{                                                                                          \
		return nm_disk_native(round, &(id), why, size);                                    \
	}

DISK(null, nm_io_null, .op = NM_ABI_IO_WRITE, .bytes = REQUEST)
DISK(null_packed, nm_io_null, .op = NM_ABI_IO_WRITE, .bytes = REQUEST, .packed = 1)
KIND(null_asleep, .backend = &nm_io_null, .sleeps = true,
     .plan = {.op = NM_ABI_IO_WRITE, .bytes = REQUEST, .halt = 1})
KIND(null_open, .backend = &nm_io_null, .open = true,
     .plan = {.op = NM_ABI_IO_WRITE, .bytes = REQUEST})
KIND(read_4k_open, .backend = &nm_io_uring, .open = true,
     .plan = {.op = NM_ABI_IO_READ, .bytes = REQUEST})
KIND(verify, .backend = &nm_io_uring, .memory = true,
     .plan = {.op = NM_ABI_IO_VERIFY, .bytes = REQUEST, .depth = NM_ABI_BLK_MAX_DEPTH})
KIND(verify_threads, .backend = &nm_io_threads, .memory = true,
     .plan = {.op = NM_ABI_IO_VERIFY, .bytes = REQUEST, .depth = NM_ABI_BLK_MAX_DEPTH, .packed = 1})
DISK(null_halted, nm_io_null, .op = NM_ABI_IO_FLUSH, .bytes = REQUEST, .halt = 1)
DISK(read_4k, nm_io_uring, .op = NM_ABI_IO_READ, .bytes = REQUEST)
DISK(write_4k, nm_io_uring, .op = NM_ABI_IO_WRITE, .bytes = REQUEST)
DISK(read_128k, nm_io_uring, .op = NM_ABI_IO_READ, .bytes = STREAM, .sequential = 1)
DISK(write_128k, nm_io_uring, .op = NM_ABI_IO_WRITE, .bytes = STREAM, .sequential = 1)
DISK(flush, nm_io_uring, .op = NM_ABI_IO_FLUSH, .bytes = REQUEST)
DISK(read_4k_threads, nm_io_threads, .op = NM_ABI_IO_READ, .bytes = REQUEST)
DISK_NATIVE(read_4k)
DISK_NATIVE(read_4k_open)
DISK_NATIVE(write_4k)
DISK_NATIVE(read_128k)
DISK_NATIVE(write_128k)
DISK_NATIVE(flush)
DISK_NATIVE(read_4k_threads)

static const struct nm_axis depths = {.name = "depth",
				      .points = {1, 8, 32},
				      .count = 3,
				      .quick = 1};
static const struct nm_axis few_depths = {.name = "depth",
					  .points = {1, 8},
					  .count = 2,
					  .quick = 1};

/* Requests per second. Many disks, and many nested guests, do not keep up with the last ones. */
static const struct nm_axis rates = {.name = "rate",
				     .points = {2000, 8000, 32000},
				     .count = 3,
				     .usual = 1};

/* A disk can take milliseconds for each request: with more samples a round would reach its time limit. */
#define ON_FILE .disk = true, .cpls = NM_CPL3, .max_samples = 200

#define THROUGHPUT(moved) .throughput = true, .bytes = (moved)

/* How often a driver kicks hangs on how fast the device is: exits are shown and not judged. */
#define COMMON                                                                                     \
	.group = "io", .payload = "io.blk", .version = 2, .threads = 1, .irqchip = true,           \
	.single = true, .expect = {.exits_vary = true}, .verify = nm_disk_verify,                  \
	.release = nm_disk_release,                                                                \
	.requires = {"kvm.cap.irqchip", "kvm.cap.irqfd", "kvm.cap.ioeventfd"}

const struct nm_bench nm_bench_io_blk_null = {
	COMMON,
	THROUGHPUT(REQUEST),
	.name = "io.blk.null",
	.summary = "a write of 4 KiB to a virtio block device without a medium, there and back",
	.happens = "The driver in the guest puts a request into the ring and, where the device "
		   "asked to be told, stores to its doorbell, an ioeventfd; a thread of the VMM "
		   "takes the request and gives it back at once, and the driver, which polls, sees "
		   "it.",
	.matters = "What virtio and the threads behind it cost before any disk does its part: the "
		   "floor of every I/O of a guest that polls.",
	.axis = &depths,
	.cpls = NM_CPL3,
	.max_samples = 1000,
	.prepare = prepare_null,
};

const struct nm_bench nm_bench_io_blk_null_packed = {
	COMMON,
	THROUGHPUT(REQUEST),
	.name = "io.blk.null.packed",
	.summary = "the same through a packed virtqueue",
	.happens = "As io.blk.null, with descriptors, what is available and what is used in one "
		   "ring instead of three.",
	.matters = "Packed rings touch fewer cache lines; devices in hardware prefer them.",
	.axis = &depths,
	.cpls = NM_CPL3,
	.max_samples = 1000,
	.prepare = prepare_null_packed,
};

const struct nm_bench nm_bench_io_blk_null_halted = {
	COMMON,
	.name = "io.blk.null.halted",
	.summary = "a flush of such a device that the driver awaits in HLT",
	.happens = "The doorbell is an ioeventfd, the vCPU halts, and the device's irqfd wakes it: "
		   "an exit for the doorbell, one for HLT, one for the window of the interrupt and "
		   "one for its EOI, where the APIC is not virtualized.",
	.matters = "How ordinary drivers wait: a database that syncs its log pays this for each "
		   "commit, besides the disk.",
	.cpls = NM_CPL0,
	.max_samples = 300,
	.prepare = prepare_null_halted,
};

const struct nm_bench nm_bench_io_blk_null_asleep = {
	COMMON,
	.name = "io.blk.null.asleep",
	.summary = "a write of 4 KiB to such a device whose thread sleeps, awaited in HLT",
	.happens = "As io.blk.null.halted, but each request finds the thread of the device asleep: "
		   "the doorbell wakes the thread, and its interrupt the vCPU. That is "
		   "io.virtio.kick and io.virtio.completion, and what serving a request adds.",
	.matters = "A request now and then, of a guest that is idle otherwise: nothing is awake.",
	.cpls = NM_CPL0,
	.max_samples = 300,
	.prepare = prepare_null_asleep,
};

const struct nm_bench nm_bench_io_blk_null_open = {
	COMMON,
	.name = "io.blk.null.open",
	.summary = "a write of 4 KiB to such a device, offered at a fixed rate",
	.happens =
		"The driver offers a request each time that one is due, whatever became of those "
		"before, up to 32 at a time; a sample counts from when it was due. Where less "
		"than nine tenths of the rate come back, the measurement is invalid and says how "
		"many did.",
	.matters =
		"Clients do not wait for each other: what a request takes includes what it waits "
		"behind others, which a closed loop leaves out.",
	.axis = &rates,
	.cpls = NM_CPL3,
	.max_samples = 200,
	.prepare = prepare_null_open,
};

const struct nm_bench nm_bench_io_blk_read_4k = {
	COMMON,
	ON_FILE,
	THROUGHPUT(REQUEST),
	.name = "io.blk.read.4k",
	.summary = "a read of 4 KiB at random through virtio-blk and io_uring",
	.happens = "As io.blk.null, and the thread hands the request to io_uring, on a file past "
		   "the page cache where its filesystem can do that; what is read is checked. "
		   "Natively the same requests by the same io_uring without a guest.",
	.matters = "Databases and image pulls: × native is what the guest adds to the disk.",
	.axis = &depths,
	.prepare = prepare_read_4k,
	.native = native_read_4k,
};

const struct nm_bench nm_bench_io_blk_read_4k_open = {
	COMMON,
	ON_FILE,
	.name = "io.blk.read.4k.open",
	.summary = "a read of 4 KiB at random through virtio-blk and io_uring, offered at a fixed "
		   "rate",
	.happens = "As io.blk.read.4k, at a rate as io.blk.null.open; natively at the same rate.",
	.matters = "The latency that users of a database see at a given load.",
	.axis = &rates,
	.prepare = prepare_read_4k_open,
	.native = native_read_4k_open,
};

const struct nm_bench nm_bench_io_blk_write_4k = {
	COMMON,
	ON_FILE,
	THROUGHPUT(REQUEST),
	.name = "io.blk.write.4k",
	.summary = "a write of 4 KiB at random through virtio-blk and io_uring",
	.happens = "As io.blk.read.4k, in the other direction; the device has no write cache to "
		   "tell of, so it is done when the file has it.",
	.matters = "Databases and builds: × native is what the guest adds to the disk.",
	.axis = &depths,
	.prepare = prepare_write_4k,
	.native = native_write_4k,
};

const struct nm_bench nm_bench_io_blk_read_128k = {
	COMMON,
	ON_FILE,
	THROUGHPUT(STREAM),
	.name = "io.blk.read.128k",
	.summary = "a read of 128 KiB, one behind the other, through virtio-blk and io_uring",
	.happens = "As io.blk.read.4k with requests of 32 pages in a row: 131 divided by its µs is "
		   "GB/s with one request under way.",
	.matters = "Images, backups and logs: here the copy counts, and the exits hardly do.",
	.axis = &few_depths,
	.prepare = prepare_read_128k,
	.native = native_read_128k,
};

const struct nm_bench nm_bench_io_blk_write_128k = {
	COMMON,
	ON_FILE,
	THROUGHPUT(STREAM),
	.name = "io.blk.write.128k",
	.summary = "a write of 128 KiB, one behind the other, through virtio-blk and io_uring",
	.happens = "As io.blk.read.128k, in the other direction.",
	.matters = "Images, backups and logs: here the copy counts, and the exits hardly do.",
	.axis = &few_depths,
	.prepare = prepare_write_128k,
	.native = native_write_128k,
};

const struct nm_bench nm_bench_io_blk_flush = {
	COMMON,
	ON_FILE,
	THROUGHPUT(0),
	.name = "io.blk.flush",
	.summary = "a flush through virtio-blk and io_uring, with nothing to write",
	.happens = "The thread asks io_uring for fdatasync() of the file, which finds nothing "
		   "dirty: what is left is the way, and what filesystem and disk do for every "
		   "flush.",
	.matters = "Each commit of a database and each sync of a package manager ends in one.",
	.prepare = prepare_flush,
	.native = native_flush,
};

const struct nm_bench nm_bench_io_blk_read_4k_threads = {
	COMMON,
	ON_FILE,
	THROUGHPUT(REQUEST),
	.name = "io.blk.read.4k.threads",
	.summary = "a read of 4 KiB at random through virtio-blk and threads that call preadv()",
	.happens =
		"As io.blk.read.4k, for hosts that forbid io_uring: each request wakes a thread, "
		"which wakes the one of the device.",
	.matters = "Containers often forbid io_uring, and VMMs then fall back to this.",
	.axis = &depths,
	.prepare = prepare_read_4k_threads,
	.native = native_read_4k_threads,
};

const struct nm_bench nm_bench_io_blk_verify = {
	COMMON,
	THROUGHPUT(REQUEST),
	.name = "io.blk.verify",
	.summary = "reads and writes of 4 KiB, 32 under way, each of them verified; through "
		   "virtio-blk, io_uring and a file in memory",
	.happens = "Each sector that is written holds its number, how often it was written, and a "
		   "sum; each read must bring the last writing that was done. At the end the VMM "
		   "reads the file past the device and finds what the guest wrote last.",
	.matters = "A request that is lost, done twice or in the wrong order is data that is lost: "
		   "--samples 100000 --rounds 10 verifies a million of them.",
	.cpls = NM_CPL3,
	.prepare = prepare_verify,
};

const struct nm_bench nm_bench_io_blk_verify_threads = {
	COMMON,
	THROUGHPUT(REQUEST),
	.name = "io.blk.verify.threads",
	.summary = "the same through a packed virtqueue and threads that call preadv() and "
		   "pwritev()",
	.happens = "As io.blk.verify; with threads, requests overtake each other all the time.",
	.matters = "As io.blk.verify, for the other ring and the other backend.",
	.cpls = NM_CPL3,
	.prepare = prepare_verify_threads,
};
