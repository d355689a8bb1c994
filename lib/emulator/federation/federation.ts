// The state of sign-ins with providers: the project's providers, tenants' SSO, and sign-ins under way.
import { LatestRecords } from '../latest-records.js';
import { keepBySecret, toDigest } from '../store/records.js';
import type { LoginOptions } from '../store/sign-ins.js';
import type { AttributeMapping, Identity } from './attributes.js';
import type { SsoProtocol } from './sso-configuration.js';
import { protocolOf, SsoConfigurations } from './sso-configuration.js';

/** An OAuth provider of the project. */
export interface ProviderRecord {
  readonly name: string;
  readonly displayName: string;
  readonly attributeMapping: AttributeMapping;
}

// Descope's documentation, page "Social Login (OAuth)", and core-js-sdk's `OAuthProviders`.
/** The providers that every project has, with the names that people know them by. */
export const BUILT_IN_PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['apple', 'Apple'],
  ['discord', 'Discord'],
  ['facebook', 'Facebook'],
  ['github', 'GitHub'],
  ['gitlab', 'GitLab'],
  ['google', 'Google'],
  ['linkedin', 'LinkedIn'],
  ['microsoft', 'Microsoft'],
  ['slack', 'Slack'],
]);

/** Whether the user must exist, must not exist, may be either, or is signed in and adds the provider. */
export type FederatedApproach = 'signin' | 'signup' | 'signup-in' | 'update';

/** A sign-in that a person goes to a provider for. */
export interface FederatedRequest {
  /** The OAuth provider; absent for SSO. */
  readonly provider?: string | undefined;
  /** The tenant and the SSO configuration; absent for OAuth. */
  readonly sso?: { readonly tenantId: string; readonly ssoId: string } | undefined;
  readonly approach: FederatedApproach;
  /** The user who adds a provider. */
  readonly userId?: string | undefined;
  readonly redirectUrl: string;
  readonly options: LoginOptions;
  readonly loginHint: string;
  /** Whether the provider must not ask, and whether it must. */
  readonly ask: 'never' | 'always' | 'default';
  /** The only e-mail address that the identity provider may answer with; empty for any. */
  readonly initiatedEmail: string;
  readonly expiresMs: number;
}

/** A person who came back from a provider, until the code is exchanged. */
export interface FederatedAnswer {
  readonly request: FederatedRequest;
  readonly identity: Identity;
  readonly expiresMs: number;
}

/** What the last SSO sign-in of a user gave them in a tenant. */
export interface SsoGrant {
  readonly groups: readonly string[];
  readonly roleNames: readonly string[];
}

/** The groups of a user, from one SSO configuration of a tenant. */
export interface UserGroups {
  readonly userId: string;
  readonly ssoId: string;
  readonly groups: readonly string[];
}

const WAITING = { most: 1000 };
// As many as there may be users.
const GRANTS = { most: 100_000, mostCharacters: 32 * 1024 * 1024 };

/** Keeps providers, SSO configurations, and what waits for a person or a code. */
export class Federation {
  readonly configurations = new SsoConfigurations();
  /** By name: those that a seed adds or changes. */
  readonly providers = new Map<string, ProviderRecord>();
  /** Where OAuth goes back to if a request does not say it; empty for nowhere. */
  redirectUrl = '';
  /** The domains that a redirect may go to; empty for any. */
  approvedDomains: readonly string[] = [];
  readonly #requests = new LatestRecords<string, FederatedRequest>(WAITING);
  readonly #answers = new LatestRecords<string, FederatedAnswer>(WAITING);
  readonly #grants = new LatestRecords<string, SsoGrant & SsoKey & { readonly userId: string }>(GRANTS);

  /** Keeps a request until its page is answered, and returns the secret that its URL carries. */
  keepRequest(request: FederatedRequest): string {
    return keepBySecret(this.#requests, request);
  }

  /** Finds the request of a page. */
  findRequest(secret: string, nowMs: number): FederatedRequest | undefined {
    const request = this.#requests.find(toDigest(secret));
    return request && request.expiresMs > nowMs ? request : undefined;
  }

  /** Forgets a request, which is answered once. */
  dropRequest(secret: string): void {
    this.#requests.remove(toDigest(secret));
  }

  /** Issues the code of an answer. */
  issueCode(answer: FederatedAnswer): string {
    return keepBySecret(this.#answers, answer);
  }

  /** Returns and removes the answer of a code, which is valid once. */
  takeCode(code: string, nowMs: number): FederatedAnswer | undefined {
    const answer = this.#answers.find(toDigest(code));
    this.#answers.remove(toDigest(code));
    return answer && answer.expiresMs > nowMs ? answer : undefined;
  }

  /** What a user has in a tenant by SSO. */
  findGrant(userId: string, sso: SsoKey): SsoGrant | undefined {
    return this.#grants.find(toGrantKey(userId, sso));
  }

  /** Remembers what a user has in a tenant by SSO. */
  keepGrant(userId: string, sso: SsoKey, grant: SsoGrant): void {
    const { tenantId, ssoId } = sso;
    this.#grants.put(toGrantKey(userId, sso), { ...grant, userId, tenantId, ssoId });
  }

  /** The groups of users in a tenant. */
  groupsOf(tenantId: string): readonly UserGroups[] {
    return this.#grants.all.filter((grant) => grant.tenantId === tenantId);
  }

  /** The protocol and the domains of a tenant's SSO; without SSO, neither. */
  summaryOf(tenantId: string): { readonly protocol?: SsoProtocol; readonly domains?: readonly string[] } {
    const configured = this.configurations.of(tenantId).filter((one) => protocolOf(one) !== undefined);
    const protocol = configured[0] && protocolOf(configured[0]);
    const domains = configured.flatMap((one) => one.domains);
    return { ...(protocol && { protocol }), ...(domains.length > 0 && { domains }) };
  }

  /** Removes the SSO of a tenant, which is deleted. */
  removeTenant(tenantId: string): void {
    this.configurations.removeTenant(tenantId);
    for (const grant of this.groupsOf(tenantId))
      this.#grants.remove(toGrantKey(grant.userId, { tenantId, ssoId: grant.ssoId }));
  }

  /** Forgets everything. */
  clear(): void {
    this.configurations.clear();
    this.providers.clear();
    this.redirectUrl = '';
    this.approvedDomains = [];
    this.#requests.clear();
    this.#answers.clear();
    this.#grants.clear();
  }
}

type SsoKey = { readonly tenantId: string; readonly ssoId: string };

function toGrantKey(userId: string, { tenantId, ssoId }: SsoKey): string {
  return JSON.stringify([userId, tenantId, ssoId]);
}
