/** The ledger in a SQLite file (node:sqlite): WAL, synchronous=FULL, so that what settled survives a power cut. */
import { HypnosError } from '@hypnos/base';
import type { GenerationRow, GuestChange, GuestGeneration, GuestRow, GuestView, Ledger, Received } from '@hypnos/vmm';
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** Another process writes: wait this long, in milliseconds, before saying so. */
const PATIENCE = 20_000;

type Row = Record<string, SQLOutputValue>;

/** Columns of a guest by the name of the field. */
const GUEST = {
  name: 'name', id: 'id', state: 'state', since: 'since', owner: 'owner', epoch: 'epoch', leaseUntil: 'lease_until', generation: 'generation',
  memoryBytes: 'memory_bytes', store: 'store', wakeAt: 'wake_at', wakeSources: 'wake_sources', lastSleep: 'last_sleep', lastWake: 'last_wake', origin: 'origin',
  peer: 'peer', handover: 'handover',
} as const satisfies Record<keyof GuestRow, string>;
const GENERATION = {
  generation: 'generation', manifest: 'manifest', root: 'root', epoch: 'epoch', store: 'store', storedAt: 'stored_at',
  newBytes: 'new_bytes', storedBytes: 'stored_bytes', wakeAt: 'wake_at', wakeSources: 'wake_sources',
} as const satisfies Record<keyof GenerationRow, string>;

const fromRow = (columns: Readonly<Record<string, string>>, row: Row): Record<string, unknown> =>
  Object.fromEntries(Object.entries(columns).map(([field, column]) => [field, row[column]]));
/** A text that is none of ours was damaged: what would wake the guest is not known then. */
function wakeSources(row: Row): string[] {
  try {
    const sources = JSON.parse(String(row['wake_sources'])) as unknown;
    return Array.isArray(sources) ? sources.map(String) : [];
  } catch {
    return [];
  }
}
const guestOf = (row: Row): GuestRow => ({ ...fromRow(GUEST, row), wakeSources: wakeSources(row) }) as unknown as GuestRow;

const generationOf = (row: Row): GenerationRow => ({ ...fromRow(GENERATION, row), wakeSources: wakeSources(row) }) as unknown as GenerationRow;
/** A field as its column holds it. */
const valueOf = (value: string | number | null | readonly string[]): string | number | null => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value);

const columns = Object.values(GUEST), generationColumns = Object.values(GENERATION);
const marks = (count: number): string => Array(count).fill('?').join(', ');
const SQL = {
  guest: 'SELECT * FROM guest WHERE name = ?',
  named: 'SELECT name FROM guest WHERE id = ?',
  guests: 'SELECT * FROM guest ORDER BY name',
  inbox: 'SELECT seq, kind, detail, at FROM inbox WHERE guest = ? ORDER BY seq',
  generations: 'SELECT * FROM generation WHERE guest = ? ORDER BY generation',
  put: `INSERT INTO guest (${columns.join(', ')}) VALUES (${marks(columns.length)})
    ON CONFLICT (id) DO UPDATE SET ${columns.filter(c => c !== 'id').map(c => `${c} = excluded.${c}`).join(', ')}`,
  remove: 'DELETE FROM guest WHERE id = ?',
  post: 'INSERT INTO inbox (guest, kind, detail, at) VALUES (?, ?, ?, ?)',
  take: 'DELETE FROM inbox WHERE guest = ?',
  seen: 'DELETE FROM inbox WHERE guest = ? AND seq <= ?',
  publish: `INSERT INTO generation (guest, ${generationColumns.join(', ')}) VALUES (?, ${marks(generationColumns.length)})`,
  forget: 'DELETE FROM generation WHERE guest = ? AND generation = ?',
  due: `SELECT * FROM guest WHERE state = 'parked' AND wake_at <= ? ORDER BY wake_at`,
  called: `SELECT * FROM guest WHERE state = 'parked' AND id IN (SELECT guest FROM inbox) ORDER BY name`,
  nextDue: `SELECT MIN(wake_at) AS at FROM guest WHERE state = 'parked'`,
  manifests: 'SELECT DISTINCT manifest FROM generation',
  allGenerations: 'SELECT guest.name, generation.* FROM generation JOIN guest ON guest.id = generation.guest ORDER BY guest.name, generation.generation',
  found: 'INSERT INTO ledger (id, collections) VALUES (?, 0)',
  ledger: 'SELECT id, collections FROM ledger',
  collect: 'UPDATE ledger SET collections = collections + 1',
} as const;
type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

export class SqliteLedger implements Ledger {
  readonly id: string;
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #now: () => number;
  readonly #statements: Statements;

  /** Opens the file, or makes it. `now` is the ledger's clock: milliseconds since 1970. */
  constructor(file: string, now: () => number = Date.now) {
    this.#now = now;
    this.#file = file;
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#db = opened(file);
    this.#statements = this.#asked(() => Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, this.#db.prepare(sql)])) as Statements);
    this.id = this.#asked(() => String(this.#statements.ledger.get()?.['id']));
  }

