#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# probe --imds against metadata services of our own, in a network namespace that has nothing else.
source "$(dirname "$0")/lib.sh"

namespace=(unshare -n -m)
[[ $(id -u) -eq 0 ]] || namespace=(unshare -r -n -m)
"${namespace[@]}" true 2>/dev/null || {
    echo "skipped: network namespaces are not permitted"
    exit 4
}

# As root of its own namespaces: the service runs while nestmark asks. Everything ends with the namespace's shell.
cat >inside <<'I'
set -u
mode=$1
shift
rm -f ready asked
/usr/bin/python3 "$SOURCE/tests/cli/imds_service.py" "$mode" &
service=$!
for _ in $(seq 100); do
    [[ -e ready ]] && break
    sleep 0.1
done
start=$(date +%s%N)
"$@"
code=$?
echo $((($(date +%s%N) - start) / 1000000)) >took
kill "$service"
wait "$service" 2>/dev/null
exit $code
I
export SOURCE

# asks MODE [ARGUMENT…]: probe with the service of that kind; the time it took, in ms, is in ./took.
asks() {
    local mode=$1
    shift
    expect 0 "${namespace[@]}" bash "$work/inside" "$mode" "$NESTMARK" probe --no-guest "$@"
    ! grep -q 123456789012 out || fail "$mode: an account is shown"
}

finds() {
    local id=$1 value=$2
    grep -qE "^$id +NOTE +$value " out || fail "$mode: no $id $value: $(grep "^platform.imds" out)"
}

unknown() {
    grep -qE "^platform.imds +UNKNOWN .*$1" out || fail "$mode: not unknown because of $1: $(grep "^platform.imds" out)"
    ! grep -qE "^platform.imds.[a-z]" out || fail "$mode: values of an answer that was refused"
}

mode=good
asks good --imds=ec2
finds platform.imds ec2
finds platform.imds.instance_type m8i.xlarge
finds platform.imds.location eu-central-1
[[ $(head -n 1 asked) == "PUT /latest/api/token HTTP/1.1" ]] || fail "no token was asked for first"
! grep -q -e identity -e account asked || fail "something that identifies was asked for"
asks good --imds=gce
finds platform.imds.instance_type n2-standard-4
finds platform.imds.location europe-west3-a
finds platform.imds.cpu_platform "Intel Ice Lake"
asks good --imds=azure
finds platform.imds.instance_type Standard_D4s_v5
finds platform.imds.location westeurope

# Proxies and their exceptions are for other addresses.
expect 0 env http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9 \
    "${namespace[@]}" bash "$work/inside" good "$NESTMARK" probe --no-guest --imds=ec2
finds platform.imds.instance_type m8i.xlarge

# Nothing is asked without the option.
asks good
! grep -q "^platform.imds" out || fail "asked without --imds"
[[ ! -e asked ]] || fail "the service was asked without --imds"

# One second in all, whether one answer hangs, drips, or each comes late.
for mode in hang endless slow; do
    asks "$mode" --imds=ec2
    unknown "no answer within 1 s"
    [[ $(cat took) -lt 2000 ]] || fail "$mode: took $(cat took) ms"
done

declare -A refused=([redirect]="redirection" [giant]="8 KiB" [escape]="not what such a service gives"
    [nul]="not what such a service gives" [account]="not what such a service gives"
    [empty]="not what such a service gives" [token]="not what such a service gives" [garbage]="HTTP failed")
for mode in "${!refused[@]}"; do
    asks "$mode" --imds=ec2
    unknown "${refused[$mode]}"
    [[ $mode != redirect ]] || ! grep -q /other asked || fail "a redirection was followed"
done

# A namespace without any interface, and a system without libcurl.
expect 0 "${namespace[@]}" "$NESTMARK" probe --no-guest --imds=gce
mode=unreachable
unknown "unreachable"
cat >hide <<'I'
/sbin/ldconfig -p | sed -n 's/.*libcurl\.so\.4 .*=> //p' | while read -r library; do
    mount --bind /dev/null "$(readlink -f "$library")" || exit 1
done
exec "$@"
I
mode=without
expect 0 "${namespace[@]}" bash "$work/hide" "$NESTMARK" probe --no-guest --imds=ec2
unknown "libcurl.so.4 is not there"
expect 0 "${namespace[@]}" bash "$work/hide" "$NESTMARK" probe --no-guest

expect 2 "$NESTMARK" probe --imds=nimbus
says err "expected ec2, gce or azure"
done_testing
