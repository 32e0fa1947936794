/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Workload profiles: what the parser takes and refuses, and what becomes of findings. */
#include "helpers.h"

#include "core/check.h"
#include "core/document.h"
#include "probes/readiness.h"

#define WORKLOAD                                                                                   \
	"[workload]\nname = thing\ntitle = The thing\nas_of = 2026-09\nsource = its manual\n"
#define HARD(finding, more)                                                                        \
	"[requirement]\nlabel = " finding " is right\nfinding = " finding "\nlevel = hard\n" more
#define SOFT(finding, more)                                                                        \
	"[requirement]\nlabel = " finding " is right\nfinding = " finding "\nlevel = soft\n" more
#define INFO(finding, more)                                                                        \
	"[requirement]\nlabel = " finding " is right\nfinding = " finding "\nlevel = info\n" more

static struct nm_arena arena;
static struct nm_findings findings;
static struct nm_check_workload result;

static int parse_bytes(const char *bytes, size_t length, struct nm_workload *out)
{
	return nm_workload_parse(&arena, "a.profile", bytes, length, out);
}

static void refused(const char *text, const char *message)
{
	struct nm_workload profile = {0};

	cr_assert_eq(parse_bytes(text, strlen(text), &profile), -EINVAL, "accepted: %s", text);
	assert_error_says(message);
	cr_assert(!strchr(nm_error_last()->text, '\n'), "more than one line");
	cr_assert(*nm_error_last()->remedy, "no remedy");
}

static void given_status(const char *id, enum nm_status status, struct nm_value value)
{
	struct nm_finding *finding =
		nm_arena_append(&arena, &findings.items, &findings.count, sizeof(*finding));

	*finding = (struct nm_finding) {.id = id,
					.status = (int)status,
					.value = value,
					.evidence = "as read",
					.remedy = "the finding's remedy"};
}

static void given(const char *id, struct nm_value value)
{
	given_status(id, NM_STATUS_INFO, value);
}

static void given_pass(const char *id)
{
	given_status(id, NM_STATUS_PASS, NM_BOOL(true));
}

/* Judges a profile by what was given so far. */
static void judge(const char *text)
{
	struct nm_workload *profile = nm_arena_alloc(&arena, sizeof(*profile));

	cr_assert_eq(parse_bytes(text, strlen(text), profile), 0, "refused: %s",
		     nm_error_last()->text);
	result = (struct nm_check_workload) {0};
	cr_assert_eq(nm_readiness(&arena, profile, &findings, &result), 0, "%s",
		     nm_error_last()->text);
}

static void verdict_is(enum nm_readiness verdict, const char *reason)
{
	cr_assert_eq(result.verdict, (int)verdict, "%s: %s", nm_readiness_names[result.verdict],
		     result.reason);
	cr_assert(strstr(result.reason, reason), "reason: %s", result.reason);
}

static const struct nm_check_row *row(size_t index)
{
	cr_assert_lt(index, result.rows.count, "only %zu rows", result.rows.count);
	return &result.rows.items[index];
}

static void row_is(size_t index, enum nm_status status)
{
	cr_assert_eq(row(index)->status, (int)status, "row %zu (%s) is %s", index,
		     row(index)->requirement, nm_status_names[row(index)->status]);
}

/* The status of one hard requirement on kernel.release or whatever was given. */
static void condition_gives(const char *text, enum nm_status status)
{
	judge(text);
	row_is(0, status);
}

Test(profile, all_that_it_can_say)
{
	static const char text[] =
		"# a comment\n\n[workload]\n\tname = my-vmm2 \ntitle=My VMM = best\nas_of = "
		"2026-01\n"
		"source = a page\nadvice = not here\nproof = none\nunknown = one\nunknown = two: "
		"why\n"
		"[requirement]\nlabel = caps\nfinding = kvm.cap.a  kvm.cap.b\nfinding "
		"=\tkvm.cap.c\n"
		"when = cpu.architecture x86_64 aarch64\nequals = 1 2\nlevel = soft\nremedy = do\n"
		"source = a file";
	struct nm_workload profile = {0};
	const struct nm_requirement *requirement;

	cr_assert_eq(parse_bytes(text, strlen(text), &profile), 0, "%s", nm_error_last()->text);
	cr_assert_str_eq(profile.name, "my-vmm2");
	cr_assert_str_eq(profile.title, "My VMM = best");
	cr_assert_str_eq(profile.advice, "not here");
	cr_assert(!profile.proven_by_guest);
	cr_assert_eq(profile.unknown.count, 2);
	cr_assert_str_eq(profile.unknown.items[1], "two: why");
	cr_assert_eq(profile.requirements.count, 1);
	requirement = &profile.requirements.items[0];
	cr_assert_eq(requirement->findings.count, 3);
	cr_assert_str_eq(requirement->findings.items[2], "kvm.cap.c");
	cr_assert_eq(requirement->when.count, 3);
	cr_assert_eq(requirement->equals.count, 2);
	cr_assert_eq(requirement->level, NM_LEVEL_SOFT);
	cr_assert_str_eq(requirement->remedy, "do");
}

