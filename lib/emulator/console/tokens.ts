// The page of tokens: mints one with chosen claims, and takes one apart.
import type { Form } from '../console-parts/form.js';
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toForm, toRejected } from '../console-parts/page.js';
import type { Choice } from '../console-parts/parts.js';
import {
  toArea,
  toCheckbox,
  toCopy,
  toFacts,
  toField,
  toMarks,
  toMoment,
  toSelect,
} from '../console-parts/parts.js';
import { toCurl } from '../console-parts/session-notice.js';
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import { createKey } from '../store/key-ring.js';
import type { UserRecord } from '../store/project.js';
import { toGrantClaims } from '../store/roles.js';
import type { AgentTokenOptions } from '../tokens/direct-tokens.js';
import { issueAgentToken, issueAppToken, mintToken } from '../tokens/direct-tokens.js';
import type { TokenParts, TokenSignature } from '../tokens/take-apart.js';
import { takeApart } from '../tokens/take-apart.js';

/** The page of tokens. */
export const tokensPage: ConsolePage = {
  name: 'tokens',
  title: 'Tokens',
  lead: 'Mints a token of any kind, or takes one apart. No token leaves the emulator.',
  draw: (desk) =>
    html`<section class="card">
        <h2>Mint a token</h2>
        ${toMintForm(desk)}
      </section>
      <section class="card">
        <h2>Take a token apart</h2>
        ${toReadForm(desk)}
      </section>`,
  actions: { mint: (form, desk) => mint(form, desk), read: (form, desk) => read(form, desk) },
};

const mint: Action = async (form, desk) => {
  const token = await issue(form, desk.state);
  const parts = await takeApart(desk.state, token);
  const shown = parts && toParts(desk, parts);
  return {
    notice: html`<p><strong>The token is shown once.</strong></p>
      ${toCopy('Token', token)}${shown}${toCurl(token)}`,
  };
};

async function issue(form: Form, state: ProjectState): Promise<string> {
  const [kind, loginId] = [form.text('kind'), form.optional('user')];
  const user = loginId === undefined ? undefined : requireUser(state, loginId);
  const expiresInSeconds = form.number('lifetime');
  const shared = {
    claims: form.json('claims'),
    header: form.json('header'),
    ...(expiresInSeconds !== undefined && { expiresInSeconds }),
    ...(form.isChecked('foreign') && { key: await createKey(state.keys.current.algorithm) }),
  };
  if (kind === 'app' || kind === 'agent') {
    const options = { ...shared, ...toAppOptions(form, user) };
    return kind === 'app' ? issueAppToken(state, options) : issueAgentToken(state, options);
  }
  const claims = { ...toUserClaims(state, user, form), ...shared.claims };
  if (kind === 'session') return mintToken(state, { ...shared, claims });
  const refresh = { expiresInSeconds: state.settings.refreshSeconds, ...shared };
  return mintToken(state, { ...refresh, claims: { drn: state.cookieName('refresh'), ...claims } });
}

function toAppOptions(form: Form, user: UserRecord | undefined): AgentTokenOptions {
  const [app, audience, tenantId, serverId] = ['app', 'audience', 'tenantId', 'serverId'].map((name) =>
    form.optional(name),
  );
  return {
    scopes: form.list('scopes'),
    ...(user && { onBehalfOf: user.userId }),
    ...(app !== undefined && { app }),
    ...(audience !== undefined && { audience }),
    ...(tenantId !== undefined && { tenantId }),
    ...(serverId !== undefined && { serverId }),
  };
}

