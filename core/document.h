/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_DOCUMENT_H
#define NM_CORE_DOCUMENT_H

#include "core/arena.h"
#include "core/record.h"

#include <stdbool.h>
#include <stdint.h>

/* The run document as it stands in schema/run.schema.json: one structure per JSON object, one table each. */

#define NM_RUN_SCHEMA "nestmark/run/1"

enum nm_state {
	NM_STATE_OK,
	NM_STATE_NOISY,
	NM_STATE_INVALID,
	NM_STATE_UNSUPPORTED,
	NM_STATE_FAILED,
	NM_STATE_TIMEOUT,
};

enum nm_context { NM_CONTEXT_NATIVE, NM_CONTEXT_GUEST };

enum nm_status {
	NM_STATUS_PASS,
	NM_STATUS_FAIL,
	NM_STATUS_WARN,
	NM_STATUS_INFO,
	NM_STATUS_UNKNOWN
};

enum nm_run_state { NM_RUN_COMPLETE, NM_RUN_INCOMPLETE };

/** What the time-stamp counter counts; every figure of a measurement is in its unit. */
enum nm_clock { NM_CLOCK_TSC, NM_CLOCK_INSTRUCTIONS };

extern const char *const nm_state_names[];
extern const char *const nm_context_names[];
extern const char *const nm_status_names[];
extern const char *const nm_run_state_names[];
extern const char *const nm_clock_names[];
extern const char *const nm_clock_units[];

/** One fact that a probe established. */
struct nm_finding {
	const char *id;
	struct nm_value value;
	int status;	      /* enum nm_status */
	const char *evidence; /* where it was read, or what happened */
	const char *remedy;   /* what to do about it; NULL when nothing needs doing */
	bool detail;	      /* one of many, shown only to those who ask for all */
};

struct nm_findings {
	struct nm_finding *items;
	size_t count;
};

const struct nm_finding *nm_findings_get(const struct nm_findings *findings, const char *id);

/** One statistic of a measurement: the estimate and its 95 % interval over rounds. NAN: see reason. */
struct nm_statistic {
	double value;
	double lo;
	double hi;
	const char *reason;
};

/** What one round gave. Latencies are per operation, in the unit of the measurement. */
struct nm_round {
	uint64_t index; /* 0 is the pilot, recorded only when it failed */
	int state;	/* enum nm_state */
	const char *reason;
	const char *remedy;  /* of an unsupported one, which is not recorded */
	const char *failure; /* what kind of failure, unless state is ok: "shutdown" … */
	uint64_t samples;
	double min, p5, p50, p90, p99, p999, max, mean;
	const char *p99_reason, *p999_reason;
	double overhead;	/* of reading the clock twice, subtracted from every sample */
	double overhead_spread; /* its median above its p5 */
	uint64_t duration_ns;	/* of the measured loop, by CLOCK_MONOTONIC_RAW */
	double clock_deviation_percent; /* TSC against that clock, beyond the cost of the marks */
	double operations_per_s; /* of the measured loop, by the TSC; NAN unless that is a result */
	double user_exits_per_op;      /* returns of KVM_RUN that our VMM handled */
	struct nm_map counters_per_op; /* KVM's statistics that moved, and the exit meter */
	struct nm_map
		histogram; /* samples by the largest of 0, 1, 2, 5, 10 … that they reach; empty unless that is a result */
	uint64_t elapsed_ns;	   /* of the round as a whole, VM and all; so are the following */
	uint64_t steal_ns;	   /* of the CPU */
	uint64_t context_switches; /* involuntary */
	uint64_t migrations;
	struct nm_strings flags; /* what was not as it should be: "steal", "clock" … */
};

struct nm_summary {
	struct nm_statistic floor, p50, p90, p99, p999, mean;
	double min, max;
};

/** How much a measurement did in a second, as the median over rounds. */
struct nm_throughput {
	uint64_t bytes_per_op; /* of data that an operation moves; 0: it moves none */
	struct nm_statistic operations_per_s;
	struct nm_statistic bytes_per_s;
	struct nm_statistic native_ratio; /* guest / native: less than 1 is slower */
};

struct nm_evidence {
	double exits_per_op; /* NAN when KVM has no statistics, or natively */
	double expected_exits_per_op;
	double exits_below_per_op; /* in the KVM below this machine; NAN without the exit meter */
	double user_exits_per_op;
	double expected_user_exits_per_op;
	double insn_emulation_per_op;
	double expected_insn_emulation_per_op;
	bool emulated; /* guest instructions ran in KVM's emulator instead of on the CPU */
	struct nm_map counters_per_op;
	double clock_deviation_percent; /* the median of the rounds */
	double overhead;
	double steal_percent;
	double quiet_share; /* share of rounds whose p5 is at most 2 % above the floor */
	uint64_t rounds_ok, rounds_flagged, rounds_failed;
};

