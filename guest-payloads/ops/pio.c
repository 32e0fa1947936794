/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

NM_GUEST_OP("exit.pio.out", pio_out)
{
	NM_MEASURE(control, nm_out8(NM_ABI_PORT_TEST, NM_ABI_TEST_BYTE));
}

/* result[0]: the last value read. */
NM_GUEST_OP("exit.pio.in", pio_in)
{
	uint8_t last = 0;

	NM_MEASURE(control, (last = nm_in8(NM_ABI_PORT_TEST)));
	control->result[0] = last;
}

/* The mask register keeps what was written to it. result[0]: the last value read. */
NM_GUEST_OP("exit.pio.in.kernel", pio_in_kernel)
{
	uint8_t last = 0;

	nm_out8(NM_ABI_PORT_PIC, (uint8_t)control->argument[0]);
	NM_MEASURE(control, (last = nm_in8(NM_ABI_PORT_PIC)));
	control->result[0] = last;
}

/* Toggles the bits of argument[1] at each write. result[0]: the mask after. */
NM_GUEST_OP("exit.pio.out.kernel", pio_out_kernel)
{
	uint8_t value = (uint8_t)control->argument[0];
	uint8_t change = (uint8_t)control->argument[1];

	nm_out8(NM_ABI_PORT_PIC, value);
	NM_MEASURE(control, nm_out8(NM_ABI_PORT_PIC, value ^= change));
	control->result[0] = nm_in8(NM_ABI_PORT_PIC);
}

/* A string of bytes that all differ, so that one that is lost or comes twice is seen. */
NM_GUEST_OP("exit.pio.outsb", pio_outsb)
{
	uint8_t string[NM_ABI_STRING_BYTES];

	for (unsigned int i = 0; i < sizeof(string); i++)
		string[i] = (uint8_t)(NM_ABI_TEST_BYTE + i);
	NM_MEASURE(control, {
		const uint8_t *from = string;
		uint64_t count = sizeof(string);

		__asm__ volatile("rep outsb"
				 : "+S"(from), "+c"(count)
				 : "d"((uint16_t)NM_ABI_PORT_TEST)
				 : "memory");
	});
}

/* result[0]: how many bytes of the last string are as they should be. */
NM_GUEST_OP("exit.pio.insb", pio_insb)
{
	uint8_t string[NM_ABI_STRING_BYTES];
	uint64_t right = 0;

	NM_MEASURE(control, {
		uint8_t *to = string;
		uint64_t count = sizeof(string);

		__asm__ volatile("rep insb"
				 : "+D"(to), "+c"(count)
				 : "d"((uint16_t)NM_ABI_PORT_TEST)
				 : "memory");
	});
	for (unsigned int i = 0; i < sizeof(string); i++)
		right += string[i] == (uint8_t)(NM_ABI_TEST_BYTE + i);
	control->result[0] = right;
}

/* Data sheet of the 8254, control word: counter 2, low byte only, mode 2, binary; it counts down from what is written, again and again. */
#define PIT_COUNTER_2_LOW_BYTE 0x94
#define PIT_READS	       65536

/* result[0]: 1 when the counter was seen to move. */
NM_GUEST_OP("exit.pio.in.pit", pio_in_pit)
{
	uint8_t last = 0;
	uint64_t moved = 0;

	nm_out8(NM_ABI_PORT_PIT_CONTROL, PIT_COUNTER_2_LOW_BYTE);
	nm_out8(NM_ABI_PORT_PIT, 0xff);
	NM_MEASURE(control, (last = nm_in8(NM_ABI_PORT_PIT)));
	for (int i = 0; !moved && i < PIT_READS; i++)
		moved = nm_in8(NM_ABI_PORT_PIT) != last;
	control->result[0] = moved;
}

/* result[0]: the last value read. */
NM_GUEST_OP("exit.pio.in.unclaimed", pio_in_unclaimed)
{
	uint8_t last = 0;

	NM_MEASURE(control, (last = nm_in8(NM_ABI_PORT_TEST)));
	control->result[0] = last;
}
