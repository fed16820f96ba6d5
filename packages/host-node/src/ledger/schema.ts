/** The ledger's tables, in the SQL that SQLite and PostgreSQL share. */

export const SCHEMA_VERSION = 1;

/** `ledger` has one row. */
export const SCHEMA = `
CREATE TABLE ledger (id TEXT NOT NULL, collections BIGINT NOT NULL);
CREATE TABLE guest (
  name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, since BIGINT NOT NULL,
  owner TEXT, epoch BIGINT NOT NULL, lease_until BIGINT, generation BIGINT NOT NULL, memory_bytes BIGINT NOT NULL, store TEXT,
  wake_at BIGINT, wake_sources TEXT NOT NULL, last_sleep TEXT, last_wake TEXT, origin TEXT, peer TEXT, handover TEXT
);
CREATE INDEX guest_due ON guest (wake_at) WHERE state = 'parked' AND wake_at IS NOT NULL;
CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY, guest TEXT NOT NULL REFERENCES guest (id) ON DELETE CASCADE, kind TEXT NOT NULL, detail TEXT NOT NULL, at BIGINT NOT NULL
);
CREATE INDEX inbox_guest ON inbox (guest);
CREATE TABLE generation (
  guest TEXT NOT NULL REFERENCES guest (id) ON DELETE CASCADE, generation BIGINT NOT NULL, manifest TEXT NOT NULL, root TEXT NOT NULL,
  epoch BIGINT NOT NULL, store TEXT NOT NULL, stored_at BIGINT NOT NULL, new_bytes BIGINT NOT NULL, stored_bytes BIGINT NOT NULL,
  wake_at BIGINT, wake_sources TEXT NOT NULL, PRIMARY KEY (guest, generation)
);
`;
