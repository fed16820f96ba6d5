/** TCP for those who speak Web Streams: connections out, and a listener for those that come in. */
import { HypnosError } from '@hypnos/base';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Connection {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** The other end: `HOST:PORT`. */
  readonly peer: string;
  close(): void;
}

export interface Endpoint { readonly host: string; readonly port: number }

/** A peer that says and takes nothing for so long is gone: milliseconds. */
const IDLE = 60_000;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there', ENOTFOUND: 'there is no host of that name', EHOSTUNREACH: 'the host cannot be reached', ETIMEDOUT: 'it does not answer',
  EADDRINUSE: 'somebody listens there already', EADDRNOTAVAIL: 'this host has no such address', EACCES: 'you may not',
};
const reasonOf = (error: Error): string => REASONS[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message;

export const endpointText = ({ host, port }: Endpoint): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** Reads `HOST:PORT` or `[ADDRESS]:PORT`; where `host` is given, `PORT` too. Port 0 is any that is free, which only a listener can use. */
export function parseEndpoint(text: string, host?: string): Endpoint {
  const found = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/.exec(text), where = found?.[1] ?? found?.[2] ?? host, port = Number(found?.[3]);
  if (!found || where === undefined || port > 65_535) throw new HypnosError('EINVAL', `'${text}' is no place to reach: write it as HOST:PORT, like fox:7070 or [::1]:7070.`);
  return { host: where, port };
}

export function connectTo(endpoint: Endpoint): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...endpoint }), failed = (error: Error): void => reject(new HypnosError('EIO', `cannot reach ${endpointText(endpoint)}: ${reasonOf(error)}.`));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(connectionOf(socket));
    });
  });
}

export interface Listener {
  readonly endpoint: Endpoint;
  /** Lets nobody in any more; connections that are open stay. */
  close(): void;
}

export function listenAt(endpoint: Endpoint, came: (connection: Connection) => void): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => came(connectionOf(socket)));
    server.once('error', error => reject(new HypnosError('EIO', `cannot listen at ${endpointText(endpoint)}: ${reasonOf(error)}.`)));
    server.listen(endpoint, () => {
      const { port } = server.address() as AddressInfo;
      resolve({ endpoint: { ...endpoint, port }, close: () => { server.close(); } });
    });
  });
}

function connectionOf(socket: Socket): Connection {
  const pieces = socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  socket.setNoDelay();
  socket.setTimeout(IDLE, () => socket.destroy(new Error('the other side fell silent')));
  socket.on('error', () => {});                                   // whoever reads or writes is told
  return {
    peer: endpointText({ host: socket.remoteAddress ?? 'nowhere', port: socket.remotePort ?? 0 }),
    close: () => { socket.destroy(); },
    readable: new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() { socket.resume(); },                              // what still comes is dropped
    }, { highWaterMark: 0 }),
    writable: new WritableStream<Uint8Array>({
      write: piece => new Promise((resolve, reject) => { socket.write(piece, error => (error ? reject(error) : resolve())); }),
      close: () => new Promise(resolve => { socket.end(resolve); }),
      abort() { socket.destroy(); },
    }),
  };
}
