// The pages of what a developer makes happen: another time, faults, and new signing keys.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toButton, toForm, toRejected } from '../console-parts/page.js';
import type { Choice } from '../console-parts/parts.js';
import { toDisclosure, toField, toMarks, toRecords, toSelect, toTime } from '../console-parts/parts.js';
import type { Fault } from '../controls/faults.js';
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';

/** The page of the clock. */
export const clockPage: ConsolePage = {
  name: 'clock',
  title: 'Clock',
  lead: 'Moves the time of tokens, codes and sessions. An application in another process keeps its own time.',
  draw: (desk) => {
    const jump = ([seconds, label]: (typeof JUMPS)[number]) =>
      toButton(desk, { page: 'clock', action: 'advance', about: { seconds: String(seconds) } }, label);
    return html`<section class="card">
        <h2>Now</h2>
        <p class="big">${toTime(desk.state.clock.now())}</p>
        <div class="buttons">${JUMPS.map(jump)}</div>
        ${toButton(desk, { page: 'clock', action: 'reset' }, "Back to the machine's time")}
      </section>
      <section class="card">
        <h2>Set it</h2>
        ${toClockForms(desk)}
      </section>`;
  },
  actions: {
    advance: (form, { state }) => {
      state.clock.advance((form.number('seconds') ?? 0) * 1000);
      return { notice: html`<p>It is now ${toTime(state.clock.now())}.</p>` };
    },
    set: (form, { state }) => {
      const moment = new Date(`${form.text('moment')}Z`);
      if (Number.isNaN(moment.getTime()))
        throw new DescopeError('invalidArguments', 'The moment must be a date with a time');
      state.clock.set(moment);
      return { notice: html`<p>It is now ${toTime(state.clock.now())}.</p>` };
    },
    reset: (_form, { state }) => {
      state.clock.reset();
      return { notice: html`<p>The clock is back at the machine's time.</p>` };
    },
  },
};

const JUMPS = [
  [60, '1 minute later'],
  [11 * 60, '11 minutes later'],
  [3600, '1 hour later'],
  [86_400, '1 day later'],
  [28 * 86_400, '28 days later'],
] as const;

function toClockForms(desk: Desk): Html {
  const form = toRejected(desk);
  return html`${toForm(
    desk,
    { page: 'clock', action: 'advance' },
    html`${toField({ name: 'seconds', label: 'Seconds to move it by', type: 'number', value: form.text('seconds'), hint: 'A negative number moves it back', required: true })}<button
        class="second"
      >
        Move the clock
      </button>`,
  )}
  ${toForm(
    desk,
    { page: 'clock', action: 'set' },
    html`${toField({ name: 'moment', label: 'Moment (UTC)', type: 'datetime-local', value: form.text('moment'), required: true })}<button
        class="second"
      >
        Set the clock
      </button>`,
  )}`;
}

/** The page of faults. */
export const faultsPage: ConsolePage = {
  name: 'faults',
  title: 'Faults',
  lead: 'Makes responses to applications fail. The console itself has no faults.',
  draw: (desk) => {
    const faults = desk.state.faults.all;
    return html`${toRecords(
        faults.map((fault) => toFault(desk, fault)),
        'No fault is ordered: every response is regular.',
      )}
      ${faults.length > 0 && toButton(desk, { page: 'faults', action: 'clear' }, 'Remove all faults')}
      <section class="card">
        <h2>Order a fault</h2>
        ${toFaultForm(desk)}
      </section>`;
  },
  actions: {
    add: (form, { state }) => {
      const path = form.text('path');
      if (!path.startsWith('/'))
        throw new DescopeError('invalidArguments', 'The path must start with a slash');
      const numbers = {
        times: form.number('times'),
        status: form.number('status'),
        delayMs: form.number('delayMs'),
      };
      assertRange(numbers);
      const body = form.optional('body');
      const kind = form.text('kind');
      if (kind !== 'hang' && kind !== 'reset' && [numbers.status, numbers.delayMs, body].every(isAbsent))
        throw new DescopeError(
          'invalidArguments',
          'Choose what the response is: a status, a body or a delay',
        );
      state.faults.add({
        path,
        ...withoutAbsent({ method: form.optional('method'), ...numbers, body }),
        ...(kind === 'hang' && { hang: true }),
        ...(kind === 'reset' && { reset: true }),
      });
      return { notice: html`<p>The fault counts from the next request on.</p>` };
    },
    remove: (form, { state }) => {
      const fault = state.faults.all.find((one) => idOf(one) === form.text('fault'));
      if (!fault) throw new DescopeError('invalidArguments', 'The fault is no longer there');
      fault.remove();
      return { notice: html`<p>The fault was removed.</p>` };
    },
    clear: (_form, { state }) => {
      state.faults.clear();
      return { notice: html`<p>All faults were removed.</p>` };
    },
  },
};

type Range = Readonly<Record<'times' | 'status' | 'delayMs', number | undefined>>;

function assertRange({ times, status, delayMs }: Range): void {
  if (status !== undefined && (status < 200 || status > 599))
    throw new DescopeError('invalidArguments', 'The status must be from 200 to 599');
  if (times !== undefined && times < 1)
    throw new DescopeError('invalidArguments', 'The number of requests must be at least 1');
  if (delayMs !== undefined && (delayMs < 0 || delayMs > 600_000))
    throw new DescopeError('invalidArguments', 'The delay must be from 0 to 600000 milliseconds');
}

