/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/bench.h"

#include <string.h>

#define WARMUP 64u

/* The order here is the order of lists and reports. */
#define BENCHES(X)                                                                                 \
	X(floor_loop)                                                                              \
	X(floor_syscall)                                                                           \
	X(floor_ioctl)                                                                             \
	X(floor_vcpu_ioctl)                                                                        \
	X(floor_vcpu_load)                                                                         \
	X(floor_kvm_run)                                                                           \
	X(floor_kvm_exit)                                                                          \
	X(exit_cpuid)                                                                              \
	X(exit_cpuid_irqchip)                                                                      \
	X(exit_cpuid_0d)                                                                           \
	X(exit_cpuid_hypervisor)                                                                   \
	X(exit_cr0_ts)                                                                             \
	X(exit_cr0_wp)                                                                             \
	X(exit_cr3_write)                                                                          \
	X(exit_cr3_switch)                                                                         \
	X(exit_cr4_pge)                                                                            \
	X(exit_cr8_read)                                                                           \
	X(exit_cr8_write)                                                                          \
	X(exit_xsetbv)                                                                             \
	X(exit_dr_write)                                                                           \
	X(exit_dr_read)                                                                            \
	X(exit_dr_first)                                                                           \
	X(exit_invlpg)                                                                             \
	X(exit_invpcid)                                                                            \
	X(exit_wbinvd)                                                                             \
	X(exit_rdtsc)                                                                              \
	X(exit_rdtscp)                                                                             \
	X(exit_pause)                                                                              \
	X(exit_mwait)                                                                              \
	X(exit_rdpmc)                                                                              \
	X(exit_rdrand)                                                                             \
	X(exit_rdseed)                                                                             \
	X(exit_desc_load)                                                                          \
	X(exit_desc_store)                                                                         \
	X(exit_hypercall)                                                                          \
	X(exit_hypercall_irqchip)                                                                  \
	X(exit_hypercall_poll)                                                                     \
	X(exit_hypercall_kick)                                                                     \
	X(exit_hypercall_yield)                                                                    \
	X(exit_hypercall_foreign)                                                                  \
	X(exit_pio_out)                                                                            \
	X(exit_pio_out_irqchip)                                                                    \
	X(exit_pio_in)                                                                             \
	X(exit_pio_in_kernel)                                                                      \
	X(exit_pio_out_kernel)                                                                     \
	X(exit_pio_in_pit)                                                                         \
	X(exit_pio_in_unclaimed)                                                                   \
	X(exit_pio_outsb)                                                                          \
	X(exit_pio_insb)                                                                           \
	X(exit_mmio_write)                                                                         \
	X(exit_mmio_write_irqchip)                                                                 \
	X(exit_mmio_read)                                                                          \
	X(exit_ioeventfd_pio)                                                                      \
	X(exit_ioeventfd_mmio)                                                                     \
	X(exit_ioeventfd_pio_any_length)                                                           \
	X(exit_ioeventfd_mmio_any_length)                                                          \
	X(exit_ioeventfd_pio_datamatch)                                                            \
	X(exit_ioeventfd_mmio_datamatch)                                                           \
	X(exit_coalesced_pio)                                                                      \
	X(exit_coalesced_mmio)                                                                     \
	X(exit_rdmsr)                                                                              \
	X(exit_rdmsr_irqchip)                                                                      \
	X(exit_wrmsr)                                                                              \
	X(exit_rdmsr_tsc_adjust)                                                                   \
	X(exit_wrmsr_tsc_adjust)                                                                   \
	X(exit_rdmsr_apic_base)                                                                    \
	X(exit_wrmsr_apic_base)                                                                    \
	X(exit_rdmsr_fs_base)                                                                      \
	X(exit_wrmsr_fs_base)                                                                      \
	X(exit_rdmsr_gs_base)                                                                      \
	X(exit_wrmsr_gs_base)                                                                      \
	X(exit_rdmsr_kernel_gs_base)                                                               \
	X(exit_wrmsr_kernel_gs_base)                                                               \
	X(exit_rdmsr_spec_ctrl)                                                                    \
	X(exit_wrmsr_spec_ctrl)                                                                    \
	X(exit_wrmsr_pred_cmd)                                                                     \
	X(exit_wrmsr_tsx_ctrl)                                                                     \
	X(exit_rdmsr_user)                                                                         \
	X(exit_wrmsr_user)                                                                         \
	X(exit_hlt)                                                                                \
	X(exit_hlt_irqchip)                                                                        \
	X(exception_de)                                                                            \
	X(exception_ud)                                                                            \
	X(exception_pf)                                                                            \
	X(exception_bp)                                                                            \
	X(exception_db)                                                                            \
	X(exit_debug_int3)                                                                         \
	X(exit_debug_step_over)                                                                    \
	X(exit_debug_watchpoint)                                                                   \
	X(irq_self_ipi_x2apic_sti)                                                                 \
	X(irq_self_ipi_x2apic_hlt)                                                                 \
	X(irq_self_ipi_x2apic_tpr)                                                                 \
	X(irq_self_ipi_x2apic_tpr_sti)                                                             \
	X(irq_self_ipi_x2apic_tpr_hlt)                                                             \
	X(irq_self_ipi_xapic_sti)                                                                  \
	X(irq_self_ipi_xapic_hlt)                                                                  \
	X(irq_self_ipi_xapic_tpr)                                                                  \
	X(irq_self_ipi_xapic_tpr_sti)                                                              \
	X(irq_self_ipi_xapic_tpr_hlt)                                                              \
	X(irq_eoi_x2apic)                                                                          \
	X(irq_eoi_xapic)                                                                           \
	X(irq_ipi_spinning)                                                                        \
	X(irq_ipi_halted)                                                                          \
	X(irq_ipi_broadcast)                                                                       \
	X(irq_spin_ring)                                                                           \
	X(irq_irqfd_spinning)                                                                      \
	X(irq_irqfd_halted)                                                                        \
	X(irq_irqfd_asleep)                                                                        \
	X(irq_irqfd_level)                                                                         \
	X(irq_msi_spinning)                                                                        \
	X(irq_nmi_spinning)                                                                        \
	X(irq_nmi_ioctl)                                                                           \
	X(irq_ioctl)                                                                               \
	X(native_futex_pingpong)                                                                   \
	X(native_pipe_pingpong)                                                                    \
	X(timer_deadline_spin)                                                                     \
	X(timer_deadline_hlt)                                                                      \
	X(timer_deadline_past)                                                                     \
	X(timer_oneshot_spin)                                                                      \
	X(timer_oneshot_hlt)                                                                       \
	X(timer_periodic_hlt)                                                                      \
	X(timer_halt_poll_off)                                                                     \
	X(timer_halt_poll_on)                                                                      \
	X(clock_kvmclock)                                                                          \
	X(steal_report)                                                                            \
	X(noise_gaps)                                                                              \
	X(mem_touch_write_anon)                                                                    \
	X(mem_touch_read_anon)                                                                     \
	X(mem_touch_write_read)                                                                    \
	X(mem_touch_write_memfd)                                                                   \
	X(mem_touch_read_memfd)                                                                    \
	X(mem_touch_write_file)                                                                    \
	X(mem_touch_write_guest_memfd)                                                             \
	X(mem_touch_write_thp)                                                                     \
	X(mem_touch_write_2m)                                                                      \
	X(mem_touch_write_1g)                                                                      \
	X(mem_fill_write_anon)                                                                     \
	X(mem_fill_read_anon)                                                                      \
	X(mem_fill_write_memfd)                                                                    \
	X(mem_fill_guest_2m)                                                                       \
	X(mem_fill_guest_1g)                                                                       \
	X(mem_fill_write_thp)                                                                      \
	X(mem_fill_write_2m)                                                                       \
	X(mem_refill_write)                                                                        \
	X(mem_refill_read)                                                                         \
	X(mem_dirty_write)                                                                         \
	X(mem_dirty_write_thp)                                                                     \
	X(mem_dirty_ring_write)                                                                    \
	X(mem_dirty_get_clean)                                                                     \
	X(mem_dirty_get)                                                                           \
	X(mem_dirty_clear)                                                                         \
	X(mem_dirty_ring_reset)                                                                    \
	X(mem_balloon_write)                                                                       \
	X(mem_balloon_read)                                                                        \
	X(mem_free_write)                                                                          \
	X(mem_ksm_write)                                                                           \
	X(mem_userfault_missing)                                                                   \
	X(mem_userfault_minor)                                                                     \
	X(mem_prefault)                                                                            \
	X(mem_slot_create)                                                                         \
	X(mem_slot_move)                                                                           \
	X(mem_slot_delete)                                                                         \
	X(mem_slot_delete_running)                                                                 \
	X(mem_mmio_first)                                                                          \
	X(mem_mmio_again)                                                                          \
	X(mem_pt_map)                                                                              \
	X(mem_pt_unmap)                                                                            \
	X(mem_pt_cycle)                                                                            \
	X(mem_pt_protect)                                                                          \
	X(mem_pt_fault)                                                                            \
	X(mem_process_cycle)                                                                       \
	X(mem_process_protect)                                                                     \
	X(mem_process_fault)                                                                       \
	X(mem_chase_g4k_h4k)                                                                       \
	X(mem_chase_g4k_h2m)                                                                       \
	X(mem_chase_g2m_h4k)                                                                       \
	X(mem_chase_g2m_h2m)                                                                       \
	X(mem_stream_read_4k)                                                                      \
	X(mem_stream_read_2m)                                                                      \
	X(mem_stream_write_4k)                                                                     \
	X(mem_stream_write_2m)                                                                     \
	X(mem_stream_copy_4k)                                                                      \
	X(mem_stream_copy_2m)                                                                      \
	X(mem_shootdown)                                                                           \
	X(mem_process_shootdown)                                                                   \
	X(io_virtio_kick)                                                                          \
	X(io_virtio_completion)                                                                    \
	X(io_blk_null)                                                                             \
	X(io_blk_null_packed)                                                                      \
	X(io_blk_null_halted)                                                                      \
	X(io_blk_null_asleep)                                                                      \
	X(io_blk_null_open)                                                                        \
	X(io_blk_read_4k)                                                                          \
	X(io_blk_read_4k_open)                                                                     \
	X(io_blk_write_4k)                                                                         \
	X(io_blk_read_128k)                                                                        \
	X(io_blk_write_128k)                                                                       \
	X(io_blk_flush)                                                                            \
	X(io_blk_read_4k_threads)                                                                  \
	X(io_blk_verify)                                                                           \
	X(io_blk_verify_threads)                                                                   \
	X(io_net_reflect)                                                                          \
	X(io_net_echo)                                                                             \
	X(io_net_echo_halted)                                                                      \
	X(io_net_stream)                                                                           \
	X(io_net_tap_echo)                                                                         \
	X(io_net_tap_stream)                                                                       \
	X(io_net_vhost_echo)                                                                       \
	X(io_net_vhost_echo_halted)                                                                \
	X(io_net_vhost_stream)                                                                     \
	X(io_vsock_echo)                                                                           \
	X(io_rng_read)                                                                             \
	X(io_rng_read_halted)                                                                      \
	X(io_balloon_inflate)                                                                      \
	X(io_balloon_deflate)                                                                      \
	X(life_vm_create)                                                                          \
	X(life_vm_destroy)                                                                         \
	X(life_vm_first)                                                                           \
	X(life_vm_last)                                                                            \
	X(life_irqchip_create)                                                                     \
	X(life_slot_add)                                                                           \
	X(life_vcpu_create)                                                                        \
	X(life_vcpu_cpuid)                                                                         \
	X(life_vcpus)                                                                              \
	X(life_first_instruction)                                                                  \
	X(life_destroy)                                                                            \
	X(life_whole)                                                                              \
	X(life_snapshot)                                                                           \
	X(life_restore_registers)                                                                  \
	X(life_restore_copy)                                                                       \
	X(life_restore_cow)                                                                        \
	X(life_density_start)                                                                      \
	X(life_density_exit)                                                                       \
	X(life_neighbour_exit_idle)                                                                \
	X(life_neighbour_exit_compute)                                                             \
	X(life_neighbour_exit_exits)                                                               \
	X(life_neighbour_exit_faults)                                                              \
	X(life_neighbour_exit_io)                                                                  \
	X(life_neighbour_timer_idle)                                                               \
	X(life_neighbour_timer_compute)                                                            \
	X(life_neighbour_timer_exits)                                                              \
	X(life_neighbour_timer_faults)                                                             \
	X(life_neighbour_timer_io)                                                                 \
	X(life_neighbour_chase_idle)                                                               \
	X(life_neighbour_chase_compute)                                                            \
	X(life_neighbour_chase_exits)                                                              \
	X(life_neighbour_chase_faults)                                                             \
	X(life_neighbour_chase_io)                                                                 \
	X(life_neighbour_read_idle)                                                                \
	X(life_neighbour_read_compute)                                                             \
	X(life_neighbour_read_exits)                                                               \
	X(life_neighbour_read_faults)                                                              \
	X(life_neighbour_read_io)                                                                  \
	X(linux_syscall)                                                                           \
	X(linux_clock_current)                                                                     \
	X(linux_clock_tsc)                                                                         \
	X(linux_clock_kvm)                                                                         \
	X(linux_clock_acpi_pm)                                                                     \
	X(linux_fault_4k)                                                                          \
	X(linux_fault_thp)                                                                         \
	X(linux_mmap)                                                                              \
	X(linux_mem_chase)                                                                         \
	X(linux_mem_copy)                                                                          \
	X(linux_tlb)                                                                               \
	X(linux_ipi)                                                                               \
	X(linux_fork_exec)                                                                         \
	X(linux_compile)                                                                           \
	X(linux_thread)                                                                            \
	X(linux_switch)                                                                            \
	X(linux_wake)                                                                              \
	X(linux_wake_storm)                                                                        \
	X(linux_timer)                                                                             \
	X(linux_net_pingpong)                                                                      \
	X(linux_net_stream)                                                                        \
	X(linux_file_create)                                                                       \
	X(linux_file_write)                                                                        \
	X(linux_file_fsync)                                                                        \
	X(linux_file_read)                                                                         \
	X(linux_boot_first_line)                                                                   \
	X(linux_boot_init)                                                                         \
	X(linux_boot_off)                                                                          \
	X(linux_boot_quiet_init)                                                                   \
	X(linux_boot_quiet_off)                                                                    \
	X(drill_spin)                                                                              \
	X(drill_triple_fault)                                                                      \
	X(drill_exception)                                                                         \
	X(drill_internal_error)                                                                    \
	X(drill_silent)                                                                            \
	X(drill_partner_dies)                                                                      \
	X(drill_partner_leaves)                                                                    \
	X(drill_partner_halts)                                                                     \
	X(drill_driver_fails)                                                                      \
	X(drill_driver_waits)                                                                      \
	X(drill_driven_dies)                                                                       \
	X(drill_driven_leaves)                                                                     \
	X(drill_crash)

