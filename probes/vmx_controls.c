/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/vmx_controls.h"

/*
 * Names and bits: SDM vol. 3C, tables of the VM-execution, VM-exit and VM-entry control fields; vol. 3D, appendix A.
 * Words of "vmx flags": arch/x86/include/asm/vmxfeatures.h and arch/x86/kernel/cpu/feat_ctl.c.
 */

#define BITS(array) array, sizeof(array) / sizeof((array)[0])

static const struct nm_vmx_bit basic[] = {
	{48, "physical_32bit", "VMX structures below 4 GiB only", NULL, false},
	{49, "dual_monitor", "dual-monitor treatment of SMIs and SMM", NULL, false},
	{54, "ins_outs_information", "VM-exit information for INS and OUTS", NULL, false},
	{55, "true_controls", "IA32_VMX_TRUE_*_CTLS", NULL, false},
	{56, "any_error_code", "injection of hardware exceptions with or without error code", NULL,
	 false},
	{58, "nested_exception", "nested-exception bit of injected events", NULL, false},
};

static const struct nm_vmx_bit pin[] = {
	{0, "external_interrupt_exiting", "external-interrupt exiting", NULL, false},
	{3, "nmi_exiting", "NMI exiting", NULL, false},
	{5, "virtual_nmis", "virtual NMIs", "vnmi", false},
	{6, "preemption_timer", "activate VMX-preemption timer", "preemption_timer", false},
	{7, "posted_interrupts", "process posted interrupts", "posted_intr", false},
};

static const struct nm_vmx_bit primary[] = {
	{2, "interrupt_window_exiting", "interrupt-window exiting", NULL, false},
	{3, "tsc_offsetting", "use TSC offsetting", "tsc_offset", false},
	{7, "hlt_exiting", "HLT exiting", NULL, false},
	{9, "invlpg_exiting", "INVLPG exiting", NULL, false},
	{10, "mwait_exiting", "MWAIT exiting", NULL, false},
	{11, "rdpmc_exiting", "RDPMC exiting", NULL, false},
	{12, "rdtsc_exiting", "RDTSC exiting", NULL, false},
	{15, "cr3_load_exiting", "CR3-load exiting", NULL, false},
	{16, "cr3_store_exiting", "CR3-store exiting", NULL, false},
	{17, "tertiary_controls", "activate tertiary controls", NULL, false},
	{19, "cr8_load_exiting", "CR8-load exiting", NULL, false},
	{20, "cr8_store_exiting", "CR8-store exiting", NULL, false},
	{21, "tpr_shadow", "use TPR shadow", "vtpr", false},
	{22, "nmi_window_exiting", "NMI-window exiting", NULL, false},
	{23, "mov_dr_exiting", "MOV-DR exiting", NULL, false},
	{24, "unconditional_io_exiting", "unconditional I/O exiting", NULL, false},
	{25, "io_bitmaps", "use I/O bitmaps", NULL, false},
	{27, "monitor_trap_flag", "monitor trap flag", "mtf", false},
	{28, "msr_bitmaps", "use MSR bitmaps", NULL, false},
	{29, "monitor_exiting", "MONITOR exiting", NULL, false},
	{30, "pause_exiting", "PAUSE exiting", NULL, false},
	{31, "secondary_controls", "activate secondary controls", NULL, false},
};

