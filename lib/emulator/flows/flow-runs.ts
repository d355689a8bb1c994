// The flows that are under way: which screen each shows, and for whom.
import { createId } from '../store/ids.js';

/** The screens of the flow, which are also the names of its HTML files. */
export type ScreenId = 'login' | 'code' | 'password' | 'sent';

/** A flow that was started in a browser. */
export interface FlowRun {
  /** `sign-up-or-in|#|…`, as the web component expects it; it must not hold an underscore. */
  readonly executionId: string;
  /** The page that links in mails lead back to. */
  readonly page: string | undefined;
  readonly tenantId: string | undefined;
  screen: ScreenId;
  email: string;
}

/** The only flow there is. */
export const FLOW_ID = 'sign-up-or-in';

const KEPT = 1000;

/** Keeps the latest 1000 runs. */
export class FlowRuns {
  readonly #byId = new Map<string, FlowRun>();

  /** Starts a run at its first screen. */
  start(wishes: Pick<FlowRun, 'page' | 'tenantId'>): FlowRun {
    const executionId = `${FLOW_ID}|#|${createId('E')}`;
    const run: FlowRun = { ...wishes, executionId, screen: 'login', email: '' };
    const [oldest] = this.#byId.keys();
    if (this.#byId.size >= KEPT && oldest !== undefined) this.#byId.delete(oldest);
    this.#byId.set(executionId, run);
    return run;
  }

  /** The run of an id. */
  find(executionId: string): FlowRun | undefined {
    return this.#byId.get(executionId);
  }

  /** Forgets a run that has come to its end. */
  end(run: FlowRun): void {
    this.#byId.delete(run.executionId);
  }
}
