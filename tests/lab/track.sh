#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# A track by kernel: its documents, its table and its chart; what is there is not measured again.
source "$(dirname "$0")/../cli/lib.sh"

track=("$SOURCE/lab/nestmark-lab" track --nestmark "$NESTMARK" --out track --kernel linux-image-amd64
    --mitigations off --mitigations auto -- --context guest exit.cpuid exception.de)
measures "${track[@]}"
says track/track.md "| exit.cpuid | cpl0, cpl3 |" "track.svg"
grep -qE '^exit.cpuid +cpl0, cpl3 .*\+[0-9]+ \(\+[0-9.]+ %\)$' out || fail "mitigations cost no instructions: $(cat out)"
grep -qE '^exception.de +cpl0, cpl3 .* =$' out || fail "an exception inside the guest changed: $(cat out)"
says track/track.svg "<svg" "exit.cpuid"
cp out table
expect 0 timeout 10 "${track[@]}"
says err "already there"
cmp -s out table || fail "the table of the same documents differs"

# A document of another call is none of this one.
measures "${track[@]}" exit.hlt
says track/track.md "| exit.hlt |"
done_testing
