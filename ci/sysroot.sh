#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
#
# The libraries that a cross build links: sysroot.sh ARCHITECTURE FOLDER. Debian's packages of that architecture, fetched by
# apt with lists and a package database of its own, so that this machine's stay as they are; kept in
# $XDG_CACHE_HOME/nestmark-sysroot, and unpacked into FOLDER. Needs no root, and no network the second time. Exit code 3:
# the packages cannot be had.
set -euo pipefail

packages=(libc6-dev libjson-c-dev libhwloc-dev libsmartcols-dev libarchive-dev libcurl4-openssl-dev
    libsqlite3-dev libmd-dev)
# What these depend on and no build of ours uses: it would bring Perl, Automake and Kerberos.
left_out=(libltdl-dev libnsl-dev rpcsvc-proto)

[[ $# -eq 2 ]] || {
    echo "usage: ci/sysroot.sh ARCHITECTURE FOLDER" >&2
    exit 2
}
architecture=$1
folder=$2
stamp=$folder/.nestmark-sysroot

give_up() {
    echo "sysroot: $*" >&2
    exit 3
}

for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || give_up "$tool: not installed: cross builds take their libraries from Debian's packages"
done
[[ ! -e $folder || -e $stamp ]] || {
    echo "sysroot: $folder: is there and no sysroot of this script" >&2
    exit 2
}
wanted="$architecture ${packages[*]} without ${left_out[*]} of $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)"
cached=${XDG_CACHE_HOME:-${HOME:?}/.cache}/nestmark-sysroot/$architecture-$(sha256sum <<<"$wanted" | head -c 16)
[[ -e $stamp && "$(cat "$stamp")" == "$wanted" ]] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work" "$folder.new" "$cached.new.$$"' EXIT

# Where servers and proxies are is taken over from this machine; its hooks are not.
configure_apt() {
    local name
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/tmp"
    # As root, apt fetches as a user of its own.
    chmod 755 "$work"
    chmod 1777 "$work/tmp"
    for name in "${left_out[@]}"; do
        printf 'Package: %s\nStatus: install ok installed\nMaintainer: none\nArchitecture: %s\nVersion: 999\n' "$name" \
            "$architecture"
        printf 'Description: left out\n\n'
    done >"$work/status"
    {
        apt-config dump | grep '^Acquire::'
        cat <<EOF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
EOF
    } >"$work/apt.conf"
}

fetch() {
    local log=$work/log
    echo "sysroot: fetching packages of $architecture" >&2
    configure_apt
    export APT_CONFIG=$work/apt.conf TMPDIR=$work/tmp
    if ! apt-get update -q >"$log" 2>&1 || ! apt-get install -y -q --download-only "${packages[@]}" >>"$log" 2>&1; then
        grep '^[EW]:' "$log" | head -n 5 >&2
        give_up "packages of $architecture cannot be had: the servers in /etc/apt may not carry them, or cannot be reached"
    fi
    mkdir -p "${cached%/*}"
    mkdir "$cached.new.$$"
    mv "$work"/cache/archives/*.deb "$cached.new.$$"
    # Another run may have been faster.
    mv -T "$cached.new.$$" "$cached" 2>/dev/null || rm -rf "$cached.new.$$"
}

unpack() {
    local package link
    rm -rf "$folder.new"
    mkdir -p "$folder.new"
    for package in "$cached"/*.deb; do
        dpkg-deb -x "$package" "$folder.new"
    done
    # Links from the root would lead to this machine's own libraries.
    find "$folder.new" -type l -lname '/*' | while read -r link; do
        ln -snfr "$folder.new$(readlink "$link")" "$link"
    done
    echo "$wanted" >"$folder.new/.nestmark-sysroot"
    rm -rf "$folder"
    mv "$folder.new" "$folder"
}

[[ -d $cached ]] || fetch
unpack
