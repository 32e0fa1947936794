# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Files out of tar archives, and initramfs archives."""
import os
import shutil
import stat


def extract(archive, target, wanted=lambda name: True):
    """Puts the regular files of an open tar archive below the folder target; names never lead out of it."""
    for member in archive:
        name = os.path.normpath(member.name)
        if not member.isfile() or name.startswith(("/", "..")) or not wanted(name):
            continue
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.extractfile(member) as packed, open(path, "wb") as file:
            shutil.copyfileobj(packed, file)


class Initramfs:
    """An initramfs in the making (newc format; every file belongs to root)."""

    def __init__(self):
        self.names = set()
        self.parts = []

    def _add(self, name, mode, data):
        self.names.add(name)
        fields = [len(self.parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        self.parts.append(header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4))

    def folder(self, name):
        if name and name not in self.names:
            self.folder(os.path.dirname(name))
            self._add(name, stat.S_IFDIR | 0o755, b"")

    def file(self, name, data, mode=0o644):
        name = name.lstrip("/")
        if name not in self.names:
            self.folder(os.path.dirname(name))
            self._add(name, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)

    def copy(self, source, name, mode=0o755):
        with open(source, "rb") as file:
            self.file(name, file.read(), mode)

    def write(self, path):
        self._add("TRAILER!!!", 0, b"")
        with open(path, "wb") as file:
            file.writelines(self.parts)
