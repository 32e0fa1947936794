/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What this process may do: what it lacks decides what other findings can know, and what a VMM started here can do. */
#include "probes/probes.h"

#include "core/error.h"
#include "probes/errno_name.h"
#include "probes/evidence.h"
#include "probes/kept.h"
#include "probes/line.h"
#include "probes/number.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS	 "proc/self/status"
#define LIMITS	 "proc/self/limits"
#define DISABLED "proc/sys/kernel/io_uring_disabled"
#define CGROUP2	 "sys/fs/cgroup/cgroup.controllers"

/* The fact "process": "euid 0", then "io_uring allowed" or the errno of io_uring_setup(2). */
static int produce(struct nm_text *out, void *unused)
{
	struct io_uring_params params = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 1u, &params);
	int error = fd < 0 ? errno : 0;

	(void)unused;
	if (fd >= 0)
		close(fd);
	nm_text_printf(out, "euid %u\nio_uring %s\n", geteuid(),
		       error ? nm_errno_name(error) : "allowed");
	return 0;
}

struct process {
	unsigned int euid;
	int io_uring; /* errno, or 0 */
};

static bool parse_process(const char *text, struct process *out)
{
	char word[32];
	uint64_t euid;
	size_t length;

	if (!nm_words(&text, "euid ") || !nm_digits(&text, &euid) || euid > UINT32_MAX ||
	    !nm_words(&text, "\nio_uring "))
		return false;
	out->euid = (unsigned int)euid;
	length = strcspn(text, "\n");
	if (length >= sizeof(word) || strcmp(text + length, "\n") != 0)
		return false;
	snprintf(word, sizeof(word), "%.*s", (int)length, text);
	out->io_uring = nm_errno_by_name(word);
	return out->io_uring || !strcmp(word, "allowed");
}

/* The sysctl and a seccomp filter both forbid with EPERM; a filter may also pretend that there is no io_uring. */
static int add_io_uring(struct nm_probe_context *context, int error)
{
	const char *line = nm_root_line(context->root, context->arena, DISABLED);
	bool disabled = line && strcmp(line, "0") != 0;
	const char *remedy = "allow io_uring_setup in the seccomp profile of the container or unit";

	if (!error)
		return nm_finding_add(context, "privilege.io_uring", NM_STATUS_PASS, NM_BOOL(true),
				      NULL, "io_uring_setup made a ring");
	if (error == EPERM && disabled)
		remedy = "sudo sysctl kernel.io_uring_disabled=0";
	else if (error == ENOSYS)
		remedy = "a kernel with CONFIG_IO_URING, and a seccomp profile that allows it";
	else if (error == ENOMEM)
		remedy = "raise the limit of locked memory (ulimit -l), from which kernels before "
			 "5.12 take rings";
	else if (error != EPERM)
		remedy = NULL;
	return nm_finding_add(context, "privilege.io_uring", NM_STATUS_WARN, NM_BOOL(false), remedy,
			      "io_uring_setup: %s; kernel.io_uring_disabled is %s", strerror(error),
			      line ? line : "absent");
}

static int add_process(struct nm_probe_context *context)
{
	struct process process;
	const char *text = nm_root_fact(context->root, context->arena, "process", produce, NULL);
	const char *reason =
		text ? "the fact \"process\" is not as nestmark writes it" : nm_why_not(errno);
	int r;

	if (!text || !parse_process(text, &process)) {
		r = nm_unknown_add(context, "privilege.root", NULL, "geteuid: %s", reason);
		return r ? r
			 : nm_unknown_add(context, "privilege.io_uring", NULL, "io_uring_setup: %s",
					  reason);
	}
	r = nm_finding_add(context, "privilege.root", NM_STATUS_INFO, NM_BOOL(!process.euid),
			   process.euid ? "findings that need root say so; sudo gives it" : NULL,
			   "effective user id %u", process.euid);
	return r ? r : add_io_uring(context, process.io_uring);
}

