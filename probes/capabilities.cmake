# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

# Run as a script: writes the table of capabilities that probes/kvm_view.h declares to OUTPUT, from the <linux/kvm.h>
# that COMPILER with FLAGS finds, and from NEWER. OUTPUT.d is a depfile.
cmake_minimum_required(VERSION 3.25)

# KVM_CHECK_EXTENSION of one architecture knows nothing of the others' capabilities, which are no gaps there. The table
# holds those of all that nestmark knows, since captures of each are replayed on each. Most say in their names whose
# they are; the others by where arch/*/kvm implements them.
set(only_aarch64 "ARM_.*|MSI_DEVID|COUNTER_OFFSET|PTP_KVM|GUEST_DEBUG_HW_[BW]PS")
set(only_others "S390_.*|PPC_.*|SPAPR_.*|MIPS_.*|RISCV_.*|LOONGARCH_.*|SW_TLB|IRQ_MPIC|IRQ_XICS")
string(CONCAT only_x86_64
    "X86_.*|HYPERV.*|SYS_HYPERV_CPUID|XEN_HVM|HLT|MMU_SHADOW_CACHE_CONTROL|SET_TSS_ADDR|SET_IDENTITY_MAP_ADDR"
    "|VAPIC|EXT_CPUID|EXT_EMUL_CPUID|CLOCKSOURCE|ADJUST_CLOCK|KVMCLOCK_CTRL|PIT|PIT2|PIT_STATE2|REINJECT_CONTROL"
    "|NOP_IO_DELAY|PV_MMU|IOMMU|ASSIGN_DEV_IRQ|PCI_2_3|PCI_SEGMENT|USER_NMI|INTR_SHADOW|MCE|SET_BOOT_CPU_ID|DEBUGREGS"
    "|XSAVE2?|XCRS|ASYNC_PF|ASYNC_PF_INT|TSC_CONTROL|VM_TSC_CONTROL|GET_TSC_KHZ|TSC_DEADLINE_TIMER"
    "|IOAPIC_POLARITY_IGNORED|SPLIT_IRQCHIP|X2APIC_API|GET_MSR_FEATURES|MSR_PLATFORM_INFO|NESTED_STATE"
    "|EXCEPTION_PAYLOAD|SMALLER_MAXPHYADDR|ENFORCE_PV_FEATURE_CPUID|SGX_ATTRIBUTE|SREGS2|EXIT_HYPERCALL"
    "|EXIT_ON_EMULATION_FAILURE|VM_COPY_ENC_CONTEXT_FROM|VM_MOVE_ENC_CONTEXT_FROM|PMU_CAPABILITY"
    "|PMU_EVENT_MASKED_EVENTS|VM_DISABLE_NX_HUGE_PAGES")
separate_arguments(FLAGS NATIVE_COMMAND "${FLAGS}")
execute_process(COMMAND ${COMPILER} ${FLAGS} -E -dM -MD -MF ${OUTPUT}.d -MT ${OUTPUT} -include linux/kvm.h
                        -x c /dev/null
    OUTPUT_VARIABLE macros COMMAND_ERROR_IS_FATAL ANY)
file(READ ${NEWER} newer)
string(REGEX REPLACE "\n([0-9]+) ([A-Z0-9_]+)" "\n#define KVM_CAP_\\2 \\1" newer "${newer}")
string(REGEX MATCHALL "#define KVM_CAP_[A-Z0-9_]+ [0-9]+" defined "${macros}${newer}")

set(names)
set(rows)
foreach(line IN LISTS defined)
    string(REGEX REPLACE "^#define KVM_CAP_(.*) ([0-9]+)$" "\\1;\\2" pair ${line})
    list(GET pair 0 name)
    list(GET pair 1 number)
    if(name IN_LIST names OR name MATCHES "^(${only_others})$")
        continue()
    endif()
    list(APPEND names ${name})
    string(TOLOWER ${name} id)
    set(architecture NULL)
    foreach(candidate x86_64 aarch64)
        if(name MATCHES "^(${only_${candidate}})$")
            set(architecture "\"${candidate}\"")
        endif()
    endforeach()
    list(APPEND rows "{${number}, \"${id}\", ${architecture}},")
endforeach()
list(LENGTH rows count)
if(count LESS 50)
    message(FATAL_ERROR "<linux/kvm.h> of ${COMPILER} gave ${count} capabilities")
endif()
list(SORT rows COMPARE NATURAL)
list(JOIN rows "\n\t" rows)
file(WRITE ${OUTPUT} "#include \"probes/kvm_view.h\"\n\n#include <stddef.h>\n\n"
    "const struct nm_kvm_capability_name nm_kvm_capability_names[] = {\n\t${rows}\n};\n"
    "const size_t nm_kvm_capability_count = ${count};\n")
