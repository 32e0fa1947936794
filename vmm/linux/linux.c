/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/linux.h"

#include "core/clock.h"
#include "core/error.h"
#include "vmm/deadline.h"
#include "vmm/kvmstats.h"
#include "vmm/linux/boot.h"
#include "vmm/linux/firmware.h"
#include "vmm/linux/guest_cpuid.h"
#include "vmm/linux/layout.h"
#include "vmm/meter.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define PM1_ENABLE	  (NM_LINUX_PM1_EVENT + 2)
#define PM1_SCI_ENABLE	  0x1u
#define PM1_SLEEP_ENABLE  (1u << 13)
#define PM1_SLEEP_TYPE(v) (((v) >> 10) & 7)

#define KEYBOARD_COMMAND 0x64u
#define KEYBOARD_RESET	 0xfeu

#define COMMAND_LINE_BYTES (NM_LINUX_COMMAND_LINE_BYTES + 64)

struct machine;

struct processor {
	struct machine *machine;
	struct nm_vcpu vcpu;
	struct nm_kvmstats stats;
	uint64_t *counters; /* NULL: no statistics that count exits */
	size_t exits;	    /* which of them counts those */
	pthread_t thread;
	bool started;
};

struct machine {
	struct nm_vm vm;
	struct nm_devices devices;
	struct nm_uart uart;
	struct nm_linux_virtio *virtio; /* NULL: none */
	uint16_t pm1_enable;
	uint32_t meter;
	struct processor *processors;
	unsigned int count;
	uint64_t limit_ns;
	pthread_mutex_t lock; /* of the devices and of all below, and of the threads until ended */
	bool ended;
	struct nm_linux_result *result;
	const struct nm_linux_config *config;
};

/* The signal of the time limit makes the other vCPUs leave KVM_RUN. */
static void kick_others(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->count; i++) {
		const struct processor *processor = &machine->processors[i];

		if (processor->started && !pthread_equal(processor->thread, pthread_self()))
			(void)pthread_kill(processor->thread, SIGRTMIN);
	}
}

/*
 * The first end counts. The caller holds the lock: who joins these threads has held it since, so that none is gone while it
 * is sent a signal.
 */
static void end(struct machine *machine, enum nm_linux_end how, const char *text)
{
	if (machine->ended)
		return;
	machine->result->end = how;
	snprintf(machine->result->text, sizeof(machine->result->text), "%.*s",
		 (int)sizeof(machine->result->text) - 1, text);
	machine->ended = true;
	kick_others(machine);
}

static uint32_t value_of(const struct nm_access *access)
{
	uint32_t value = 0;

	memcpy(&value, access->data, access->bytes < 4 ? access->bytes : 4);
	return value;
}

static void answer(const struct nm_access *access, uint32_t value)
{
	unsigned char *data = access->data;

	for (uint32_t i = 0; i < access->count; i++)
		memcpy(data + (size_t)i * access->bytes, &value,
		       access->bytes < 4 ? access->bytes : 4);
}

/* No event ever happens: the enable register only remembers, which the kernel checks. */
static void write_pm1(struct machine *machine, uint64_t address, uint32_t value)
{
	if (address == PM1_ENABLE)
		machine->pm1_enable = (uint16_t)value;
	else if (address == NM_LINUX_PM1_CONTROL && value & PM1_SLEEP_ENABLE &&
		 PM1_SLEEP_TYPE(value) == NM_LINUX_S5_TYPE)
		end(machine, NM_LINUX_POWER_OFF, "");
}

static void on_pm1(void *context, const struct nm_access *access)
{
	struct machine *machine = context;

	if (access->write)
		write_pm1(machine, access->address, value_of(access));
	else if (access->address == NM_LINUX_PM1_CONTROL)
		answer(access, PM1_SCI_ENABLE);
	else
		answer(access, access->address == PM1_ENABLE ? machine->pm1_enable : 0);
}

/* 24 bits at 3.579545 MHz (ACPI 6.4, 4.8.3.3): what kernels without a paravirtual clock calibrate their TSC against. */
static void on_pm_timer(void *context, const struct nm_access *access)
{
	const double ticks_per_ns = 3.579545e-3;

	(void)context;
	if (!access->write)
		answer(access, (uint64_t)((double)nm_clock_ns() * ticks_per_ns) & 0xffffff);
}

static void on_reset(void *context, const struct nm_access *access)
{
	if (access->write && value_of(access) == NM_LINUX_RESET_VALUE)
		end(context, NM_LINUX_RESET, "the guest asked for a reset");
}

/* No keyboard; but the reset line hangs on its controller, and kernels try it. */
static void on_keyboard(void *context, const struct nm_access *access)
{
	if (!access->write)
		answer(access, 0);
	else if (value_of(access) == KEYBOARD_RESET)
		end(context, NM_LINUX_RESET, "the guest asked for a reset");
}

