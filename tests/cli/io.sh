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

# Killed, it is gone as well.
"$NESTMARK" run io.blk.read.4k.threads --context native --rounds 1000 --io-path place --io-size 2M -q -o json:killed.json &
pid=$!
for ((i = 0; i < 100; i++)); do
    [[ -s killed.json.journal ]] && break
    sleep 0.1
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null
[[ -z $(ls -A place) ]] || fail "left behind by a killed run: $(ls -A place)"

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
