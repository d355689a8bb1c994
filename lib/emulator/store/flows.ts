// The flows of the project, and their runs: a browser that is somewhere between the first screen and the tokens.
import type { JsonObject } from '../http/message.js';
import { LatestRecords } from '../latest-records.js';
import { createId } from './records.js';

/** What a flow does. */
export type FlowKind = 'sign-up-or-in' | 'sign-in' | 'sign-up' | 'step-up' | 'select-tenant';

/** The kinds of flows; the project has a flow of each, whose id is the kind. */
export const FLOW_KINDS: readonly FlowKind[] = [
  'sign-up-or-in',
  'sign-in',
  'sign-up',
  'step-up',
  'select-tenant',
];

/** A flow as the emulator keeps it. */
export interface FlowRecord {
  readonly id: string;
  readonly kind: FlowKind;
  /** What the page is told beside the tokens; strings may name inputs, as `{{client.version}}`. */
  readonly output: JsonObject;
}

/** A flow that was imported, as it is listed and exported; one of the emulator's own is a `FlowRecord` beside. */
export interface ImportedFlow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly disabled: boolean;
  readonly etag?: string | undefined;
  readonly dsl: unknown;
  readonly screens: readonly JsonObject[];
}

/** The ids of the screens, which are also the names of their HTML files, but for the list of tenants. */
export type ScreenId = 'login' | 'sign-in' | 'sign-up' | 'code' | 'password' | 'sent' | 'confirm' | 'tenant';

/** What the page gives a flow: its `form` fills in fields, its `client` is for the flow alone. */
export interface FlowInputs {
  readonly form: JsonObject;
  readonly client: JsonObject;
}

/** What a run is started with. */
export interface FlowStart {
  /** The page that an e-mailed link opens. */
  readonly page: string | undefined;
  readonly tenantId: string | undefined;
  readonly inputs: FlowInputs;
  /** The user who is signed in already, in the flows that need one. */
  readonly userId?: string | undefined;
  /** The address that codes go to, if it is known already. */
  readonly email?: string | undefined;
}

/** A flow that was started in a browser. */
export interface FlowRun extends Omit<FlowStart, 'email'> {
  /** `sign-up-or-in|#|…`, as the web component expects it; without underscores. */
  readonly executionId: string;
  /** The part of the execution id behind the flow's. */
  readonly id: string;
  readonly flow: FlowRecord;
  screen: ScreenId;
  email: string;
}

/** The first screen of each kind. */
export const FIRST_SCREENS: Readonly<Record<FlowKind, ScreenId>> = {
  'sign-up-or-in': 'login',
  'sign-in': 'sign-in',
  'sign-up': 'sign-up',
  'step-up': 'confirm',
  'select-tenant': 'tenant',
};

/** Whether a flow is for a user who is signed in. */
export function needsSignIn({ kind }: FlowRecord): boolean {
  return kind === 'step-up' || kind === 'select-tenant';
}

/** Keeps the latest runs, 1000 at most. */
export class FlowRuns {
  readonly #byId = new LatestRecords<string, FlowRun>({ most: 1000 });

  /** Starts a run at its first screen. */
  start(flow: FlowRecord, { email = '', ...options }: FlowStart): FlowRun {
    const id = createId('E');
    const executionId = `${flow.id}|#|${id}`;
    const run: FlowRun = { ...options, executionId, id, flow, screen: FIRST_SCREENS[flow.kind], email };
    this.#byId.put(id, run);
    return run;
  }

  /** Finds a run by its execution id. */
  find(executionId: string): FlowRun | undefined {
    const run = this.#byId.find(executionId.slice(executionId.lastIndexOf('|') + 1));
    return run?.executionId === executionId ? run : undefined;
  }

  /** Finds a run by the part of its execution id behind the flow's. */
  findById(id: string): FlowRun | undefined {
    return this.#byId.find(id);
  }

  /** Removes a finished run. */
  end(run: FlowRun): void {
    this.#byId.remove(run.id);
  }
}
