/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/exit_trace.h"

#include "core/cpuid.h"
#include "core/error.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REMEDY_TRACEFS                                                                             \
	"run nestmark as root, with tracefs: mount -t tracefs tracefs /sys/kernel/tracing"
#define REMEDY_PERF "run nestmark as root, or with CAP_PERFMON"

/* Bit 3 of an exit qualification is the direction of a port (SDM vol. 3, exit qualification for I/O instructions). */
const struct nm_exit_reason nm_exit_reasons_vmx[] = {
	{"EXCEPTION_NMI", "exit_reason==0"},
	{"EXTERNAL_INTERRUPT", "exit_reason==1"},
	{"INTERRUPT_WINDOW", "exit_reason==7"},
	{"NMI_WINDOW", "exit_reason==8"},
	{"CPUID", "exit_reason==10"},
	{"HLT", "exit_reason==12"},
	{"INVLPG", "exit_reason==14"},
	{"RDPMC", "exit_reason==15"},
	{"RDTSC", "exit_reason==16"},
	{"VMCALL", "exit_reason==18"},
	{"CR_ACCESS", "exit_reason==28"},
	{"DR_ACCESS", "exit_reason==29"},
	{"IO_OUT", "exit_reason==30 && !(info1&8)"},
	{"IO_IN", "exit_reason==30 && info1&8"},
	{"MSR_READ", "exit_reason==31"},
	{"MSR_WRITE", "exit_reason==32"},
	{"PAUSE", "exit_reason==40"},
	{"TPR_BELOW_THRESHOLD", "exit_reason==43"},
	{"APIC_ACCESS", "exit_reason==44"},
	{"EPT_VIOLATION", "exit_reason==48"},
	{"EPT_MISCONFIG", "exit_reason==49"},
	{"PREEMPTION_TIMER", "exit_reason==52"},
	{"WBINVD", "exit_reason==54"},
	{"XSETBV", "exit_reason==55"},
	{"APIC_WRITE", "exit_reason==56"},
	{0},
};

/* EXITINFO1 is 1 for WRMSR, and its bit 0 is the direction of a port (APM vol. 2, MSR and IOIO intercepts). */
const struct nm_exit_reason nm_exit_reasons_svm[] = {
	{"CR0_WRITE", "exit_reason==0x10"},
	{"CR4_WRITE", "exit_reason==0x14"},
	{"CR8_WRITE", "exit_reason==0x18"},
	{"EXCP_PF", "exit_reason==0x4e"},
	{"INTR", "exit_reason==0x60"},
	{"NMI", "exit_reason==0x61"},
	{"VINTR", "exit_reason==0x64"},
	{"RDPMC", "exit_reason==0x6f"},
	{"CPUID", "exit_reason==0x72"},
	{"IRET", "exit_reason==0x74"},
	{"PAUSE", "exit_reason==0x77"},
	{"HLT", "exit_reason==0x78"},
	{"INVLPG", "exit_reason==0x79"},
	{"IO_OUT", "exit_reason==0x7b && !(info1&1)"},
	{"IO_IN", "exit_reason==0x7b && info1&1"},
	{"MSR_READ", "exit_reason==0x7c && info1==0"},
	{"MSR_WRITE", "exit_reason==0x7c && info1==1"},
	{"VMMCALL", "exit_reason==0x81"},
	{"WBINVD", "exit_reason==0x89"},
	{"XSETBV", "exit_reason==0x8d"},
	{"NPF", "exit_reason==0x400"},
	{"AVIC_INCOMPLETE_IPI", "exit_reason==0x401"},
	{"AVIC_NOACCEL", "exit_reason==0x402"},
	{0},
};

const struct nm_exit_reason *nm_exit_reasons(void)
{
	const struct nm_cpuid leaf = nm_cpuid(0, 0);
	char vendor[13];

	nm_cpuid_vendor(&leaf, vendor);
	return !strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine")
		       ? nm_exit_reasons_svm
		       : nm_exit_reasons_vmx;
}

static int parse_id(const char *text, uint64_t *id)
{
	char *end;

	errno = 0;
	*id = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || !*id || *id > INT_MAX)
		return nm_fail(EOPNOTSUPP, "tracepoint kvm:kvm_exit: \"%.20s\" is not its number",
			       text);
	return 0;
}

int nm_exit_tracepoint(const struct nm_root *root, uint64_t *id)
{
	static const char *const places[] = {
		"sys/kernel/tracing/events/kvm/kvm_exit/id",
		"sys/kernel/debug/tracing/events/kvm/kvm_exit/id",
	};
	struct nm_arena arena = {0};
	char *text = nm_root_line(root, &arena, places[0]);
	int r;

	if (!text)
		text = nm_root_line(root, &arena, places[1]);
	r = text ? parse_id(text, id)
		 : nm_fail_remedy(EOPNOTSUPP, REMEDY_TRACEFS, "tracepoint kvm:kvm_exit: %s: %s",
				  places[0], strerror(errno));
	nm_arena_free(&arena);
	return r;
}

/* The filters are those of the first thread: the kernel asks it for those of its heirs. */
static int open_counter(uint64_t id, const struct nm_exit_reason *reason, int *fd)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attributes),
		.config = id,
		.inherit = 1,
	};

	*fd = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (*fd < 0)
		return nm_fail_remedy(EOPNOTSUPP, REMEDY_PERF,
				      "tracepoint kvm:kvm_exit: perf_event_open: %s",
				      strerror(errno));
	if (!ioctl(*fd, PERF_EVENT_IOC_SET_FILTER, reason->filter))
		return 0;
	return nm_fail(EOPNOTSUPP, "tracepoint kvm:kvm_exit: its filter \"%s\": %s", reason->filter,
		       strerror(errno));
}

int nm_exit_trace_open(struct nm_exit_trace *trace, uint64_t id)
{
	int r = 0;

	*trace = (struct nm_exit_trace) {.reasons = nm_exit_reasons()};
	while (!r && trace->reasons[trace->count].name && trace->count < NM_EXIT_REASONS) {
		r = open_counter(id, &trace->reasons[trace->count], &trace->fds[trace->count]);
		trace->count += trace->fds[trace->count] >= 0;
	}
	if (r)
		nm_exit_trace_close(trace);
	return r;
}

void nm_exit_trace_close(struct nm_exit_trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		close(trace->fds[i]);
	*trace = (struct nm_exit_trace) {0};
}

int nm_exit_trace_read(const struct nm_exit_trace *trace, uint64_t *values)
{
	for (size_t i = 0; i < trace->count; i++)
		if (read(trace->fds[i], &values[i], sizeof(values[i])) != sizeof(values[i]))
			return nm_fail(errno, "counter of %s: %s", trace->reasons[i].name,
				       strerror(errno));
	return 0;
}