static uint32_t count_exits(struct machine *machine)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < machine->count; i++) {
		const struct processor *processor = &machine->processors[i];

		if (processor->counters &&
		    !nm_kvmstats_read(&processor->stats, processor->counters))
			sum += processor->counters[processor->exits];
	}
	return (uint32_t)sum;
}

/* Byte by byte it gives the number of the moment when the first byte was read. */
static void on_meter(void *context, const struct nm_access *access)
{
	struct machine *machine = context;
	uint32_t value = NM_METER_MAGIC;

	if (access->write)
		return;
	if (access->address == NM_METER_PORT_EXITS)
		machine->meter = count_exits(machine);
	if (access->address >= NM_METER_PORT_EXITS)
		value = machine->meter;
	answer(access, value >> access->address % 4 * 8);
}

/* What is not there reads as all ones, as on a bus. */
static void on_nothing(void *context, const struct nm_access *access)
{
	(void)context;
	if (!access->write)
		memset(access->data, 0xff, (size_t)access->bytes * access->count);
}

static int add_ports(struct machine *machine, uint16_t base, uint64_t bytes, nm_access_fn access)
{
	return nm_devices_add(&machine->devices, (struct nm_device) {.bus = NM_BUS_PIO,
								     .base = base,
								     .bytes = bytes,
								     .access = access,
								     .context = machine});
}

static int add_devices(struct machine *machine, const struct nm_linux_config *config)
{
	const struct nm_device no_memory = {.bus = NM_BUS_MMIO,
					    .bytes = UINT64_MAX,
					    .access = on_nothing};
	int r;

	nm_uart_init(&machine->uart, &machine->vm, NM_LINUX_COM1_IRQ, config->console,
		     config->console_context);
	r = nm_devices_add(&machine->devices, nm_uart_device(&machine->uart, NM_LINUX_COM1));
	if (!r)
		r = add_ports(machine, NM_LINUX_PM1_EVENT, 6, on_pm1);
	if (!r)
		r = add_ports(machine, NM_LINUX_RESET_PORT, 1, on_reset);
	if (!r)
		r = add_ports(machine, NM_LINUX_PM_TIMER, 4, on_pm_timer);
	if (!r)
		r = add_ports(machine, KEYBOARD_COMMAND, 1, on_keyboard);
	if (!r)
		r = add_ports(machine, NM_METER_PORT_MAGIC,
			      NM_METER_PORT_EXITS + 4 - NM_METER_PORT_MAGIC, on_meter);
	if (!r && config->virtio)
		r = nm_linux_virtio_create(&machine->virtio, config->virtio, &machine->vm,
					   &machine->devices);
	if (!r)
		r = add_ports(machine, 0, 0x10000, on_nothing);
	if (!r)
		r = nm_devices_add(&machine->devices, no_memory);
	return r;
}

static int add_memory(struct machine *machine, const struct nm_linux_config *config)
{
	uint64_t low =
		config->memory_bytes < NM_LINUX_RAM_END ? config->memory_bytes : NM_LINUX_RAM_END;
	int r = nm_vm_add_memory(&machine->vm, 0, low);

	if (!r && config->memory_bytes > low)
		r = nm_vm_add_memory(&machine->vm, NM_LINUX_ABOVE, config->memory_bytes - low);
	if (!r && config->share)
		r = nm_vm_add_mapped(&machine->vm, NM_LINUX_SHARE, config->share_bytes,
				     config->share, 0);
	return r;
}

static int write_firmware(struct machine *machine, const struct nm_linux_config *config)
{
	int r = nm_acpi_write(nm_vm_memory(&machine->vm, NM_LINUX_ACPI, NM_LINUX_ACPI_BYTES),
			      NM_LINUX_ACPI_BYTES, config->vcpus, config->virtio);

	if (r)
		return r;
	return nm_smbios_write(nm_vm_memory(&machine->vm, NM_LINUX_SMBIOS, NM_LINUX_SMBIOS_BYTES),
			       NM_LINUX_SMBIOS_BYTES, config->identity);
}

/* A KVM without binary statistics leaves the meter at 0. */
static void find_exits(struct processor *processor)
{
	if (nm_kvmstats_open(&processor->stats, processor->vcpu.fd))
		return;
	while (processor->exits < processor->stats.count &&
	       strcmp(processor->stats.stats[processor->exits].name, "exits") != 0)
		processor->exits++;
	if (processor->exits < processor->stats.count)
		processor->counters = calloc(processor->stats.count, sizeof(uint64_t));
}