Test(profile, is_refused_with_its_line)
{
	refused("", "a.profile:0: no [workload]");
	refused("name = x\n", "a.profile:1: expected [workload] first");
	refused("[requirement]\n", "a.profile:1: [requirement] before [workload]");
	refused("[worklaod]\n", "a.profile:1: unknown section [worklaod]");
	refused(WORKLOAD "[workload]\n", "a.profile:6: a second [workload]");
	refused(WORKLOAD, "a.profile:5: no [requirement]");
	refused(WORKLOAD "colour = red\n", "a.profile:6: unknown key \"colour\" in [workload]");
	refused(WORKLOAD "title = again\n", "a.profile:6: \"title\" is given twice");
	refused(WORKLOAD "advice =\n", "a.profile:6: \"advice\" has no value");
	refused(WORKLOAD "just words\n", "a.profile:6: expected key = value");
	refused("[workload]\nname = x\n[requirement]\n",
		"a.profile:1: [workload] lacks its \"title\"");
	refused(WORKLOAD "proof = faith\n" HARD("a.b", ""),
		"proof \"faith\": expected guest or none");
	refused(WORKLOAD "[requirement]\nlabel = x\nlevel = hard\n",
		"a.profile:6: [requirement] lacks its \"finding\"");
	refused(WORKLOAD HARD("a.b", "level = soft\n"), "a.profile:10: \"level\" is given twice");
	refused(WORKLOAD HARD("a.b", "colour = red\n"), "unknown key \"colour\" in [requirement]");
	refused(WORKLOAD "[requirement]\nlabel = x\nfinding = a.b\nlevel = harsh\n",
		"a.profile:6: level \"harsh\": expected hard, soft or info");
}

Test(profile, names_and_conditions_are_checked)
{
	static const char *const names[] = {"Thing", "a b",
					    "-a",    "a/b",
					    "../x",  "a234567890123456789012345678901234567890x"};
	static const char *const ids[] = {"kvm",    "Kvm.cap", "kvm..cap",  "kvm.",   ".kvm",
					  "kvm.c*", "*",       "kvm.cap-x", "kvm.*.x"};
	char text[512];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof(text),
			 "[workload]\nname = %s\ntitle = x\nas_of = x\nsource = x\n" HARD("a.b",
											  ""),
			 names[i]);
		refused(text, "expected up to 40 lower-case letters");
	}
	for (size_t i = 0; i < COUNT(ids); i++) {
		snprintf(text, sizeof(text),
			 WORKLOAD "[requirement]\nlabel = x\nfinding = %s\nlevel = hard\n", ids[i]);
		refused(text, "is not the ID of a finding");
	}
	refused(WORKLOAD HARD("a.b", "when = kvm.*  x\n"), "\"kvm.*\" is not the ID");
	refused(WORKLOAD HARD("a.b", "when = a.b\n"), "needs a finding and its values");
	refused(WORKLOAD HARD("a.b", "is = pass\nequals = 1\n"), "only one of");
	refused(WORKLOAD HARD("a.b", "is = good\n"), "\"good\" is no status");
	refused(WORKLOAD HARD("a.b", "at_least = 5.x\n"), "needs a number or a version");
	refused(WORKLOAD HARD("a.b", "at_least = 5.\n"), "needs a number or a version");
	refused(WORKLOAD HARD("a.b", "at_least = 5 6\n"), "needs a number or a version");
	refused(WORKLOAD HARD("a.b", "at_least = 99999999999999999999\n"), "needs a number");
}

