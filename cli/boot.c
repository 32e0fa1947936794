/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"
#include "vmm/deadline.h"
#include "vmm/linux/layout.h"
#include "vmm/linux/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MEMORY	  (256ull << 20)
#define DEFAULT_LIMIT	  (60 * NM_NS_PER_S)
#define MAX_LIMIT	  (86400 * NM_NS_PER_S)
#define DEFAULT_ARGUMENTS "console=ttyS0 panic=-1"
#define INITRD_LIMIT	  (1u << 30)

struct options {
	const char *kernel;
	const char *initrd;
	const char *arguments;
	const char *share;
	const char *kvm_device;
	const struct nm_identity *identity;
	uint64_t memory, vcpus, limit_ns;
};

enum { OPT_INITRD = 256, OPT_APPEND, OPT_MEMORY, OPT_CPUS, OPT_AS, OPT_SHARE, OPT_LIMIT, OPT_KVM };

static const struct option long_options[] = {
	{"initrd", required_argument, NULL, OPT_INITRD},
	{"append", required_argument, NULL, OPT_APPEND},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"cpus", required_argument, NULL, OPT_CPUS},
	{"as", required_argument, NULL, OPT_AS},
	{"share", required_argument, NULL, OPT_SHARE},
	{"time-limit", required_argument, NULL, OPT_LIMIT},
	{"kvm-device", required_argument, NULL, OPT_KVM},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* "300M" or "2G". */
static bool parse_memory(const char *text, uint64_t *out)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);
	unsigned int shift = !strcmp(end, "M") ? 20 : !strcmp(end, "G") ? 30 : 0;

	if (*text >= '1' && *text <= '9' && shift && value <= NM_LINUX_MAX_MEMORY >> shift &&
	    value << shift >= NM_LINUX_MIN_MEMORY) {
		*out = value << shift;
		return true;
	}
	nm_usage_error(&nm_command_boot,
		       "--memory %s: expected a size such as 256M or 2G, from 32M to 1024G", text);
	return false;
}

static bool parse_identity(const char *name, const struct nm_identity **out)
{
	struct nm_text known = {0};

	*out = nm_identity_find(name);
	if (*out)
		return true;
	for (unsigned int i = 0; nm_identity_at(i); i++)
		nm_text_printf(&known, "%s%s", i ? ", " : "", nm_identity_at(i)->name);
	nm_usage_error(&nm_command_boot, "--as %s: expected one of %s", name,
		       known.bytes ? known.bytes : "");
	nm_text_free(&known);
	return false;
}

static bool parse_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case OPT_INITRD:
		options->initrd = value;
		return true;
	case OPT_APPEND:
		options->arguments = value;
		return true;
	case OPT_MEMORY:
		return parse_memory(value, &options->memory);
	case OPT_CPUS:
		return nm_parse_number(&nm_command_boot, "--cpus", value, 1, NM_LINUX_MAX_VCPUS,
				       &options->vcpus);
	case OPT_AS:
		return parse_identity(value, &options->identity);
	case OPT_SHARE:
		options->share = value;
		return true;
	case OPT_LIMIT:
		return nm_parse_duration(&nm_command_boot, "--time-limit", value, MAX_LIMIT,
					 &options->limit_ns);
	default:
		options->kvm_device = value;
		return true;
	}
}

/* Maps a file of whole pages into config; what the guest writes there is in the file. */
static int map_share(const char *path, struct nm_linux_config *config)
{
	struct stat info;
	void *memory = MAP_FAILED;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return nm_fail(errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &info) || !S_ISREG(info.st_mode) || !info.st_size || info.st_size % 4096) {
		close(fd);
		return nm_fail_remedy(EINVAL, "make it with: truncate --size 16M FILE",
				      "%s: not a regular file of whole pages", path);
	}
	if ((uint64_t)info.st_size > NM_LINUX_SHARE_MAX) {
		close(fd);
		return nm_fail(EFBIG, "%s: larger than %u MiB", path, NM_LINUX_SHARE_MAX >> 20);
	}
	memory = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return nm_fail(errno, "%s: %s", path, strerror(errno));
	config->share = memory;
	config->share_bytes = (uint64_t)info.st_size;
	return 0;
}

static void on_console(void *context, const char *bytes, size_t length)
{
	(void)context;
	/* A guest does not stop because nobody reads it, and its time limit comes even when a full pipe holds it up. */
	do {
		ssize_t put = write(STDOUT_FILENO, bytes, length);

		if (put < 0 && errno != EINTR)
			return;
		if (put > 0) {
			bytes += put;
			length -= (size_t)put;
		}
	} while (length && !nm_deadline_passed());
}

