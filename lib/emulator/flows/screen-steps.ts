// Which code takes a submitted screen, by the flow's kind.
import type { RouteResponse } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { FlowRun, ScreenId } from '../store/flows.js';
import { FIRST_SCREENS } from '../store/flows.js';
import type { Screen, ScreenSubmission } from './sign-in-steps.js';
import { addressScreen, codeScreen, passwordScreen, sentScreen } from './sign-in-steps.js';
import { confirmScreen, stepUpCodeScreen, stepUpPasswordScreen, tenantScreen } from './signed-in-steps.js';

/** Submits a screen; returns the response with tokens, or the id of the next screen. */
export async function submitScreen(
  state: ProjectState,
  submission: ScreenSubmission,
): Promise<RouteResponse | ScreenId> {
  const { run, interactionId } = submission;
  if (interactionId === 'btnBack') return FIRST_SCREENS[run.flow.kind];
  state.audit.setMethod(interactionId === 'btnLink' ? 'magiclink' : toMethod(run));
  const screens = run.flow.kind === 'step-up' ? STEP_UP_SCREENS : SCREENS;
  return screens[run.screen](state, submission);
}

/** The authentication method of a run in the audit trail; a first screen sends a code, unless its button asks for a link. */
export function toMethod({ screen }: FlowRun): string {
  return METHODS[screen] ?? 'otp';
}

const METHODS: Readonly<Partial<Record<ScreenId, string>>> = { password: 'password', sent: 'magiclink' };

const SCREENS: Readonly<Record<ScreenId, Screen>> = {
  login: addressScreen,
  'sign-in': addressScreen,
  'sign-up': addressScreen,
  code: codeScreen,
  password: passwordScreen,
  sent: sentScreen,
  confirm: confirmScreen,
  tenant: tenantScreen,
};

const STEP_UP_SCREENS: Readonly<Record<ScreenId, Screen>> = {
  ...SCREENS,
  code: stepUpCodeScreen,
  password: stepUpPasswordScreen,
};