static const struct nm_vmx_bit secondary[] = {
	{0, "virtualize_apic_accesses", "virtualize APIC accesses", "vapic", false},
	{1, "enable_ept", "enable EPT", "ept", false},
	{2, "descriptor_table_exiting", "descriptor-table exiting", NULL, false},
	{3, "enable_rdtscp", "enable RDTSCP", NULL, false},
	{4, "virtualize_x2apic_mode", "virtualize x2APIC mode", NULL, false},
	{5, "enable_vpid", "enable VPID", "vpid", false},
	{6, "wbinvd_exiting", "WBINVD exiting", NULL, false},
	{7, "unrestricted_guest", "unrestricted guest", "unrestricted_guest", false},
	{8, "apic_register_virtualization", "APIC-register virtualization", "vapic_reg", false},
	{9, "virtual_interrupt_delivery", "virtual-interrupt delivery", "vid", false},
	{10, "pause_loop_exiting", "PAUSE-loop exiting", "ple", false},
	{11, "rdrand_exiting", "RDRAND exiting", NULL, false},
	{12, "enable_invpcid", "enable INVPCID", NULL, false},
	{13, "enable_vm_functions", "enable VM functions", NULL, false},
	{14, "vmcs_shadowing", "VMCS shadowing", "shadow_vmcs", false},
	{15, "enable_encls_exiting", "enable ENCLS exiting", NULL, false},
	{16, "rdseed_exiting", "RDSEED exiting", NULL, false},
	{17, "enable_pml", "enable PML", "pml", false},
	{18, "ept_violation_ve", "EPT-violation #VE", "ept_violation_ve", true},
	{19, "conceal_vmx_from_pt", "conceal VMX from PT", NULL, false},
	{20, "enable_xsaves", "enable XSAVES/XRSTORS", NULL, false},
	{21, "pasid_translation", "PASID translation", NULL, false},
	{22, "mode_based_execute_control", "mode-based execute control for EPT",
	 "ept_mode_based_exec", false},
	{23, "sub_page_write_permissions", "sub-page write permissions for EPT", NULL, false},
	{24, "pt_guest_physical_addresses", "Intel PT uses guest physical addresses", NULL, false},
	{25, "tsc_scaling", "use TSC scaling", "tsc_scaling", false},
	{26, "enable_user_wait_and_pause", "enable user wait and pause", "usr_wait_pause", false},
	{27, "enable_pconfig", "enable PCONFIG", NULL, false},
	{28, "enable_enclv_exiting", "enable ENCLV exiting", NULL, false},
	{30, "bus_lock_detection", "VMM bus-lock detection", NULL, false},
	{31, "instruction_timeout", "instruction timeout", "notify_vm_exiting", true},
};

static const struct nm_vmx_bit tertiary[] = {
	{0, "loadiwkey_exiting", "LOADIWKEY exiting", NULL, false},
	{1, "enable_hlat", "enable HLAT", NULL, false},
	{2, "ept_paging_write_control", "EPT paging-write control", NULL, false},
	{3, "guest_paging_verification", "guest-paging verification", NULL, false},
	{4, "ipi_virtualization", "IPI virtualization", "ipi_virt", true},
	{5, "seam_guest_physical_address_width", "SEAM guest-physical address width", NULL, false},
	{6, "enable_msr_list", "enable MSR-list instructions", NULL, false},
	{7, "virtualize_spec_ctrl", "virtualize IA32_SPEC_CTRL", NULL, false},
	{8, "apic_timer_virtualization", "APIC-timer virtualization", NULL, false},
	{9, "enable_pbndkb", "enable PBNDKB", NULL, false},
	{12, "pebs_guest_physical_addresses", "PEBS uses guest physical addresses", NULL, false},
};

static const struct nm_vmx_bit vm_exit[] = {
	{2, "save_debug_controls", "save debug controls", NULL, false},
	{9, "host_address_space_size", "host address-space size", NULL, false},
	{12, "load_perf_global_ctrl", "load IA32_PERF_GLOBAL_CTRL", NULL, false},
	{15, "acknowledge_interrupt", "acknowledge interrupt on exit", NULL, false},
	{18, "save_pat", "save IA32_PAT", NULL, false},
	{19, "load_pat", "load IA32_PAT", NULL, false},
	{20, "save_efer", "save IA32_EFER", NULL, false},
	{21, "load_efer", "load IA32_EFER", NULL, false},
	{22, "save_preemption_timer", "save VMX-preemption timer value", NULL, false},
	{23, "clear_bndcfgs", "clear IA32_BNDCFGS", NULL, false},
	{24, "conceal_vmx_from_pt", "conceal VMX from PT", NULL, false},
	{25, "clear_rtit_ctl", "clear IA32_RTIT_CTL", NULL, false},
	{26, "clear_lbr_ctl", "clear IA32_LBR_CTL", NULL, false},
	{27, "clear_uinv", "clear UINV", NULL, false},
	{28, "load_cet_state", "load CET state", NULL, false},
	{29, "load_pkrs", "load PKRS", NULL, false},
	{30, "save_perf_global_ctl", "save IA32_PERF_GLOBAL_CTL", NULL, false},
	{31, "secondary_controls", "activate secondary controls", NULL, false},
};

