/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_INSTRUCTION_H
#define NM_VMM_INSTRUCTION_H

#include <stddef.h>
#include <stdint.h>

/**
 * The mnemonic of an instruction that emulators of KVM are known to lack (SDM vol. 2, opcode maps), or NULL. It is there to
 * name what stopped a guest, not to disassemble.
 */
const char *nm_instruction_name(const uint8_t *bytes, size_t count);

#endif