  async change<T>(name: string, decide: (view: GuestView) => GuestChange & { readonly answer: T }): Promise<T> {
    return this.#transaction(() => {
      const view = this.#view(name), change = decide(view);
      this.#apply(view.guest, change);
      return change.answer;
    });
  }

  #apply(before: GuestRow | null, { guest, post, carried = [], taken, seen, publish, forget = [] }: GuestChange): void {
    const sql = this.#statements, id = (guest ?? before)?.id;
    if (id === undefined) return;
    if (guest === null) {
      sql.remove.run(id);
      return;
    }
    if (guest && before?.id !== id) this.#checkNew(guest);
    if (guest) sql.put.run(...(Object.keys(GUEST) as (keyof GuestRow)[]).map(field => valueOf(guest[field])));
    if (taken) sql.take.run(id);
    if (seen) sql.seen.run(id, seen);
    for (const { kind, detail, at } of [...carried, ...(post ? [post] : [])]) sql.post.run(id, kind, detail, at);
    for (const generation of forget) sql.forget.run(id, generation);
    if (publish) sql.publish.run(id, ...(Object.keys(GENERATION) as (keyof GenerationRow)[]).map(field => valueOf(publish[field])));
  }

  /** A new row must not take another one's place. */
  #checkNew({ id, name }: GuestRow): void {
    const taken = this.#statements.named.get(id)?.['name'];
    if (taken !== undefined) throw new HypnosError('EEXIST', `the guest is here already, as ${String(taken)}: it cannot be ${name} too.`);
  }

  #view(name: string): GuestView {
    const row = this.#statements.guest.get(name), guest = row ? guestOf(row) : null;
    return {
      guest, now: this.#now(), collections: Number(this.#statements.ledger.get()?.['collections']),
      inbox: guest ? this.#statements.inbox.all(guest.id).map(r => ({ ...r }) as unknown as Received) : [],
      generations: guest ? this.#statements.generations.all(guest.id).map(generationOf) : [],
    };
  }

  async view(name: string): Promise<GuestView> { return this.#transaction(() => this.#view(name), 'BEGIN'); }
  async guests(): Promise<readonly GuestRow[]> { return this.#asked(() => this.#statements.guests.all().map(guestOf)); }
  async due(at: number): Promise<readonly GuestRow[]> { return this.#asked(() => this.#statements.due.all(at).map(guestOf)); }
  async called(): Promise<readonly GuestRow[]> { return this.#asked(() => this.#statements.called.all().map(guestOf)); }
  async nextDue(): Promise<number | null> { return this.#asked(() => (this.#statements.nextDue.get()?.['at'] as number | null) ?? null); }
  async manifests(): Promise<readonly string[]> { return this.#asked(() => this.#statements.manifests.all().map(r => String(r['manifest']))); }
  async generations(): Promise<readonly GuestGeneration[]> { return this.#asked(() => this.#generations()); }
  async collect(): Promise<readonly GuestGeneration[]> {
    return this.#transaction(() => {
      this.#statements.collect.run();
      return this.#generations();
    });
  }
  #generations(): readonly GuestGeneration[] { return this.#statements.allGenerations.all().map(r => ({ ...generationOf(r), guest: String(r['name']) })); }
  async close(): Promise<void> { this.#db.close(); }

  #transaction<T>(act: () => T, begin?: string): T { return this.#asked(() => transaction(this.#db, act, begin)); }
  #asked<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw codeOf(error) === 'ERR_SQLITE_ERROR' ? troubled(`use the ledger ${this.#file}`, error) : error;
    }
  }
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
/** SQLite's result codes (sqlite.org/rescode.html) that a person can do something about. */
const REASONS: Readonly<Record<number, string>> = {
  5: 'another process has held it for too long', 8: 'it may not be written', 10: 'the disk fails or is full', 11: 'it is damaged', 13: 'the disk is full', 26: 'it is no ledger',
};
function troubled(doing: string, error: unknown): HypnosError {
  const { errcode = 0, message } = error as { readonly errcode?: number; readonly message: string };
  return new HypnosError('EIO', `cannot ${doing}: ${REASONS[errcode & 0xff] ?? message}.`, { cause: error });
}

/** IMMEDIATE: the writer's place is taken before anything is read, so that what was read still holds when it is written. */
function transaction<T>(db: DatabaseSync, act: () => T, begin = 'BEGIN IMMEDIATE'): T {
  db.exec(begin);
  try {
    const answer = act();
    db.exec('COMMIT');
    return answer;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function opened(file: string): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { timeout: PATIENCE });
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    transaction(db, () => {
      const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version === 0) {
        if (file !== ':memory:') syncNames(dirname(file));
        db.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
        db.prepare(SQL.found).run(randomBytes(16).toString('hex'));
      } else if (version !== SCHEMA_VERSION) throw new HypnosError('ENOTSUP', `the ledger ${file} is of version ${version}, and this program knows version ${SCHEMA_VERSION}: use the program that wrote it.`);
    });
    return db;
  } catch (error) {
    throw error instanceof HypnosError ? error : troubled(`open the ledger ${file}`, error);
  }
}

/** SQLite makes durable what is in its folder; we, the names of the folder and those above it: of all that we may open, and so may have made. */
function syncNames(folder: string): void {
  for (let above = dirname(folder), below = folder; above !== below; below = above, above = dirname(above)) {
    let opened: number;
    try {
      opened = openSync(above, 'r');
    } catch {
      return;
    }
    try {
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  }
}
