#!/bin/sh
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Stands for Firecracker in the lab: it boots in QEMU what the configuration names, in the same way: a kernel that is not packed,
# on a machine that the kernel can restart by its keyboard controller only.
[ "$1 $2 $3 $4" = "--no-api --level Error --config-file" ] || exit 9
# json-c writes a slash as \/.
config=$(sed 's,\\/,/,g' "$5")

text() {
    echo "$config" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"
}

number() {
    echo "$config" | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

exec qemu-system-x86_64 -machine q35,accel=kvm -cpu host -smp "$(number vcpu_count)" -m "$(number mem_size_mib)" -nodefaults \
    -no-user-config -no-reboot -display none -serial stdio -kernel "$(text kernel_image_path)" \
    -initrd "$(text initrd_path)" -append "$(text boot_args)"
