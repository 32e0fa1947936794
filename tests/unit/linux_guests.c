/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Linux guests as the host sees them: what an agent says, and what does not come from one; jobs that share a boot; other VMMs. */
#include "benchmarks/linux/side.h"
#include "benchmarks/plan.h"
#include "core/error.h"
#include "core/file.h"
#include "helpers.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES 4u
#define JOBS	2u

static uint32_t checksum(const char *text)
{
	uint32_t sum = 2166136261u;

	while (*text)
		sum = (sum ^ (unsigned char)*text++) * 16777619u;
	return sum;
}

/* The line that an agent would write. */
static void put_frame(struct nm_text *out, const char *text)
{
	nm_text_printf(out, "@nm %x %s\r\n", checksum(text), text);
}

static void put_frames(struct nm_text *out, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_frame(out, texts[i]);
}

#define PUT(out, ...)                                                                              \
	put_frames(out, (const char *const[]) {__VA_ARGS__},                                       \
		   sizeof((const char *const[]) {__VA_ARGS__}) / sizeof(const char *))

/* Two jobs of an agent and the reader of what it says. */
static struct nm_linux_reader reader;
static struct nm_linux_job jobs[JOBS];
static struct nm_linux_job *pointers[JOBS];
static const char *const names[JOBS] = {"linux.syscall", "linux.mmap"};

static void set_up(void)
{
	for (size_t i = 0; i < JOBS; i++) {
		jobs[i] = (struct nm_linux_job) {
			.bench = nm_bench_find(names[i]),
			.vmm = "nestmark",
			.samples = SAMPLES,
			.warmup = 1,
			.batch = 1,
			.area = calloc(1, sizeof(struct nm_round_area) +
						  2 * SAMPLES * sizeof(uint64_t)),
		};
		pointers[i] = &jobs[i];
	}
	reader = (struct nm_linux_reader) {.jobs = pointers, .count = JOBS, .tsc_khz = 2000000};
	nm_linux_reader_init(&reader);
}

static void tear_down(void)
{
	for (size_t i = 0; i < JOBS; i++)
		free(jobs[i].area);
}

static void feed(struct nm_text *said)
{
	cr_assert_eq(nm_text_status(said), 0, "out of memory");
	nm_linux_reader_feed(&reader, said->bytes, said->length);
	nm_text_free(said);
	*said = (struct nm_text) {0};
}

static void assert_area(size_t job, enum nm_state state, const char *reason)
{
	const struct nm_round_area *area = jobs[job].area;

	cr_assert(area->finished, "job %zu is not finished", job);
	cr_assert_eq(area->state, (int)state, "job %zu is %s: %s", job, nm_state_names[area->state],
		     area->reason);
	cr_assert(strstr(area->reason, reason), "\"%s\" expected, it says \"%s\"", reason,
		  area->reason);
}

#define BEGIN(name) "run " name, "first " name, "begin " name
#define NUMBERS	    "o 0 14*4", "s 0 64 65 66", "s 3 67"

TestSuite(reader, .init = set_up, .fini = tear_down);

Test(reader, results_are_those_of_the_agent)
{
	struct nm_text said = {0};

	nm_text_puts(&said, "[    0.1] Linux version 6.1\r\n");
	PUT(&said, "hello 6.1.0", BEGIN("linux.syscall"), "end 3e8 1f4", NUMBERS,
	    "done linux.syscall");
	PUT(&said, BEGIN("linux.mmap"), "end 3e8 1f4", NUMBERS, "done linux.mmap", "bye ");
	feed(&said);
	nm_linux_reader_end(&reader, NM_STATE_FAILED, "nothing is left");
	for (size_t i = 0; i < JOBS; i++) {
		const struct nm_round_area *area = jobs[i].area;

		assert_area(i, NM_STATE_OK, "");
		cr_assert_eq(area->tsc_ticks, 1000);
		cr_assert_gt(area->host_ns, 0, "no second clock");
		cr_assert_eq(area->tsc_khz, 2000000);
		for (size_t j = 0; j < SAMPLES; j++) {
			cr_assert_eq(area->values[j], 0x64 + j, "sample %zu", j);
			cr_assert_eq(area->values[SAMPLES + j], 0x14, "overhead %zu", j);
		}
	}
	cr_assert(reader.bye && reader.hello.ns && reader.first_line.ns, "a moment was missed");
	cr_assert_leq(reader.first_line.tsc, reader.hello.tsc);
}

