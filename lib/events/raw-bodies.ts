// The bytes of deliveries, read before any parser of the application: on Express by middleware, on Fastify by a hook of the route.
import { AsyncResource } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import type { Type } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { RequestLike } from '../core/http/request.js';
import { hasSignature, MAX_BODY_BYTES } from '../core/webhook/webhook-signature.js';
import { readEndpoints } from '../inspect/endpoints.js';

/** What was read of a body. */
export interface RawBody {
  readonly bytes: Uint8Array;
  readonly isTooLarge: boolean;
}

/** The controller of the route, and the application that serves it. */
export interface EventsRouting {
  readonly controller: Type;
  /** The name of the method that receives deliveries. */
  readonly handler: string;
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly host: HttpAdapterHost;
}

type NodeRequest = RequestLike & Readable & { readonly url?: string };

/** The members of a route of Fastify that are used. */
interface FastifyRoute {
  readonly url: string;
  readonly method: string | readonly string[];
  preParsing?: PreParsing | PreParsing[] | undefined;
}

interface FastifyRequest {
  readonly raw: NodeRequest;
  headers: object;
}

type PreParsing = (request: FastifyRequest, reply: object, payload: Readable) => Promise<Readable>;

interface FastifyInstance {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
}

/** Reads the bodies of deliveries, and no others. */
export class RawBodies {
  readonly #routing: EventsRouting;
  readonly #bodies = new WeakMap<object, RawBody>();
  #paths: ReadonlySet<string> | undefined;
  #isRegistered = false;

  constructor(routing: EventsRouting) {
    this.#routing = routing;
  }

  /**
   * Registers the reading, once there is an adapter. `NestFactory` has one while it creates providers: then the middleware
   * comes before what `main.ts` adds. Nest's testing module has one later, where parsers of Express may come first.
   */
  register(): void {
    const adapter = this.#routing.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    if (this.#isRegistered || adapter === undefined || adapter === null) return;
    this.#isRegistered = true;
    if (adapter.getType() === 'fastify') this.#addHook(adapter.getInstance<FastifyInstance>());
    else if (adapter.getType() === 'express') adapter.use(this.#read);
  }

  /** Returns the body of a request; `undefined` if it was read before. */
  find(key: object): RawBody | undefined {
    return this.#bodies.get(key);
  }

  // A body-parser finds a stream that has ended, and does nothing; older ones look at `_body`.
  readonly #read = (
    request: NodeRequest & { _body?: boolean },
    _response: object,
    next: () => void,
  ): void => {
    if (request.method !== 'POST' || !this.#isServed(request.url ?? '')) {
      next();
      return;
    }
    const proceed = AsyncResource.bind(() => next()); // the stream would lose the context of the request
    void this.#keep(request, request).then((isRead) => {
      if (isRead) request._body = true;
      proceed();
    });
  };

  // Fastify needs a parser for each type of body, and has its own limit. Without these headers there is no body to parse.
  #addHook(fastify: FastifyInstance): void {
    const preParsing: PreParsing = async (request, _reply, payload) => {
      const isRead = await this.#keep(request.raw, payload);
      if (isRead)
        request.headers = {
          'content-type': undefined,
          'content-length': undefined,
          'transfer-encoding': undefined,
        };
      return payload;
    };
    fastify.addHook('onRoute', (route) => {
      if (![route.method].flat().includes('POST')) return;
      if (!readPaths(this.#routing).includes(route.url)) return; // not kept: routes of main.ts may come before the prefix
      route.preParsing = [...[route.preParsing ?? []].flat(), preParsing];
    });
  }

  async #keep(request: NodeRequest, stream: Readable): Promise<boolean> {
    const body = await readStream(stream, hasSignature(request));
    if (body !== undefined) this.#bodies.set(request, body);
    return body !== undefined;
  }

  // Of Express, which ignores the case of a path. Prefix and versions may be set until the first request.
  #isServed(url: string): boolean {
    this.#paths ??= new Set(readPaths(this.#routing).map(toLiteral));
    return this.#paths.has(toLiteral(url));
  }
}

function readPaths({ controller, handler: name, modules, application }: EventsRouting): readonly string[] {
  const handler = (controller.prototype as Record<string, object>)[name] ?? {};
  const input = { type: controller, name, handler, modules, application };
  return [...modules.values()]
    .filter(({ controllers }) => controllers.has(controller))
    .flatMap(({ metatype }) => readEndpoints({ ...input, module: metatype }))
    .map(({ path }) => path);
}

function toLiteral(url: string): string {
  return url
    .replace(/[?#].*$/s, '')
    .replace(/\/+$/, '')
    .toLowerCase();
}

// What is too large, or has no signature, is read too, because a client may not read a response before it has sent its
// request, and it is not kept.
function readStream(stream: Readable, isKept: boolean): Promise<RawBody | undefined> {
  if (stream.readableDidRead || stream.readableEnded) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer | string) => {
      size += chunk.length;
      if (isKept && size <= MAX_BODY_BYTES) chunks.push(Buffer.from(chunk as Buffer));
      else chunks = [];
    });
    stream.once('end', () => resolve({ bytes: Buffer.concat(chunks), isTooLarge: size > MAX_BODY_BYTES }));
    stream.once('error', () => resolve(undefined));
    stream.once('close', () => resolve(undefined)); // the client has gone
  });
}
