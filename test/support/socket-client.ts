// A client of a gateway, through Socket.IO or through a plain WebSocket: both tell the same.
import type { IoAdapter } from '@nestjs/platform-socket.io';
import type { WsAdapter } from '@nestjs/platform-ws';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

export type SocketLibrary = 'socket.io' | 'ws';
export const SOCKET_LIBRARIES: readonly SocketLibrary[] = ['socket.io', 'ws'];

/** What a client shows when it connects. */
export interface ShownAtConnect {
  readonly headers?: Readonly<Record<string, string>>;
  /** Socket.IO's `auth`. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Socket.IO's transports. Default: WebSocket alone. */
  readonly transports?: readonly ('polling' | 'websocket')[];
}

/** An answer, or a rejection: `{ event, data }`. */
export interface Received {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface SocketClient {
  send(event: string, data?: unknown): void;
  /** Sends a message and waits for what comes next. */
  ask(event: string, data?: unknown): Promise<Received>;
  /** What came and was not waited for. */
  next(): Promise<Received>;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<{ readonly code?: number; readonly reason: string }>;
  close(): void;
}

/** Makes Nest's adapter; imported here, so that a test of one library does not load the other's. */
export async function createSocketAdapter(
  library: SocketLibrary,
  app: object,
): Promise<IoAdapter | WsAdapter> {
  if (library === 'ws') return new (await import('@nestjs/platform-ws')).WsAdapter(app);
  return new (await import('@nestjs/platform-socket.io')).IoAdapter(app);
}

/** Connects; resolves once the connection is open, whatever the server does with it then. */
export function connect(
  library: SocketLibrary,
  url: string,
  shown: ShownAtConnect = {},
): Promise<SocketClient> {
  return library === 'ws' ? connectWs(url, shown) : connectIo(url, shown);
}

async function connectWs(url: string, { headers = {} }: ShownAtConnect): Promise<SocketClient> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  const inbox = createInbox();
  socket.on('message', (text: Buffer) => inbox.put(JSON.parse(text.toString()) as Received));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const send = (event: string, data?: unknown) => socket.send(JSON.stringify({ event, data }));
  return {
    send,
    ask: (event, data) => (send(event, data), inbox.take()),
    next: inbox.take,
    closed,
    close: () => socket.close(),
  };
}

async function connectIo(url: string, shown: ShownAtConnect): Promise<SocketClient> {
  const { headers = {}, auth = {}, transports = ['websocket'] } = shown;
  const socket = io(url, {
    extraHeaders: { ...headers },
    auth,
    transports: [...transports],
    reconnection: false,
    forceNew: true,
  });
  const inbox = createInbox();
  socket.onAny((event: string, data: Received['data']) => inbox.put({ event, data }));
  const closed = new Promise<{ reason: string }>((resolve) =>
    socket.once('disconnect', (reason) => resolve({ reason })),
  );
  await new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(undefined));
    socket.once('connect_error', reject);
  });
  const send = (event: string, data?: unknown) => void socket.emit(event, data);
  return {
    send,
    ask: (event, data) => (send(event, data), inbox.take()),
    next: inbox.take,
    closed,
    close: () => void socket.close(),
  };
}

function createInbox(): { put(received: Received): void; take(): Promise<Received> } {
  const kept: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  const put = (received: Received): void => {
    const waiter = waiting.shift();
    if (waiter === undefined) kept.push(received);
    else waiter(received);
  };
  const take = (): Promise<Received> => {
    const first = kept.shift();
    return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
  };
  return { put, take };
}