Test(reader, one_byte_at_a_time_is_the_same)
{
	struct nm_text said = {0};

	PUT(&said, BEGIN("linux.syscall"), "end 3e8 1f4", NUMBERS, "done linux.syscall");
	for (size_t i = 0; i < said.length; i++)
		nm_linux_reader_feed(&reader, said.bytes + i, 1);
	assert_area(0, NM_STATE_OK, "");
	nm_text_free(&said);
}

Test(reader, what_was_measured_before_a_guest_died_is_kept)
{
	struct nm_text said = {0};

	PUT(&said, BEGIN("linux.syscall"), "end 3e8 1f4", NUMBERS, "done linux.syscall");
	PUT(&said, BEGIN("linux.mmap"));
	feed(&said);
	nm_linux_reader_end(&reader, NM_STATE_FAILED, "KVM_EXIT_SHUTDOWN");
	assert_area(0, NM_STATE_OK, "");
	assert_area(1, NM_STATE_FAILED, "KVM_EXIT_SHUTDOWN");
}

Test(reader, jobs_that_were_not_reached_say_so)
{
	struct nm_text said = {0};

	PUT(&said, "run linux.syscall");
	feed(&said);
	nm_linux_reader_end(&reader, NM_STATE_TIMEOUT, "it hangs");
	assert_area(0, NM_STATE_TIMEOUT, "it hangs");
	assert_area(1, NM_STATE_TIMEOUT, "not reached: it hangs");
	cr_assert_eq(strncmp(jobs[0].area->reason, "it hangs", 8), 0, "it was reached");
}

Test(reader, what_is_missing_and_what_is_wrong)
{
	struct nm_text said = {0};

	PUT(&said, "run linux.syscall", "lack a second CPU", BEGIN("linux.mmap"), "end 3e8 1f4",
	    NUMBERS, "wrong mmap() failed \x1b[31m");
	feed(&said);
	assert_area(0, NM_STATE_UNSUPPORTED, "needs a second CPU");
	assert_area(1, NM_STATE_INVALID, "mmap() failed");
	cr_assert_null(strchr(jobs[1].area->reason, '\x1b'), "it writes to terminals");
}

/* A guest may say anything: no number of it is believed, none is out of place. */
Test(reader, samples_that_do_not_fit_are_no_result)
{
	static const char *const lies[][3] = {
		{"o 0 14*4", "s 0 1 2 3", "s 3"},	       /* too few */
		{"o 0 14*4", "s 0 1 2 3 4 5", "s 5 6"},	       /* too many */
		{"o 0 14*4", "s 0 1*ffffffffffffffff", "s 4"}, /* far too many */
		{"o 0 14*4", "s 1 1 2 3", "s 0 1"},	       /* elsewhere */
		{"o 0 14*4", "s 0 -1 2 3 4", "s 4"},	       /* negative */
		{"o 0 14*4", "s 0 ffffffffffffffff*4", "s 4"}, /* beyond signed numbers */
		{"o 0 14*3", "s 0 1 2 3 4", "s 4"},	       /* overheads too few */
		{"o 0 14*5", "s 0 1 2 3 4", "s 4"},	       /* and too many */
	};

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct nm_text said = {0};

		tear_down();
		set_up();
		PUT(&said, BEGIN("linux.syscall"), "end 3e8 1f4", lies[i][0], lies[i][1],
		    lies[i][2], "done linux.syscall");
		feed(&said);
		assert_area(0, NM_STATE_FAILED, "samples were lost");
	}
}

Test(reader, frames_out_of_order_do_no_harm)
{
	struct nm_text said = {0};

	PUT(&said, "end 3e8 1f4", NUMBERS, "done linux.syscall", "begin linux.syscall",
	    "run linux.mmap", NUMBERS, "done linux.mmap");
	feed(&said);
	cr_assert_not(jobs[0].area->finished || jobs[1].area->finished, "it believes that");
	PUT(&said, "run linux.syscall", "done linux.syscall", "run linux.syscall");
	feed(&said);
	assert_area(0, NM_STATE_FAILED, "samples were lost");
}

Test(reader, a_damaged_line_costs_its_operation)
{
	struct nm_text said = {0};

	PUT(&said, BEGIN("linux.syscall"), "end 3e8 1f4", "o 0 14*4");
	nm_text_printf(&said, "@nm %x s 0 1 2 3 5\n", checksum("s 0 1 2 3 4"));
	PUT(&said, BEGIN("linux.mmap"), "end 3e8 1f4", NUMBERS, "done linux.mmap");
	feed(&said);
	assert_area(0, NM_STATE_FAILED, "damaged");
	assert_area(1, NM_STATE_OK, "");
}

