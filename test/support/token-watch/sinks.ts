// Where text leaves the process: streams, console, Nest's logger, HTTP answers; and where our own errors are made.
import type { IncomingMessage } from 'node:http';
import { Server, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { DescopeError } from '#lib/core/errors.js';

/** What is told of the traffic. */
export interface Watcher {
  /** Something leaves through a door. */
  written(door: string, text: string): void;
  /** An error of ours is made; it is read later, when it is complete. */
  made(error: Error): void;
  /** A request comes in, and says this. */
  readonly asked: (text: string) => void;
  /** This is said where tokens in a body are the protocol. */
  readonly handedOut: (text: string) => void;
}

/**
 * Where tokens in a body are the protocol: Descope's own API (at the path of a project too), the sample's sign-in on its embedded Descope, and what the
 * emulator's console shows once after a form.
 */
const TOKENS_ARE_THE_PROTOCOL =
  /^\/(?:p-[A-Za-z0-9]{16}\/)?(?:v[12]\/|oauth2\/v1\/apps\/|embedded\/tokens(?:\/\w+)?$|emulator\/[\w?=&-]+\bdone=)/;
const LEVELS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;
const INSPECTION = { depth: 8, showHidden: true, maxStringLength: null, maxArrayLength: null } as const;

/** Everything that a logger could ever print of a value. */
export function toAllText(value: unknown): string {
  return typeof value === 'string' ? value : `${inspect(value, INSPECTION)} ${toJson(value)}`;
}

/** Watches all of them; the answer ends that. */
export function watchSinks(watcher: Watcher): () => void {
  const undo = [
    ...(['stdout', 'stderr'] as const).map((name) =>
      replace(process[name], 'write', (write, stream, given) => {
        watcher.written(`process.${name}`, toText(given[0]));
        return write.apply(stream, given);
      }),
    ),
    ...(['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const).map((name) =>
      watchLog(console, name, 'console', watcher),
    ),
    ...LEVELS.map((level) => watchLog(Logger.prototype, level, 'Logger', watcher)),
    ...LEVELS.map((level) => watchLog(Logger, level, 'Logger', watcher)),
    ...watchAnswers(watcher),
    watchErrors(watcher),
  ];
  return () => undo.reverse().forEach((step) => step());
}

function watchLog(owner: object, name: string, door: string, watcher: Watcher): () => void {
  return replace(owner, name, (log, self, given) => {
    watcher.written(`${door}.${name}`, given.map(toAllText).join(' '));
    return log.apply(self, given);
  });
}

function watchAnswers(watcher: Watcher): (() => void)[] {
  const note = (response: ServerResponse, chunk: unknown): void => {
    const { url = '', method = '' } = response.req;
    const isProtocol = TOKENS_ARE_THE_PROTOCOL.test(url);
    if (isProtocol) watcher.handedOut(toText(chunk));
    else watcher.written(`the answer to ${method} ${url.slice(0, 80)}`, toText(chunk));
  };
  const watchBody = (name: 'write' | 'end') =>
    replace(ServerResponse.prototype, name, (send, self, given) => {
      const response = self as ServerResponse;
      note(response, given[0]);
      const result = send.apply(self, given);
      if (name === 'end') note(response, toHeaderLines(response));
      return result;
    });
  const watchRequests = replace(Server.prototype, 'emit', (emit, self, given) => {
    if (given[0] === 'request') {
      const { rawHeaders, url = '' } = given[1] as IncomingMessage;
      const tell = TOKENS_ARE_THE_PROTOCOL.test(url) ? watcher.handedOut : watcher.asked;
      for (const text of [...rawHeaders, url]) tell(text);
    }
    return emit.apply(self, given);
  });
  return [watchBody('write'), watchBody('end'), watchRequests];
}

// Every constructor of ours writes its name, so that a setter on the prototype sees each error as it is made.
function watchErrors(watcher: Watcher): () => void {
  const set = function (this: Error, value: string): void {
    Object.defineProperty(this, 'name', { value, writable: true, configurable: true, enumerable: true });
    watcher.made(this);
  };
  const { prototype } = DescopeError;
  const before = Object.getOwnPropertyDescriptor(prototype, 'name');
  Object.defineProperty(prototype, 'name', { configurable: true, get: () => 'Error', set });
  return () => putBack(prototype, 'name', before);
}

type Plain = (...given: unknown[]) => unknown;

function replace(
  owner: object,
  name: string,
  instead: (original: Plain, self: unknown, given: unknown[]) => unknown,
): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  const original = (owner as Record<string, Plain>)[name] as Plain;
  const value = function (this: unknown, ...given: unknown[]): unknown {
    return instead(original, this, given);
  };
  Object.defineProperty(owner, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: before?.enumerable ?? false,
  });
  return () => putBack(owner, name, before);
}

function putBack(owner: object, name: string, before: PropertyDescriptor | undefined): void {
  if (before === undefined) delete (owner as Record<string, unknown>)[name];
  else Object.defineProperty(owner, name, before);
}

// The head as it went out, also what never stood in `getHeaders()`. A cookie is the one place for a token.
function toHeaderLines(response: ServerResponse): string {
  const head = (response as unknown as { readonly _header?: string })._header ?? '';
  return head.replace(/^set-cookie:.*$/gim, '');
}

function toText(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk;
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : '';
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return ''; // a circle, or a BigInt: nothing that JSON could print
  }
}