// As a sign-in would write them.
function toUserClaims(state: ProjectState, user: UserRecord | undefined, form: Form): JsonObject {
  const [tenantId, scopes] = [form.optional('tenantId'), form.list('scopes')];
  return {
    ...user?.customClaims,
    ...(user && { ...toGrantClaims(user, state.project.roles), amr: ['email'], sub: user.userId }),
    ...(tenantId !== undefined && { dct: tenantId }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  };
}

function requireUser({ project }: ProjectState, loginId: string): UserRecord {
  const user = project.users.find(loginId);
  if (!user) throw new DescopeError('userNotFound', `There is no user ${loginId}`);
  return user;
}

const read: Action = async (form, desk) => {
  const token = form.text('token').replace(/^(?:authorization:\s*)?bearer\s+/i, '');
  const parts = await takeApart(desk.state, token);
  if (parts) return { notice: toParts(desk, parts) };
  throw new DescopeError(
    'invalidArguments',
    'This is no signed JWT: three parts of base64url with dots between them',
  );
};

const SIGNATURES: Readonly<Record<TokenSignature['verdict'], readonly [text: string, kind: string]>> = {
  'signing key': ['signed by the signing key', 'fine'],
  'earlier key': ['signed by an earlier key, which is still published', 'fine'],
  'other key': ['signed by a key that was published by hand', 'fine'],
  'unknown key': ['signed by a key that the project does not publish', 'bad'],
  'wrong signature': ['the signature is wrong', 'bad'],
};

function toParts({ state }: Desk, parts: TokenParts): Html {
  const { header, claims, kind, signature, time, isIssuedHere, isRevoked } = parts;
  const [text, tone] = SIGNATURES[signature.verdict];
  const moment = (name: string) => {
    const value = claims[name];
    return typeof value === 'number' && toMoment(value, state.clock);
  };
  return html`<h2>The token</h2>
    <p>
      ${toMarks([time], time === 'valid' ? 'fine' : 'bad')}${toMarks([text], tone)}${isRevoked && toMarks(['revoked, or its sign-in has ended'], 'bad')}${!isIssuedHere && toMarks(['not issued by this project'], 'bad')}
    </p>
    ${toFacts([
      ['Kind', kind],
      ['Key', html`<code>${signature.kid ?? 'none'}</code>`],
      ['Issued', moment('iat')],
      ['Expires', moment('exp')],
      ['Now', toMoment(state.clock.nowSeconds(), state.clock)],
    ])}
    <h3>Header</h3>
    <pre>${JSON.stringify(header, undefined, 2)}</pre>
    <h3>Claims</h3>
    <pre>${JSON.stringify(claims, undefined, 2)}</pre>`;
}

const KINDS: readonly Choice[] = [
  ['session', 'Session token of a user'],
  ['refresh', 'Refresh token of a user'],
  ['app', 'Token of an inbound app'],
  ['agent', 'Token of an agent (MCP)'],
];

function toMintForm(desk: Desk): Html {
  const form = toRejected(desk);
  const text = (name: string) => ({ name, value: form.text(name) });
  const { users, inboundApps } = desk.state.project;
  const loginIds = users.all.slice(0, 100).flatMap(({ loginIds: [first] }) => first ?? []);
  return html`<datalist id="users">${loginIds.map(toOption)}</datalist>
    <datalist id="apps">${inboundApps.all.map(({ name }) => toOption(name))}</datalist>
    ${toForm(
      desk,
      { page: 'tokens', action: 'mint' },
      html`<div class="fields">
          ${toSelect({ ...text('kind'), label: 'Kind' }, KINDS)}
          ${toField({ ...text('user'), label: 'User', hint: 'Login id; an app may have none', list: 'users' })}
          ${toField({ ...text('lifetime'), label: 'Lifetime in seconds', type: 'number', hint: 'Negative: already expired' })}
          ${toField({ ...text('tenantId'), label: 'Tenant', hint: 'The claim dct' })}
          ${toField({ ...text('scopes'), label: 'Scopes', placeholder: 'orders:read' })}
          ${toField({ ...text('app'), label: 'Inbound app', hint: 'Name or client id', list: 'apps' })}
          ${toField({ ...text('audience'), label: 'Audience', hint: 'Of an app or an agent' })}
          ${toField({ ...text('serverId'), label: 'MCP server', hint: 'Of an agent' })}
        </div>
        ${toArea({ ...text('claims'), label: 'Claims', hint: 'A JSON object; they replace others' })}
        ${toArea({ ...text('header'), label: 'Header', hint: 'A JSON object; its members replace others' })}
        ${toCheckbox('foreign', 'Sign with a key that the project does not publish', form.isChecked('foreign'))}
        <button>Mint the token</button>`,
    )}`;
}

function toOption(value: string): Html {
  return html`<option value="${value}"></option>`;
}

function toReadForm(desk: Desk): Html {
  const value = toRejected(desk).text('token');
  return toForm(
    desk,
    { page: 'tokens', action: 'read' },
    html`${toArea({ name: 'token', label: 'Token', value, hint: 'A JWT, also one with “Bearer” before it', required: true })}
      <button>Take it apart</button>`,
  );
}
