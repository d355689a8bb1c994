// The screens of the flows in Descope's own elements, which the web component loads from Descope's component library.
import { escapeHtml } from '../http/page.js';
import type { FixedScreenId, ShownTenant } from './plain-screens.js';

const ERROR =
  '<descope-text id="error" class="hide" data-type="error-message" role="alert" mode="error" variant="body2"></descope-text>';
const WHOSE = '<descope-text id="whose" mode="primary" variant="body2">{{form.email}}</descope-text>';

/** The HTML of each screen, but for the list of tenants. */
export const COMPONENT_SCREENS: Readonly<Record<FixedScreenId, string>> = {
  login: toAddressScreen('Welcome'),
  'sign-in': toAddressScreen('Sign in'),
  'sign-up': toAddressScreen('Create your account'),
  code: toScreen('Enter the code', [
    WHOSE,
    toField('passcode', 'name="code" label="Code from the e-mail" digits="6" data-auto-submit="true"'),
    ERROR,
    toButton('btnGo', 'Sign in'),
    toRow(
      toButton('btnResend', 'Send a new code', 'link" formnovalidate="true'),
      toButton('btnBack', 'Start again', 'link" formnovalidate="true'),
    ),
  ]),
  password: toScreen('Enter your password', [
    WHOSE,
    toField('password', 'name="password" label="Password" autocomplete="current-password"'),
    ERROR,
    toButton('btnGo', 'Sign in'),
    toRow(toButton('btnBack', 'Start again', 'link" formnovalidate="true')),
  ]),
  sent: toScreen('Look into your mail', [
    WHOSE,
    toText('We have sent you a link. Open it in this browser to sign in.'),
    ERROR,
    toRow(toButton('btnBack', 'Start again', 'link" formnovalidate="true')),
  ]),
  confirm: toScreen('Confirm that it is you', [
    WHOSE,
    ERROR,
    toButton('btnGo', 'Send me a code'),
    toRow(toButton('btnPassword', 'Use a password', 'link')),
  ]),
};

/** Writes the screen that lists tenants. */
export function toComponentTenants(tenants: readonly ShownTenant[]): string {
  const buttons = tenants.map(({ id, name }, index) =>
    toButton(`tenant-${index}`, escapeHtml(name), `outline" data-descope-tenant="${escapeHtml(id)}`),
  );
  return toScreen('Choose a tenant', [ERROR, ...buttons]);
}

function toAddressScreen(heading: string): string {
  return toScreen(heading, [
    toField('email-field', 'name="email" label="E-mail address" autocomplete="username"'),
    ERROR,
    toButton('btnGo', 'Send me a code'),
    toRow(toButton('btnPassword', 'Use a password', 'link'), toButton('btnLink', 'Send me a link', 'link')),
  ]);
}

function toScreen(heading: string, parts: readonly string[]): string {
  const title = `<descope-text id="heading" role="heading" aria-level="2" mode="primary" variant="h3">${heading}</descope-text>`;
  return `<descope-container id="ROOT" direction="column" border-radius="sm" st-gap="1rem" st-align-items="stretch" st-host-width="100%" st-horizontal-padding="1rem" st-vertical-padding="1rem">
  ${[title, ...parts].join('\n  ')}
</descope-container>`;
}

function toRow(...parts: readonly string[]): string {
  return `<descope-container direction="row" st-gap="0.5rem" st-justify-content="space-between" st-host-width="100%" st-horizontal-padding="0" st-vertical-padding="0" st-background-color="#00000000">
    ${parts.join('\n    ')}
  </descope-container>`;
}

function toField(kind: string, attributes: string): string {
  return `<descope-${kind} id="${kind}" ${attributes} bordered="true" full-width="true" size="md" required="true"></descope-${kind}>`;
}

function toText(text: string): string {
  return `<descope-text mode="primary" variant="body1">${text}</descope-text>`;
}

// The variant may bring further attributes with it.
function toButton(id: string, text: string, variant = 'contained" full-width="true'): string {
  return `<descope-button id="${id}" data-type="button" mode="primary" size="md" variant="${variant}">${text}</descope-button>`;
}
