// Puts an attack on trial: it is rejected, says nothing, harms nobody, and would have succeeded without its twist.
import { expect } from '@jest/globals';
import type { AdapterName } from '../../../support/application.js';
import type { Attack } from './attack.js';
import type { Ask, Reply } from './exchange.js';
import { exchange } from './exchange.js';
import type { Stage } from './stage.js';
import { startStage } from './stage.js';

const INNARDS = [/\n\s+at \S/, /node_modules/, /\.[tj]s:\d/, /ECONN|ENOTFOUND/, /evil\.example/];

/** Runs one attack on the stage that all share, or on one of its own where Descope shall misbehave. */
export async function tryAttack(attack: Attack, shared: Stage, adapter: AdapterName): Promise<void> {
  if (attack.prepare === undefined) {
    await expectRejection(attack, shared);
    await expectSuccess(attack.control(shared), shared); // which shows too that the next one is served as ever
    return;
  }
  const own = await startStage(adapter, attack.prepare);
  try {
    await expectRejection(attack, own);
    await expectSuccess({ path: '/public' }, own);
  } finally {
    await own.close();
  }
  await expectSuccess(attack.control(shared), shared);
}

async function expectRejection(attack: Attack, stage: Stage): Promise<void> {
  if (attack.first !== undefined) await expectSuccess(attack.first(stage), stage);
  const ask = attack.attack(stage);
  const reply = await exchange(stage.url, ask);
  expect(attack.status).toContain(reply.status);
  if (attack.code !== undefined) expect(reply.code).toBe(attack.code);
  expectSilence(ask, reply, [...(attack.without ?? []), stage.emulator.signingKey.kid]);
  expect(reply.cookies.filter((line) => !(attack.mayClear === true && /=; Max-Age=0/.test(line)))).toEqual(
    [],
  );
}

/** Nothing of what was sent as a credential comes back, nor of what is behind the application. */
function expectSilence(
  { lines = [], body = '' }: Ask,
  { head, text }: Reply,
  forbidden: readonly string[],
): void {
  const sent = [...lines, body].flatMap((line) => line.match(/[\w.-]{40,}/g) ?? []);
  const written = `${head}\n${text}`;
  expect([...sent, ...forbidden].filter((secret) => written.includes(secret))).toEqual([]);
  expect(INNARDS.filter((innards) => innards.test(written))).toEqual([]);
}

async function expectSuccess(ask: Ask, stage: Stage): Promise<void> {
  const { status, text } = await exchange(stage.url, ask);
  expect([Math.floor(status / 100), text.slice(0, 200)]).toEqual([2, expect.anything()]);
}
