// The screens of the flow as plain HTML: no component library, no script, no style of their own.
import type { ScreenId } from './flow-runs.js';

const ERROR = '<p data-type="error-message" class="error hide" role="alert"></p>';

// The web component fills in what the flow knows under the name; it is shown and sent, but not asked for again.
const EMAIL = '<p class="whose"><output name="email" auto-focus="false"></output></p>';

/** The HTML of each screen. */
export const SCREEN_HTML: Readonly<Record<ScreenId, string>> = {
  login: `<div class="screen">
  <label for="email">E-mail address</label>
  <input id="email" name="email" type="email" autocomplete="username" required>
  ${ERROR}
  <button id="btnGo" type="button" data-type="button">Send me a code</button>
  <div class="others">
    <button id="btnPassword" type="button" data-type="button">Use a password</button>
    <button id="btnLink" type="button" data-type="button">Send me a link</button>
  </div>
</div>`,
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
};