/* Those of capabilities(7) that decide what a VMM or this program can do. */
static const struct capability {
	unsigned int bit;
	const char *name;
	const char *use;
} capabilities[] = {
	{CAP_DAC_OVERRIDE, "dac_override", "opens device nodes whatever their owner and mode"},
	{CAP_NET_ADMIN, "net_admin", "makes TAP interfaces and bridges"},
	{CAP_NET_RAW, "net_raw", "raw and packet sockets, as for macvtap"},
	{CAP_IPC_LOCK, "ipc_lock", "locks memory beyond RLIMIT_MEMLOCK, as VFIO does"},
	{CAP_SYS_MODULE, "sys_module", "loads kernel modules"},
	{CAP_SYS_RAWIO, "sys_rawio", "reads MSRs by /dev/cpu/*/msr"},
	{CAP_SYS_CHROOT, "sys_chroot", "jails VMMs"},
	{CAP_SYS_ADMIN, "sys_admin", "mounts, namespaces, cgroups"},
	{CAP_SYS_NICE, "sys_nice", "real-time priorities for vCPUs"},
	{CAP_SYS_RESOURCE, "sys_resource", "raises hard limits"},
	{CAP_MKNOD, "mknod", "makes device nodes"},
	{CAP_SYSLOG, "syslog", "reads the kernel log and kernel addresses"},
	{CAP_PERFMON, "perfmon", "hardware counters and tracepoints (Linux 5.8)"},
	{CAP_BPF, "bpf", "loads BPF programs (Linux 5.8)"},
};

#define CAPABILITIES (sizeof(capabilities) / sizeof(capabilities[0]))

static bool parse_mask(const char *line, uint64_t *out)
{
	size_t length = line ? strlen(line) : 0;

	if (!length || length > 16 || strspn(line, "0123456789abcdef") != length)
		return false;
	*out = strtoull(line, NULL, 16);
	return true;
}

static const char *list_missing(struct nm_probe_context *context, uint64_t held, size_t *count)
{
	char text[256] = "";
	size_t used = 0;

	*count = 0;
	for (size_t i = 0; i < CAPABILITIES; i++) {
		if (held >> capabilities[i].bit & 1)
			continue;
		++*count;
		if (used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? ", " : "; not held: ",
						 capabilities[i].name);
	}
	return nm_arena_strdup(context->arena, text);
}

static int add_capabilities(struct nm_probe_context *context, const char *line, uint64_t *held)
{
	const char *missing;
	size_t count;
	char summary[32];
	int r = 0;

	*held = 0;
	if (!parse_mask(line, held))
		return nm_unknown_add(context, "privilege.capabilities", NULL,
				      "/" STATUS " has no CapEff that can be read");
	missing = list_missing(context, *held, &count);
	if (!missing)
		return -ENOMEM;
	snprintf(summary, sizeof(summary), "%zu of %zu", CAPABILITIES - count, CAPABILITIES);
	for (size_t i = 0; !r && i < CAPABILITIES; i++) {
		char id[64];

		snprintf(id, sizeof(id), "privilege.capability.%s", capabilities[i].name);
		r = nm_detail_add(context, id, NM_STATUS_INFO,
				  NM_BOOL(*held >> capabilities[i].bit & 1), NULL, "%s",
				  capabilities[i].use);
	}
	return r ? r
		 : nm_finding_add(context, "privilege.capabilities", NM_STATUS_INFO,
				  NM_STRING(summary), NULL,
				  "of those that matter here; CapEff %s in /" STATUS "%s", line,
				  missing);
}

/* proc_pid_status(5). */
static int add_seccomp(struct nm_probe_context *context, const char *line)
{
	static const char *const modes[] = {"off", "strict", "filter"};

	if (!line || strlen(line) != 1 || *line < '0' || *line > '2')
		return nm_unknown_add(context, "privilege.seccomp", NULL,
				      "/" STATUS " has no Seccomp that can be read");
	return nm_finding_add(context, "privilege.seccomp", NM_STATUS_INFO,
			      NM_STRING(modes[*line - '0']), NULL, "Seccomp %s in /" STATUS "%s",
			      line,
			      *line == '2' ? ": run at every system call, KVM_RUN included" : "");
}

static int add_no_new_privileges(struct nm_probe_context *context, const char *line)
{
	if (!line || (strcmp(line, "0") != 0 && strcmp(line, "1") != 0))
		return nm_unknown_add(context, "privilege.no_new_privileges", NULL,
				      "/" STATUS " has no NoNewPrivs that can be read");
	return nm_finding_add(context, "privilege.no_new_privileges", NM_STATUS_INFO,
			      NM_BOOL(*line == '1'), NULL, "NoNewPrivs %s in /" STATUS "%s", line,
			      *line == '1' ? ": sudo gives nothing here" : "");
}