static int add_processors(struct machine *machine, const struct nm_kvm *kvm,
			  const struct nm_linux_config *config)
{
	int r = 0;

	machine->processors = calloc(config->vcpus, sizeof(*machine->processors));
	if (!machine->processors)
		return nm_fail(ENOMEM, "out of memory");
	while (!r && machine->count < config->vcpus) {
		struct processor *processor = &machine->processors[machine->count];

		processor->machine = machine;
		processor->stats.fd = -1;
		r = nm_vcpu_create(&processor->vcpu, &machine->vm, machine->count);
		if (r)
			return r;
		r = nm_linux_set_cpuid(&processor->vcpu, kvm, machine->count, config->vcpus,
				       config->identity);
		find_exits(processor);
		machine->count++;
	}
	return r;
}

/* Without KVM's clock a kernel would calibrate its TSC by I/O ports, which fails where an exit takes long. */
static void write_command_line(const struct nm_linux_config *config, uint64_t tsc_khz, char *out,
			       size_t size)
{
	const struct nm_identity *identity = config->identity;
	int used = snprintf(out, size, "%s", config->command_line);

	if (identity->kernel_arguments && used >= 0 && (size_t)used < size)
		used += snprintf(out + used, size - (size_t)used, " %s",
				 identity->kernel_arguments);
	if (!identity->kvm && tsc_khz && used >= 0 && (size_t)used < size)
		snprintf(out + used, size - (size_t)used, " tsc_early_khz=%" PRIu64, tsc_khz);
}

static int load(struct machine *machine, const struct nm_linux_config *config)
{
	const struct nm_identity *identity = config->identity;
	char command_line[COMMAND_LINE_BYTES];
	const struct nm_boot boot = {
		.kernel = config->kernel,
		.initrd = config->initrd,
		.initrd_bytes = config->initrd_bytes,
		.command_line = command_line,
		.memory_bytes = config->memory_bytes,
		.share_bytes = config->share_bytes,
		.pvh = config->kernel->pvh_entry && !identity->bzimage_entry,
	};

	write_command_line(config, nm_vcpu_tsc_khz(&machine->processors[0].vcpu), command_line,
			   sizeof(command_line));
	return nm_boot_load(&boot, &machine->vm, &machine->processors[0].vcpu);
}

static int create(struct machine *machine, const struct nm_kvm *kvm,
		  const struct nm_linux_config *config)
{
	int r = nm_vm_create(&machine->vm, kvm);

	if (!r)
		r = nm_vm_create_irqchip(&machine->vm);
	if (!r)
		r = nm_vm_create_pit(&machine->vm);
	if (!r)
		r = add_memory(machine, config);
	if (!r)
		r = write_firmware(machine, config);
	if (!r)
		r = add_devices(machine, config);
	if (!r)
		r = add_processors(machine, kvm, config);
	if (!r)
		r = load(machine, config);
	return r;
}

static void destroy(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->count; i++) {
		free(machine->processors[i].counters);
		nm_kvmstats_close(&machine->processors[i].stats);
		nm_vcpu_destroy(&machine->processors[i].vcpu);
	}
	free(machine->processors);
	nm_linux_virtio_destroy(machine->virtio);
	nm_vm_destroy(&machine->vm);
	pthread_mutex_destroy(&machine->lock);
}

