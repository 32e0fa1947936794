/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_ABI_H
#define NM_GUEST_ABI_H

/*
 * The contract between the VMM and a payload, and the only file that both sides share. Fixed-width types,
 * no pointers: every address is guest-physical, and the payload's page tables map it to itself.
 */

#include <stddef.h>
#include <stdint.h>

#define NM_ABI_VERSION 2u

/* A payload image starts with this header; it is loaded at NM_ABI_IMAGE_BASE. */
#define NM_ABI_IMAGE_MAGIC 0x64616f6c79617031ull
#define NM_ABI_IMAGE_BASE  0x10000u

struct nm_abi_image {
	uint64_t magic;
	uint32_t version;
	uint32_t op_count;
	uint64_t file_bytes;   /* what is loaded */
	uint64_t memory_bytes; /* with the zeroed rest */
	uint64_t entry;	       /* 64-bit mode, CPL0, RDI = struct nm_abi_control of this vCPU */
	uint64_t page_table;   /* CR3 */
	uint64_t gdt;
	uint64_t gdt_bytes;
	uint64_t idt;
	uint64_t idt_bytes;
	uint64_t ops; /* op_count × struct nm_abi_op */
};

#define NM_ABI_NAME_BYTES 40

/* One operation that the payload offers, found by its name. */
struct nm_abi_op {
	char name[NM_ABI_NAME_BYTES];
	uint64_t function; /* void function(struct nm_abi_control *) */
};

/* Selectors of the payload's GDT. */
#define NM_ABI_KERNEL_CS 0x10
#define NM_ABI_KERNEL_DS 0x18
#define NM_ABI_USER_DS	 0x2b
#define NM_ABI_USER_CS	 0x33
#define NM_ABI_TSS	 0x38 /* a hidden descriptor that only the VMM sets */

/* Each vCPU has a block of its own: control page, TSS with I/O bitmap, stacks for CPL0 and CPL3. GS points to it. */
#define NM_ABI_CPU_BYTES      0x8000u
#define NM_ABI_CPU_TSS	      0x1000u
#define NM_ABI_TSS_LIMIT      0x2068u /* 104 bytes, 65,536 ports, the closing byte */
#define NM_ABI_CPU_STACK0_TOP 0x6000u
#define NM_ABI_CPU_STACK3_TOP 0x8000u

/* Ports with a meaning. Anything else that a payload touches is part of an operation. */
#define NM_ABI_PORT_MARK  0x6e0 /* OUT of enum nm_abi_mark */
#define NM_ABI_PORT_DONE  0x6e1 /* the operation has ended */
#define NM_ABI_PORT_FAULT 0x6e2 /* an exception that nobody expected: see control.fault */
#define NM_ABI_PORT_HOST                                                                           \
	0x6e4 /* OUT of 32 bits: the host is to do something, as the operation has it */

/* Addresses that operations use. None of them is backed by memory. */
#define NM_ABI_PORT_TEST      0x6e8 /* handled by the VMM in user space */
#define NM_ABI_PORT_EVENT     0x6ea /* an ioeventfd */
#define NM_ABI_PORT_COALESCED 0x6ec /* where KVM collects writes in that ring */
#define NM_ABI_PORT_PIC	      0x21  /* the interrupt mask register of the first 8259A */
#define NM_ABI_MMIO_TEST      0x30000000u
#define NM_ABI_MMIO_EVENT     0x30001000u
#define NM_ABI_MMIO_ABSENT    0x30002000u /* nothing at all: executing here cannot work */
#define NM_ABI_MMIO_COALESCED 0x30003000u /* where KVM collects writes in a ring, */
#define NM_ABI_MMIO_RING      0x30004000u /* which the VMM maps here */

#define NM_ABI_PORT_PIT		0x42	    /* counter 2 of the 8254, */
#define NM_ABI_PORT_PIT_CONTROL 0x43	    /* and where its mode is set */
#define NM_ABI_MSR_TEST		0x4e4d0000u /* an MSR that no CPU and no KVM has */

#define NM_ABI_VECTOR	 0x40 /* of interrupts that the VMM causes */
#define NM_ABI_GSI_MSI	 24   /* a line of irqfds that the VMM routes to an MSI, */
#define NM_ABI_GSI_LEVEL 20   /* and one of the IOAPIC alone: the 8259As have the first 16 */

#define NM_ABI_STRING_BYTES 16 /* of string I/O: NM_ABI_TEST_BYTE and the numbers that follow */

