-- SPDX-FileCopyrightText: 2026 The nestmark authors
-- SPDX-License-Identifier: Apache-2.0
-- The history database, a cache of run documents. Another form of it gets another PRAGMA user_version (store.c).
CREATE TABLE machine (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    key TEXT NOT NULL, -- machine_key.h
    UNIQUE (host, key)
) STRICT;
-- What runs have in common besides their measurements, as a run document without any.
CREATE TABLE environment (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    facts TEXT NOT NULL
) STRICT;
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL, -- of the document
    machine INTEGER NOT NULL REFERENCES machine (id),
    environment INTEGER NOT NULL REFERENCES environment (id),
    started TEXT NOT NULL, -- RFC 3339, UTC
    night TEXT NOT NULL, -- its date
    state TEXT NOT NULL,
    reason TEXT,
    clock TEXT NOT NULL,
    profile TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    kernel TEXT,
    supersedes TEXT,
    path TEXT NOT NULL -- where it was imported from
) STRICT;
CREATE INDEX run_of_machine ON run (machine, started);
CREATE INDEX run_of_night ON run (night, machine);
CREATE INDEX run_superseded ON run (supersedes) WHERE supersedes IS NOT NULL;
CREATE TABLE measurement (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL, -- operation, context and parameters
    operation TEXT NOT NULL,
    version INTEGER NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (name, version, unit)
) STRICT;
CREATE TABLE value (
    run INTEGER NOT NULL REFERENCES run (id),
    measurement INTEGER NOT NULL REFERENCES measurement (id),
    state TEXT NOT NULL,
    reason TEXT,
    rounds INTEGER NOT NULL, -- usable ones
    floor REAL, floor_lo REAL, floor_hi REAL,
    p50 REAL, p50_lo REAL, p50_hi REAL,
    p99 REAL, p99_lo REAL, p99_hi REAL,
    PRIMARY KEY (run, measurement)
) STRICT, WITHOUT ROWID;
-- Runs that no later document of the same host finishes or corrects.
CREATE VIEW current_run AS
    SELECT * FROM run WHERE NOT EXISTS (
        SELECT 1 FROM run AS later
        JOIN machine AS theirs ON theirs.id = later.machine
        JOIN machine AS ours ON ours.id = run.machine
        WHERE later.supersedes = run.uuid AND later.uuid <> run.uuid AND theirs.host = ours.host);
