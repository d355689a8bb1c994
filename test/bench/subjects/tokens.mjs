// Token text → claims: one token after another, and a hundred at once.
import { median, show, toRatios } from '../support/figures.mjs';
import { createMinimalVerify, createRawOperation, MINIMAL, RAW } from '../support/floors.mjs';
import { createIssuer, mintSessions, toTokenSource } from '../support/issuer.mjs';
import { measure, toConcurrentRun, toSequentialRun } from '../support/measure.mjs';
import { createOurs, toOptions } from '../support/ours.mjs';
import { PEER_WITH_MEMORY, PEERS, toRemembering } from '../support/peers.mjs';
import { hand, isQuick, settings } from '../support/settings.mjs';

const NEW = 'nestjs-descope, token never seen';
const AGAIN = 'nestjs-descope, token seen before';
const HARNESS = 'nothing (the harness)';

const WAYS = {
  'one after another': { toRun: toSequentialRun, operations: 10 },
  '100 at once': { toRun: (next, operate) => toConcurrentRun(next, operate, 100), operations: 100 },
};

const tables = [];
const goals = [];
for (const [algorithm, way] of [
  ['RS256', 'one after another'],
  ['ES256', 'one after another'],
  ...(isQuick ? [] : [['RS256', '100 at once']]),
]) {
  const issuer = createIssuer(algorithm);
  const series = await measureAll(issuer, WAYS[way]);
  tables.push(toTable(`Tokens, ${algorithm}, ${way}`, series));
  if (tables.length === 1) goals.push(...toGoals(series));
}
hand({ tables, goals });

async function measureAll(issuer, { toRun, operations }) {
  const { published } = issuer;
  const tokens = mintSessions(issuer, settings.tokens);
  const toCandidate = ({ operate, next = toTokenSource(tokens), ...rest }) => ({
    operations,
    ...rest,
    run: toRun(next, operate),
  });
  const slices = operations === 100 ? tokens.length / 100 : 10;
  const share = tokens.length / slices; // so that a round shows every token once
  const subjects = [
    ...(await toPeers(published, tokens)),
    await toNew(issuer, share),
    await toSeen(published, tokens),
  ];
  return measure(subjects.map(toCandidate), { rounds: settings.rounds, slices });
}

// New tokens for each round: none of them was seen before. One application, because one that has just started is slower,
// which is a matter of its start.
async function toNew(issuer, share) {
  const { verifier } = await createOurs(toOptions(issuer.published));
  let minted = 0;
  let next;
  const prepare = () => {
    const tokens = mintSessions(issuer, settings.tokens, minted);
    minted += tokens.length;
    next = toTokenSource(tokens);
  };
  return {
    name: NEW,
    prepare,
    next: () => next(),
    operations: share,
    isFixed: true,
    operate: (token) => verifier.verify(token),
  };
}

async function toSeen(published, tokens) {
  const { verifier } = await createOurs(toOptions(published));
  for (const token of [...tokens, ...tokens]) await verifier.verify(token); // kept from the second time on
  return { name: AGAIN, operate: (token) => verifier.verify(token) };
}

async function toPeers(published, tokens) {
  const peers = [];
  for (const [name, create] of Object.entries(PEERS)) {
    const operate = await create(published);
    await assertHonest(name, operate, tokens[0]);
    peers.push({ name, operate });
  }
  return [
    { name: HARNESS, operate: (token) => token.length },
    { name: RAW, operate: createRawOperation(published, tokens) },
    { name: MINIMAL, operate: createMinimalVerify(published) },
    ...peers,
    { name: PEER_WITH_MEMORY, operate: toRemembering(published) },
  ];
}

/** Who lets a forged token pass was set up wrongly, and its figure would be worth nothing. */
async function assertHonest(name, verify, token) {
  await verify(token);
  const forged = token.replace(/\.[^.]{8}/, (part) => `.${[...part.slice(1)].reverse().join('')}`);
  const isRejected = await Promise.resolve(forged)
    .then(verify)
    .then(
      () => false,
      () => true,
    );
  if (!isRejected) throw new Error(`${name} accepts a forged token; this benchmark sets it up wrongly.`);
}

function toTable(title, series) {
  const base = series.get(RAW).wall;
  const rows = [...series].toSorted(([, one], [, other]) => median(one.wall) - median(other.wall));
  return {
    title,
    isForPage: title.includes('RS256, one after another'),
    columns: ['', 'µs a token', 'processor µs', '× raw verify'],
    rows: rows.map(([name, { wall, cpu }]) => [name, show(wall), show(cpu), show(toRatios(wall, base), 2)]),
  };
}

function toGoals(series) {
  const of = (name) => series.get(name).wall;
  const ours = of(NEW);
  const seen = toRatios(of(AGAIN), of(RAW));
  const toPeer = toRatios(ours, of('fast-jwt')); // which checks less: neither project nor kind of token
  const [sdk, jose] = ['@descope/node-sdk', 'jose'].map((name) => toRatios(of(name), ours));
  return [
    {
      subject: 'token never seen',
      goal: '≤ 1.03 × fast-jwt',
      measured: `${show(toPeer, 2)} ×`,
      isMet: median(toPeer) <= 1.03,
    },
    {
      subject: 'token never seen',
      goal: '≥ 4 × as fast as node-sdk and jose',
      measured: `${show(sdk, 2)} × and ${show(jose, 2)} ×`,
      isMet: Math.min(median(sdk), median(jose)) >= 4,
    },
    {
      subject: 'token seen before',
      goal: '≤ 0.03 × raw verify',
      measured: `${show(seen, 3)} ×`,
      isMet: median(seen) <= 0.03,
    },
  ];
}
