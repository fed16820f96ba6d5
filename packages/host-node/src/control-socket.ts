/** A Unix socket a guest, on which the process that has it answers requests: lines of JSON both ways (docs/control.md). */
import { HypnosError, type ErrorCode } from '@hypnos/base';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A socket's path has this many bytes at most (unix(7)). */
const LONGEST_PATH = 107;
/** A request line has this many characters at most. */
const LONGEST_LINE = 1 << 16;

export type Answer = Readonly<Record<string, unknown>>;

/** The socket of a guest. A home with a long name has its sockets in the folder for temporary files. */
export function controlPath(home: string, guestId: string): string {
  const name = `${guestId.slice(0, 16)}.sock`, path = join(home, 'run', name);
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path;
  return join(tmpdir(), `hypnos-${userInfo().uid}-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`, name);
}

export interface ControlServer { close(): void }

/** Listens for the guest's callers. `handle` may tell news before its answer; what it throws is answered as an error. */
export async function controlServer(path: string, handle: (request: unknown, tell: (news: Answer) => void) => Promise<Answer>): Promise<ControlServer> {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });                                        // of a process that was killed: this one owns the guest now
  const sockets = new Set<Socket>(), server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    serve(socket, handle);
  });
  await listening(server, path);
  chmodSync(path, 0o600);
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.end();
      rmSync(path, { force: true });
    },
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(new HypnosError('EIO', `cannot listen at ${path}: ${error.message}.`, { cause: error })));
    server.listen(path, () => {
      server.unref();
      resolve();
    });
  });
}

function serve(socket: Socket, handle: (request: unknown, tell: (news: Answer) => void) => Promise<Answer>): void {
  const say = (line: Answer): void => { if (socket.writable) socket.write(`${JSON.stringify(line, plain)}\n`); };
  let held = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    held += text;
    for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
      const line = held.slice(0, end);
      held = held.slice(end + 1);
      void answered(line, handle, say);
    }
    if (held.length <= LONGEST_LINE) return;
    say({ ok: false, code: 'E2BIG', message: `a request has ${LONGEST_LINE} characters at most.` });
    socket.end();
  });
}

async function answered(line: string, handle: (request: unknown, tell: (news: Answer) => void) => Promise<Answer>, say: (line: Answer) => void): Promise<void> {
  let id: unknown = null;
  try {
    const request = parsed(line);
    id = request['id'] ?? null;
    say({ id, ok: true, ...(await handle(request, news => say({ id, ...news }))) });
  } catch (error) {
    say({ id, ok: false, code: error instanceof HypnosError ? error.code : 'EIO', message: error instanceof Error ? error.message : String(error) });
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new HypnosError('EINVAL', 'a request is an object in JSON, on one line.');
}

const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** Asks the process that has the guest. ENXIO where nobody listens; otherwise its error. */
export async function controlCall(path: string, request: Answer, news: (news: Answer) => void = () => {}): Promise<Answer> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', error => reject(new HypnosError('ENXIO', `nobody answers at ${path}: ${error.message}.`, { cause: error })));
  });
  try {
    socket.on('error', () => {});
    socket.write(`${JSON.stringify({ id: 1, ...request })}\n`);
    for await (const line of createInterface({ input: socket })) {
      const { id: _id, ok, code, message, ...rest } = parsed(line);
      if (ok === undefined) news(rest);
      else if (ok === true) return rest;
      else throw new HypnosError(code as ErrorCode, String(message));
    }
    throw new HypnosError('EIO', 'the process that has the guest ended before it answered.');
  } finally {
    socket.destroy();
  }
}

/** Rings a guest's bell: a hint, which nobody need hear. Settles when it was heard or cannot be. */
export async function ring(path: string): Promise<void> { await controlCall(path, { do: 'bell' }).catch(() => {}); }
