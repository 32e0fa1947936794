/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What nestmark itself costs, as ratios within one run, interleaved ABBA: its exit path against the tightest KVM_RUN
 * loop, its sample loop against two RDTSC and a store by hand, its VM against the bare ioctls. Then the time, memory
 * and size of the program. Usage: reach NESTMARK. Exit code 1 when a limit is passed.
 */
#include "benchmarks/native.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/statistics.h"
#include "vmm/guest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER	 "/usr/bin/virt-host-validate"
#define ROUNDS	 30
#define SAMPLES	 2000u
#define LIMIT_NS (5 * NM_NS_PER_S)

static struct nm_kvm kvm;
static struct nm_payload ops;
static bool all_reached = true;

static void die(const char *what)
{
	fprintf(stderr, "reach: %s: %s\n", what, nm_error_last()->text);
	exit(3);
}

static void verdict(const char *what, double value, const char *unit, double limit)
{
	bool reached = value <= limit;

	all_reached &= reached;
	printf("%-66s %9.3f %-5s at most %6g  %s\n", what, value, unit, limit,
	       reached ? "reached" : "MISSED");
}

/* One side of a comparison: a round gives one number, in ticks. */
typedef double (*side)(void);

struct pair {
	double a[ROUNDS];
	double b[ROUNDS];
};

static void measure_pair(side a, side b, struct pair *out)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		if (i % 2) {
			out->b[i] = b();
			out->a[i] = a();
		} else {
			out->a[i] = a();
			out->b[i] = b();
		}
	}
	nm_sort_real(out->a, ROUNDS);
	nm_sort_real(out->b, ROUNDS);
}

/* Ratio of quiet floors: the third-lowest of 30 rounds each. */
static double floor_ratio(const struct pair *pair)
{
	return nm_floor_sorted(pair->a, ROUNDS) / nm_floor_sorted(pair->b, ROUNDS);
}

/* The exit path */

static void ignore_access(void *context, const struct nm_access *access)
{
	(void)access;
	++*(uint64_t *)context;
}

static void run_tight(struct nm_guest *guest)
{
	const int fd = guest->vcpus[0].fd;
	struct kvm_run *run = guest->vcpus[0].run;

	while (!ioctl(fd, KVM_RUN, 0))
		if (run->exit_reason != KVM_EXIT_IO || run->io.port == NM_ABI_PORT_DONE)
			break;
	if (run->exit_reason != KVM_EXIT_IO)
		die("the tight loop left by another exit");
}

/* The p5 of the samples of one guest that is served by the VMM or by the tight loop. */
static double pio_round(bool tight)
{
	const struct nm_guest_config config = {.payload = &ops,
					       .vcpus = 1,
					       .heap_bytes = 2ull * SAMPLES * sizeof(uint64_t)};
	int64_t samples[SAMPLES];
	struct nm_guest_result result;
	struct nm_abi_control *control;
	struct nm_guest guest;
	uint64_t count = 0;
	struct nm_device device = {.bus = NM_BUS_PIO,
				   .bytes = 1,
				   .access = ignore_access,
				   .context = &count};

	if (nm_guest_create(&guest, &kvm, &config) ||
	    nm_guest_prepare(&guest, 0, "exit.pio.out", 0))
		die("guest");
	control = nm_guest_control(&guest, 0);
	control->samples = SAMPLES;
	control->warmup = 64;
	control->batch = 1;
	control->sample_gpa = guest.heap;
	control->overhead_gpa = guest.heap + SAMPLES * sizeof(uint64_t);
	device.base = NM_ABI_PORT_TEST;
	nm_devices_add(&guest.devices, device);
	device.base = NM_ABI_PORT_MARK;
	nm_devices_add(&guest.devices, device);
	if (tight)
		run_tight(&guest);
	else if (nm_guest_run(&guest, 0, LIMIT_NS, &result) || result.end != NM_GUEST_DONE)
		die("guest run");
	memcpy(samples, nm_vm_memory(&guest.vm, guest.heap, sizeof(samples)), sizeof(samples));
	nm_guest_destroy(&guest);
	nm_sort_int64(samples, SAMPLES);
	return (double)samples[nm_rank(SAMPLES, 50)];
}

static double pio_vmm(void)
{
	return pio_round(false);
}

static double pio_tight(void)
{
	return pio_round(true);
}

/* The sample loop */

static uint64_t samples[SAMPLES];
static uint64_t overheads[SAMPLES];

static double loop_nestmark(void)
{
	struct nm_native_round round = {.samples = SAMPLES,
					.batch = 1,
					.sample = samples,
					.overhead = overheads};

	NM_NATIVE(&round, );
	return (double)(round.tsc_end - round.tsc_begin) / SAMPLES;
}

