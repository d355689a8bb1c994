// The screens of the flows as plain HTML, and their style in both themes; the web component renders them.
import { escapeHtml } from '../http/page.js';
import type { ScreenId } from '../store/flows.js';

/** The screens whose HTML is the same for everybody. */
export type FixedScreenId = Exclude<ScreenId, 'tenant'>;

/** A tenant as a screen shows it. */
export interface ShownTenant {
  readonly id: string;
  readonly name: string;
}

const ERROR = '<p data-type="error-message" class="error hide" role="alert"></p>';

// The web component fills in the value of the name; it is shown and sent, but cannot be edited.
const EMAIL = '<p class="whose"><output name="email" auto-focus="false"></output></p>';

const toAddressScreen = (label = 'E-mail address'): string => `<div class="screen">
  <label for="email">${label}</label>
  <input id="email" name="email" type="email" autocomplete="username" required>
  ${ERROR}
  <button id="btnGo" type="button" data-type="button">Send me a code</button>
  <div class="others">
    <button id="btnPassword" type="button" data-type="button">Use a password</button>
    <button id="btnLink" type="button" data-type="button">Send me a link</button>
  </div>
</div>`;

/** The HTML of each screen, but for the list of tenants. */
export const PLAIN_SCREENS: Readonly<Record<FixedScreenId, string>> = {
  login: toAddressScreen(),
  'sign-in': toAddressScreen(),
  'sign-up': toAddressScreen('Your e-mail address'),
  code: `<div class="screen">
  ${EMAIL}
  <label for="code">Code from the e-mail</label>
  <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" required>
  ${ERROR}
  <button id="btnGo" type="button" data-type="button">Sign in</button>
  <div class="others">
    <button id="btnResend" type="button" data-type="button" formnovalidate="true">Send a new code</button>
    <button id="btnBack" type="button" data-type="button" formnovalidate="true">Start again</button>
  </div>
</div>`,
  password: `<div class="screen">
  ${EMAIL}
  <label for="password">Password</label>
  <input id="password" name="password" type="password" autocomplete="current-password" required>
  ${ERROR}
  <button id="btnGo" type="button" data-type="button">Sign in</button>
  <div class="others">
    <button id="btnBack" type="button" data-type="button" formnovalidate="true">Start again</button>
  </div>
</div>`,
  sent: `<div class="screen">
  ${EMAIL}
  <p>We have sent you a link. Open it in this browser to sign in.</p>
  ${ERROR}
  <div class="others">
    <button id="btnBack" type="button" data-type="button" formnovalidate="true">Start again</button>
  </div>
</div>`,
  confirm: `<div class="screen">
  ${EMAIL}
  <p>Please confirm that it is you.</p>
  ${ERROR}
  <button id="btnGo" type="button" data-type="button">Send me a code</button>
  <div class="others">
    <button id="btnPassword" type="button" data-type="button">Use a password</button>
  </div>
</div>`,
};

/** Writes the screen that lists tenants. */
export function toPlainTenants(tenants: readonly ShownTenant[]): string {
  const buttons = tenants.map(
    ({ id, name }, index) =>
      `<button id="tenant-${index}" type="button" data-type="button" data-descope-tenant="${escapeHtml(id)}">${escapeHtml(name)}</button>`,
  );
  return `<div class="screen">
  <p>Choose a tenant</p>
  ${ERROR}
  ${buttons.join('\n  ')}
</div>`;
}

/** The name of a theme. */
type ThemeName = 'light' | 'dark';

const COLOURS: Readonly<Record<ThemeName, Readonly<Record<string, string>>>> = {
  light: {
    text: '#1c2024',
    muted: '#5b6570',
    field: '#ffffff',
    border: '#8a94a0',
    accent: '#1f5fd0',
    'on-accent': '#ffffff',
    error: '#b3261e',
  },
  dark: {
    text: '#e8eaed',
    muted: '#a7b0ba',
    field: '#14171a',
    border: '#6b7681',
    accent: '#8ab4f8',
    'on-accent': '#0b1b33',
    error: '#ff9d94',
  },
};

// The layout does not depend on the theme, so only one of them contains it.
const SHAPE = `
.screen { display: flex; flex-direction: column; gap: 10px; font: 16px/1.5 system-ui, sans-serif; color: var(--text); }
.screen p { margin: 0; }
.screen .whose { color: var(--muted); overflow-wrap: anywhere; }
.screen label { font-weight: 600; font-size: 15px; }
.screen input { font: inherit; color: inherit; background: var(--field); border: 1px solid var(--border);
  border-radius: 8px; padding: 10px 12px; box-sizing: border-box; width: 100%; }
.screen input:focus-visible, .screen button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.screen button { font: inherit; font-weight: 600; border-radius: 8px; border: 0; padding: 11px 16px; margin-top: 6px;
  cursor: pointer; background: var(--accent); color: var(--on-accent); }
.screen button:hover { filter: brightness(1.08); }
.screen button[disabled], .screen button[loading] { opacity: 0.6; cursor: progress; }
.screen .others { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 16px;
  margin-bottom: -8px; }
.screen .others button { background: none; color: var(--accent); padding: 8px 0; font-weight: 500; margin: 0; }
.screen .error { color: var(--error); }
.hide { display: none; }
`;

/** The style of the plain screens in a theme. */
export function toPlainCss(theme: ThemeName): string {
  const colours = Object.entries(COLOURS[theme]).map(([name, value]) => `--${name}: ${value};`);
  return `[data-theme="${theme}"] .screen { color-scheme: ${theme}; ${colours.join(' ')} }\n${theme === 'light' ? SHAPE : ''}`;
}
