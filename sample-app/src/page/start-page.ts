// The start page as a whole: the steps of the tour, in order.
import type { DescopeSession } from 'nestjs-descope';
import type { AccessMap } from 'nestjs-descope/inspect';
import type { SessionStoreName } from '../start/session-settings.js';
import { renderDocument } from './document.js';
import { html } from './html.js';
import type { Step } from './step.js';
import { renderNavigation, renderStep } from './step.js';
import { toGraphqlStep } from './steps/graphql.js';
import { toMachineStep } from './steps/machine.js';
import { toMoreStep } from './steps/more.js';
import { toRefreshStep } from './steps/refresh.js';
import { toRoutesStep } from './steps/routes.js';
import { toSignInStep } from './steps/sign-in.js';
import { toSignOutStep } from './steps/sign-out.js';
import { toSocketStep } from './steps/socket.js';
import { toTokenStep } from './steps/token.js';
import { toWhoStep } from './steps/who.js';

export interface StartPage {
  readonly session: DescopeSession;
  readonly accessMap: AccessMap;
  readonly url: string;
  readonly sessionStore: SessionStoreName;
  /** Whether one may sign in as a seeded person. */
  readonly isEmbedded: boolean;
}

export function renderStartPage(page: StartPage): string {
  const steps = STEPS.map((toStep) => toStep(page));
  const content = html`
    <p class="intro">
      One import of <code>DescopeModule</code> guards every route of this application. Ten short steps show
      what that means.
    </p>
    <noscript
      ><p class="notice">The buttons need JavaScript. The curl lines of the last step do not.</p></noscript
    >
    ${steps.map(renderStep)}
    <p id="announcement" class="visually-hidden" role="status"></p>
  `;
  return renderDocument({
    title: 'nestjs-descope sample app',
    source: page.isEmbedded ? 'Embedded Descope emulator' : 'Your Descope project',
    navigation: renderNavigation(steps),
    content,
    script: 'start-page.js',
  });
}

const STEPS: readonly ((page: StartPage) => Step)[] = [
  toSignInStep,
  toWhoStep,
  toTokenStep,
  toRoutesStep,
  toRefreshStep,
  toGraphqlStep,
  toSocketStep,
  toMachineStep,
  toSignOutStep,
  toMoreStep,
];