Test(profile, hostile_bytes_are_refused)
{
	static const char nul[] = WORKLOAD "adv\0ice = x\n";
	static char wide[1200];
	struct nm_workload profile = {0};
	char *huge;

	cr_assert_eq(parse_bytes(nul, sizeof(nul) - 1, &profile), -EINVAL);
	assert_error_says("a.profile:6: control character 00h");
	refused("\x1b[31m", "a.profile:1: control character 1bh");
	refused("# \x7f", "control character 7fh");
	refused("# \xc2\x9b", "control character c2h");
	refused(WORKLOAD "advice = \xff\n", "a.profile:6: byte ffh is not UTF-8");
	refused("name\r\n", "control character 0dh");
	memset(wide, 'x', sizeof(wide) - 1);
	refused(wide, "a.profile:1: longer than 1024 bytes");
	huge = nm_arena_alloc(&arena, NM_PROFILE_MAX_BYTES + 2);
	memset(huge, '\n', NM_PROFILE_MAX_BYTES + 1);
	refused(huge, "larger than 65536 bytes");
	huge[NM_PROFILE_MAX_BYTES] = '\0';
	for (size_t i = 0; i + 14 <= NM_PROFILE_MAX_BYTES; i += 14)
		memcpy(huge + i, "[requirement]\n", 14);
	refused(huge, "[requirement] before [workload]");
}

Test(profile, requirements_are_bounded)
{
	struct nm_text text = {0};

	nm_text_puts(&text, WORKLOAD);
	for (int i = 0; i < 201; i++)
		nm_text_puts(&text, HARD("a.b", ""));
	refused(text.bytes, "more than 200 requirements");
	nm_text_free(&text);
}

Test(profile, texts_of_other_languages_are_welcome)
{
	given_pass("a.b");
	judge("[workload]\nname = x\ntitle = Ünïcode\nas_of = x\nsource = x\n" HARD("a.b", ""));
	cr_assert_str_eq(result.title, "Ünïcode");
}

Test(profiles, of_the_program_are_all_there)
{
	static const char *const wanted[] = {"android-emulator",
					     "cloud-hypervisor",
					     "crosvm",
					     "docker-desktop",
					     "firecracker",
					     "gvisor",
					     "hyper-v",
					     "kata",
					     "libvirt",
					     "nested-kvm",
					     "qemu",
					     "virtualbox",
					     "vmware"};
	struct nm_workloads profiles = {0};

	cr_assert_eq(nm_workloads_builtin(&arena, &profiles), 0, "%s", nm_error_last()->text);
	cr_assert_eq(profiles.count, COUNT(wanted), "%zu profiles", profiles.count);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		const struct nm_workload *profile = nm_workload_find(&profiles, wanted[i]);

		cr_assert(profile, "no %s", wanted[i]);
		for (size_t q = 0; q < profile->requirements.count; q++)
			cr_assert(profile->requirements.items[q].source, "%s: \"%s\" has no source",
				  wanted[i], profile->requirements.items[q].label);
	}
	cr_assert(!nm_workload_find(&profiles, "no-such"));
}

Test(profiles, of_a_folder_add_and_replace, .init = enter_folder, .fini = leave_folder)
{
	struct nm_workloads profiles = {0};
	size_t before;

	cr_assert_eq(nm_workloads_builtin(&arena, &profiles), 0);
	before = profiles.count;
	write_text("one.profile", WORKLOAD HARD("a.b", ""));
	write_text("two.profile",
		   "[workload]\nname = qemu\ntitle = Mine\nas_of = x\nsource = x\n" HARD("a.b",
											 ""));
	write_text("ignored.txt", "nonsense");
	write_text(".hidden.profile", "nonsense");
	cr_assert_eq(nm_workloads_add_folder(&arena, ".", &profiles), 0, "%s",
		     nm_error_last()->text);
	cr_assert_eq(profiles.count, before + 1);
	cr_assert_str_eq(nm_workload_find(&profiles, "qemu")->title, "Mine");
	cr_assert(nm_workload_find(&profiles, "thing"));
}

static void folder_refused(const char *folder, int code, const char *message)
{
	struct nm_workloads profiles = {0};

	cr_assert_eq(nm_workloads_add_folder(&arena, folder, &profiles), code, "accepted");
	assert_error_says(message);
}

Test(profiles, of_a_bad_folder_are_refused, .init = enter_folder, .fini = leave_folder)
{
	folder_refused("absent", -ENOENT, "absent: No such file");
	folder_refused(".", -ENOENT, "holds no file that ends in .profile");
	write_text("a.profile", WORKLOAD HARD("a.b", ""));
	write_text("b.profile", WORKLOAD HARD("a.b", ""));
	folder_refused(".", -EEXIST, "./b.profile: its name \"thing\" is that of ./a.profile");
	write_text("b.profile", "[workload]\nnonsense\n");
	folder_refused(".", -EINVAL, "./b.profile:2: expected key = value");
	remove("b.profile");
	cr_assert_eq(mkfifo("b.profile", 0600), 0);
	folder_refused(".", -EINVAL, "./b.profile: is not a regular file");
	remove("b.profile");
	write_text("b.profile", "");
	cr_assert_eq(truncate("b.profile", 10 << 20), 0);
	folder_refused(".", -EFBIG, "./b.profile: 10485760 bytes, more than the limit of 65536");
}