function isAbsent(value: unknown): boolean {
  return value === undefined;
}

function withoutAbsent(options: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

const ids = new WeakMap<Fault, string>();
let lastId = 0;

// Faults have no id of their own.
function idOf(fault: Fault): string {
  const id = ids.get(fault) ?? String((lastId += 1));
  ids.set(fault, id);
  return id;
}

function toFault(desk: Desk, fault: Fault): Html {
  const { path, method, times, delayMs, status, redirect, dripMs, hang, reset, body } = fault.options;
  const effects = [
    status !== undefined && `status ${status}`,
    body !== undefined && 'a body of its own',
    redirect !== undefined && `redirect to ${redirect}`,
    delayMs !== undefined && `${delayMs} ms later`,
    dripMs !== undefined && 'byte by byte',
    hang && 'no response',
    reset && 'connection reset',
  ];
  return html`<h2 class="path">${method ?? 'Any method'} ${path}</h2>
    <p>${toMarks(effects.filter(Boolean))} ${fault.hits} of ${times ?? 'any number of'} requests</p>
    ${toButton(desk, { page: 'faults', action: 'remove', about: { fault: idOf(fault) } }, html`Remove<span class="visually-hidden"> the fault of ${path}</span>`)}`;
}

const METHODS: readonly Choice[] = [
  ['', 'any'],
  ['GET', 'GET'],
  ['POST', 'POST'],
  ['PATCH', 'PATCH'],
  ['DELETE', 'DELETE'],
];
const KINDS: readonly Choice[] = [
  ['', 'a response'],
  ['hang', 'no response, and the connection stays open'],
  ['reset', 'the connection is reset'],
];

function toFaultForm(desk: Desk): Html {
  const form = toRejected(desk);
  const text = (name: string) => ({ name, value: form.text(name) });
  return html`<datalist id="paths">${PATHS.map((path) => html`<option value="${path}"></option>`)}</datalist>
    ${toForm(
      desk,
      { page: 'faults', action: 'add' },
      html`<div class="fields">
          ${toField({ ...text('path'), label: 'Path', hint: 'And all paths below it', required: true, placeholder: '/v2/keys', list: 'paths' })}
          ${toSelect({ ...text('method'), label: 'Method' }, METHODS)}
          ${toSelect({ ...text('kind'), label: 'What the application gets' }, KINDS)}
          ${toField({ ...text('status'), label: 'Status', type: 'number', hint: 'Empty: the regular response' })}
          ${toField({ ...text('delayMs'), label: 'Delay in milliseconds', type: 'number', hint: 'Empty: none' })}
          ${toField({ ...text('times'), label: 'Number of requests', type: 'number', hint: 'Empty: until it is removed' })}
        </div>
        ${toField({ ...text('body'), label: 'Body', hint: 'Empty: an error of Descope' })}
        <button>Order the fault</button>`,
    )}`;
}

const PATHS = [
  '/v2/keys',
  '/v1/auth/refresh',
  '/v1/auth/me',
  '/v1/auth/accesskey/exchange',
  '/v1/mgmt',
  '/oauth2',
  '/',
];

/** The page of the signing keys. */
export const keysPage: ConsolePage = {
  name: 'keys',
  title: 'Signing keys',
  lead: 'Tokens are signed with the first key. Applications check them with all keys that are published here.',
  draw: (desk) => {
    const { current, published } = desk.state.keys;
    const keys = published.map((jwk) => toKey(jwk, jwk['kid'] === current.kid));
    return html`${toRecords(keys, 'There is no key.')}
      <section class="card">
        <h2>Rotate</h2>
        <p>A new key signs from now on. Tokens of earlier keys stay valid, unless these are revoked.</p>
        <div class="buttons">
          ${toButton(desk, { page: 'keys', action: 'rotate' }, 'Rotate the signing key')}
          ${toForm(desk, { page: 'keys', action: 'rotate', about: { revoke: 'on' } }, html`<button class="danger">Rotate, and revoke earlier keys</button>`)}
        </div>
      </section>`;
  },
  actions: { rotate: (form, desk) => rotate(form, desk) },
};

const rotate: Action = async (form, { state }) => {
  const isRevoking = form.isChecked('revoke');
  const { kid } = await state.keys.rotate(isRevoking);
  const effect = isRevoking
    ? 'Earlier keys are no longer published: their tokens are rejected.'
    : 'Earlier keys are still published.';
  return { notice: html`<p><code>${kid}</code> signs from now on. ${effect}</p>` };
};

function toKey(jwk: JsonObject, isSigning: boolean): Html {
  const kid = toText(jwk['kid']) || 'no key id';
  return html`<h2 class="path">${kid}</h2>
    <p>
      ${isSigning && toMarks(['signs new tokens'], 'fine')}${toMarks([toText(jwk['alg'])].filter(Boolean))}
    </p>
    ${toDisclosure('Public key', html`<pre>${JSON.stringify(jwk, undefined, 2)}</pre>`)}`;
}

// What a test publishes is not checked.
function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