static int add_status(struct nm_probe_context *context, uint64_t *held)
{
	struct nm_arena *arena = context->arena;
	const char *text = nm_root_text(context->root, arena, STATUS);
	int r;

	*held = 0;
	if (!text)
		return nm_unknown_add(context, "privilege.capabilities", NULL, "/" STATUS ": %s",
				      nm_why_not(errno));
	r = add_capabilities(context, nm_text_field(arena, text, "CapEff"), held);
	if (!r)
		r = add_seccomp(context, nm_text_field(arena, text, "Seccomp"));
	return r ? r : add_no_new_privileges(context, nm_text_field(arena, text, "NoNewPrivs"));
}

/* Limits below which VMMs get into trouble; the program's own needs are far smaller. */
static const struct limit {
	const char *id;
	const char *title; /* in /proc/self/limits */
	uint64_t enough;   /* 0: any is */
	const char *remedy;
} limits[] = {
	{"privilege.nofile", "Max open files", 1024,
	 "ulimit -n with a larger number; LimitNOFILE= for a unit"},
	{"privilege.nproc", "Max processes", 256,
	 "ulimit -u with a larger number: each vCPU is a thread; LimitNPROC= for a unit"},
	{"privilege.address_space", "Max address space", UINT64_MAX,
	 "ulimit -v unlimited: guest memory and its mappings count"},
	{"privilege.realtime_priority", "Max realtime priority", 0, NULL},
};

#define MEMLOCK_ENOUGH (64ull << 20)

static const struct limit memlock = {
	"privilege.memlock", "Max locked memory", MEMLOCK_ENOUGH,
	"ulimit -l unlimited as root, memlock in limits.conf, or LimitMEMLOCK=infinity for a unit: "
	"VFIO locks all memory of a guest"};

static const char *next_word(const char *text, char *out, size_t size)
{
	size_t length;

	text += strspn(text, " ");
	length = strcspn(text, " \n");
	snprintf(out, size, "%.*s", (int)(length < size ? length : 0), text);
	return text + length;
}

static bool parse_limit(const char *word, uint64_t *out)
{
	*out = UINT64_MAX;
	return !strcmp(word, "unlimited") || nm_number(word, out);
}

/* "Max open files   1024   4096   files": soft limit, then hard limit. needed: whether too small a limit hurts here. */
static int add_limit(struct nm_probe_context *context, const char *text, const struct limit *limit,
		     bool needed)
{
	const char *line = nm_line_behind(text, limit->title);
	char soft[24];
	char hard[24];
	uint64_t value;
	bool small;

	if (!line)
		return nm_unknown_add(context, limit->id, NULL, "/" LIMITS " has no \"%s\"",
				      limit->title);
	next_word(next_word(line, soft, sizeof(soft)), hard, sizeof(hard));
	if (!parse_limit(soft, &value))
		return nm_unknown_add(context, limit->id, NULL, "/" LIMITS ": \"%s\" is no number",
				      limit->title);
	small = needed && value < limit->enough;
	return nm_finding_add(context, limit->id, small ? NM_STATUS_WARN : NM_STATUS_INFO,
			      value == UINT64_MAX ? NM_STRING("unlimited") : NM_INT((int64_t)value),
			      small ? limit->remedy : NULL,
			      "%s in /" LIMITS "; the hard limit is %s", limit->title, hard);
}

/* VFIO charges the memory of guests to RLIMIT_MEMLOCK unless CAP_IPC_LOCK is held (drivers/vfio/vfio_iommu_type1.c). */
static int add_limits(struct nm_probe_context *context, uint64_t held)
{
	const char *text = nm_root_text(context->root, context->arena, LIMITS);
	bool locks = nm_found_pass(context, "device.vfio") && !(held >> CAP_IPC_LOCK & 1);
	int r;

	if (!text)
		return nm_unknown_add(context, memlock.id, NULL, "/" LIMITS ": %s",
				      nm_why_not(errno));
	r = add_limit(context, text, &memlock, locks);
	for (size_t i = 0; !r && i < sizeof(limits) / sizeof(limits[0]); i++)
		r = add_limit(context, text, &limits[i], true);
	return r;
}