Test(readiness, a_guest_that_ran_makes_it_ready)
{
	given_pass("kvm.device");
	given_pass("guest.canary");
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_READY, "a guest ran");
	cr_assert_eq(result.rows.count, 2);
	row_is(0, NM_STATUS_PASS);
	cr_assert_null(row(0)->remedy, "what passes needs no remedy");
}

Test(readiness, a_missing_hard_requirement_decides)
{
	given_status("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"));
	judge(WORKLOAD HARD("no.such", "") HARD("kvm.device", ""));
	verdict_is(NM_READINESS_NOT_READY, "kvm.device is right: as read");
	cr_assert_str_eq(result.remedy, "the finding's remedy");
	judge(WORKLOAD HARD("kvm.device", "remedy = the profile's\n"));
	cr_assert_str_eq(result.remedy, "the profile's");
}

/* As on EC2 with nesting off: what is to be done is the platform's command, not "load kvm_intel". */
Test(readiness, the_platform_knows_what_to_do_about_the_device)
{
	given_status("kvm.device", NM_STATUS_FAIL, NM_STRING("/dev/kvm"));
	given_status("verdict.virtualization", NM_STATUS_FAIL, NM_STRING("none"));
	findings.items[1].remedy = "switch it on there";
	judge(WORKLOAD HARD("kvm.device", ""));
	cr_assert_str_eq(result.remedy, "switch it on there");
	judge(WORKLOAD HARD("kvm.device", "remedy = the profile's\n"));
	cr_assert_str_eq(result.remedy, "the profile's");
}

/* Hyper-V, VMware and VirtualBox as L1 ask for the flag, and firmware may have locked what it stands for. */
Test(readiness, a_flag_that_firmware_has_locked_is_no_virtualization)
{
	static const char profile[] =
		WORKLOAD "proof = none\n" HARD("cpu.virtualization", "equals = vmx svm\n");

	given_status("cpu.virtualization", NM_STATUS_PASS, NM_STRING("vmx"));
	judge(profile);
	verdict_is(NM_READINESS_CONDITIONS_MET, "");
	given_status("vmx.cpu.feature_control", NM_STATUS_FAIL, NM_STRING("locked without VMX"));
	judge(profile);
	verdict_is(NM_READINESS_NOT_READY, "as read");
	cr_assert_str_eq(row(0)->finding, "vmx.cpu.feature_control");
	cr_assert_str_eq(result.remedy, "the finding's remedy");
}

Test(readiness, on_an_emulated_cpu_nothing_is_advised)
{
	given_pass("kvm.device");
	given_pass("guest.canary");
	given("platform.emulator", NM_BOOL(true));
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_NOT_ADVISED, "emulated");
}

Test(readiness, soft_and_info_never_decide)
{
	given_pass("guest.canary");
	given_status("a.b", NM_STATUS_INFO, NM_INT(0));
	judge(WORKLOAD SOFT("a.b", "") INFO("a.b", "") SOFT("no.such", ""));
	row_is(0, NM_STATUS_WARN);
	row_is(1, NM_STATUS_INFO);
	row_is(2, NM_STATUS_UNKNOWN);
	verdict_is(NM_READINESS_READY, "");
}

Test(readiness, what_cannot_be_told_is_unknown)
{
	given_pass("guest.canary");
	judge(WORKLOAD HARD("no.such", ""));
	verdict_is(NM_READINESS_UNKNOWN, "nestmark has no finding no.such here");
	given_status("a.b", NM_STATUS_UNKNOWN, NM_INT(1));
	judge(WORKLOAD HARD("a.b", "equals = 1\nremedy = the profile's\n"));
	row_is(0, NM_STATUS_UNKNOWN);
	cr_assert_str_eq(row(0)->remedy, "the finding's remedy");
	verdict_is(NM_READINESS_UNKNOWN, "a.b is right: 1: as read");
}

Test(readiness, without_a_guest_nothing_is_proven)
{
	given_pass("kvm.device");
	given_status("guest.canary", NM_STATUS_UNKNOWN, NM_BOOL(false));
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_NOT_PROVEN, "a guest runs, and its work is right: as read");
}

