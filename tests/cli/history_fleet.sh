#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# 200 hosts of three classes, 30 nights, and a step of 5 % on one class: found in its night, and nothing else.
source "$(dirname "$0")/lib.sh"

hosts=200
[[ ${SANITIZED:-OFF} == ON ]] && hosts=60
"$NESTMARK" run -q --profile quick --context native floor.loop -o json:template.json >/dev/null
/usr/bin/python3 "$SOURCE/tests/cli/fleet.py" template.json fleet --hosts $hosts --nights 30 --operations 2 --noise 0.8
expect 0 "$NESTMARK" history import --database h.db fleet
says out "imported $((hosts * 30)), already there 0, refused 0"
expect 0 "$NESTMARK" history trend --database h.db -J
/usr/bin/python3 - $hosts <<'PY' || fail "not what was put there"
import json
import sys

trend = json.load(open("out"))
stepped = [host for host in range(int(sys.argv[1])) if host % 3 == 1]
found = {one["host"]: one for one in trend["series"]}
right = [one for one in found.values() if one["changes"][0]["started"].startswith("2026-01-21")]
print(f"{len(found)} of {len(stepped)} hosts, {len(right)} in the right night, {trend['changes']} changes in "
      f"{trend['series_count']} series")
assert sorted(found) == [f"web{host:03}" for host in stepped]
assert trend["changes"] == len(stepped) and trend["family"] >= trend["series_count"]
assert all(one["measurement"] == "fleet.op00/native" for one in found.values())
# A night that happens to lie between the levels may fall to the other side.
assert len(right) >= 0.95 * len(stepped)
assert all("2026-01-20" <= one["changes"][0]["started"][:10] <= "2026-01-22" for one in found.values())
assert all(one["changes"][0]["step"]["lo"] < 1.055 and one["changes"][0]["step"]["hi"] > 1.045 for one in found.values())
PY

# Night by night: nothing before the step, suspicions in its night, pages in the second.
expect 0 "$NESTMARK" history check --database h.db --night 2026-01-19
expect 0 "$NESTMARK" history check --database h.db --night 2026-01-20
expect 0 "$NESTMARK" history check --database h.db --night 2026-01-21 -J
/usr/bin/python3 -c 'import json, sys
night = json.load(open("out"))["night"]
stepped = [line for line in night["suspects"] if "fleet.op00" in line]
assert len(stepped) >= 0.9 * (int(sys.argv[1]) // 3), len(stepped)' $hosts || fail "too few suspicions"
expect 1 "$NESTMARK" history check --database h.db --night 2026-01-22 -J
/usr/bin/python3 -c 'import json, sys
night = json.load(open("out"))["night"]
print(len(night["regressions"]), "pages in the second night")
assert all("fleet.op00" in line and int(line[3:6]) % 3 == 1 for line in night["regressions"]), night["regressions"]
assert len(night["regressions"]) >= 0.9 * (int(sys.argv[1]) // 3)' $hosts || fail "the second night"
done_testing