/* Sysctls that can forbid user namespaces to those who are not root: of Linux, of Debian, and of Ubuntu. */
static const struct {
	const char *path;
	const char *name;
	const char *forbids; /* the value; any other allows */
	const char *remedy;
} namespaces[] = {
	{"proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "0",
	 "sudo sysctl user.max_user_namespaces=10000"},
	{"proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", "0",
	 "sudo sysctl kernel.unprivileged_userns_clone=1"},
	{"proc/sys/kernel/apparmor_restrict_unprivileged_userns",
	 "kernel.apparmor_restrict_unprivileged_userns", "1",
	 "give the program an AppArmor profile that allows userns"},
};

static int add_namespaces(struct nm_probe_context *context)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		const char *line = nm_root_line(context->root, context->arena, namespaces[i].path);

		if (!line && (!i || errno != ENOENT))
			return nm_unread_add(context, "privilege.user_namespaces",
					     namespaces[i].path, errno);
		if (line && !strcmp(line, namespaces[i].forbids))
			return nm_finding_add(context, "privilege.user_namespaces", NM_STATUS_INFO,
					      NM_BOOL(false), namespaces[i].remedy,
					      "%s is %s: not for users without privileges",
					      namespaces[i].name, line);
	}
	return nm_finding_add(context, "privilege.user_namespaces", NM_STATUS_INFO, NM_BOOL(true),
			      NULL, "no sysctl forbids them to users without privileges");
}

/* Names in the first column of /proc/cgroups whose last, "enabled", is 1. */
static const char *list_v1(struct nm_probe_context *context, const char *text)
{
	char list[512] = "";
	size_t used = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, "\n");
		size_t name = strcspn(line, "\t\n");

		if (*line == '#' || name == length || length < 2 ||
		    strncmp(line + length - 2, "\t1", 2) != 0 || used + name + 2 > sizeof(list))
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%.*s",
					 used ? " " : "", (int)name, line);
	}
	return nm_arena_strdup(context->arena, *list ? list : "none");
}

/* The process's place: what follows "0::" in /proc/self/cgroup (cgroups(7)). */
static const char *own_cgroup(struct nm_probe_context *context)
{
	const char *text = nm_kept_text(context, "proc/self/cgroup");
	const char *line = text ? nm_line_behind(text, "0::") : NULL;

	if (!line)
		return "a place that /proc/self/cgroup does not tell";
	return nm_arena_strndup(context->arena, line, strcspn(line, "\n"));
}

static int add_cgroup_v1(struct nm_probe_context *context)
{
	const char *text = nm_root_text(context->root, context->arena, "proc/cgroups");
	const char *list = text ? list_v1(context, text) : NULL;

	if (!text)
		return nm_unknown_add(context, "privilege.cgroup_controllers", NULL,
				      "neither /" CGROUP2 " nor /proc/cgroups: %s",
				      nm_why_not(errno));
	if (!list)
		return -ENOMEM;
	return nm_finding_add(context, "privilege.cgroup_controllers", NM_STATUS_INFO,
			      NM_STRING(list), NULL,
			      "/proc/cgroups; no cgroup v2 at /sys/fs/cgroup");
}

static int add_cgroup(struct nm_probe_context *context)
{
	const char *list = nm_root_line(context->root, context->arena, CGROUP2);
	const char *own = own_cgroup(context);

	if (!list)
		return add_cgroup_v1(context);
	if (!own)
		return -ENOMEM;
	return nm_finding_add(context, "privilege.cgroup_controllers", NM_STATUS_INFO,
			      NM_STRING(*list ? list : "none"), NULL,
			      "/" CGROUP2 " (cgroup v2); this process is in %s", own);
}

int nm_probe_privileges(struct nm_probe_context *context)
{
	uint64_t held;
	int r = add_process(context);

	if (!r)
		r = add_status(context, &held);
	if (!r)
		r = add_limits(context, held);
	if (!r)
		r = add_namespaces(context);
	return r ? r : add_cgroup(context);
}