/** This measurement over another one of the run, each as the ratio of their medians over rounds. */
struct nm_relation {
	const char *measurement; /* the name of the other one */
	struct nm_statistic p50, p99;
};

struct nm_measurement {
	const char *operation;
	const char *group;
	int context;		  /* enum nm_context */
	struct nm_map parameters; /* what tells measurements of one operation apart, such as cpl */
	const char *series; /* the parameter along which they are a curve; NULL: this is not one */
	uint64_t version;   /* of the operation: numbers of different versions do not compare */
	uint64_t batch;	    /* operations per sample */
	int state;	    /* enum nm_state */
	const char *reason; /* set unless state is ok */
	const char *remedy; /* for unsupported: what would make it run */
	const char *unit;
	const char *stopped_by; /* rounds, precision, budget, failures; NULL when it was not done */
	struct nm_summary summary;
	struct nm_map histogram; /* of all usable rounds */
	struct nm_statistic
		native_ratio; /* guest / native, medians; NAN without a native partner */
	struct nm_throughput *throughput; /* NULL: not a result of this operation */
	struct nm_relation *against; /* NULL: it is compared with none, or that one is not there */
	struct nm_evidence evidence;
	struct {
		struct nm_round *items;
		size_t count;
	} rounds;
};

struct nm_machine {
	const char *vendor;
	int64_t family, model, stepping;
	const char *brand;
	const char *microcode;
	const char *hypervisor; /* CPUID signature; NULL on bare metal */
	const char *product;	/* SMBIOS vendor and product */
	int64_t level; /* 0: bare metal, its guests are L1; 1: itself a guest, its guests are L2; -1 unknown */
	uint64_t memory_bytes;
	uint64_t cores, threads;
	uint64_t tsc_khz;
};

struct nm_environment {
	const char *kernel_release;
	const char *kernel_version;
	const char *kernel_cmdline;
	const char *distribution;
	const char *clocksource;
	const char *governor;
	const char *smt;
	const char *transparent_hugepage;
	const char *ksm_run;
	const char *preemption;
	const char *seccomp;
	const char *cpu_quota;
	struct nm_map vulnerabilities;
	struct nm_map module_parameters; /* "kvm.halt_poll_ns" … */
	struct nm_strings privileges;	 /* root, or the capabilities held that matter */
	double load_before, load_after;
	double pressure_before_percent,
		pressure_after_percent; /* PSI: share of 10 s in which some task waited for a CPU */
	struct nm_strings changed; /* "what: before -> after", for what changed during the run */
};

struct nm_plan {
	const char *profile;
	uint64_t rounds;
	uint64_t samples;
	double target_ci_percent; /* NAN: a fixed number of rounds */
	uint64_t budget_ns;	  /* 0: none */
	uint64_t round_limit_ns;
	const char *io_path; /* folder or block device; NULL: beside the document */
	uint64_t io_bytes;
	int64_t cpu; /* pinned by the user, or -1 */
	const char *kvm_device;
	bool exits_below;  /* read the exit meter (vmm/meter.h) */
	bool exit_reasons; /* count exits of Linux guests by reason (vmm/exit_trace.h) */
	uint64_t
		density_max; /* guests that life.density.* may have at a time; 0: as many as by default */
	double density_factor; /* that the p99 of an exit may rise by, when guests are counted that fit */
	uint64_t
		inject_delay_ns; /* after every exit to user space or native operation, to see whether it is found */
	uint64_t soak_ns;	  /* go on this long, and keep a sample of the rounds; 0: no soak */
	const char *linux_kernel; /* that Linux guests boot; NULL: the one that runs here */
	const char *
		linux_modules; /* the folder of its modules; NULL: where it lies or this machine has them */
	const char *linux_arguments; /* added to its command line */
	struct nm_strings vmms;	     /* "NAME" or "NAME=PROGRAM", besides nestmark's own */
	struct nm_strings patterns;
	struct nm_strings contexts;
};

struct nm_run {
	const char *uuid;
	const char *host;
	const char *started, *ended;
	int state;	    /* enum nm_run_state */
	const char *reason; /* set when incomplete */
	const char *source; /* "measured", or "injected" with a delay put in on purpose */
	int clock;	    /* enum nm_clock */
	const char *tool_version, *compiler, *build_type;
	struct nm_strings argv;
	uint64_t seed;
	const char *generator; /* of random numbers, for the order of rounds and the bootstrap */
	uint64_t bootstrap_resamples;
	const char *supersedes;	 /* UUID of the incomplete document that this one finishes */
	struct nm_map placement; /* which CPU does what */
	struct nm_io_file *io;	 /* NULL when nothing was measured on a file */
	struct nm_plan plan;
};

