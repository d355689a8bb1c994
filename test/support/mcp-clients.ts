// The unmodified clients of both eras of MCP, in one shape, and a person for whom they ask for consent.
import * as modern from '@modelcontextprotocol/client';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** A client that is connected, or tries to be. */
export interface McpSession {
  connect(): Promise<void>;
  /** The names of the tools. */
  list(): Promise<readonly string[]>;
  /** Calls a tool; returns its text. */
  call(tool: string): Promise<string>;
  /** Hands over what the browser was called back with. */
  finish(callback: URL): Promise<void>;
  close(): Promise<void>;
}

/** A client of one era. */
export interface McpEra {
  readonly name: string;
  /** The grants with which it asks a person again: one era does not where it has a refresh token. */
  readonly stepUpGrants: readonly string[];
  asPerson(url: URL, person: Person): McpSession;
  asMachine(url: URL, machine: Machine): McpSession;
}

/** A machine, which has a secret. */
export interface Machine {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly issuer: string;
  readonly scope?: string;
}

/** How a person's client introduces itself. */
export interface Introduction {
  readonly redirectUri: string;
  /** The URL of its metadata document; without one, it registers itself. */
  readonly documentUrl?: string;
  readonly grantTypes?: readonly string[];
}

/** A person's client: keeps what it is given, and the URL that a browser has to open. */
export class Person {
  readonly #asked: URL[] = [];
  #found: unknown;
  #client: unknown;
  #tokens: unknown;
  #verifier = '';

  constructor(private readonly introduction: Introduction) {}

  /** The URL that a browser has to open. */
  get authorizationUrl(): URL {
    const url = this.#asked.at(-1);
    if (url) return url;
    throw new Error('The client has not asked for consent.');
  }

  get redirectUrl(): string {
    return this.introduction.redirectUri;
  }

  get clientMetadataUrl(): string | undefined {
    return this.introduction.documentUrl;
  }

  get clientMetadata() {
    return {
      client_name: 'Desk',
      redirect_uris: [this.introduction.redirectUri],
      grant_types: [...(this.introduction.grantTypes ?? ['authorization_code', 'refresh_token'])],
      token_endpoint_auth_method: 'none',
    };
  }

  /** The scopes that were asked for, each time. */
  get askedScopes(): readonly (readonly string[])[] {
    return this.#asked.map((url) => (url.searchParams.get('scope') ?? '').split(' ').sort());
  }

  saveDiscoveryState(found: unknown): void {
    this.#found = found;
  }

  discoveryState(): never {
    return this.#found as never;
  }

  state(): string {
    return 'state-of-the-client';
  }

  clientInformation(): never {
    return this.#client as never;
  }

  saveClientInformation(client: unknown): void {
    this.#client = client;
  }

  tokens(): never {
    return this.#tokens as never;
  }

  saveTokens(tokens: unknown): void {
    this.#tokens = tokens;
  }

  redirectToAuthorization(url: URL): void {
    this.#asked.push(url);
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }
}

const INFO = { name: 'desk', version: '1.0.0' };
const textOf = (result: unknown): string => {
  const { content } = result as { readonly content: readonly { readonly text?: string }[] };
  return content.map(({ text }) => text).join('\n');
};

const sdk: McpEra = {
  name: '@modelcontextprotocol/sdk',
  stepUpGrants: ['authorization_code'],
  asPerson: (url, person) => toSession(url, person as unknown as OAuthClientProvider),
  asMachine: (url, { issuer, ...machine }) =>
    toSession(url, new ClientCredentialsProvider({ ...machine, expectedIssuer: issuer })),
};

function toSession(url: URL, authProvider: OAuthClientProvider): McpSession {
  let transport = new StreamableHTTPClientTransport(url, { authProvider });
  let client = new Client(INFO);
  return {
    connect: () => {
      transport = new StreamableHTTPClientTransport(url, { authProvider });
      client = new Client(INFO);
      return client.connect(transport);
    },
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name) => textOf(await client.callTool({ name })),
    finish: (callback) => transport.finishAuth(callback.searchParams.get('code') ?? ''),
    close: () => client.close(),
  };
}

// The stateless revision, which the client negotiates where it is allowed to.
const client: McpEra = {
  name: '@modelcontextprotocol/client',
  stepUpGrants: ['authorization_code', 'refresh_token'],
  asPerson: (url, person) => toModernSession(url, person as unknown as modern.OAuthClientProvider),
  asMachine: (url, { issuer, ...machine }) =>
    toModernSession(url, new modern.ClientCredentialsProvider({ ...machine, expectedIssuer: issuer })),
};

function toModernSession(url: URL, authProvider: modern.OAuthClientProvider): McpSession {
  const options = { versionNegotiation: { mode: { pin: '2026-07-28' } } };
  let transport = new modern.StreamableHTTPClientTransport(url, { authProvider });
  let session = new modern.Client(INFO, options);
  return {
    connect: () => {
      transport = new modern.StreamableHTTPClientTransport(url, { authProvider });
      session = new modern.Client(INFO, options);
      return session.connect(transport);
    },
    list: async () => (await session.listTools()).tools.map(({ name }) => name),
    call: async (name) => textOf(await session.callTool({ name })),
    finish: (callback) => transport.finishAuth(callback.searchParams),
    close: () => session.close(),
  };
}

/** The clients. */
export const ERAS: readonly McpEra[] = [sdk, client];
