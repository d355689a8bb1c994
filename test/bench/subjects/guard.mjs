// Execution context → may it pass? The whole of `canActivate`, beyond a guard that only answers true.
import { toContextSource, toCookie } from '../support/contexts.mjs';
import { median, show, toDifferences, toRatios } from '../support/figures.mjs';
import { handlers, OrdersController } from '../support/handlers.mjs';
import { createIssuer, toTokenSource } from '../support/issuer.mjs';
import { measure, toSequentialRun } from '../support/measure.mjs';
import { createOurs, toOptions } from '../support/ours.mjs';
import { PEER_WITH_MEMORY, PEERS, toRemembering } from '../support/peers.mjs';
import { hand, settings } from '../support/settings.mjs';

const USERS = 200;
const SLICES = 10;
const TRIVIAL = 'a guard that returns true';
const SIGNED_IN = 'a signed-in user';
const ALONE = 'verify alone';
const NOTHING = `nothing, ${ALONE}`;
const FRESH = 'a signed-in user, token never seen';

const { published, mintSession } = createIssuer('RS256');
const tokens = Array.from({ length: USERS }, (_, index) => mintSession(index));
const { guard } = await createOurs(toOptions(published));
const answers = new Map();

const candidates = [
  toCandidate(TRIVIAL, { canActivate: () => true }, handlers.get(SIGNED_IN)),
  ...[...handlers].map(([name, handler]) => toCandidate(name, guard, handler)),
  toCandidate('a signed-in user, by cookie', guard, handlers.get(SIGNED_IN), toCookie),
  toFresh(),
  toPeer('nothing', (token) => token.length),
  toPeer(PEER_WITH_MEMORY, toRemembering(published)),
  toPeer('@descope/node-sdk', PEERS['@descope/node-sdk'](published)),
];
const series = await measure(candidates, { rounds: settings.rounds, slices: SLICES });
hand({ tables: [toTable()], goals: toGoals() });

function toCandidate(name, by, handler, toHeader) {
  const next = toContextSource(tokens, { type: OrdersController, handler, toHeader });
  answers.set(name, toAnswer(by.canActivate(next())));
  return { name, operations: 10, run: toSequentialRun(next, (context) => by.canActivate(context)) };
}

// A guard made anew each round, and a pool that a round goes through once.
function toFresh() {
  let ours;
  const prepare = async () => {
    await ours?.close();
    ours = await createOurs(toOptions(published));
  };
  const next = toContextSource(tokens, { type: OrdersController, handler: handlers.get(SIGNED_IN) });
  const run = toSequentialRun(next, (context) => ours.guard.canActivate(context));
  answers.set(FRESH, answers.get(SIGNED_IN));
  return { name: FRESH, prepare, operations: USERS / SLICES, isFixed: true, run };
}

function toPeer(name, verify) {
  answers.set(`${name}, ${ALONE}`, '');
  return {
    name: `${name}, ${ALONE}`,
    operations: 10,
    run: toSequentialRun(toTokenSource(tokens), verify),
  };
}

function toAnswer(answer) {
  return typeof answer?.then === 'function' ? 'a promise' : `${typeof answer}, at once`;
}

function toTable() {
  const rows = [...series].map(([name, { wall, cpu }]) => {
    const floor = name.endsWith(ALONE) ? NOTHING : TRIVIAL;
    return [name, show(wall, 2), show(cpu, 2), show(beyond(name, floor), 2), answers.get(name)];
  });
  const columns = ['the route asks for', 'µs a request', 'processor µs', 'µs beyond true', 'answers'];
  const note = `Beyond true: without what it takes to make the request, or for “${ALONE}” to read the token.`;
  return { title: `Guard: canActivate, ${USERS} users, RS256`, columns, rows, note };
}

function beyond(name, floor = TRIVIAL) {
  return toDifferences(series.get(name).wall, series.get(floor).wall);
}

function toGoals() {
  const toPeerRatio = toRatios(beyond(SIGNED_IN), beyond(`${PEER_WITH_MEMORY}, ${ALONE}`, NOTHING));
  const subject = 'canActivate, token seen before';
  const demands = [
    'two roles',
    'two permissions',
    'role, permission and tenant',
    'one of two demands (@AnyOf)',
  ].map((name) => toDemandGoal(name));
  return [
    {
      subject,
      goal: '≤ 3 µs beyond true',
      measured: `${show(beyond(SIGNED_IN), 2)} µs`,
      isMet: median(beyond(SIGNED_IN)) <= 3,
    },
    {
      subject,
      goal: `≤ 0.5 × fast-jwt’s cached ${ALONE}`,
      measured: `${show(toPeerRatio, 2)} ×`,
      isMet: median(toPeerRatio) <= 0.5,
    },
    {
      subject,
      goal: 'returns synchronously',
      measured: answers.get(SIGNED_IN),
      isMet: answers.get(SIGNED_IN) === 'boolean, at once',
    },
    ...demands,
  ];
}

function toDemandGoal(name) {
  const goal = { subject: `on top: ${name}`, goal: '≤ 1 µs' };
  if (!series.has(name)) return { ...goal, measured: 'not in this version', isMet: undefined };
  const extra = beyond(name, SIGNED_IN);
  return { ...goal, measured: `${show(extra, 2)} µs`, isMet: median(extra) <= 1 };
}
