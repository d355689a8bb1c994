// What a remembered token keeps, what bounds it, and what one operation throws away.
import { toContextSource } from '../support/contexts.mjs';
import { median, show } from '../support/figures.mjs';
import { createMinimalVerify } from '../support/floors.mjs';
import { handlers, OrdersController } from '../support/handlers.mjs';
import { createIssuer, TOKEN_LENGTH, toTokenSource } from '../support/issuer.mjs';
import { toOrder } from '../support/measure.mjs';
import { createOurs, toOptions } from '../support/ours.mjs';
import { PEER_WITH_MEMORY, PEERS, toRemembering } from '../support/peers.mjs';
import { hand, settings } from '../support/settings.mjs';

const OPERATIONS = 400; // so few that no collection comes between; the young heap is made large for it
const on = { type: OrdersController, handler: handlers.get('a signed-in user') };

// ES256, because a hundred thousand RSA signatures take minutes to make; the tokens are as long.
const issuer = createIssuer('ES256');
const { remembered, beyond } = settings.memory;

const kept = await measureKept();
const allocated = await measureAllocated();
hand({ tables: [toKeptTable(), toAllocatedTable()], goals: toGoals() });

async function measureKept() {
  const ours = await createOurs(toOptions(issuer.published));
  const remember = toRemembering(issuer.published, remembered);
  await see((token) => ours.guard.canActivate(toContextSource([token], on)()), 0, 200); // what is made once
  await see(remember, 0, 200);
  const few = await growWith(
    (token) => ours.guard.canActivate(toContextSource([token], on)()),
    200,
    remembered,
  );
  const many = await growWith(
    (token) => ours.guard.canActivate(toContextSource([token], on)()),
    remembered,
    beyond,
  );
  const peer = await growWith(remember, 200, remembered);
  return { few, many, peer };
}

// Bytes that stay after tokens of this range were shown.
async function growWith(operate, first, last) {
  const before = await readHeap();
  await see(operate, first, last);
  return (await readHeap()) - before;
}

// Each token comes in a header line of its own, as from a socket, and nobody else keeps it.
async function see(operate, first, last) {
  for (let index = first; index < last; index += 1) {
    const next = toTokenSource([issuer.mintSession(index)]);
    for (let times = 0; times < 2; times += 1) await operate(next()); // kept from the second time on
  }
}

async function readHeap() {
  for (let times = 0; times < 4; times += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measureAllocated() {
  const { published, mintSession } = createIssuer('RS256');
  const tokens = Array.from({ length: 200 }, (_, index) => mintSession(index));
  const { guard } = await createOurs(toOptions(published));
  const nextContext = toContextSource(tokens, on);
  const nextToken = toTokenSource(tokens);
  const operations = [
    ['a guard that returns true (request and context)', () => nextContext() !== undefined],
    ['nestjs-descope, canActivate, token seen before', () => guard.canActivate(nextContext())],
    ['minimal complete verifier', toOperation(createMinimalVerify(published))],
    [`${PEER_WITH_MEMORY}, token seen before`, toOperation(toRemembering(published))],
    ...['fast-jwt', '@descope/node-sdk', 'jose'].map((name) => [name, toOperation(PEERS[name](published))]),
  ];
  const figures = new Map(operations.map(([name]) => [name, []]));
  for (let round = -5; round < settings.rounds; round += 1) {
    for (const [name, operate] of toOrder(operations, round)) {
      const bytes = await measureBytes(operate);
      if (round >= 0) figures.get(name).push(bytes);
    }
  }
  return figures;

  function toOperation(verify) {
    return () => verify(nextToken());
  }
}

async function measureBytes(operate) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < OPERATIONS; index += 1) {
    const result = operate();
    if (typeof result?.then === 'function') await result;
  }
  return (process.memoryUsage().heapUsed - before) / OPERATIONS;
}

function toKeptTable() {
  const each = (bytes, count) => (bytes / count / 1024).toFixed(2);
  return {
    title: `Memory: what is kept of a token of ${TOKEN_LENGTH} characters`,
    columns: ['', 'tokens shown', 'MB kept', 'KB a token shown'],
    rows: [
      ['nestjs-descope, remembered', remembered - 200, kept.few, each(kept.few, remembered - 200)],
      ['nestjs-descope, and then', beyond - remembered, kept.many, each(kept.many, beyond - remembered)],
      [PEER_WITH_MEMORY, remembered - 200, kept.peer, each(kept.peer, remembered - 200)],
    ].map(([name, count, bytes, kilobytes]) => [
      name,
      String(count),
      (bytes / 1024 ** 2).toFixed(1),
      kilobytes,
    ]),
  };
}

function toAllocatedTable() {
  const rows = [...allocated].map(([name, bytes]) => [
    name,
    show(
      bytes.map((value) => value / 1024),
      1,
    ),
  ]);
  return { title: 'Memory: allocated by one operation', columns: ['', 'KB'], rows };
}

function toGoals() {
  const subject = 'memory';
  const kilobytes = kept.few / (remembered - 200) / 1024;
  const isKept = kilobytes > 0.5; // else nothing is remembered
  const growth = kept.many / 1024 ** 2;
  const perToken = median([kept.many / (beyond - remembered) / 1024]);
  return [
    {
      subject,
      goal: '≤ 3.6 KB per remembered token',
      measured: isKept ? `${kilobytes.toFixed(2)} KB` : 'nothing is remembered',
      isMet: isKept ? kilobytes <= 3.6 : undefined,
    },
    {
      subject,
      goal: 'bounded',
      measured: `${growth.toFixed(1)} MB for ${beyond - remembered} further tokens`,
      isMet: isKept ? perToken < kilobytes * 0.9 : undefined,
    },
  ];
}