#define DECLARE(id) extern const struct nm_bench nm_bench_##id;
BENCHES(DECLARE)

#define ENTRY(id) &nm_bench_##id,
const struct nm_bench *const nm_benches[] = {BENCHES(ENTRY) NULL};

unsigned int nm_bench_vcpus(const struct nm_bench *bench, uint64_t point)
{
	if (bench->cpls && bench->axis && !strcmp(bench->axis->name, "vcpus"))
		return (unsigned int)point;
	return bench->vcpus ? bench->vcpus : 1;
}

bool nm_bench_has_guest(const struct nm_bench *bench)
{
	return bench->cpls || bench->linux_guest;
}

uint64_t nm_bench_samples(const struct nm_bench *bench, uint64_t planned)
{
	return bench->max_samples && planned > bench->max_samples ? bench->max_samples : planned;
}

/* Operations of Linux may take milliseconds each. */
uint64_t nm_bench_warmup(const struct nm_bench *bench, uint64_t samples)
{
	if (bench->linux_guest && samples / 5 < WARMUP)
		return samples / 5;
	return WARMUP;
}

const struct nm_bench *nm_bench_find(const char *name)
{
	for (size_t i = 0; nm_benches[i]; i++)
		if (!strcmp(nm_benches[i]->name, name))
			return nm_benches[i];
	return NULL;
}