/* Memory of operations: what the VMM adds at NM_ABI_MEMORY it also maps, in pages of the size that the operation wants. */
#define NM_ABI_MEMORY 0x100000000ull

#define NM_ABI_TEST_BYTE 0x5au /* what writes to the test addresses consist of */

enum nm_abi_mark {
	NM_ABI_MARK_FIRST, /* NM_ABI_FIRST_MARKS times before BEGIN, so that the cost of a mark is known */
	NM_ABI_MARK_BEGIN,
	NM_ABI_MARK_END,
};

#define NM_ABI_FIRST_MARKS 4

struct nm_abi_fault {
	uint64_t vector;
	uint64_t error_code;
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t cr2;
};

/* Vector 6 calls what RAX points to before it skips, and sets what that returns in RFLAGS. */
#define NM_ABI_CALL_RAX 2

#define NM_ABI_CONTROL_MAGIC 0x6c6f72746e6f6331ull
#define NM_ABI_RESULTS	     8

struct nm_abi_control {
	/* Written by the VMM before the start. */
	uint64_t magic;
	uint32_t version;
	uint32_t cpl;	   /* 0 or 3: where the operation runs */
	uint64_t function; /* nm_abi_op.function */
	uint64_t samples;
	uint64_t warmup;     /* operations before the measured ones */
	uint64_t batch;	     /* operations per sample */
	uint64_t sample_gpa; /* samples × uint64_t: raw TSC ticks of one sample */
	uint64_t
		overhead_gpa; /* samples × uint64_t: the same with nothing between the two readings */
	uint64_t argument[4];

	/* Written by the payload. */
	uint64_t tsc_begin; /* around the measured loop */
	uint64_t tsc_end;
	uint64_t result[NM_ABI_RESULTS];
	struct nm_abi_fault fault;

	/* Used by the payload: vectors 0 and 6 skip the two-byte instruction while this is 1. */
	uint64_t skip_fault;
	uint64_t skipped;

	/* Written by the VMM before the start. */
	uint32_t vcpu;	/* number of this vCPU, */
	uint32_t vcpus; /* of how many */
	uint64_t shared_gpa;
};

/* What vCPUs and threads of the host tell each other: a word each, in a cache line of its own. */
struct nm_abi_line {
	volatile uint64_t value;
	uint64_t unused[7];
};

#define NM_ABI_MAX_VCPUS 32

/* One page of a guest, zero at the start. */
struct nm_abi_shared {
	struct nm_abi_line ready; /* set by vCPU 0 when the driver of the host may begin */
	struct nm_abi_line stop;  /* set when the others are to end */
	struct nm_abi_line go;	  /* as the operation has it, as are the following */
	struct nm_abi_line seen;
	struct nm_abi_line vcpu[NM_ABI_MAX_VCPUS];
};

/* Where virtio devices lie, and the interrupt lines that they have from the first on. */
#define NM_ABI_VIRTIO_BASE 0xd0000000u
#define NM_ABI_VIRTIO_GSI  21 /* of the IOAPIC alone */

enum nm_abi_io {
	NM_ABI_IO_READ,
	NM_ABI_IO_WRITE,
	NM_ABI_IO_FLUSH,
	NM_ABI_IO_VERIFY, /* reads and writes of blocks that tell how often they were written */
};

#define NM_ABI_BLK_MAX_DEPTH 32
#define NM_ABI_SECTOR	     512u

/* What a block operation is to do, at argument[0]; rings and buffers lie in the pages behind it. */
struct nm_abi_blk {
	uint32_t op; /* enum nm_abi_io */
	uint32_t packed;
	uint32_t depth;	     /* requests under way */
	uint32_t bytes;	     /* of a request: a multiple of NM_ABI_SECTOR */
	uint32_t sequential; /* else at random */
	uint32_t halt;	     /* wait for the interrupt in HLT instead of polling */
	uint64_t sectors;    /* of the device */
	uint64_t seed;
	uint64_t
		interval; /* TSC ticks from the intended start of a request to the next; 0: it starts when another is done */
	uint64_t rest; /* TSC ticks before each request, in which the device falls asleep */
	uint64_t
		generations_gpa; /* of NM_ABI_IO_VERIFY: uint64_t for each request's worth of sectors: how often it was written */
	uint64_t done;		    /* requests that came back, */
	uint64_t wrong;		    /* and those of them with another status or content */
	uint64_t kicks, interrupts; /* in the measured loop */
};