Test(reader, lines_without_end_and_bytes_of_all_kinds)
{
	struct nm_text said = {0};

	for (size_t i = 0; i < 100000; i++)
		nm_linux_reader_feed(&reader, &"@\0\xff"[i % 3], 1);
	nm_linux_reader_feed(&reader, "\n", 1);
	/* What a VMM wrote without an end of line stands before the frame. */
	nm_text_puts(&said, "qemu: warning: ");
	PUT(&said, BEGIN("linux.syscall"), "end 3e8 1f4", NUMBERS, "done linux.syscall");
	feed(&said);
	assert_area(0, NM_STATE_OK, "");
}

Test(reader, the_console_is_what_is_no_frame)
{
	char tail[256];
	struct nm_text said = {0};

	for (int i = 0; i < 1000; i++)
		nm_text_printf(&said, "[ %d] a line of the kernel\n", i);
	PUT(&said, "hello 6.1");
	feed(&said);
	nm_frames_tail(&reader.frames, tail, sizeof(tail));
	cr_assert(strstr(tail, "[ 999] a line") && !strstr(tail, "hello"), "it ends \"%s\"", tail);
}

/* Jobs of a pass */

static struct nm_document document;
static struct nm_linux side;
static struct nm_round_host host;
static const int cpus[] = {0, 0};

static void plan(const char *pattern, const char *vmm)
{
	const struct nm_selection selection = {.guest = true};
	struct nm_selection chosen = selection;

	cr_assert_eq(nm_strings_add(&document.arena, &chosen.patterns, pattern), 0);
	document.run.plan = (struct nm_plan) {.profile = "quick",
					      .samples = SAMPLES,
					      .round_limit_ns = 1000000000};
	if (vmm)
		cr_assert_eq(nm_strings_add(&document.arena, &document.run.plan.vmms, vmm), 0);
	cr_assert_eq(nm_plan(&document, &chosen), 0, "%s", nm_error_last()->text);
	/* This test has no KVM. */
	for (size_t i = 0; i < document.measurements.count; i++)
		document.measurements.items[i].state = NM_STATE_FAILED;
	side = (struct nm_linux) {.vmms = &document.run.plan.vmms, .vcpus = 1};
	host = (struct nm_round_host) {.linux_side = &side, .tsc_khz = 2000000};
}

static void forget(void)
{
	nm_linux_close(&side);
	nm_document_free(&document);
}

static struct nm_round_order order_of(size_t number, uint64_t pass)
{
	const struct nm_measurement *m = &document.measurements.items[number];

	return (struct nm_round_order) {
		.bench = nm_bench_find(m->operation),
		.context = NM_CONTEXT_GUEST,
		.vmm = nm_measurement_vmm(m),
		.point = nm_measurement_point(m),
		.number = number,
		.pass = pass,
		.samples = SAMPLES,
		.batch = 1,
		.limit_ns = 1000000000,
		.cpus = cpus,
		.cpu_count = 1,
	};
}

static size_t sharing(size_t number)
{
	struct nm_linux_job *together[64];
	struct nm_round_order order = order_of(number, 1);

	cr_assert_eq(nm_linux_plan(&side, &document, number, 1), 0, "%s", nm_error_last()->text);
	return nm_linux_jobs_of_boot(&side, nm_linux_job(&side, &order), together);
}

TestSuite(pass, .fini = forget);

Test(pass, every_vmm_has_a_measurement_and_boots_of_its_own)
{
	plan("linux.wake*", "qemu-q35=/opt/qemu");
	cr_assert_eq(document.measurements.count, 4);
	cr_assert_str_eq(nm_measurement_vmm(&document.measurements.items[0]), "nestmark");
	cr_assert_str_eq(nm_measurement_vmm(&document.measurements.items[1]), "qemu-q35");
	cr_assert_eq(sharing(0), 2);
	cr_assert_eq(sharing(1), 2);
	cr_assert_eq(side.count, 4, "they are planned together");
}

Test(pass, stages_share_a_boot_of_their_memory_and_console)
{
	plan("linux.boot.*", NULL);
	cr_assert_eq(document.measurements.count, 5, "quick has one size");
	cr_assert_eq(sharing(0), 3);
	cr_assert_eq(sharing(4), 2);
}

Test(pass, what_has_its_round_or_is_done_boots_no_more)
{
	struct nm_round round = {.index = 1};

	plan("linux.wake*", NULL);
	document.measurements.items[0].rounds.items = &round;
	document.measurements.items[0].rounds.count = 1;
	cr_assert_eq(sharing(1), 1);
	document.measurements.items[0].rounds.count = 0;
	document.measurements.items[0].stopped_by = "failures";
	nm_linux_close(&side);
	cr_assert_eq(sharing(1), 1);
}

