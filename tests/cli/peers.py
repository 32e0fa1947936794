#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""peers.py PROBE.json CAPTURE-FOLDER: compares what probe found with what other tools say of this machine."""
import json
import os
import re
import shutil
import subprocess
import sys

TOOLS = ("lscpu", "cpuid", "virt-what", "systemd-detect-virt", "kvm-ok", "virt-host-validate")
HYPERVISORS = {"kvm": "KVM", "amazon": "KVM", "microsoft": "Hyper-V", "hyperv": "Hyper-V", "vmware": "VMware",
               "xen": "Xen", "qemu": "QEMU TCG"}
UNKNOWN_TO_LSCPU = {"bhyve"}

findings = {}
problems = []
agreed = 0


def path_of(tool):
    return shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def output(*command):
    done = subprocess.run([path_of(command[0]), *command[1:]], capture_output=True, text=True, check=False, timeout=30)
    return done.stdout, done.returncode


def value(name):
    return findings[name]["value"] if name in findings else None


def same(fact, ours, theirs):
    global agreed
    if ours == theirs:
        agreed += 1
    else:
        problems.append(f"{fact}: nestmark says {ours!r}, the other {theirs!r}")


def plain(words):
    """lscpu prints some of the kernel's colons as semicolons and drops others."""
    return re.sub(r"[;:]", "", words)


def compare_lscpu():
    fields = {}

    def collect(rows):
        for row in rows:
            fields[row["field"].rstrip(":")] = row["data"]
            collect(row.get("children", []))
    collect(json.loads(output("lscpu", "-J")[0])["lscpu"])
    evidence = findings["cpu.brand"]["evidence"]
    same("lscpu Architecture", value("cpu.architecture"), fields["Architecture"])
    same("lscpu Model name", value("cpu.kernel_brand") or value("cpu.brand"), fields["Model name"])
    for field, pattern in (("Vendor ID", r"; (\S+) family"), ("CPU family", r"family (\d+)"), ("Model", r"model (\d+)"),
                           ("Stepping", r"stepping (\d+)")):
        same(f"lscpu {field}", re.search(pattern, evidence)[1], fields[field])
    # nestmark counts what this process may use: all that is online, unless a cpuset or taskset takes some away.
    if len(os.sched_getaffinity(0)) == int(fields["CPU(s)"]):
        for ours, field in (("topology.threads", "CPU(s)"), ("topology.packages", "Socket(s)"),
                            ("topology.threads_per_core", "Thread(s) per core"),
                            ("topology.numa_nodes", "NUMA node(s)")):
            same(f"lscpu {field}", str(value(ours)), fields[field])
        same("lscpu cores", value("topology.cores"), int(fields["Core(s) per socket"]) * int(fields["Socket(s)"]))
    flag = {"VT-x": "vmx", "AMD-V": "svm"}.get(fields.get("Virtualization"), "none")
    same("lscpu Virtualization", value("cpu.virtualization"), flag)
    vendor = fields.get("Hypervisor vendor", "none").lower()
    ours = value("platform.hypervisor")
    same("lscpu Hypervisor vendor", "none" if ours in UNKNOWN_TO_LSCPU else ours, HYPERVISORS.get(vendor, vendor))
    for field, text in fields.items():
        if field.startswith("Vulnerability "):
            name = field.removeprefix("Vulnerability ").lower().replace(" ", "_")
            same(f"lscpu {field}", plain(value(f"isolation.vulnerability.{name}") or ""), plain(text))


def leaves(text):
    table = {}
    for line in text.splitlines():
        match = re.match(r"\s+0x([0-9a-f]{8}) 0x([0-9a-f]{2}): eax=0x(\w+) ebx=0x(\w+) ecx=0x(\w+) edx=0x(\w+)", line)
        if match:
            table[match[1], match[2]] = match.groups()[2:]
    return table


def compare_cpuid(folder):
    """Every register of every leaf that both know, but those that say on which CPU, or what CR4 and XCR0 hold now."""
    theirs = leaves(output("cpuid", "-1", "-r")[0])
    with open(f"{folder}/nestmark/cpuid", encoding="ascii") as file:
        ours = leaves(file.read())
    skipped = {"00000001", "0000000b", "0000001f", "0000000d", "8000001e", "80000026"}
    both = [key for key in theirs if key in ours and key[0] not in skipped]
    if len(both) < 20:
        problems.append(f"cpuid: only {len(both)} leaves in common")
    for key in both:
        same(f"cpuid {key[0]} {key[1]}", ours[key], theirs[key])
    for key in theirs:
        if key not in ours and any(int(word, 16) for word in theirs[key]) and key < ("20000000", "00"):
            problems.append(f"cpuid {key[0]}: nestmark has no such leaf")


def compare_virtualization():
    virtual = value("platform.hypervisor")
    said, code = output("systemd-detect-virt", "--vm")
    theirs = said.strip()
    same("systemd-detect-virt --vm", virtual if code == 0 else "none", HYPERVISORS.get(theirs, theirs))
    facts = output("virt-what")[0].split()
    known = [HYPERVISORS[word] for word in facts if word in HYPERVISORS]
    if known:
        same("virt-what", virtual, known[0])
    # Both take /.dockerenv for a container; nestmark wants the PID namespace to be another than the kernel's first.
    container, code = output("systemd-detect-virt", "--container")
    inner = code == 0 and not (container.strip() == "docker" and
                               os.stat("/proc/self/ns/pid").st_ino == 0xEFFFFFFC)
    same("systemd-detect-virt --container", value("platform.container"), inner)


def compare_kvm_ok():
    """kvm-ok looks for vmx or svm and for the node; a KVM that needs neither works all the same, as a guest proves."""
    usable = output("kvm-ok")[1] == 0
    hardware = value("cpu.virtualization") in ("vmx", "svm")
    if hardware:
        same("kvm-ok", findings["kvm.device"]["status"] == "pass", usable)
    else:
        same("kvm-ok without vmx or svm", False, usable)


def compare_host_validate():
    lines = {}
    for line in output("virt-host-validate", "qemu")[0].splitlines():
        match = re.match(r"\s*QEMU: Checking (?:for|if) (.+?)\s+: (\w+)", line)
        if match:
            lines[match[1]] = match[2]
    same("virt-host-validate: hardware virtualization", value("cpu.virtualization") in ("vmx", "svm"),
         lines["hardware virtualization"] == "PASS")
    for what, finding in (("device /dev/vhost-net exists", "device.vhost_net"),
                          ("device /dev/net/tun exists", "device.tun")):
        # They look for the node, nestmark for the driver behind it.
        if findings[finding]["status"] == "pass" or not os.path.exists("/" + what.split("/", 1)[1].split()[0]):
            same(f"virt-host-validate: {what}", findings[finding]["status"] == "pass", lines[what] == "PASS")
    controllers = str(value("privilege.cgroup_controllers")).split()
    for name in ("cpu", "cpuset", "memory"):
        same(f"virt-host-validate: cgroup {name}", name in controllers,
             lines[f"cgroup '{name}' controller support"] == "PASS")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        findings.update((finding["id"], finding) for finding in json.load(file)["findings"])
    missing = [tool for tool in TOOLS if not path_of(tool)]
    if missing:
        sys.exit(f"not installed: {' '.join(missing)}")
    compare_lscpu()
    compare_cpuid(sys.argv[2])
    compare_virtualization()
    compare_kvm_ok()
    compare_host_validate()
    print(f"{agreed} facts agree")
    print("\n".join(problems))
    sys.exit(1 if problems or agreed < 40 else 0)


main()