static void end_by_exit(struct machine *machine, const struct nm_vcpu *vcpu)
{
	char text[sizeof(machine->result->text)];
	enum nm_linux_end how = NM_LINUX_UNEXPECTED;
	struct kvm_regs regs;
	size_t used;

	nm_exit_describe(vcpu, text, sizeof(text));
	used = strlen(text);
	if (!ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		snprintf(text + used, sizeof(text) - used, ", at RIP %#llx",
			 (unsigned long long)regs.rip);
	if (vcpu->run->exit_reason == KVM_EXIT_SHUTDOWN)
		how = NM_LINUX_TRIPLE_FAULT;
	else if (vcpu->run->exit_reason == KVM_EXIT_INTERNAL_ERROR ||
		 vcpu->run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		how = NM_LINUX_KVM_ERROR;
	end(machine, how, text);
}

static void end_by_error(struct machine *machine, int error)
{
	char text[sizeof(machine->result->text)];

	snprintf(text, sizeof(text), "KVM_RUN: %s", strerror(error));
	end(machine, NM_LINUX_KVM_ERROR, text);
}

static void end_by_time(struct machine *machine)
{
	char text[sizeof(machine->result->text)];

	snprintf(text, sizeof(text), "the guest did not end within %.0f s",
		 (double)machine->limit_ns / NM_NS_PER_S);
	end(machine, NM_LINUX_TIMEOUT, text);
}

/* After KVM_RUN, with the lock. */
static void serve(struct machine *machine, const struct processor *processor, int error)
{
	if (!error) {
		machine->result->user_exits++;
		if (!nm_devices_serve(&machine->devices, processor->vcpu.run))
			end_by_exit(machine, &processor->vcpu);
	} else if (error != EINTR && error != EAGAIN) {
		end_by_error(machine, error);
	} else if (nm_deadline_passed()) {
		end_by_time(machine);
	}
}

static void loop(struct machine *machine, const struct processor *processor)
{
	const struct nm_linux_config *config = machine->config;

	if (config->on_vcpu)
		config->on_vcpu(config->hook_context,
				(unsigned int)(processor - machine->processors));
	pthread_mutex_lock(&machine->lock);
	while (!machine->ended) {
		int error;

		pthread_mutex_unlock(&machine->lock);
		error = ioctl(processor->vcpu.fd, KVM_RUN, 0) ? errno : 0;
		pthread_mutex_lock(&machine->lock);
		serve(machine, processor, error);
	}
	pthread_mutex_unlock(&machine->lock);
}

static void *processor_main(void *argument)
{
	struct processor *processor = argument;
	struct machine *machine = processor->machine;
	struct nm_deadline deadline;

	if (nm_deadline_arm(&deadline, processor->vcpu.run, machine->limit_ns)) {
		pthread_mutex_lock(&machine->lock);
		end(machine, NM_LINUX_UNEXPECTED, nm_error_last()->text);
		pthread_mutex_unlock(&machine->lock);
		return NULL;
	}
	loop(machine, processor);
	nm_deadline_disarm(&deadline);
	return NULL;
}

static int start(struct machine *machine, unsigned int index)
{
	struct processor *processor = &machine->processors[index];
	int error;

	pthread_mutex_lock(&machine->lock);
	error = pthread_create(&processor->thread, NULL, processor_main, processor);
	processor->started = !error;
	if (error)
		end(machine, NM_LINUX_UNEXPECTED, "");
	pthread_mutex_unlock(&machine->lock);
	return error ? nm_fail(error, "thread of vCPU %u: %s", index, strerror(error)) : 0;
}

/* Its own deadline comes first: with it the handler of the signal that ends the others is there. */
static int run(struct machine *machine)
{
	struct processor *first = &machine->processors[0];
	struct nm_deadline deadline;
	int r = nm_deadline_arm(&deadline, first->vcpu.run, machine->limit_ns);

	if (r)
		return r;
	first->thread = pthread_self();
	first->started = true;
	for (unsigned int i = 1; !r && i < machine->count; i++)
		r = start(machine, i);
	loop(machine, first);
	for (unsigned int i = 1; i < machine->count; i++)
		if (machine->processors[i].started)
			pthread_join(machine->processors[i].thread, NULL);
	nm_deadline_disarm(&deadline);
	return r;
}

static int announce(const struct machine *machine)
{
	const struct nm_linux_config *config = machine->config;
	int vcpu_fds[NM_LINUX_MAX_VCPUS];
	const struct nm_linux_ready ready = {
		.vm_fd = machine->vm.fd,
		.vcpu_fds = vcpu_fds,
		.vcpus = machine->count,
		.tsc_khz = nm_vcpu_tsc_khz(&machine->processors[0].vcpu),
	};

	for (unsigned int i = 0; i < machine->count; i++)
		vcpu_fds[i] = machine->processors[i].vcpu.fd;
	return config->ready ? config->ready(config->hook_context, &ready) : 0;
}

static int check(const struct nm_linux_config *config)
{
	if (config->vcpus < 1 || config->vcpus > NM_LINUX_MAX_VCPUS)
		return nm_fail(EINVAL, "a guest has 1 to %u vCPUs", NM_LINUX_MAX_VCPUS);
	if (config->memory_bytes < NM_LINUX_MIN_MEMORY ||
	    config->memory_bytes > NM_LINUX_MAX_MEMORY || config->memory_bytes % 4096)
		return nm_fail(EINVAL, "a guest has 32 MiB to 1 TiB of memory");
	if (config->share_bytes > NM_LINUX_SHARE_MAX || config->share_bytes % 4096)
		return nm_fail(EINVAL, "shared memory is whole pages, at most %u MiB",
			       NM_LINUX_SHARE_MAX >> 20);
	return 0;
}

int nm_linux_run(const struct nm_kvm *kvm, const struct nm_linux_config *config, uint64_t limit_ns,
		 struct nm_linux_result *result)
{
	struct machine machine = {.vm = {.fd = -1},
				  .limit_ns = limit_ns,
				  .result = result,
				  .config = config};
	uint64_t begin = nm_clock_raw_ns();
	int r = check(config);

	*result = (struct nm_linux_result) {0};
	if (r)
		return r;
	pthread_mutex_init(&machine.lock, NULL);
	r = create(&machine, kvm, config);
	if (!r)
		r = announce(&machine);
	if (!r)
		r = run(&machine);
	destroy(&machine);
	result->elapsed_ns = nm_clock_raw_ns() - begin;
	return r;
}