Test(pass, a_guest_that_nobody_can_share_has_died)
{
	struct nm_round_order first;
	struct nm_round_order second;
	struct nm_round_area *area = calloc(1, sizeof(*area) + 2 * SAMPLES * sizeof(uint64_t));

	plan("linux.wake*", NULL);
	cr_assert_eq(sharing(0), 2);
	first = order_of(0, 1);
	second = order_of(1, 1);
	cr_assert_not(nm_linux_take(&side, &first, area), "nobody has booted it");
	cr_assert(nm_linux_take(&side, &second, area), "it would be booted twice");
	cr_assert_eq(area->state, NM_STATE_FAILED);
	cr_assert(strstr(area->reason, "died"), "%s", area->reason);
	free(area);
}

/* Other VMMs */

static void write_program(const char *path, const char *end)
{
	struct nm_text said = {0};
	FILE *file = fopen(path, "w");

	PUT(&said, "hello 6.1", BEGIN("linux.syscall"));
	fprintf(file,
		"#!/bin/sh\n[ \"$2\" = q35,accel=kvm ] || exit 9\ncat <<'E'\nBIOS\n%sE\n"
		"sleep 0.01\n",
		said.bytes);
	nm_text_free(&said);
	PUT(&said, "end 3e8 1f4", NUMBERS, "done linux.syscall", "bye ");
	fprintf(file, "cat <<'E'\n%sE\n%s\n", said.bytes, end);
	nm_text_free(&said);
	fclose(file);
	cr_assert_eq(chmod(path, 0755), 0);
}

static struct nm_round_area *boot_in(const char *program, const char *operation)
{
	char vmm[256];
	char folder[200];
	size_t number = 0;
	struct nm_round_order order;
	struct nm_round_area *area = calloc(1, sizeof(*area) + 2 * SAMPLES * sizeof(uint64_t));

	cr_assert(getcwd(folder, sizeof(folder)));
	snprintf(vmm, sizeof(vmm), "qemu-q35=%s/%s", folder, program);
	plan(operation, vmm);
	side.kernel.end = 16u << 20;
	while (strcmp(nm_measurement_vmm(&document.measurements.items[number]), "qemu-q35") != 0)
		number++;
	order = order_of(number, 1);
	cr_assert_eq(nm_linux_plan(&side, &document, number, 1), 0, "%s", nm_error_last()->text);
	nm_linux_round(&host, &order, area);
	return area;
}

static void forget_all(void)
{
	forget();
	leave_folder();
}

TestSuite(vmm, .init = enter_folder, .fini = forget_all);

Test(vmm, a_result_comes_from_its_serial_port)
{
	struct nm_round_area *area;

	write_program("vmm_whole", "exit 0");
	area = boot_in("vmm_whole", "linux.syscall");
	cr_assert_eq(area->state, NM_STATE_OK, "%s", area->reason);
	cr_assert_eq(area->values[3], 0x67);
	cr_assert_eq(area->counter_count, 0, "somebody counted its exits");
	free(area);
}

Test(vmm, a_result_is_kept_when_it_fails_afterwards)
{
	struct nm_round_area *area;

	write_program("vmm_fails", "exit 3");
	area = boot_in("vmm_fails", "linux.syscall");
	cr_assert_eq(area->state, NM_STATE_OK, "%s", area->reason);
	free(area);
	forget();
	area = boot_in("vmm_fails", "linux.boot.off");
	cr_assert_eq(area->state, NM_STATE_FAILED, "a boot that ended badly has a time");
	cr_assert(strstr(area->reason, "ended with code 3"), "%s", area->reason);
	cr_assert(strstr(area->reason, "BIOS"), "%s", area->reason);
	free(area);
}

Test(vmm, a_boot_is_timed_from_its_start_to_its_end)
{
	struct nm_round_area *area;

	write_program("vmm_boots", "exit 0");
	area = boot_in("vmm_boots", "linux.boot.off");
	cr_assert_eq(area->state, NM_STATE_OK, "%s", area->reason);
	cr_assert_geq(area->host_ns, 10000000, "it slept for 10 ms");
	free(area);
}

Test(vmm, one_that_is_not_there_or_dies_says_so)
{
	struct nm_round_area *area = boot_in("no_such", "linux.syscall");

	cr_assert_eq(area->state, NM_STATE_FAILED);
	cr_assert(strstr(area->reason, "no_such could not be started"), "%s", area->reason);
	free(area);
	forget();
	write_program("vmm_dies", "kill -9 $$");
	area = boot_in("vmm_dies", "linux.mmap");
	cr_assert_eq(area->state, NM_STATE_FAILED);
	cr_assert(strstr(area->reason, "killed by signal 9"), "%s", area->reason);
	free(area);
}
