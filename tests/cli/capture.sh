#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# What is captured here is found again from the capture, without anything that identifies this machine.
source "$(dirname "$0")/lib.sh"

findings() {
    /usr/bin/python3 - "$1" <<'P'
import json, sys
for f in json.load(open(sys.argv[1]))["findings"]:
    print(f)
P
}

expect 0 "$NESTMARK" capture -o machine.tar.zst --note "a note"
says err "machine.tar.zst: " "without what identifies this machine"
[[ ! -s out ]] || fail "capture printed something"
expect 0 "$NESTMARK" probe --root machine.tar.zst
says out "replay: a note" "nesting: "
expect 0 "$NESTMARK" probe --root machine.tar.zst -J
/usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/probe.schema.json" out || fail "invalid replay"
grep -q '"source": "replay"' out || fail "a replay does not say that it is one"
findings out >replayed

# The same program on the live machine: what does not change by itself is the same.
expect 0 "$NESTMARK" probe -J
/usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/probe.schema.json" out || fail "invalid probe"
findings out >live
# Which clocks and guests had their turn depends on how busy the machine is.
cut -d, -f1 live | grep -vE "'(time|guest)\." >live.ids
cut -d, -f1 replayed | grep -vE "'(time|guest)\." >replayed.ids
cmp live.ids replayed.ids || fail "a replay has other findings than the machine"
changed=$(grep -vxFf live replayed | grep -vE "'id': '(time|memory|guest|verdict)" | cut -c1-200)
[[ -z $changed ]] || fail "replayed otherwise: $changed"

# Unpacked it says the same, and nothing is asked of this machine.
mkdir folder
tar -xf machine.tar.zst -C folder
/usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/capture.schema.json" folder/nestmark/capture.json || fail "invalid capture.json"
expect 0 "$NESTMARK" probe --root folder -J
findings out | cmp - replayed || fail "the folder says otherwise than the archive"
expect 0 "$NESTMARK" probe --root machine.tar.zst -J --kvm-device /no/such
findings out | cmp - replayed || fail "a replay looks at this machine"

# What identifies this machine is nowhere in it.
host=$(hostname)
for secret in /sys/class/dmi/id/product_uuid /sys/class/dmi/id/product_serial /sys/class/net/*/address; do
    [[ -r $secret ]] || continue
    value=$(<"$secret")
    [[ ${#value} -lt 8 || $value == 00:00:00:00:00:00 ]] && continue
    grep -rqF -- "$value" folder && fail "the value of $secret is in the capture"
done
[[ ${#host} -lt 4 ]] || ! grep -rqw -- "$host" folder/proc/cmdline 2>/dev/null || fail "the host's name is in the capture"

# Refused: one line, the file, exit code 2.
for case in "no/such.tar.zst" "empty" "text" "cut.tar.zst"; do
    : >empty
    echo "hello" >text
    head -c 500 machine.tar.zst >cut.tar.zst
    expect 2 "$NESTMARK" probe --root "$case"
    one_line_error err
    says err "$case"
done
expect 2 "$NESTMARK" probe --root machine.tar.zst --prove-linux
expect 2 "$NESTMARK" probe 'no.such.*'
says err "no.such.*: matches no finding"
expect 2 "$NESTMARK" capture something
expect 3 "$NESTMARK" capture --no-guest -o /no/such/folder/x
one_line_error err
expect 3 "$NESTMARK" capture --no-guest -o /dev/full
[[ $(find . -name '*.tar.zst*' | wc -l) -eq 2 ]] || fail "something is left behind: $(ls)"

# By name and all.
expect 0 "$NESTMARK" probe --root machine.tar.zst 'cpu.*' kernel.release
grep -qE '^(kvm|memory)\.' out && fail "other findings than those named"
says out cpu.brand kernel.release
expect 0 "$NESTMARK" probe --root machine.tar.zst --all
[[ $(grep -c '^[a-z_]*\.' out) -eq $(wc -l <replayed) ]] || fail "--all does not show all"
done_testing
