/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/linux/uart.h"

#include <linux/serial_reg.h>

#define MSR_LOOPED(mcr)                                                                            \
	(((mcr)&UART_MCR_DTR ? UART_MSR_DSR : 0) | ((mcr)&UART_MCR_RTS ? UART_MSR_CTS : 0) |       \
	 ((mcr)&UART_MCR_OUT1 ? UART_MSR_RI : 0) | ((mcr)&UART_MCR_OUT2 ? UART_MSR_DCD : 0))

void nm_uart_init(struct nm_uart *uart, const struct nm_vm *vm, uint32_t irq,
		  nm_uart_output_fn output, void *output_context)
{
	*uart = (struct nm_uart) {.vm = vm,
				  .irq = irq,
				  .output = output,
				  .output_context = output_context};
}

/* OUT2 connects the interrupt output to the bus (PC/AT); the irqchip sees edges. */
static void update_line(struct nm_uart *uart)
{
	bool high =
		uart->empty_pending && (uart->ier & UART_IER_THRI) && (uart->mcr & UART_MCR_OUT2);

	if (high != uart->line)
		(void)nm_vm_irq_line(uart->vm, uart->irq, high);
	uart->line = high;
}

static void transmit(struct nm_uart *uart, const struct nm_access *access)
{
	const char *data = access->data;

	if (!(uart->mcr & UART_MCR_LOOP) && access->bytes == 1)
		uart->output(uart->output_context, data, access->count);
	else if (!(uart->mcr & UART_MCR_LOOP))
		for (uint32_t i = 0; i < access->count; i++)
			uart->output(uart->output_context, data + (size_t)i * access->bytes, 1);
	/* Empty again at once: the line goes down and up, an edge. */
	uart->empty_pending = false;
	update_line(uart);
	uart->empty_pending = true;
}

static void write_register(struct nm_uart *uart, unsigned int at, uint8_t value)
{
	bool divisor = uart->lcr & UART_LCR_DLAB;

	switch (at) {
	case UART_TX:
		uart->divisor[0] = value;
		break;
	case UART_IER:
		if (divisor) {
			uart->divisor[1] = value;
			break;
		}
		/* Enabling it while the transmitter is empty raises it. */
		if (value & ~uart->ier & UART_IER_THRI)
			uart->empty_pending = true;
		uart->ier = value & 0x0f;
		break;
	case UART_FCR:
		uart->fcr = value;
		break;
	case UART_LCR:
		uart->lcr = value;
		break;
	case UART_MCR:
		uart->mcr = value & 0x1f;
		break;
	case UART_SCR:
		uart->scratch = value;
		break;
	default:
		break;
	}
}

/* Reading the cause of an empty transmitter takes it back. */
static uint8_t read_cause(struct nm_uart *uart)
{
	uint8_t fifo = uart->fcr & UART_FCR_ENABLE_FIFO ? 0xc0 : 0;

	if (!uart->empty_pending || !(uart->ier & UART_IER_THRI))
		return fifo | UART_IIR_NO_INT;
	uart->empty_pending = false;
	return fifo | UART_IIR_THRI;
}

static uint8_t read_register(struct nm_uart *uart, unsigned int at)
{
	bool divisor = uart->lcr & UART_LCR_DLAB;

	switch (at) {
	case UART_RX:
		return divisor ? uart->divisor[0] : 0;
	case UART_IER:
		return divisor ? uart->divisor[1] : uart->ier;
	case UART_IIR:
		return read_cause(uart);
	case UART_LCR:
		return uart->lcr;
	case UART_MCR:
		return uart->mcr;
	case UART_LSR:
		return UART_LSR_TEMT | UART_LSR_THRE;
	case UART_MSR:
		return uart->mcr & UART_MCR_LOOP ? MSR_LOOPED(uart->mcr)
						 : UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
	default:
		return uart->scratch;
	}
}

static void on_access(void *context, const struct nm_access *access)
{
	struct nm_uart *uart = context;
	unsigned int at = access->address % NM_UART_PORTS;
	unsigned char *data = access->data;

	/* Its registers have eight bits; wider accesses reach the first. */
	for (uint32_t i = 0; i < access->count * access->bytes; i++) {
		if (!access->write)
			data[i] = i % access->bytes ? 0xff : read_register(uart, at);
		else if (i % access->bytes == 0 && (at != UART_TX || uart->lcr & UART_LCR_DLAB))
			write_register(uart, at, data[i]);
	}
	if (access->write && at == UART_TX && !(uart->lcr & UART_LCR_DLAB))
		transmit(uart, access);
	update_line(uart);
}

struct nm_device nm_uart_device(struct nm_uart *uart, uint16_t base)
{
	return (struct nm_device) {
		.bus = NM_BUS_PIO,
		.base = base,
		.bytes = NM_UART_PORTS,
		.access = on_access,
		.context = uart,
	};
}
