#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Documents from strangers: one line that names the file and the place, exit code 2, never a crash.
source "$(dirname "$0")/lib.sh"

measures "$NESTMARK" run floor.syscall --rounds 3 --samples 50 -q -o json:good.json

refused() {
    local file=$1
    shift
    expect 2 "$NESTMARK" report "$file"
    one_line_error err
    says err "$file: " "$@"
    [[ -s out ]] && fail "$file: something was printed"
}

for size in 0 1 100 5000 "$(($(stat -c %s good.json) - 2))"; do
    head -c "$size" good.json >truncated.json
    refused truncated.json "line " "column "
done
sed 's|nestmark/run/1|nestmark/run/2|' good.json >newer.json
refused newer.json "nestmark/run/2" "not known here"
sed 's|nestmark/run/1|someone/else/1|' good.json >foreign.json
refused foreign.json "is not a run document"
truncate -s 1G huge.json
refused huge.json "1073741824 bytes"
/usr/bin/python3 -c 'print("[" * 100000)' >deep.json
refused deep.json "line 1, column 33: nested too deeply"
echo "not json at all" >text.json
refused text.json "line 1"
: >empty.json
refused empty.json "line 1"
printf '\x7fELF\x00\x01' >binary.json
refused binary.json "line 1"
echo '{"a": 1}' >object.json
refused object.json "not a nestmark document"
mkdir folder.json
refused folder.json "folder"
refused absent.json "No such file"
sed 's|"seed": [0-9]*|"seed": -5|' good.json >negative.json
refused negative.json "run: seed: expected an integer that is not negative"
sed 's|"seed": [0-9]*|"seed": NaN|' good.json >nan.json
refused nan.json "line"
sed 's|"seed": [0-9]*|"seed": 99999999999999999999999|' good.json >long.json
refused long.json "beyond 64 bits"
sed 's|"p50":|"p5x":|' good.json >key.json
refused key.json "p50: missing"
sed 's|"seed":|"uuid": "x", "seed":|' good.json >twice.json
refused twice.json "duplicate keys"
sed -E 's|"uuid": "[^"]*"|"uuid": "../../../../tmp/x"|' good.json >path.json
refused path.json "uuid"

# Strings that a terminal or a Markdown reader would obey.
sed -E 's#"brand": "[^"]*"#"brand": "\\u001b[31mred | `x` <b>\\u0007\\u009b1m"#' good.json >escape.json
expect 0 "$NESTMARK" report escape.json
grep -q $'\e' out && fail "an escape character reached the terminal"
grep -q $'\a' out && fail "a bell reached the terminal"
grep -q $'\xc2\x9b' out && fail "a C1 character reached the terminal"
expect 0 "$NESTMARK" report -o md:- escape.json
says out 'red \| \`x\` \<b\>'
done_testing