/** What I/O was measured on. */
struct nm_io_file {
	const char *path; /* of the folder, or of the block device */
	uint64_t bytes;
	const char *filesystem; /* "none" on a block device */
	const char *device;	/* below it; NULL where it has none */
	bool direct;		/* past the page cache */
};

/** Rounds of a soak, and those of them that failed, by kind. */
struct nm_soak_count {
	uint64_t rounds;
	uint64_t failed;
	uint64_t state_changes; /* rounds whose state is not that of the one before */
	double failed_per_hour; /* of the whole soak; NAN for a part of it */
	struct nm_map failures; /* by kind */
	struct nm_map failures_per_hour;
};

struct nm_soak_measurement {
	const char *measurement; /* its name */
	const char *last_state;	 /* of its last round; NULL before the first */
	struct nm_soak_count count;
};

/** A round that failed, or whose state is not that of the one before. */
struct nm_soak_event {
	const char *time;
	uint64_t elapsed_ns; /* of the soak */
	const char *measurement;
	uint64_t round;
	const char *before; /* the state of the round before; NULL for the first */
	int state;	    /* enum nm_state */
	const char *failure;
	const char *reason;
};

struct nm_soak_events {
	struct nm_soak_event *items;
	size_t count;
};

/** What happened in a soak: all of its rounds, while measurements keep a sample of them. */
struct nm_soak {
	uint64_t elapsed_ns;
	const char *sampling; /* how the rounds that are kept were chosen */
	struct nm_soak_count all;
	struct {
		struct nm_soak_count *items;
		size_t count;
	} hours;
	struct {
		struct nm_soak_measurement *items;
		size_t count;
	} measurements; /* in the order of those of the document */
	struct nm_soak_events failures;
	uint64_t failures_left_out;
	struct nm_soak_events state_changes;
	uint64_t state_changes_left_out;
};

/** So many guests beside each other; figures that were not measured are NAN. */
struct nm_density_point {
	uint64_t guests;
	double p99;	  /* of an exit in one of them, in the unit of the run, */
	double p99_ratio; /* and over that with the fewest */
	double steal_percent;
	double rss_bytes, secondary_page_table_bytes; /* of each guest */
};

/** How many guests fit beside each other before they slow each other down. */
struct nm_density {
	const char *operation;
	double factor;	  /* that the p99 may rise by */
	uint64_t largest; /* guests with which it had not, nor with fewer; 0: none was measured */
	const char *limited; /* why it is not more */
	struct {
		struct nm_density_point *items;
		size_t count;
	} points;
};

/** What one operation of a Linux guest exits for: what its cost elsewhere is predicted from. */
struct nm_exit_profile {
	const char *measurement; /* its name */
	const char *source; /* of the kinds: "kvmstats", or "tracepoint" for reasons of the CPU */
	double operations_per_s; /* in the loop that was measured, with whatever it waits for */
	double exits_per_op, exits_per_s;
	struct nm_map kinds_per_op, kinds_per_s; /* with "other": exits whose kind is not known */
};

struct nm_document {
	struct nm_arena arena;
	const char *schema;
	struct nm_run run;
	struct nm_machine machine;
	struct nm_environment environment;
	struct nm_findings findings;
	struct {
		struct nm_measurement *items;
		size_t count;
	} measurements;
	struct {
		struct nm_exit_profile *items;
		size_t count;
	} exit_profile;
	struct nm_density *density; /* NULL when life.density.exit was not measured */
	struct nm_soak *soak;	    /* NULL when it was none */
};

extern const struct nm_record nm_document_record;
extern const struct nm_record nm_statistic_record;
extern const struct nm_record nm_round_record;
extern const struct nm_record nm_finding_record;
extern const struct nm_record nm_machine_record;
extern const struct nm_record nm_environment_record;

/** Reads and checks a document; out must be zeroed. On failure out is empty and the error names the place. */
int nm_document_read(const char *path, struct nm_document *out);

/** The same from memory; name stands for the file in messages. */
int nm_document_parse(const char *name, const char *bytes, size_t length, struct nm_document *out);

/** The same from what was parsed already. */
int nm_document_from_json(const char *name, const nm_json *json, struct nm_document *out);

int nm_document_write(struct nm_text *out, const struct nm_document *document, bool indented);
void nm_document_free(struct nm_document *document);

/** "exit.cpuid/guest/cpl3": one name for a measurement, in reasons, progress and reports. */
char *nm_measurement_name(struct nm_arena *arena, const struct nm_measurement *measurement);

#endif
