// Serves the metadata of protected resources (RFC 9728), outside of Nest's router: no prefix, version or guard applies.
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { ResourceConfig } from '../core/config/resource.js';
import { readProtectedControllers, toUrls } from './resources.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS'];
const CORS = { 'Access-Control-Allow-Origin': '*' };
const PREFLIGHT = {
  ...CORS,
  'Access-Control-Allow-Methods': METHODS.join(', '),
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Max-Age': '3600',
};
const FOUND = {
  ...CORS,
  'Content-Type': 'application/json',
  'Cache-Control': 'public, max-age=3600', // it depends on the options alone
};

/** The members of Node's request and response that are used; Express has the same. */
interface NodeRequest {
  readonly method?: string;
  readonly url?: string;
}

interface NodeResponse {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body?: string): unknown;
}

/** The members of Fastify that are used. */
interface FastifyInstance {
  route(route: {
    readonly method: readonly string[];
    readonly url: string;
    readonly handler: (request: NodeRequest, reply: FastifyReply) => Promise<FastifyReply>;
  }): unknown;
}

interface FastifyReply {
  code(status: number): FastifyReply;
  headers(headers: Readonly<Record<string, string>>): FastifyReply;
  send(body?: string): FastifyReply;
}

/** What the routes are created from. */
export interface ResourceMetadataInput {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly host: HttpAdapterHost;
  readonly resource: ResourceConfig;
}

/** Adds the routes of the metadata. */
export class ResourceMetadata {
  readonly #input: ResourceMetadataInput;

  constructor(input: ResourceMetadataInput) {
    this.#input = input;
  }

  /** Adds them to the adapter, before Nest registers its own routes. */
  apply(): void {
    const documents = this.#readDocuments();
    const adapter = this.#input.host.httpAdapter;
    if (adapter.getType() === 'fastify') addToFastify(adapter.getInstance(), documents);
    else adapter.use(toMiddleware(documents));
  }

  // By path. The application itself is always one, so that clients which only try the root find a document.
  #readDocuments(): ReadonlyMap<string, string> {
    const { resource } = this.#input;
    const controllers = readProtectedControllers(this.#input);
    const all = [{ path: '', scopes: resource.scopes }, ...controllers.map(toDescribed)];
    return new Map(
      all.map(({ path, scopes = resource.scopes }) => {
        const { url, metadataPath } = toUrls(resource, path);
        return [metadataPath, JSON.stringify(toDocument(url, { ...resource, scopes }))];
      }),
    );
  }
}

interface Described {
  readonly path: string;
  readonly scopes?: readonly string[] | undefined;
}

function toDescribed({ path, demand }: ReturnType<typeof readProtectedControllers>[number]): Described {
  return { path, scopes: demand.scopes };
}

// RFC 9728 §2
function toDocument(url: string, { scopes, servers, documentation }: ResourceConfig): object {
  return {
    resource: url,
    authorization_servers: servers,
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    ...(documentation === undefined ? {} : { resource_documentation: documentation }),
  };
}

interface MetadataResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

function respond(method: string | undefined, document: string): MetadataResponse {
  if (method === 'OPTIONS') return { status: 204, headers: PREFLIGHT };
  if (method === 'GET') return { status: 200, headers: FOUND, body: document };
  if (method === 'HEAD')
    return { status: 200, headers: { ...FOUND, 'Content-Length': String(Buffer.byteLength(document)) } };
  return { status: 405, headers: { ...CORS, Allow: METHODS.join(', ') } };
}

type Middleware = (request: NodeRequest, response: NodeResponse, next: () => void) => void;

function toMiddleware(documents: ReadonlyMap<string, string>): Middleware {
  return (request, response, next) => {
    const document = documents.get((request.url ?? '').split('?', 1)[0] ?? '');
    if (document === undefined) {
      next();
      return;
    }
    const { status, headers, body } = respond(request.method, document);
    response.writeHead(status, headers);
    response.end(body);
  };
}

function addToFastify(fastify: FastifyInstance, documents: ReadonlyMap<string, string>): void {
  for (const [url, document] of documents) {
    const handler = async ({ method }: NodeRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const { status, headers, body } = respond(method, document);
      return reply.code(status).headers(headers).send(body);
    };
    fastify.route({ method: METHODS, url, handler });
  }
}