static const struct nm_vmx_bit vm_exit_secondary[] = {
	{0, "save_fred", "save FRED", NULL, false},
	{1, "load_fred", "load FRED", NULL, false},
	{2, "load_spec_ctrl", "load IA32_SPEC_CTRL", NULL, false},
	{3, "prematurely_busy_shadow_stack", "prematurely busy shadow stack", NULL, false},
};

static const struct nm_vmx_bit vm_entry[] = {
	{2, "load_debug_controls", "load debug controls", NULL, false},
	{9, "ia32e_mode_guest", "IA-32e mode guest", NULL, false},
	{10, "entry_to_smm", "entry to SMM", NULL, false},
	{11, "deactivate_dual_monitor", "deactivate dual-monitor treatment", NULL, false},
	{13, "load_perf_global_ctrl", "load IA32_PERF_GLOBAL_CTRL", NULL, false},
	{14, "load_pat", "load IA32_PAT", NULL, false},
	{15, "load_efer", "load IA32_EFER", NULL, false},
	{16, "load_bndcfgs", "load IA32_BNDCFGS", NULL, false},
	{17, "conceal_vmx_from_pt", "conceal VMX from PT", NULL, false},
	{18, "load_rtit_ctl", "load IA32_RTIT_CTL", NULL, false},
	{19, "load_uinv", "load UINV", NULL, false},
	{20, "load_cet_state", "load CET state", NULL, false},
	{21, "load_lbr_ctl", "load guest IA32_LBR_CTL", NULL, false},
	{22, "load_pkrs", "load PKRS", NULL, false},
	{23, "load_fred", "load FRED", NULL, false},
	{24, "load_spec_ctrl", "load IA32_SPEC_CTRL", NULL, false},
	{25, "seam_guest_telemetry", "allow SEAM-guest telemetry", NULL, false},
};

static const struct nm_vmx_bit ept_vpid[] = {
	{0, "execute_only", "execute-only translations", "ept_x_only", false},
	{6, "page_walk_4", "page-walk length of 4", NULL, false},
	{7, "page_walk_5", "page-walk length of 5", NULL, false},
	{8, "memory_type_uc", "EPT paging structures of type UC", NULL, false},
	{14, "memory_type_wb", "EPT paging structures of type WB", NULL, false},
	{16, "page_2m", "2-MByte pages", NULL, false},
	{17, "page_1g", "1-GByte pages", "ept_1gb", false},
	{20, "invept", "INVEPT", NULL, false},
	{21, "accessed_dirty", "accessed and dirty flags for EPT", "ept_ad", false},
	{22, "advanced_exit_information", "advanced VM-exit information for EPT violations", NULL,
	 false},
	{23, "supervisor_shadow_stack", "supervisor shadow-stack control", NULL, false},
	{25, "invept_single_context", "single-context INVEPT", NULL, false},
	{26, "invept_all_context", "all-context INVEPT", NULL, false},
	{32, "invvpid", "INVVPID", "invvpid", false},
	{40, "invvpid_individual_address", "individual-address INVVPID", NULL, false},
	{41, "invvpid_single_context", "single-context INVVPID", NULL, false},
	{42, "invvpid_all_context", "all-context INVVPID", NULL, false},
	{43, "invvpid_retaining_globals", "single-context-retaining-globals INVVPID", NULL, false},
};

/* Linux looks for the word in the upper half of the register, and so never prints it (init_vmx_capabilities()). */
static const struct nm_vmx_bit vm_functions[] = {
	{0, "eptp_switching", "EPTP switching", "eptp_switching", true},
};

static const struct nm_vmx_bit misc[] = {
	{5, "store_efer_lma", "VM exits store IA32_EFER.LMA into \"IA-32e mode guest\"", NULL,
	 false},
	{6, "activity_hlt", "activity state HLT", NULL, false},
	{7, "activity_shutdown", "activity state shutdown", NULL, false},
	{8, "activity_wait_for_sipi", "activity state wait-for-SIPI", NULL, false},
	{14, "intel_pt", "Intel PT in VMX operation", NULL, false},
	{15, "smbase_in_smm", "RDMSR of IA32_SMBASE in SMM", NULL, false},
	{28, "smm_monitor_ctl_2", "IA32_SMM_MONITOR_CTL[2] may be 1", NULL, false},
	{29, "vmwrite_any_field", "VMWRITE to any supported field", NULL, false},
	{30, "zero_instruction_length", "injection with an instruction length of 0", NULL, false},
};

