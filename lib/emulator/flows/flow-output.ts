// What a finished flow tells its page beside the tokens: the output of the seed, with what the page gave the flow filled in.
import type { JsonObject } from '../http/message.js';
import type { FlowRun } from '../store/flows.js';

/** Writes the output of a run. */
export function toFlowOutput({ flow, inputs }: FlowRun): JsonObject {
  return Object.fromEntries(
    Object.entries(flow.output).map(([name, value]) => [
      name,
      typeof value === 'string' ? fillIn(value, inputs) : value,
    ]),
  );
}

function fillIn(text: string, inputs: FlowRun['inputs']): string {
  return text.replace(/\{\{(form|client)\.([\w.-]+)\}\}/g, (_match, from: 'form' | 'client', name: string) =>
    toText(Object.hasOwn(inputs[from], name) ? inputs[from][name] : undefined),
  );
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