Test(readiness, a_guest_that_fails_is_not_ready)
{
	given_pass("kvm.device");
	given_status("guest.canary", NM_STATUS_FAIL, NM_BOOL(false));
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_NOT_READY, "a guest runs");
}

Test(readiness, a_software_kvm_needs_linux_as_proof)
{
	given_pass("kvm.device");
	given_pass("guest.canary");
	given_status("verdict.virtualization", NM_STATUS_WARN, NM_STRING("software"));
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_NOT_PROVEN, "this KVM interprets guest kernel code");
	cr_assert_str_eq(result.remedy, "try --prove-linux");
	given_pass("guest.linux");
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_READY, "");
}

Test(readiness, linux_that_does_not_boot_is_not_ready)
{
	given_pass("kvm.device");
	given_pass("guest.canary");
	given_status("guest.linux", NM_STATUS_FAIL, NM_BOOL(false));
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_NOT_READY, "a Linux guest reaches its user space");
}

Test(readiness, linux_that_was_asked_for_and_not_found_proves_nothing)
{
	given_pass("kvm.device");
	given_pass("guest.canary");
	given_status("guest.linux", NM_STATUS_UNKNOWN, (struct nm_value) {0});
	judge(WORKLOAD HARD("kvm.device", ""));
	verdict_is(NM_READINESS_NOT_PROVEN, "a Linux guest");
}

Test(readiness, without_proof_only_conditions_are_met)
{
	given_pass("a.b");
	judge(WORKLOAD
	      "proof = none\nunknown = controls: not published: at all\nunknown = rest\n" HARD(
		      "a.b", ""));
	verdict_is(NM_READINESS_CONDITIONS_MET, "no guest of nestmark's");
	cr_assert_eq(result.rows.count, 3, "the canary is not asked");
	row_is(1, NM_STATUS_UNKNOWN);
	cr_assert_str_eq(row(1)->requirement, "controls: not published");
	cr_assert_str_eq(row(1)->evidence, "at all");
	cr_assert_str_eq(row(2)->requirement, "rest");
	cr_assert_null(row(2)->evidence);
}

Test(readiness, advice_against_it_holds_inside_a_vm)
{
	given_pass("a.b");
	given_pass("guest.canary");
	judge(WORKLOAD "advice = use metal\n" HARD("a.b", ""));
	verdict_is(NM_READINESS_NOT_ADVISED, "use metal");
	given("platform.level", NM_INT(0));
	judge(WORKLOAD "advice = use metal\n" HARD("a.b", ""));
	verdict_is(NM_READINESS_READY, "");
}

Test(readiness, requirements_of_other_machines_are_left_out)
{
	given_pass("guest.canary");
	given("cpu.architecture", NM_STRING("x86_64"));
	judge(WORKLOAD HARD("a.b", "when = cpu.architecture aarch64 riscv64\n")
		      HARD("guest.canary", "when = cpu.architecture aarch64 x86_64\n"));
	cr_assert_eq(result.rows.count, 2);
	cr_assert_eq(row(0)->number, 2);
	verdict_is(NM_READINESS_READY, "");
	judge(WORKLOAD HARD("a.b", "when = cpu.architecture aarch64\n"));
	verdict_is(NM_READINESS_UNKNOWN, "none of its requirements");
	judge(WORKLOAD HARD("a.b", "when = no.such aarch64\n"));
	verdict_is(NM_READINESS_UNKNOWN,
		   "whether this applies cannot be told: no.such is not known");
}

Test(readiness, each_finding_has_a_row)
{
	given_pass("kvm.cap.a");
	given_status("kvm.cap.b", NM_STATUS_INFO, NM_INT(0));
	given_pass("kvm.capital");
	judge(WORKLOAD HARD("kvm.cap.a kvm.cap.b kvm.cap.c", ""));
	cr_assert_eq(result.rows.count, 4);
	row_is(0, NM_STATUS_PASS);
	row_is(1, NM_STATUS_FAIL);
	row_is(2, NM_STATUS_UNKNOWN);
	cr_assert_eq(row(2)->number, 1);
	cr_assert_eq(row(3)->number, 2, "the proof is a requirement of its own");
	verdict_is(NM_READINESS_NOT_READY, "kvm.cap.a kvm.cap.b");
	judge(WORKLOAD "proof = none\n" HARD("kvm.cap.*", ""));
	cr_assert_eq(result.rows.count, 2, "%zu rows", result.rows.count);
	cr_assert_str_eq(row(1)->finding, "kvm.cap.b");
	judge(WORKLOAD HARD("no.such.*", ""));
	verdict_is(NM_READINESS_UNKNOWN, "no finding no.such.*");
}