/* Two fenced readings and one store, by hand. */
static double loop_by_hand(void)
{
	uint64_t begin = nm_tsc();

	for (size_t i = 0; i < SAMPLES; i++) {
		uint64_t start = nm_tsc();

		((volatile uint64_t *)samples)[i] = nm_tsc() - start;
	}
	return (double)(nm_tsc() - begin) / SAMPLES;
}

/* The VM */

static double create_nestmark(void)
{
	const struct nm_guest_config config = {.payload = &ops, .vcpus = 1};
	struct nm_guest guest;
	uint64_t begin = nm_tsc();
	uint64_t end;

	if (nm_guest_create(&guest, &kvm, &config) ||
	    nm_guest_prepare(&guest, 0, "drill.silent", 0))
		die("guest");
	end = nm_tsc();
	nm_guest_destroy(&guest);
	return (double)(end - begin);
}

static double create_bare(void)
{
	void *memory =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {.memory_size = 1 << 20,
						     .userspace_addr = (uint64_t)(uintptr_t)memory};
	uint64_t begin = nm_tsc();
	int vm = ioctl(kvm.fd, KVM_CREATE_VM, 0ul);
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0ul);
	int r = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
	uint64_t end = nm_tsc();

	if (vm < 0 || vcpu < 0 || r)
		die("bare ioctls");
	close(vcpu);
	close(vm);
	munmap(memory, 1 << 20);
	return (double)(end - begin);
}

/* The program */

struct cost {
	double seconds;
	double rss_mib;
};

static struct cost run_program(const char *const *argv)
{
	uint64_t begin = nm_clock_ns();
	struct rusage usage;
	pid_t child = fork();
	int status;

	if (!child) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == 127)
		die(argv[0]);
	return (struct cost) {.seconds = (double)(nm_clock_ns() - begin) / 1e9,
			      .rss_mib = (double)usage.ru_maxrss / 1024};
}

static const char *program;

static double probe_nestmark(void)
{
	const char *const probe[] = {program, "probe", "--no-guest", NULL};

	return run_program(probe).seconds;
}

static double probe_peer(void)
{
	const char *const peer[] = {PEER, NULL};

	return run_program(peer).seconds;
}

static void measure_probe(void)
{
	const char *const probe[] = {program, "probe", "--no-guest", NULL};
	struct pair pair;

	verdict("probe --no-guest", probe_nestmark(), "s", 0.1);
	verdict("its peak memory", run_program(probe).rss_mib, "MiB", 32);
	if (access(PEER, X_OK)) {
		printf("%s is not installed: not compared\n", PEER);
		return;
	}
	measure_pair(probe_nestmark, probe_peer, &pair);
	verdict("probe --no-guest against virt-host-validate, floors", floor_ratio(&pair), "times",
		1.5);
}

static void measure_program(const char *path)
{
	char document[] = "/tmp/nestmark-reach-XXXXXX";
	char output[64];
	const char *const probe[] = {path, "probe", NULL};
	const char *const quick[] = {path, "run", "--profile", "quick", "-q", "-o", output, NULL};
	struct stat info;
	struct cost cost;

	if (!mkdtemp(document) || stat(path, &info))
		die(path);
	snprintf(output, sizeof(output), "json:%s/run.json", document);
	program = path;
	measure_probe();
	cost = run_program(probe);
	verdict("probe", cost.seconds, "s", 0.2);
	cost = run_program(quick);
	verdict("run --profile quick", cost.seconds, "s", 20);
	verdict("its peak memory, guest memory included", cost.rss_mib, "MiB", 64);
	verdict("size of the program", (double)info.st_size / (1 << 20), "MiB", 2);
	unlink(output + strlen("json:"));
	rmdir(document);
}

int main(int argc, char **argv)
{
	struct pair pair;

	if (argc != 2) {
		fprintf(stderr, "usage: reach NESTMARK\n");
		return 2;
	}
	if (nm_kvm_open(&kvm, NM_KVM_DEVICE) || nm_payload_ops(&ops))
		die("KVM");
	measure_pair(pio_vmm, pio_tight, &pair);
	verdict("exit.pio.out: nestmark's VMM against the tightest loop, floors",
		floor_ratio(&pair), "times", 1.05);
	measure_pair(loop_nestmark, loop_by_hand, &pair);
	verdict("a sample: nestmark's loop against 2 RDTSC and a store", floor_ratio(&pair),
		"times", 1.05);
	measure_pair(create_nestmark, create_bare, &pair);
	verdict("a VM with payload against CREATE_VM + CREATE_VCPU + a slot", floor_ratio(&pair),
		"times", 3);
	measure_program(argv[1]);
	return !all_reached;
}
