# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = docker-desktop
title = Docker Desktop on Linux
as_of = 2026-09
source = https://github.com/docker/docs content/manuals/desktop/setup/install/linux/_index.md
proof = none
unknown = QEMU 5.2 or newer, systemd, a desktop such as GNOME: not looked for
unknown = which CPU features it needs: not published

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = docker docs desktop/setup/install/linux

# 4 GB, of which firmware and kernel keep some.
[requirement]
label = 4 GB of memory
finding = memory.total
at_least = 3700000000
level = hard
remedy = give this machine more memory
source = docker docs desktop/setup/install/linux

[requirement]
label = a guest runs, and its work is right
finding = guest.canary
level = hard
source = Docker Desktop runs its engine in a guest
