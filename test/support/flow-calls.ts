// The calls of the web component for its flows, with the fields that it sends.
import type { EmulatorBed } from './use-emulator.js';

/** The answer to a call of a flow. */
export interface FlowAnswer {
  readonly executionId: string;
  readonly stepId: string;
  readonly status: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly screen: {
    readonly id: string;
    readonly state: {
      readonly errorText?: string;
      readonly componentsState?: object;
      readonly form?: { readonly email?: string };
    };
  };
  readonly authInfo?: {
    readonly sessionJwt: string;
    readonly refreshJwt: string;
    readonly firstSeen: boolean;
  };
  readonly output?: object;
  readonly cookies: readonly string[];
}

interface StartOptions {
  readonly flowId?: string;
  readonly interactionId?: string;
  readonly options?: object;
  /** The refresh token of the user who is signed in. */
  readonly token?: string;
}

/** Makes the calls for the emulator of a test file. */
export function flowCalls(bed: EmulatorBed) {
  const call = async (path: string, body: object, token?: string): Promise<FlowAnswer> => {
    const { projectId } = bed.emulator;
    const headers = { authorization: `Bearer ${token ? `${projectId}:${token}` : projectId}` };
    const response = await bed.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { ...((await response.json()) as FlowAnswer), cookies: response.headers.getSetCookie() };
  };
  return {
    call,
    start: (input: object, start: StartOptions = {}) => {
      const { flowId = 'sign-up-or-in', interactionId = 'btnGo', options = {}, token } = start;
      return call('/v1/flow/start', { flowId, interactionId, input, options }, token);
    },
    next: ({ executionId, stepId }: FlowAnswer, input: object, interactionId = 'btnGo', token?: string) =>
      call('/v1/flow/next', { executionId, stepId, interactionId, input }, token),
    codeFor: (loginId: string): string => bed.emulator.outbox.last(loginId)?.code ?? '',
  };
}
