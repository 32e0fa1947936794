#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/virtio/: drivers that are right, and what they break rules with, as tests/fuzz/virtio.c reads them."""
import pathlib
import struct

GPA = 0x100000
DATA = 0x9000
NEXT, WRITE, AVAIL, USED = 1, 2, 0x80, 0x8000
EVENT_INDEX, VERSION_1, PACKED = 29, 32, 34
STATUS = 0x070


def write_register(offset, value):
    return struct.pack("<BHI", 0, offset, value)


def read_register(offset, width):
    return struct.pack("<BHB", 1, offset, width)


def memory(at, data):
    return b"".join(struct.pack("<BHB", 2, at + i, len(data[i:i + 255])) + data[i:i + 255]
                    for i in range(0, len(data), 255))


SERVE = b"\x03"


def start(size, *features):
    bits = sum(1 << feature for feature in (VERSION_1, *features))
    return struct.pack("<BIBH", 4, bits & 0xffffffff, bits >> 32, size)


def split(queue, *chains):
    """A ring of which each chain, a list of (offset, bytes, flags), is available."""
    descriptors, heads = b"", []
    for chain in chains:
        heads.append(len(descriptors) // 16)
        for i, (at, count, flags) in enumerate(chain):
            more = NEXT if i + 1 < len(chain) else 0
            descriptors += struct.pack("<QIHH", GPA + at, count, flags | more, len(descriptors) // 16 + 1)
    base = 3 * queue * 0x1000
    return (memory(base, descriptors)
            + memory(base + 0x1000, struct.pack(f"<HH{len(heads)}H", 0, len(heads), *heads)))


def packed(queue, *chains):
    descriptors = b""
    for name, chain in enumerate(chains):
        for i, (at, count, flags) in enumerate(chain):
            more = NEXT if i + 1 < len(chain) else 0
            descriptors += struct.pack("<QIHH", GPA + at, count, name, flags | more | AVAIL)
    return memory(3 * queue * 0x1000, descriptors)


def header(kind, sector):
    return struct.pack("<IIQ", kind, 0, sector)


def blk_requests(ring, *features):
    """A write of two sectors, a read of them, a flush and the identity."""
    kinds = [(1, 1), (0, 1), (4, 0), (8, 0), (99, 0)]
    data = b"".join(memory(DATA + 32 * i, header(*kind)) for i, kind in enumerate(kinds))
    status = DATA + 0x800
    head = [(DATA + 32 * i, 16, 0) for i in range(len(kinds))]
    chains = [[head[0], (DATA + 0x1000, 1024, 0), (status, 1, WRITE)],
              [head[1], (DATA + 0x2000, 512, WRITE), (DATA + 0x3000, 512, WRITE), (status, 1, WRITE)],
              [head[2], (status, 1, WRITE)],
              [head[3], (DATA + 0x4000, 20, WRITE), (status, 1, WRITE)],
              [head[4], (status, 1, WRITE)]]
    return start(16, *features) + data + ring(0, *chains) + SERVE + SERVE


def net_packets(ring, *features):
    """Two packets in one and in two buffers, and one that is too long for what is left to receive."""
    packet = bytes(12) + bytes(range(64))
    free = [[(DATA + 0x1000 * i, 12 + size, WRITE)] for i, size in enumerate((1514, 64, 8))]
    sent = [[(DATA + 0x4000, len(packet), 0)], [(DATA + 0x4000, 12, 0), (DATA + 0x400c, 64, 0)],
            [(DATA + 0x4000, len(packet), 0)]]
    return start(16, *features) + memory(DATA + 0x4000, packet) + ring(0, *free) + ring(1, *sent) + SERVE + SERVE


def by_registers():
    """The start, register by register, and a reset."""
    steps = [(STATUS, 0), (STATUS, 1), (STATUS, 3), (0x024, 1), (0x020, 1), (STATUS, 11), (0x030, 0), (0x038, 8),
             (0x080, GPA), (0x084, 0), (0x090, GPA + 0x1000), (0x0a0, GPA + 0x2000), (0x044, 1), (STATUS, 15),
             (0x050, 0), (0x064, 3), (STATUS, 0)]
    reads = [(0x000, 2), (0x004, 2), (0x008, 2), (0x010, 2), (0x034, 2), (0x060, 2), (STATUS, 2), (0x0fc, 2),
             (0x100, 3), (0x105, 0), (0x1fe, 2)]
    return b"".join(write_register(*step) for step in steps) + b"".join(read_register(*read) for read in reads)


def inputs():
    for device, name in enumerate(("null", "read-only", "file")):
        for ring in (split, packed):
            kind = (PACKED,) if ring is packed else ()
            yield f"blk-{name}-{ring.__name__}", device, blk_requests(ring, *kind)
            yield f"blk-{name}-{ring.__name__}-event", device, blk_requests(ring, EVENT_INDEX, *kind)
    for device, name in enumerate(("mirror", "loop"), 3):
        for ring in (split, packed):
            kind = (PACKED,) if ring is packed else ()
            yield f"net-{name}-{ring.__name__}", device, net_packets(ring, *kind)
            yield f"net-{name}-{ring.__name__}-event", device, net_packets(ring, EVENT_INDEX, *kind)
        yield f"net-{name}-offload", device, start(8) + memory(DATA, b"\1") + split(1, [(DATA, 76, 0)]) + SERVE
        yield f"net-{name}-short", device, start(8) + split(0, [(DATA, 11, WRITE)]) + split(1, [(DATA, 13, 0)]) + SERVE
    for ring in (split, packed):
        kind = (PACKED,) if ring is packed else ()
        chains = [[(DATA, 64, WRITE)], [(DATA + 64, 1, WRITE), (DATA + 128, 4096, WRITE)]]
        yield f"rng-{ring.__name__}", 5, start(16, EVENT_INDEX, *kind) + ring(0, *chains) + SERVE
    pages = memory(DATA, struct.pack("<3I", *((GPA >> 12) + page for page in (10, 11, 9))))
    for ring in (split, packed):
        kind = (PACKED,) if ring is packed else ()
        yield f"balloon-{ring.__name__}", 6, start(16, EVENT_INDEX, *kind) + pages + ring(0, [(DATA, 8, 0)]) \
            + ring(1, [(DATA, 12, 0)]) + SERVE
    yield "balloon-outside", 6, start(16) + memory(DATA, b"\xff" * 8) + split(0, [(DATA, 8, 0)]) + SERVE
    yield "balloon-itself", 6, start(16) + memory(DATA, struct.pack("<3I", 0x101, 0x100, 0x102)) \
        + split(0, [(DATA, 12, 0)]) + SERVE + SERVE
    yield "rng-read", 5, start(16) + split(0, [(DATA, 64, 0)]) + SERVE
    yield "rng-itself", 5, start(16) + split(0, [(0, 0x3000, WRITE)]) + SERVE + SERVE
    yield "registers", 0, by_registers()
    yield "loop", 0, start(8) + memory(0, struct.pack("<QIHH", GPA + DATA, 16, NEXT, 0)) \
        + memory(0x1000, struct.pack("<HHH", 0, 1, 0)) + SERVE + write_register(STATUS, 0)
    yield "outside", 0, start(8) + split(0, [(DATA, 16, 0), (0xfff0, 17, WRITE)]) + SERVE
    yield "indirect", 0, start(8) + split(0, [(DATA, 16, 4)]) + SERVE
    yield "order", 0, start(8) + split(0, [(DATA, 1, WRITE), (DATA, 16, 0)]) + SERVE
    yield "queue-in-queue", 0, start(8) + memory(DATA, header(8, 0)) \
        + split(0, [(DATA, 16, 0), (0x1000, 64, WRITE)]) + SERVE + SERVE


def main():
    folder = pathlib.Path(__file__).parent / "corpus" / "virtio"
    folder.mkdir(parents=True, exist_ok=True)
    for name, device, data in inputs():
        (folder / name).write_bytes(bytes([device]) + data)


if __name__ == "__main__":
    main()
