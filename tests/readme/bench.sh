#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# The README's first command in a copy of the tree, with this machine's KVM device and without one.
source "$(dirname "$0")/../cli/lib.sh"
need_kvm

mkdir tree
(cd "$SOURCE" && git ls-files -z | xargs -0 cp --parents -t "$work/tree") || fail "cannot copy the tree"
cd tree || exit 1

code=0
./ci/bench.sh >../out 2>../err || code=$?
[[ $code -eq 0 || $code -eq 3 ]] || fail "bench.sh ended with $code: $(tail -n 5 ../err)"
says ../out "operation" "exit.cpuid" "report.md" "run.json" "report.txt" "exit code $code"
valid reports-out/*/run.json
says "$(echo reports-out/*/report.md)" "| operation |"
[[ $(wc -c <build/release/nestmark) -le 2097152 ]] || fail "the program is larger than 2 MiB"

rm -rf reports-out
measures ./ci/bench.sh --kvm-device /no/such/device
says out "unsupported: needs kvm.device: /no/such/device" "enable nested virtualization" "exit code"
grep -qE '^exit.cpuid *native .* (ok|noisy)$' out || fail "the native side was not measured"
valid reports-out/*/run.json
done_testing
