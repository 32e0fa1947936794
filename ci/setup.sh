#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing to build (setup.sh build), to test (setup.sh test), or to look at pages (setup.sh browser). Uses
# sudo only when not root, and no network when everything is there.
set -euo pipefail

build_packages=(gcc libc6-dev cmake ninja-build pkg-config binutils
    libcpuid-dev libhwloc-dev libjson-c-dev libsmartcols-dev liblzma-dev libzstd-dev libarchive-dev
    libcurl4-openssl-dev liburing-dev libsqlite3-dev libmd-dev gnuplot-nox)
test_packages=(clang clang-format clang-tidy libclang-rt-14-dev libcriterion-dev python3 python3-jsonschema
    shellcheck codespell flake8 reuse git util-linux mount procps locales
    qemu-system-x86 bochs bochsbios vgabios busybox-static libxml2-utils
    python3-scipy r-base-core ministat
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
    cpuid virt-what libvirt-clients cpu-checker systemd python3-numpy sqlite3 time)

case "${1:-}" in
build) packages=("${build_packages[@]}") ;;
test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
browser) packages=(chromium gnuplot-nox python3) ;;
*)
    echo "usage: ci/setup.sh build|test|browser" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "setup: not a Debian system: provide these yourself: ${packages[*]}" >&2
    exit 0
fi

list_missing() {
    local package
    for package in "${packages[@]}"; do
        [[ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" == "install ok installed" ]] || echo "$package"
    done
}

mapfile -t missing < <(list_missing)
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || {
        echo "setup: neither root nor sudo; ask for these packages: ${missing[*]}" >&2
        exit 3
    }
    as_root=(sudo)
fi

echo "setup: installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
if ! "${install[@]}" "${missing[@]}" >"$log" 2>&1; then
    # The package lists may be old, or were never fetched.
    "${as_root[@]}" apt-get update -q >>"$log" 2>&1 || true
    "${install[@]}" "${missing[@]}" >>"$log" 2>&1 || true
fi

mapfile -t missing < <(list_missing)
if [[ ${#missing[@]} -ne 0 ]]; then
    tail -n 5 "$log" >&2
    echo "setup: could not be had: ${missing[*]}" >&2
    exit 3
fi
