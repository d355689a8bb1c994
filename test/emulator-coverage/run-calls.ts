// Makes every call of the coverage, each on the seed alone, and sorts what comes back.
import { CALLS } from './calls/index.js';
import { listMethods, noteMethods } from './methods.js';
import type { World } from './world.js';
import { createWorld } from './world.js';

/** How a method was answered. */
export type Outcome = 'answered' | 'rejected' | 'not implemented' | 'without a call' | 'without a request';

/** A method of the client, and what came back when it was called. */
export interface Answer {
  readonly method: string;
  readonly outcome: Outcome;
  /** Why it was rejected. */
  readonly reason: string;
  /** What it returned as JSON, where it was answered. */
  readonly value: unknown;
  /** What the emulator has ignored of the requests. */
  readonly ignored: readonly string[];
}

type Call = (world: World) => unknown;

/** Calls every method of the installed client once. */
export async function runCalls(): Promise<readonly Answer[]> {
  const world = await createWorld();
  try {
    const calls = new Map<string, Call>(Object.entries(CALLS));
    const methods = listMethods(world.sdk);
    const unknown = [...calls.keys()].filter((name) => !methods.includes(name));
    if (unknown.length > 0) throw new Error(`The client does not have ${unknown.join(', ')}`);
    const called = noteMethods(world.sdk);
    const answers: Answer[] = [];
    for (const method of methods) answers.push(await runCall(world, method, calls.get(method)));
    assertCalled(answers, called);
    return answers;
  } finally {
    await world.emulator.close();
  }
}

// A call under another name would show what another method does.
function assertCalled(answers: readonly Answer[], called: ReadonlySet<string>): void {
  const missed = answers.filter(({ method, outcome }) => outcome === 'answered' && !called.has(method));
  if (missed.length > 0) throw new Error(`Not called: ${missed.map(({ method }) => method).join(', ')}`);
}

async function runCall(world: World, method: string, call: Call | undefined): Promise<Answer> {
  const nothing = { method, reason: '', value: undefined, ignored: [] };
  if (!call) return { ...nothing, outcome: 'without a call' };
  world.emulator.reset();
  world.responses.length = 0;
  const returned = await settle(() => call(world));
  const ignored = [...new Set(world.emulator.requests.all.flatMap((request) => request.ignored ?? []))];
  const missing = await findMissing(world.responses);
  if (missing !== undefined) return { ...nothing, outcome: 'not implemented', reason: missing };
  if (returned.reason !== undefined) {
    return { ...nothing, outcome: 'rejected', reason: returned.reason, ignored };
  }
  const outcome = world.emulator.requests.count() === 0 ? 'without a request' : 'answered';
  return { ...nothing, outcome, value: returned.value, ignored };
}

interface Settled {
  readonly value?: unknown;
  readonly reason?: string;
}

interface SdkAnswer {
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: { readonly errorCode?: string; readonly errorMessage?: string };
}

async function settle(call: () => unknown): Promise<Settled> {
  try {
    const value = await call();
    if (!isSdkAnswer(value)) return { value };
    if (value.ok) return { value: value.data };
    const { errorCode = '', errorMessage = '' } = value.error ?? {};
    return { reason: `${errorCode} ${errorMessage}`.trim() };
  } catch (cause) {
    return { reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function isSdkAnswer(value: unknown): value is SdkAnswer {
  return (
    typeof value === 'object' && value !== null && 'ok' in value && ('response' in value || 'error' in value)
  );
}

// The request that is not implemented may be one of those that prepare the call.
async function findMissing(responses: readonly Response[]): Promise<string | undefined> {
  for (const response of responses) {
    if (response.status !== 404) continue;
    const match = /does not implement (\S+ [^\s"\\]+)/.exec(await response.text());
    if (match) return match[1];
  }
  return undefined;
}
