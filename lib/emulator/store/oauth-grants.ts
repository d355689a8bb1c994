// What authorization servers have issued: consent pages, codes, refresh tokens and access tokens, by grant.
import { LatestRecords } from '../latest-records.js';
import type { InboundAppRecord } from './project.js';
import { keepBySecret, toDigest } from './records.js';

/** A checked authorization request. */
export interface AuthorizationRequest {
  readonly client: InboundAppRecord;
  /** The MCP server whose authorization server was asked; absent for inbound apps. */
  readonly serverId: string | undefined;
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly scopes: readonly string[];
  /** The resources that the client named (RFC 8707); empty for none. */
  readonly resources: readonly string[];
  /** The S256 challenge of the verifier (RFC 7636). */
  readonly challenge: string;
  readonly nonce: string | undefined;
  readonly loginHint: string | undefined;
  /** The thumbprint of the key that must redeem the code (RFC 9449 section 10). */
  readonly thumbprint: string | undefined;
}

/** An authorization request that a user has not answered yet. */
export interface PendingRequest extends AuthorizationRequest {
  /** The digest of the cookie of the browser that was shown the page. */
  readonly browser: string;
  readonly expiresMs: number;
}

/** What a user has allowed a client, or a client was given for itself; tokens live no longer than it. */
export interface OAuthGrant {
  readonly consentId: string | undefined;
  readonly clientId: string;
  /** Absent for the client credentials grant. */
  readonly userId: string | undefined;
  /** The MCP server whose authorization server made it; absent for inbound apps. */
  readonly serverId: string | undefined;
  readonly scopes: readonly string[];
  /** The resources that the client named (RFC 8707); empty for none. */
  readonly resources: readonly string[];
  readonly nonce: string | undefined;
  /** Whether the client wanted no token that is not bound to a key, when it asked (RFC 9449 section 5.2). */
  readonly isBound?: boolean;
  revoked: boolean;
}

/** An authorization code, which binds its grant to one client, one redirect URI and one verifier. */
export interface AuthorizationCode {
  readonly grant: OAuthGrant;
  readonly redirectUri: string;
  /** The S256 challenge of the verifier (RFC 7636). */
  readonly challenge: string;
  /** The thumbprint of the key that must redeem it (RFC 9449 section 10). */
  readonly thumbprint: string | undefined;
  readonly expiresMs: number;
  used: boolean;
}

/** A refresh token, which is replaced where refreshes rotate. */
export interface RefreshRecord {
  readonly grant: OAuthGrant;
  readonly expiresSeconds: number;
  /** The thumbprint of the key of a public client, which must refresh it (RFC 9449 section 5). */
  readonly thumbprint: string | undefined;
  replaced: boolean;
}

interface AccessRecord {
  readonly grant: OAuthGrant;
  revoked: boolean;
}

const WAITING = { most: 1000 };
// An access token that is forgotten is older than its end, but for a flood of them.
const TOKENS = { most: 50_000, mostCharacters: 32 * 1024 * 1024 };

/** Keeps grants, and which secret belongs to which; secrets themselves are not kept. */
export class OAuthGrants {
  readonly #requests = new LatestRecords<string, PendingRequest>(WAITING);
  readonly #codes = new LatestRecords<string, AuthorizationCode>(WAITING);
  readonly #refresh = new LatestRecords<string, RefreshRecord>(TOKENS);
  readonly #access = new LatestRecords<string, AccessRecord>(TOKENS);

  /** Keeps a request until its consent page is answered, and returns the ticket of the page. */
  keepRequest(request: PendingRequest): string {
    return keepBySecret(this.#requests, request);
  }

  /** Finds the request of a consent page. */
  findRequest(ticket: string): PendingRequest | undefined {
    return this.#requests.find(toDigest(ticket));
  }

  /** Forgets a request, which is answered once. */
  dropRequest(ticket: string): void {
    this.#requests.remove(toDigest(ticket));
  }

  /** Issues a code. */
  issueCode(code: AuthorizationCode): string {
    return keepBySecret(this.#codes, code);
  }

  /** Finds a code, also one that is used. */
  findCode(code: string): AuthorizationCode | undefined {
    return this.#codes.find(toDigest(code));
  }

  /** Issues a refresh token. */
  issueRefresh(record: RefreshRecord): string {
    return keepBySecret(this.#refresh, record);
  }

  /** Finds a refresh token, also one that was replaced. */
  findRefresh(token: string): RefreshRecord | undefined {
    return this.#refresh.find(toDigest(token));
  }

  /** Records that an access token belongs to a grant. */
  bindAccess(token: string, grant: OAuthGrant): void {
    this.#access.put(toDigest(token), { grant, revoked: false });
  }

  /** The grant of an access token; undefined for one that a test has issued. */
  findAccess(token: string): OAuthGrant | undefined {
    return this.#access.find(toDigest(token))?.grant;
  }

  /** Revokes one access token, and nothing else of its grant. */
  revokeAccess(token: string): void {
    const record = this.#access.find(toDigest(token));
    if (record) record.revoked = true;
  }

  /** Whether an access token was revoked, alone or with its grant. */
  isRevoked(token: string): boolean {
    const record = this.#access.find(toDigest(token));
    return record !== undefined && (record.revoked || record.grant.revoked);
  }

  /** Revokes the grants of a consent. */
  revokeConsent(consentId: string): void {
    for (const grant of this.#all()) if (grant.consentId === consentId) grant.revoked = true;
  }

  /** Revokes everything; tokens stay known, or they would count as issued by a test. */
  clear(): void {
    for (const grant of this.#all()) grant.revoked = true;
    this.#requests.clear();
    this.#codes.clear();
    this.#refresh.clear();
  }

  #all(): readonly OAuthGrant[] {
    const records = [...this.#codes.all, ...this.#refresh.all, ...this.#access.all];
    return records.map(({ grant }) => grant);
  }
}
