#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""What nestmark's own block device adds to what notifications and medium cost, as ratios within one run.

    notify.py build/release/nestmark [OPTION OF RUN…]     runs, keeps notify.json in the current directory
    notify.py ONE.json                                    judges a document

A request of 4 KiB to a device without a medium, one at a time, may cost the doorbell and the completion, each measured
alone, and 15 % more. With 32 under way on a file, where the medium is the limit, a guest must reach 85 % of what the
same requests reach natively; where the guest's CPU is, this is said. Costs are compared by their quiet floors,
throughputs by their intervals. Ends with 1 when one of them is missed, with 3 when one cannot be judged.
"""
import sys

from repeat import measure, read

ALONE = ("io.virtio.kick/guest/cpl3", "io.virtio.completion/guest/cpl0")
ROUND_TRIPS = ("io.blk.null.asleep/guest/cpl0", "io.blk.null/guest/cpl3/depth1")
PATH = "io.blk.null/guest/cpl3/depth32"
ON_FILE = ("io.blk.read.4k", "io.blk.write.4k")
OPERATIONS = ("io.virtio.kick", "io.virtio.completion", "io.blk.null", "io.blk.null.asleep", *ON_FILE)
MOST = 1.15
LEAST = 0.85
REACHED, MISSED, UNKNOWN = 0, 1, 3


def known(measurements, names):
    """Says what has no figures; false when anything has not."""
    lacking = [key for key in names if measurements.get(key, {}).get("state") not in ("ok", "noisy")]
    for key in lacking:
        print(f"{key}: {measurements.get(key, {}).get('reason', 'not measured')}: not judged")
    return not lacking


def verdict(what, reached, limit):
    print(f"{what}, {limit}: {'reached' if reached else 'MISSED'}")
    return REACHED if reached else MISSED


def round_trip(measurements, key):
    if not known(measurements, (key, *ALONE)):
        return UNKNOWN
    whole, *parts = (measurements[k]["summary"]["floor"]["value"] for k in (key, *ALONE))
    ratio = whole / sum(parts)
    return verdict(f"{key}: {whole / 1e3:.1f} µs, kick {parts[0] / 1e3:.1f} and completion {parts[1] / 1e3:.1f} alone: "
                   f"{ratio:.2f} of their sum", ratio <= MOST, f"at most {MOST}")


def throughput(measurements, operation):
    native, guest = f"{operation}/native/depth32", f"{operation}/guest/cpl3/depth32"
    if not known(measurements, (native, guest, PATH)):
        return UNKNOWN
    per_s = {key: measurements[key]["throughput"]["operations_per_s"]["value"] for key in (native, guest, PATH)}
    ratio = measurements[guest]["throughput"]["native_ratio"]
    said = (f"{guest}: {per_s[guest]:.0f} requests/s, natively {per_s[native]:.0f}, without medium {per_s[PATH]:.0f}: "
            f"{ratio['value']:.2f} [{ratio['lo']:.2f}, {ratio['hi']:.2f}] of native")
    if per_s[PATH] < per_s[native]:
        print(f"{said}; the limit is the guest's CPU, which does not offer more")
        return REACHED
    said += "; the limit is the medium"
    if ratio["lo"] < LEAST <= ratio["hi"]:
        print(f"{said}, at least {LEAST}: left open")
        return UNKNOWN
    return verdict(said, ratio["value"] >= LEAST, f"at least {LEAST}")


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    path = arguments[0]
    if not path.endswith(".json"):
        path = "notify.json"
        measure(arguments[0], [*OPERATIONS, *arguments[1:]], path)
    measurements = read(path)
    verdicts = [round_trip(measurements, key) for key in ROUND_TRIPS]
    verdicts += [throughput(measurements, operation) for operation in ON_FILE]
    return MISSED if MISSED in verdicts else max(verdicts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
