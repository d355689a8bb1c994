// The state of the running project, which routes read and change, and `reset` restores.
import { AuditTrail } from './audit/audit-trail.js';
import { EmulatorClock } from './controls/clock.js';
import { Faults } from './controls/faults.js';
import { Outbox, RequestLog } from './controls/recorders.js';
import { ProofMemory } from './dpop/proof-memory.js';
import { Federation } from './federation/federation.js';
import { Authorization } from './fga/authorization.js';
import { isLoopback } from './http/caller-options.js';
import type { CallerRules } from './http/origins.js';
import type { ResolvedOptions } from './options.js';
import { Vault } from './outbound/vault.js';
import { applyAuthorization, applyInboundApps, applySeed } from './seed/apply-seed.js';
import { applySettings, assignTemplates } from './seed/apply-settings.js';
import type { EmulatorSeed } from './seed/seed.js';
import { applyOutboundApps } from './seed/seed-connections.js';
import { applyFederation, applyGroups } from './seed/seed-federation.js';
import { applyFlows } from './seed/seed-flows.js';
import type { EmulatorSettings } from './settings.js';
import { changeSettings } from './settings.js';
import { FlowRuns } from './store/flows.js';
import type { KeyRing } from './store/key-ring.js';
import { OAuthGrants } from './store/oauth-grants.js';
import { PasswordPolicies } from './store/password-policy.js';
import { EnchantedLinks, PendingSignIns } from './store/pending.js';
import { Project } from './store/project.js';
import { createSecret } from './store/records.js';
import { IssueTimes, SignIns } from './store/sign-ins.js';
import { Webhooks } from './webhooks/webhooks.js';

/** The kinds of token of a sign-in. */
export type TokenKind = 'session' | 'refresh';

/** The state of the running project. */
export class ProjectState {
  readonly clock = new EmulatorClock();
  readonly faults = new Faults();
  readonly requests = new RequestLog();
  readonly outbox = new Outbox();
  readonly webhooks = new Webhooks();
  readonly issueTimes = new IssueTimes();
  readonly projectId: string;
  readonly managementKey: string;
  /** Whether only this machine reaches the emulator. */
  readonly onLoopback: boolean;
  readonly audit: AuditTrail;
  readonly passwords = new PasswordPolicies(this.clock);
  project: Project;
  readonly authorization = new Authorization(() => this.clock.now());
  readonly vault = new Vault();
  readonly signIns = new SignIns(() => this.clock.nowSeconds());
  readonly oauth = new OAuthGrants();
  readonly proofs = new ProofMemory();
  readonly federation = new Federation();
  pending = new PendingSignIns();
  enchantedLinks = new EnchantedLinks();
  flowRuns = new FlowRuns();
  settings: EmulatorSettings;
  /** The projects of the server, with this one. */
  siblings: () => readonly ProjectState[] = () => [this];
  /** The URL by which the project is reached; empty until the server listens. */
  url = '';
  #consoleToken: string | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly seed: EmulatorSeed,
    readonly keys: KeyRing,
  ) {
    this.projectId = options.projectId;
    this.managementKey = options.managementKey;
    this.onLoopback = isLoopback(options.host);
    this.settings = options.settings;
    this.audit = new AuditTrail(options.projectId, this.clock, (event) => this.webhooks.publish(event));
    this.project = this.#createProject();
    this.#applySeed();
  }

  /** The path of the URL, without a slash at its end; empty for the root. */
  get basePath(): string {
    return new URL(this.url).pathname.replace(/\/$/, '');
  }

  /** Where the emulator is reached, and by whom. */
  get rules(): CallerRules {
    return this.options;
  }

  /** The claim `iss` of new tokens. */
  get issuer(): string {
    return this.settings.issuer === 'url' ? this.issuerUrl : this.projectId;
  }

  /** The issuer in the form of a URL. */
  get issuerUrl(): string {
    return `${this.url}/${this.projectId}`;
  }

  /** The token that opens the console; drawn when somebody asks for it. */
  get consoleToken(): string {
    this.#consoleToken ??= this.options.consoleToken ?? createSecret();
    return this.#consoleToken;
  }

  /** The cookie name of a kind of token, which is also its claim `drn`. */
  cookieName(kind: TokenKind): string {
    return kind === 'session' ? this.settings.sessionCookieName : this.settings.refreshCookieName;
  }

  /** Changes settings until the next `reset()`; throws `EMULATOR_OPTIONS_INVALID`, and changes nothing then. */
  configure(changes: Partial<EmulatorSettings>): void {
    const settings = changeSettings(this.settings, changes);
    assignTemplates(this.project, changes);
    this.settings = settings;
  }

  /** Restores the state at the start, except for the signing keys. */
  reset(): void {
    this.clock.reset();
    this.faults.clear();
    this.requests.clear();
    this.outbox.clear();
    this.audit.clear();
    this.passwords.clear();
    this.keys.unpublishExtra();
    this.settings = this.options.settings;
    this.project = this.#createProject();
    this.signIns.clear();
    this.oauth.clear();
    this.proofs.clear();
    this.federation.clear();
    this.pending = new PendingSignIns();
    this.enchantedLinks = new EnchantedLinks();
    this.flowRuns = new FlowRuns();
    this.authorization.reset();
    this.vault.clear();
    this.#applySeed();
  }

  #createProject(): Project {
    return new Project((change) => {
      this.audit.noteChange(change);
      this.passwords.noteChange(change);
    });
  }

  #applySeed(): void {
    this.webhooks.reset([...this.options.webhooks, ...(this.seed.webhooks ?? [])]);
    applySettings(this.project, this.passwords, this.seed);
    assignTemplates(this.project, this.settings);
    applySeed(this.project, this.seed, this.clock.nowSeconds());
    applyInboundApps(this.project, this.seed, this.projectId);
    applyFlows(this.project, this.seed.flows);
    applyAuthorization(this.authorization, this.seed);
    applyOutboundApps(this, this.seed);
    applyFederation(this.federation, this.seed);
    applyGroups(this.project, this.federation, this.seed.users);
  }
}
