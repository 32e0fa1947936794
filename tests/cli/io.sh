#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# The file that I/O is measured on: where the user says, gone in every ending, and never a device by mistake.
source "$(dirname "$0")/lib.sh"

refused() {
    local text=$1
    shift
    expect 2 "$NESTMARK" run io.blk.read.4k -o json:run.json "$@"
    one_line_error err
    says err "$text"
    [[ -z $(find . -mindepth 1 -not -name out -not -name err -not -name a.file) ]] || fail "left behind: $(ls -A)"
}

echo keep >a.file
refused "a.file: is not a folder" --io-path a.file
refused "absent: No such file or directory" --io-path absent
refused "a.file: is not a block device" --io-device a.file --i-know-it-will-be-overwritten
refused "is for --io-device" --io-path . --i-know-it-will-be-overwritten
refused "one of them, once" --io-path . --io-path .
refused "expected a size such as 64M or 1G, from 1MiB to 1TiB" --io-size 64X
refused "from 1MiB to 1TiB" --io-size 1023K
refused "from 1MiB to 1TiB" --io-size 99999999T
[[ $(cat a.file) == keep ]] || fail "a file was overwritten"
device=$(find /dev -maxdepth 1 -type b | head -n 1)
[[ -z $device ]] || refused "add --i-know-it-will-be-overwritten" --io-device "$device"

mkdir place
measures "$NESTMARK" run io.blk.read.4k.threads --context native --rounds 3 --samples 20 --io-path place --io-size 2M \
    -q -o json:run.json
valid run.json
/usr/bin/python3 - <<'P' || fail "what the document says of the file"
import json
d = json.load(open("run.json"))
io = d["run"]["io"]
assert io["bytes"] == 2 << 20 and io["path"] == "place" and io["filesystem"] != "unknown", io
assert d["run"]["plan"]["io_bytes"] == 2 << 20 and d["run"]["plan"]["io_path"] == "place"
assert [m["parameters"]["depth"] for m in d["measurements"]] == [1, 8, 32]
assert all(m["state"] in ("ok", "noisy") and m["series"] == "depth" for m in d["measurements"])
P
[[ -z $(ls -A place) ]] || fail "left behind: $(ls -A place)"

# However it ends, nobody holds it any more and nothing has its name.
begin_run() {
    rm -f ended.json*
    # The shell lets jobs in the background ignore SIGINT.
    env --default-signal=INT "$NESTMARK" run io.blk.read.4k.threads --context native --rounds 1000 --io-path place --io-size 2M -q -o json:ended.json >out 2>err &
    pid=$!
    for ((i = 0; i < 200; i++)); do
        [[ -s ended.json.journal ]] && return
        sleep 0.1
    done
    fail "it did not begin: $(cat err)"
}

holders() {
    find /proc/[0-9]*/fd -lname "$work/place/*" 2>/dev/null
}

assert_gone() {
    # The kernel ends the processes of one that was killed a moment later.
    for ((i = 0; i < 50; i++)); do
        [[ -z $(holders) ]] && break
        sleep 0.1
    done
    [[ -z $(holders) ]] || fail "held after $1: $(holders)"
    [[ -z $(ls -A place) ]] || fail "left behind by $1: $(ls -A place)"
}

begin_run
[[ -n $(holders) ]] || fail "nobody holds the file while it is in use"
for child in $(pgrep -P "$pid"); do
    kill -KILL "$child"
done
kill -0 "$pid" || fail "it ended with a measuring process"
kill -INT "$pid"
wait "$pid"
assert_gone "SIGKILL of a measuring process and SIGINT"
for signal in TERM KILL; do
    begin_run
    kill -"$signal" "$pid"
    wait "$pid" 2>/dev/null
    assert_gone "SIG$signal"
done

# A block device: as much of it as was said, and never one that is in use.
if [[ $(id -u) -eq 0 ]] && truncate -s 4M disk && loop=$(losetup -f --show disk 2>/dev/null); then
    trap 'losetup -d "$loop" 2>/dev/null; rm -rf "$work"' EXIT
    on_device=(run io.blk.read.4k.threads --context native --rounds 3 --samples 20 --io-device "$loop" --i-know-it-will-be-overwritten)
    printf keep | dd of="$loop" bs=1 seek=2M conv=notrunc status=none
    measures "$NESTMARK" "${on_device[@]}" --io-size 2M -q -o json:device.json
    valid device.json
    /usr/bin/python3 -c 'import json, sys
io = json.load(open("device.json"))["run"]["io"]
assert io["path"] == sys.argv[1] and io["filesystem"] == "none" and io["bytes"] == 2 << 20, io' "$loop" || fail "what the document says of the device"
    [[ $(dd if="$loop" bs=1 skip=2M count=4 status=none) == keep ]] || fail "more was overwritten than was said"
    expect 2 "$NESTMARK" "${on_device[@]}" --io-size 5M -o json:large.json
    says err "has 4194304 bytes" "lower --io-size"
    /usr/bin/python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
print(flush=True)
time.sleep(60)' "$loop" >held &
    user=$!
    until [[ -s held ]]; do sleep 0.1; done
    expect 2 "$NESTMARK" "${on_device[@]}" --io-size 2M -o json:busy.json
    says err "$loop: Device or resource busy" "that nobody uses"
    kill "$user"
    wait "$user" 2>/dev/null
    losetup -d "$loop"
    trap 'rm -rf "$work"' EXIT
else
    echo "not tried: block devices, which take root and losetup"
fi

# Nothing but I/O needs it.
measures "$NESTMARK" run floor.syscall --rounds 3 --samples 20 -q -o json:none.json
/usr/bin/python3 -c 'import json; assert json.load(open("none.json"))["run"]["io"] is None' || fail "a file for nothing"

# A place that cannot be had: the user's is an error, the default one makes operations unsupported.
if [[ $(id -u) -eq 0 ]] && mkdir small && mount -t tmpfs -o size=2m none small 2>/dev/null; then
    expect 2 "$NESTMARK" run io.blk.read.4k --io-path small --io-size 64M -o json:run2.json
    one_line_error err
    says err "67108864 bytes in small" "lower --io-size"
    [[ -z $(ls -A small) ]] || fail "left behind: $(ls -A small)"
    umount small
fi
done_testing