static int report(const struct nm_linux_result *result)
{
	switch (result->end) {
	case NM_LINUX_POWER_OFF:
		return NM_EXIT_OK;
	case NM_LINUX_RESET:
	case NM_LINUX_TRIPLE_FAULT:
		nm_warn("%s instead of switching itself off", result->text);
		return NM_EXIT_CHECK_FAILED;
	default:
		nm_warn("%s", result->text);
		return NM_EXIT_UNDECIDED;
	}
}

static int boot(const struct options *options, struct nm_linux_config *config)
{
	struct nm_linux_result result;
	struct nm_kvm kvm;
	int code;

	if (nm_kvm_open(&kvm, options->kvm_device))
		return nm_report_error(NM_EXIT_UNDECIDED);
	code = nm_linux_run(&kvm, config, options->limit_ns, &result)
		       ? nm_report_error(NM_EXIT_UNDECIDED)
		       : report(&result);
	nm_kvm_close(&kvm);
	return code;
}

static int load_files(const struct options *options, struct nm_text *kernel, struct nm_text *initrd,
		      struct nm_kernel *parsed, struct nm_linux_config *config)
{
	int r = nm_kernel_read(parsed, options->kernel, false, kernel);

	if (!r && options->initrd)
		r = nm_file_read(options->initrd, INITRD_LIMIT, initrd);
	if (!r && options->share)
		r = map_share(options->share, config);
	config->initrd = initrd->bytes;
	config->initrd_bytes = initrd->length;
	return r;
}

static int run(const struct options *options)
{
	struct nm_text kernel = {0};
	struct nm_text initrd = {0};
	struct nm_kernel parsed;
	struct nm_linux_config config = {
		.kernel = &parsed,
		.command_line = options->arguments,
		.memory_bytes = options->memory,
		.vcpus = (unsigned int)options->vcpus,
		.identity = options->identity,
		.console = on_console,
	};
	int code = load_files(options, &kernel, &initrd, &parsed, &config)
			   ? nm_report_error(NM_EXIT_USAGE)
			   : boot(options, &config);

	if (config.share)
		munmap(config.share, config.share_bytes);
	nm_text_free(&initrd);
	nm_text_free(&kernel);
	return code;
}

static int boot_main(int argc, char **argv)
{
	struct options options = {
		.arguments = DEFAULT_ARGUMENTS,
		.kvm_device = NM_KVM_DEVICE,
		.identity = nm_identity_at(0),
		.memory = DEFAULT_MEMORY,
		.vcpus = 1,
		.limit_ns = DEFAULT_LIMIT,
	};
	int option;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return nm_print_help(&nm_command_boot);
		if (option == ':' || option == '?')
			return nm_option_error(&nm_command_boot, option, argv);
		if (!parse_option(&options, option, optarg))
			return NM_EXIT_USAGE;
	}
	if (argc - optind != 1)
		return nm_usage_error(&nm_command_boot, "expected one kernel");
	options.kernel = argv[optind];
	return run(&options);
}

const struct nm_command nm_command_boot = {
	.name = "boot",
	.summary = "boot a Linux kernel in nestmark's own virtual machine",
	.main = boot_main,
	.help = "Usage: nestmark boot [OPTION…] KERNEL\n"
		"Boots a Linux kernel (bzImage or vmlinux), its serial console on stdout, until it "
		"switches itself off.\n"
		"\n"
		"      --initrd FILE      the initramfs\n"
		"      --append TEXT      the kernel's command line (default " DEFAULT_ARGUMENTS
		")\n"
		"      --memory SIZE      of the guest, such as 300M or 2G (default 256M)\n"
		"      --cpus N           vCPUs (default 1)\n"
		"      --as IDENTITY      what CPUID and SMBIOS tell the guest: kvm (default), "
		"ec2, "
		"gce, azure,\n"
		"                         vmware, xen, or metal: no hypervisor at all\n"
		"      --share FILE       maps a file of whole pages into the guest at d0000000h, "
		"for "
		"its /dev/mem\n"
		"      --time-limit TIME  such as 90s (default 60s)\n"
		"      --kvm-device PATH  the KVM device (default /dev/kvm)\n"
		"  -h, --help             this help\n"
		"\n"
		"Exit codes: 0 the guest switched itself off, 1 it rebooted or crashed, 2 usage "
		"error or unusable\n"
		"file, 3 it did not end in time or could not be run.\n",
};
