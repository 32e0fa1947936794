#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# A Debian kernel in nestmark's own virtual machine: entered by PVH and as a bzImage on the real kvm_amd, and on this machine's
# KVM, where it must either reach user space or say which instruction stopped it.
source "$(dirname "$0")/../cli/lib.sh"

lab=("$SOURCE/lab/nestmark-lab" svm --nestmark "$NESTMARK")
expect 0 "${lab[@]}" -- probe --no-guest
package=$(sed -n 's/.*booting \(linux-image-[^ ]*\) .*/\1/p' err | head -n 1)
kernel=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}/nestmark-lab/$package"/boot/vmlinuz-*)
[[ -s $kernel ]] || fail "no kernel of $package"
version=${kernel##*/vmlinuz-}

# proven VALUE PATTERN…: the finding guest.linux of the last probe; patterns of the evidence where it failed.
proven() {
    /usr/bin/python3 - "$@" <<'P' || fail "guest.linux is not $1"
import json, re, sys
finding = {f["id"]: f for f in json.load(open("out"))["findings"]}["guest.linux"]
print(finding["evidence"])
assert str(finding["value"]) in sys.argv[1].split("|"), finding
assert finding["value"] is True or all(re.search(p, finding["evidence"]) for p in sys.argv[2:]), finding
P
}

expect 0 "${lab[@]}" --file "$kernel" -- probe -J --prove-linux "/vmlinuz-$version"
proven True
grep -q "Linux $version reached user space" out || fail "not that kernel: $(grep guest.linux out)"

# The image as it is unpacks itself in the guest; without an initramfs it can but panic.
expect 1 "${lab[@]}" --file "$kernel" -- boot --append "console=ttyS0 panic=-1 quiet" "/vmlinuz-$version"
says out "Unable to mount root fs"
says err "asked for a reset"

if [[ -e /dev/kvm ]]; then
    expect 0 "$NESTMARK" probe -J --prove-linux "$kernel" --time-limit 240s
    proven "True|False" "could not emulate an instruction\): [A-Z]" "the console ends: "
fi
done_testing
