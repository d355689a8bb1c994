// The flows of a seed, and how they get into a project beside those that every project has.
import type { JsonObject } from '../http/message.js';
import type { FlowKind } from '../store/flows.js';
import { FLOW_KINDS } from '../store/flows.js';
import type { Project } from '../store/project.js';

/** A flow of a seed. */
export interface SeedFlow {
  /** The id that pages name it by: letters, digits and `-`. */
  readonly id: string;
  /**
   * What it does: `sign-in` rejects an unknown user, and `sign-up` a known one; `step-up` and `select-tenant` are for a user
   * who is signed in.
   */
  readonly kind: FlowKind;
  /**
   * What the page is told beside the tokens. A string may name what the page gave the flow, as `{{client.version}}` or
   * `{{form.plan}}`.
   *
   * @defaultValue nothing
   */
  readonly output?: JsonObject;
}

/** Adds a flow of each kind, and those of the seed, which may replace them. */
export function applyFlows(project: Project, flows: readonly SeedFlow[] = []): void {
  for (const kind of FLOW_KINDS) project.flows.put({ id: kind, kind, output: {} });
  for (const { id, kind, output = {} } of flows) project.flows.put({ id, kind, output });
}
