#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Folders that cannot be written to, a disk that is full from the beginning or fills up, and a limit on file size.
source "$(dirname "$0")/lib.sh"

expect 2 "$NESTMARK" run floor.syscall -o json:absent/run.json
says err "absent/run.json: No such file or directory"
one_line_error err
expect 2 "$NESTMARK" run floor.syscall -o json:run.json -o md:absent/report.md
says err "absent/report.md"
[[ ! -e run.json && ! -e run.json.journal ]] || fail "left behind: $(ls -A)"

if [[ $(id -u) -eq 0 ]]; then
    chmod 711 "$work"
    mkdir closed
    cp "$NESTMARK" nestmark
    expect 2 setpriv --reuid 65534 --regid 65534 --clear-groups ./nestmark run floor.syscall -o json:closed/run.json
    says err "closed/run.json: Permission denied"
fi

# A disk of 256 KiB in a mount namespace of its own: too small from the beginning, then one that fills up.
small_disk() {
    local size=$1 script=$2
    mkdir -p disk
    unshare --mount --map-root-user sh -c "mount -t tmpfs -o size=$size none disk && $script" >out 2>err
}
if unshare --mount --map-root-user true 2>/dev/null; then
    code=0
    small_disk 256k "'$NESTMARK' run floor.syscall -o json:disk/run.json; code=\$?; ls -A disk; exit \$code" || code=$?
    [[ $code -eq 2 ]] || fail "a disk that is too small ended with $code"
    says err "disk/run.json: cannot reserve" "No space left on device" "free some space"
    [[ ! -s out ]] || fail "left on the small disk: $(cat out)"

    # Reports have no reservation: the document is kept, the report is reported.
    code=0
    small_disk 2m "'$NESTMARK' run floor.syscall --rounds 300 --samples 100 -o json:disk/run.json -o md:disk/report.md &
        pid=\$!; for i in \$(seq 500); do [ -s disk/run.json.journal ] && break; sleep 0.01; done
        dd if=/dev/zero of=disk/filler bs=4k 2>/dev/null; wait \$pid; code=\$?
        cp disk/run.json full.json; ls -A disk; exit \$code" || code=$?
    [[ -s full.json ]] && valid full.json || fail "no document on a disk that filled up: $(cat err)"
    grep -q journal out && fail "a journal was left: $(cat out)"
else
    fail "no mount namespace to try a full disk in"
fi

# Writing fails in the middle: the run ends, says so, and what was measured is safe.
code=0
(
    ulimit -f 140
    "$NESTMARK" run floor.syscall floor.loop --rounds 400 --samples 50 -q -o json:limited.json >out 2>err
) || code=$?
[[ $code -eq 3 ]] || fail "a file size limit ended with $code: $(cat err)"
says err "File too large" "every finished round is safe in limited.json.journal"
[[ $(wc -l <limited.json.journal) -gt 20 && ! -e limited.json ]] || fail "nothing is safe: $(ls -lA)"
measures "$NESTMARK" run --resume limited.json
valid limited.json
[[ ! -e limited.json.journal ]] || fail "the journal is still there"

# One file for two things, folders, and what is no file at all.
few=(floor.syscall --rounds 3 --samples 50 -q)
expect 2 "$NESTMARK" run "${few[@]}" -o json:same -o md:same
says err "-o md:same: is the run document itself"
expect 2 "$NESTMARK" run "${few[@]}" -o json:run.json -o md:same -o text:same
says err "-o text:same: named twice"
measures "$NESTMARK" run "${few[@]}" -o json:one.json
cp one.json copy.json
expect 2 "$NESTMARK" report one.json -o md:one.json
says err "is the run document itself"
ln -s one.json link.json
expect 2 "$NESTMARK" report one.json -o md:link.json
cmp -s one.json copy.json || fail "a report replaced its document"
mkdir folder
expect 2 "$NESTMARK" run "${few[@]}" -o json:folder
says err "folder: is a folder" "end it with /"
measures "$NESTMARK" run "${few[@]}" -o json:null.json -o text:/dev/null -o md:/dev/null
[[ -c /dev/null ]] || fail "/dev/null was replaced"
mkfifo pipe
cat pipe >piped &
measures "$NESTMARK" run "${few[@]}" -o json:piped.json -o md:pipe
wait
says piped "# nestmark report"
[[ -p pipe ]] || fail "a pipe was replaced"

# An environment that a caller left odd: SIGCHLD ignored, one CPU only.
measures /usr/bin/python3 -c '
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$NESTMARK" run "${few[@]}" -o json:chld.json
grep -q '"state": "failed"' chld.json && fail "children of a caller that ignores SIGCHLD were lost"
measures taskset -c 0 "$NESTMARK" run "${few[@]}" -o json:one-cpu.json
says one-cpu.json '"vcpu": 0'
if [[ $(nproc) -gt 1 ]]; then
    expect 2 taskset -c 0 "$NESTMARK" run "${few[@]}" --cpu 1 -o json:other-cpu.json
    says err "CPU 1: this process may not run there"
fi

"$NESTMARK" run floor.syscall --rounds 3 --samples 50 -o json:closed.json >&- 2>err && fail "a closed stdout went unnoticed"
says err "standard output: Bad file descriptor"
valid closed.json
"$NESTMARK" run floor.syscall --rounds 3 --samples 50 -o json:full.json >/dev/full 2>err && fail "a full stdout went unnoticed"
valid full.json
done_testing
