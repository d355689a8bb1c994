// The first page of the console: what runs here, how an application finds it, and the reset of everything.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toForm, toPath } from '../console-parts/page.js';
import { toCopy, toDisclosure, toFacts, toTime } from '../console-parts/parts.js';

/** The first page. */
export const overviewPage: ConsolePage = {
  name: '',
  title: 'Overview',
  lead: 'A Descope in memory, for development. Nothing here reaches Descope, and nothing outlives the process.',
  draw: (desk) =>
    html`${toTiles(desk)}
      <section class="card">
        <h2>Your application</h2>
        <p>It finds the emulator by these lines of its <code>.env</code> file:</p>
        ${toVariables(desk).map(([name, value]) => toCopy(name, `${name}=${value}`))}
        <p class="muted">The management key is needed only for calls of the management API.</p>
      </section>
      <section class="card">
        <h2>This emulator</h2>
        ${toProjectFacts(desk)}
      </section>
      <section class="card">
        <h2>Reset</h2>
        ${toDisclosure('Go back to the seed', toResetForm(desk))}
      </section>`,
  actions: { reset: (form, desk) => reset(form, desk) },
};

const reset: Action = (_form, { state }) => {
  state.reset();
  return {
    notice: html`<p>
      Everything is as it was at the start. Signing keys stay; earlier sign-ins cannot be refreshed.
    </p>`,
  };
};

function toTiles(desk: Desk): Html {
  const { project, outbox, requests, faults } = desk.state;
  const tiles = [
    ['users', 'Users', project.users.all.length],
    ['outbox', 'Codes and links', outbox.all.length],
    ['requests', 'Requests', requests.count()],
    ['access-keys', 'Access keys', project.accessKeys.all.length],
    ['inbound-apps', 'Inbound apps', project.inboundApps.all.length],
    ['faults', 'Faults', faults.all.length],
  ] as const;
  return html`<ul class="tiles">
    ${tiles.map(
      ([page, label, count]) =>
        html`<li>
          <a href="${toPath(desk, page)}"><b>${count}</b> ${label}</a>
        </li>`,
    )}
  </ul>`;
}

function toVariables({ state }: Desk): readonly (readonly [name: string, value: string])[] {
  return [
    ['DESCOPE_BASE_URI', state.url],
    ['DESCOPE_PROJECT_ID', state.projectId],
    ['DESCOPE_MANAGEMENT_KEY', state.managementKey],
  ];
}

function toProjectFacts(desk: Desk): Html {
  const { state } = desk;
  const { sessionSeconds, refreshSeconds, refreshRotation, responseMode } = state.settings;
  return toFacts([
    ['Time', html`${toTime(state.clock.now())} <a href="${toPath(desk, 'clock')}">Move the clock</a>`],
    ['Signing key', html`<code>${state.keys.current.kid}</code> (${state.keys.current.algorithm})`],
    ['Session', `${sessionSeconds} seconds`],
    ['Refresh', `${refreshSeconds} seconds${refreshRotation ? ', with rotation' : ''}`],
    ['Tokens in', responseMode === 'body' ? 'the body of responses' : 'cookies'],
  ]);
}

function toResetForm(desk: Desk): Html {
  return toForm(
    desk,
    { page: '', action: 'reset' },
    html`<p>
        Restores users, tenants, roles, keys of machines and apps from the seed, the settings, the webhooks
        and the time. Deletes sign-ins, faults, requests and messages.
      </p>
      <button class="danger">Reset the emulator</button>`,
  );
}