const struct nm_vmx_register nm_vmx_basic = {
	"basic", NM_VMX_CAPABILITIES, NM_MSR_VMX_BASIC, "IA32_VMX_BASIC", 0, NULL, BITS(basic)};

const struct nm_vmx_register nm_vmx_registers[] = {
	{"pin", NM_VMX_CONTROLS, 0x481, "IA32_VMX_PINBASED_CTLS", 0x48d,
	 "IA32_VMX_TRUE_PINBASED_CTLS", BITS(pin)},
	{"primary", NM_VMX_CONTROLS, 0x482, "IA32_VMX_PROCBASED_CTLS", 0x48e,
	 "IA32_VMX_TRUE_PROCBASED_CTLS", BITS(primary)},
	{"secondary", NM_VMX_CONTROLS, 0x48b, "IA32_VMX_PROCBASED_CTLS2", 0, NULL, BITS(secondary)},
	{"tertiary", NM_VMX_CONTROLS_64, 0x492, "IA32_VMX_PROCBASED_CTLS3", 0, NULL,
	 BITS(tertiary)},
	{"exit", NM_VMX_CONTROLS, 0x483, "IA32_VMX_EXIT_CTLS", 0x48f, "IA32_VMX_TRUE_EXIT_CTLS",
	 BITS(vm_exit)},
	{"exit_secondary", NM_VMX_CONTROLS_64, 0x493, "IA32_VMX_EXIT_CTLS2", 0, NULL,
	 BITS(vm_exit_secondary)},
	{"entry", NM_VMX_CONTROLS, 0x484, "IA32_VMX_ENTRY_CTLS", 0x490, "IA32_VMX_TRUE_ENTRY_CTLS",
	 BITS(vm_entry)},
	{"ept_vpid", NM_VMX_CAPABILITIES, 0x48c, "IA32_VMX_EPT_VPID_CAP", 0, NULL, BITS(ept_vpid)},
	{"vm_functions", NM_VMX_CAPABILITIES, 0x491, "IA32_VMX_VMFUNC", 0, NULL,
	 BITS(vm_functions)},
	{"misc", NM_VMX_CAPABILITIES, 0x485, "IA32_VMX_MISC", 0, NULL, BITS(misc)},
	{NULL, NM_VMX_CONTROLS, 0, NULL, 0, NULL, NULL, 0},
};

const struct nm_vmx_field nm_vmx_fields[] = {
	{"basic.region_bytes", NM_MSR_VMX_BASIC, 32, 13, 0, 1, "IA32_VMX_BASIC[44:32]"},
	{"misc.preemption_timer_shift", 0x485, 0, 5, 0, 1,
	 "IA32_VMX_MISC[4:0]: the preemption timer counts when this bit of the TSC changes"},
	{"misc.cr3_targets", 0x485, 16, 9, 0, 1, "IA32_VMX_MISC[24:16]"},
	{"misc.msr_list_entries", 0x485, 25, 3, 1, 512,
	 "IA32_VMX_MISC[27:25]: recommended maximum of a VM-exit or VM-entry MSR list"},
	{"misc.mseg_revision", 0x485, 32, 32, 0, 1, "IA32_VMX_MISC[63:32]"},
	{"ept_vpid.hlat_prefix_size", 0x48c, 48, 6, 0, 1, "IA32_VMX_EPT_VPID_CAP[53:48]"},
	{"vmcs_enum.highest_index", 0x48a, 1, 9, 0, 1, "IA32_VMX_VMCS_ENUM[9:1]"},
	{NULL, 0, 0, 0, 0, 0, NULL},
};

const struct nm_vmx_word nm_vmx_words[] = {
	{"cr0_fixed0", 0x486, "IA32_VMX_CR0_FIXED0: bits of CR0 that must be 1"},
	{"cr0_fixed1", 0x487, "IA32_VMX_CR0_FIXED1: bits of CR0 that may be 1"},
	{"cr4_fixed0", 0x488, "IA32_VMX_CR4_FIXED0: bits of CR4 that must be 1"},
	{"cr4_fixed1", 0x489, "IA32_VMX_CR4_FIXED1: bits of CR4 that may be 1"},
	{NULL, 0, NULL},
};
