#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Every format of a run document, read by strict readers of it.
source "$(dirname "$0")/lib.sh"

measures "$NESTMARK" run floor.loop floor.syscall exit.cpuid --rounds 3 --samples 50 -q -o json:run.json
measured=$(/usr/bin/python3 -c 'import json
print(sum(m["state"] in ("ok", "noisy") for m in json.load(open("run.json"))["measurements"]))')
[[ $measured -gt 0 ]] || fail "nothing was measured"

formats=(csv junit ktap github summary github-benchmark github-benchmark-bigger bencher prometheus plain)
for format in "${formats[@]}"; do
    expect 0 "$NESTMARK" report -o "$format:-" run.json
    [[ -s out ]] || fail "$format: nothing was printed"
    cp out "$format.out"
    /usr/bin/python3 "$SOURCE/tests/cli/formats.py" "$format" "$format.out" || fail "$format is not what it should be"
    expect 0 "$NESTMARK" report -o "$format:again" run.json
    cmp -s again "$format.out" || fail "$format: another time it is another file"
done
xmllint --noout junit.out || fail "xmllint refuses the JUnit file"

expect 0 "$NESTMARK" report -o html:page.html run.json
/usr/bin/python3 "$SOURCE/tests/cli/html.py" page.html || fail "the page is not what it should be"
says page.html "<figure>" "What is fit to move" "Firecracker"
expect 0 "$NESTMARK" report -o html:again run.json
cmp -s again page.html || fail "html: another time it is another file"
PATH=/nowhere expect 0 "$NESTMARK" report -o html:tables.html run.json
/usr/bin/python3 "$SOURCE/tests/cli/html.py" tables.html || fail "without gnuplot the page is not what it should be"
says tables.html "there is no gnuplot on PATH"

# The readers refuse what they should.
refuses() {
    /usr/bin/python3 "$SOURCE/tests/cli/formats.py" "$1" "$2" 2>/dev/null && fail "the reader of $1 takes $3"
}
sed '2s/,/,=1+1,/' csv.out >bad
refuses csv bad "a formula"
sed 's/ tests="/ tests="1/' junit.out >bad
refuses junit bad "a wrong count"
sed '$s/pass:/pass:1/' ktap.out >bad
refuses ktap bad "a wrong total"
sed 's/^\(nestmark_run_complete .*\)/\1 1767579429/' prometheus.out >bad
refuses prometheus bad "a timestamp"
cat prometheus.out prometheus.out >bad
refuses prometheus bad "a series that is there twice"

for bad in 's|<h1>|<h1 onclick="x">|' 's|</main>|<script>x</script></main>|' 's|<h3>|<h4>|; s|</h3>|</h4>|' \
    's|href="#charts"|href="http://x"|' 's|--ink: #1a1f26|--ink: #aaaaaa|' 's|<caption>[^<]*</caption>||'; do
    sed "$bad" page.html >bad
    /usr/bin/python3 "$SOURCE/tests/cli/html.py" bad 2>/dev/null && fail "the reader of pages takes $bad"
done

# The same figures everywhere.
floor=$(awk '/^nestmark: floor.loop native floor / { print $5 }' plain.out)
[[ -n $floor ]] || fail "floor.loop has no quiet floor: $(cat plain.out)"
grep -q ",floor.loop,.*,$floor," csv.out || fail "csv lacks $floor"
awk -v floor="$floor" '/op="floor.loop",context="native".*stat="floor"/ { ok = ($2 / floor > 0.999e-9 && $2 / floor < 1.001e-9) }
    END { exit !ok }' prometheus.out || fail "prometheus lacks $floor in seconds"
/usr/bin/python3 - "$floor" <<'P' || fail "bencher lacks $floor"
import json
import sys
assert json.load(open("bencher.out"))["floor.loop/native"]["latency-floor"]["value"] == float(sys.argv[1])
P

# Into a folder, each under its own name.
mkdir folder
outputs=()
for format in "${formats[@]}"; do outputs+=(-o "$format:folder/"); done
expect 0 "$NESTMARK" report run.json "${outputs[@]}"
[[ $(find folder -type f | wc -l) -eq ${#formats[@]} ]] || fail "folder: $(ls folder)"
expect 2 "$NESTMARK" report -o csw:- run.json
says err "unknown format"
done_testing
