#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
#
# What is too long for every change: the emulated machines at length. Nested against bare metal on both of them, the track of
# Debian 12's kernels, every identity, Linux guests of kvm_intel and of a Linux guest; and pages in a browser. Leaves its documents and
# tables in nightly-out/; a track that is there is continued. Arguments are passed on to nestmark run.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/setup.sh test
ci/setup.sh browser
cmake --preset release -DBUILD_TESTING=OFF >&2
cmake --build --preset release >&2

lab=lab/nestmark-lab
out=nightly-out
code=0

step() {
    echo "nightly: $1" >&2
    shift
    "$@" || {
        echo "nightly: ended with $?" >&2
        code=1
    }
}

# On a machine whose times are those of an interpreter, noise (exit code 3) says nothing.
measured() {
    "$@" || [[ $? -eq 3 ]]
}

# track MACHINE FLAVOUR…; KVM of rt kernels refuses the CPU of the svm machine (docs/lab.md).
track() {
    local machine=$1 flavour version kernels=()
    shift
    for version in "" 6.12-; do
        for flavour; do
            kernels+=(--kernel "linux-image-$version${flavour}amd64")
        done
    done
    step "track of kernels on $machine" "$lab" track --machine "$machine" "${kernels[@]}" --mitigations off --mitigations auto \
        --out "$out/track-$machine" -- "${arguments[@]}"
}

arguments=("$@")
track svm "" cloud-
track vmx "" cloud- rt-
step "nested against bare metal" "$lab" compare --machine svm --machine vmx --out "$out/compare" -- "${arguments[@]}"
step "identities" "$lab" svm --level nested --as kvm --as ec2 --as gce --as azure --as vmware --as xen --as metal \
    --out "$out/identities" -- probe
# Not a cloud or rt kernel, which the tracks leave there too.
kernel=$(printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}"/nestmark-lab/linux-image-6.1.0-*/boot/vmlinuz-* | grep -E -- '/vmlinuz-6\.1\.0-[0-9]+-amd64$' |
    sort -V | tail -n 1)
step "Linux guests on vmx, exits by reason" measured "$lab" vmx --time-limit 1200 --file "$kernel" --out "$out/linux-vmx" -- \
    run linux.syscall linux.timer linux.fork-exec --exit-reasons --profile quick --rounds 3 --samples 20 --time-limit 100s -q \
    --kernel "/${kernel##*/}" -o json:run.json -o text:run.txt
step "Linux guests of a Linux guest" measured "$lab" svm --level nested --memory 2048 --file "$kernel" --out "$out/linux-nested" -- \
    run linux.syscall linux.timer linux.fork-exec --context guest --profile quick --rounds 3 --samples 20 --time-limit 100s -q \
    --kernel "/${kernel##*/}" -o json:run.json -o text:run.txt
step "pages in a browser" tests/browser/pages.sh build/release/nestmark
exit "$code"