#define NM_ABI_NET_BURST 8 /* packets under way at most */

/* What a network operation is to do, at argument[0]; rings and buffers lie in the pages behind it. */
struct nm_abi_net {
	uint32_t bytes; /* of a packet: 16 at least */
	uint32_t burst; /* packets that are sent before the first is awaited */
	uint32_t halt;	/* wait for the interrupt in HLT instead of polling */
	uint32_t unused;
	uint64_t done;	/* packets that came back, */
	uint64_t wrong; /* and those of them with another length, content or place in the order */
};

/* What a socket operation is to do, at argument[0]; rings and buffers lie in the pages behind it. */
struct nm_abi_vsock {
	uint64_t cid;	/* of the guest */
	uint32_t port;	/* of the host */
	uint32_t bytes; /* there and back: a multiple of 8 */
	uint64_t done;	/* times that they came back, */
	uint64_t wrong; /* and those of them with another length or content */
};

/* What an entropy operation is to do, at argument[0]; its ring and its buffer lie in the pages behind it. */
struct nm_abi_rng {
	uint32_t bytes; /* of a request: a multiple of 8 */
	uint32_t halt;
	uint64_t done;
	uint64_t wrong;
};

#define NM_ABI_BALLOON_PAGES 32 /* of a request */

/* What a balloon operation says, at argument[0]; its rings, the numbers of its pages and these lie behind it. */
struct nm_abi_balloon {
	uint64_t done;	/* pages that came back, */
	uint64_t wrong; /* and those of them that had kept what they held */
};

/* Word i of what packet n begins and ends with, and of what the device says that stands for one of entropy. */
static inline uint64_t nm_abi_word(uint64_t n, uint64_t i)
{
	return ((n << 16) + i) * 0x9e3779b97f4a7c15ull;
}

/* Word i of sector n of a disk that is to be measured. */
static inline uint64_t nm_abi_disk_word(uint64_t sector, uint64_t i)
{
	return (sector * (NM_ABI_SECTOR / 8) + i) * 0x9e3779b97f4a7c15ull;
}

#define NM_ABI_BLOCK_SUM 2 /* the word of a sector that holds the sum of the others */

static inline uint64_t nm_abi_block_sum(const volatile uint64_t *words)
{
	uint64_t sum = 1;

	for (uint64_t i = 0; i < NM_ABI_SECTOR / 8; i++)
		if (i != NM_ABI_BLOCK_SUM)
			sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ull;
	return sum;
}

/* Makes a sector that says which it is, the how manieth writing of it this is, and the sum of all that. */
static inline void nm_abi_block_fill(volatile uint64_t *words, uint64_t sector, uint64_t generation)
{
	for (uint64_t i = 0; i < NM_ABI_SECTOR / 8; i++)
		words[i] = nm_abi_disk_word(sector + (generation << 32), i);
	words[0] = sector;
	words[1] = generation;
	words[NM_ABI_BLOCK_SUM] = nm_abi_block_sum(words);
}

static inline uint64_t nm_abi_block_is(const volatile uint64_t *words, uint64_t sector,
				       uint64_t generation)
{
	return words[0] == sector && words[1] == generation &&
	       words[NM_ABI_BLOCK_SUM] == nm_abi_block_sum(words);
}

#define NM_ABI_ASSERT(condition)                                                                   \
	_Static_assert(condition, "the ABI has changed: raise NM_ABI_VERSION")

NM_ABI_ASSERT(sizeof(struct nm_abi_image) == 88);
NM_ABI_ASSERT(offsetof(struct nm_abi_image, entry) == 32);
NM_ABI_ASSERT(offsetof(struct nm_abi_image, ops) == 80);
NM_ABI_ASSERT(sizeof(struct nm_abi_op) == 48);
NM_ABI_ASSERT(sizeof(struct nm_abi_fault) == 56);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, cpl) == 12);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, function) == 16);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, argument) == 64);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, result) == 112);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, fault) == 176);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, skip_fault) == 232);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, skipped) == 240);
NM_ABI_ASSERT(offsetof(struct nm_abi_control, shared_gpa) == 256);
NM_ABI_ASSERT(sizeof(struct nm_abi_control) == 264);
NM_ABI_ASSERT(sizeof(struct nm_abi_shared) <= 4096);
NM_ABI_ASSERT(sizeof(struct nm_abi_control) <= NM_ABI_CPU_TSS);

#endif
