/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_UART_H
#define NM_VMM_LINUX_UART_H

#include "vmm/devices.h"

#define NM_UART_PORTS 8u

/** Takes what the guest sends. */
typedef void (*nm_uart_output_fn)(void *context, const char *bytes, size_t length);

/** A 16550A with a line to the in-kernel irqchip. It sends at once and receives nothing. */
struct nm_uart {
	const struct nm_vm *vm;
	uint32_t irq;
	nm_uart_output_fn output;
	void *output_context;
	uint8_t ier, lcr, mcr, scratch, fcr, divisor[2];
	bool empty_pending; /* the transmitter has run empty since that was last reported */
	bool line;
};

void nm_uart_init(struct nm_uart *uart, const struct nm_vm *vm, uint32_t irq,
		  nm_uart_output_fn output, void *output_context);

/** The device at I/O port base. */
struct nm_device nm_uart_device(struct nm_uart *uart, uint16_t base);

#endif