Test(readiness, statuses)
{
	given_status("a.info", NM_STATUS_INFO, NM_INT(0));
	given_status("a.warn", NM_STATUS_WARN, NM_INT(0));
	condition_gives(WORKLOAD HARD("a.info", ""), NM_STATUS_FAIL);
	condition_gives(WORKLOAD HARD("a.info", "is = pass info\n"), NM_STATUS_PASS);
	condition_gives(WORKLOAD HARD("a.warn", "is = pass info\n"), NM_STATUS_FAIL);
}

Test(readiness, values)
{
	given("a.text", NM_STRING("vmx"));
	given("a.bool", NM_BOOL(true));
	given("a.int", NM_INT(12));
	given("a.real", NM_REAL(0.5));
	given("a.none", (struct nm_value) {0});
	given("a.cpu", NM_STRING("Mitigation: PTE; SMT vulnerable"));
	given("a.bad", NM_STRING("Vulnerable: no microcode"));
	condition_gives(WORKLOAD HARD("a.text", "equals = svm vmx\n"), NM_STATUS_PASS);
	condition_gives(WORKLOAD HARD("a.text", "equals = svm\n"), NM_STATUS_FAIL);
	condition_gives(WORKLOAD HARD("a.bool", "equals = true\n"), NM_STATUS_PASS);
	condition_gives(WORKLOAD HARD("a.int", "equals = 12\n"), NM_STATUS_PASS);
	condition_gives(WORKLOAD HARD("a.int", "equals = 1\n"), NM_STATUS_FAIL);
	condition_gives(WORKLOAD HARD("a.real", "equals = 0.5\n"), NM_STATUS_PASS);
	condition_gives(WORKLOAD HARD("a.none", "equals = 1\n"), NM_STATUS_UNKNOWN);
	condition_gives(WORKLOAD HARD("a.cpu", "lacks = Vulnerable\n"), NM_STATUS_PASS);
	condition_gives(WORKLOAD HARD("a.bad", "lacks = Vulnerable\n"), NM_STATUS_FAIL);
	cr_assert_str_eq(row(0)->evidence, "Vulnerable: no microcode: as read");
}

static void compares(const char *release, const char *least, enum nm_status status)
{
	char text[512];

	findings.count = 0;
	given("kernel.release", NM_STRING(release));
	snprintf(text, sizeof(text), WORKLOAD HARD("kernel.release", "at_least = %s\n"), least);
	judge(text);
	cr_assert_eq(row(0)->status, (int)status, "%s at least %s is %s", release, least,
		     nm_status_names[row(0)->status]);
}

Test(readiness, versions_are_compared_as_numbers)
{
	compares("6.18.44-fc-v669", "5.10", NM_STATUS_PASS);
	compares("5.9.16", "5.10", NM_STATUS_FAIL);
	compares("5.10", "5.10", NM_STATUS_PASS);
	compares("5.10-rc1", "5.10", NM_STATUS_PASS);
	compares("5.10", "5.10.1", NM_STATUS_FAIL);
	compares("5.10.0", "5.10", NM_STATUS_PASS);
	compares("10.1", "9.9", NM_STATUS_PASS);
	compares("4", "4.5", NM_STATUS_FAIL);
	compares("generic", "4.5", NM_STATUS_UNKNOWN);
	compares("", "4.5", NM_STATUS_UNKNOWN);
	compares("99999999999999999999999.1", "4.5", NM_STATUS_PASS);
	given("memory.total", NM_INT(4000000000));
	condition_gives(WORKLOAD HARD("memory.total", "at_least = 3700000000\n"), NM_STATUS_PASS);
	condition_gives(WORKLOAD HARD("memory.total", "at_least = 4000000001\n"), NM_STATUS_FAIL);
}

Test(readiness, rows_are_bounded)
{
	static const char text[] = WORKLOAD HARD("a.* a.* a.*", "");
	struct nm_workload profile = {0};

	for (int i = 0; i < 1500; i++)
		given_pass("a.b");
	cr_assert_eq(parse_bytes(text, strlen(text), &profile), 0);
	cr_assert_eq(nm_readiness(&arena, &profile, &findings, &result), -E2BIG);
	assert_error_says("thing: more than 4096 results");
}
