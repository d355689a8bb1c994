// Requests end to end: a Nest application in a process of its own, loaded by this one.
import { toRequest } from '../http/load.mjs';
import { CONNECTIONS, send, startServer, tell, USERS } from '../http/servers.mjs';
import { median, show, summarize, toRatios } from '../support/figures.mjs';
import { createIssuer } from '../support/issuer.mjs';
import { toOrder } from '../support/measure.mjs';
import { hand, isQuick, settings } from '../support/settings.mjs';

const OURS = 'nestjs-descope';
const TRIVIAL = 'trivial guard';
const SDK = '@descope/node-sdk';
const WARM_UP = isQuick ? 3000 : 10_000; // fewer, and half of the code is still interpreted
const REMEMBERING = 'fast-jwt, cache';
// The one that reads the header says how far apart two servers stand that do next to nothing.
const BASES = isQuick ? [TRIVIAL] : ['no guard', TRIVIAL, 'guard that reads the header'];
const PEERS = isQuick
  ? [SDK, REMEMBERING]
  : [SDK, 'fast-jwt', REMEMBERING, 'jose', 'aws-jwt-verify', 'passport-jwt', 'express-oauth2-jwt-bearer'];
const MODES = { seen: 'tokens seen before', new: 'every token new' };

const issuer = createIssuer('RS256');
const REQUESTS = {
  seen: Array.from({ length: USERS }, (_, index) => toRequest(issuer.mintSession(index))),
  new: Array.from({ length: settings.requests.new }, (_, index) =>
    toRequest(issuer.mintSession(USERS + index)),
  ),
};

const tables = [];
const goals = [];
for (const [adapter, title] of Object.entries({ express: 'Nest + Express', fastify: 'Nest + Fastify' })) {
  const servers = await startAll(adapter);
  for (const mode of ['seen', 'new']) {
    const figures = await measureAll(servers, mode);
    tables.push(toTable(`HTTP, ${title}, ${MODES[mode]}`, figures, settings.requests[mode]));
    goals.push(...toGoals(`${title}, ${MODES[mode]}`, mode, figures));
  }
  for (const { child } of servers.values()) child.disconnect();
}
hand({ tables, goals });

async function startAll(adapter) {
  const isExpress = adapter === 'express';
  const peers = PEERS.filter((name) => isExpress || name !== 'express-oauth2-jwt-bearer'); // Express's own middleware
  const variants = [...BASES, OURS, ...peers];
  return new Map(await Promise.all(variants.map(async (name) => [name, await startOne(adapter, name)])));
}

// All users' tokens, so that they are tokens seen before, and the code is warm.
function startOne(adapter, variant) {
  const { published } = issuer;
  return startServer({ adapter, variant, published, requests: REQUESTS.seen, warmUp: WARM_UP });
}

async function measureAll(servers, mode) {
  const kinds = ['clock', 'rate', 'all', 'delay', 'latency'];
  const toFigures = () => Object.fromEntries(kinds.map((kind) => [kind, []]));
  const figures = new Map([...servers.keys()].map((name) => [name, toFigures()]));
  // Where tokens are remembered, their first sight has not been warmed up by seeing them again.
  for (let round = mode === 'new' ? -3 : -1; round < settings.httpRounds; round += 1) {
    for (const [name, server] of toOrder([...servers], round)) {
      const found = await measureOne(server, mode);
      if (round >= 0) for (const kind of kinds) figures.get(name)[kind].push(found[kind]);
    }
  }
  return figures;
}

async function measureOne(server, mode) {
  if (mode === 'new') server.port = await tell(server.child, 'start'); // an application made anew has seen no token
  await send(server, REQUESTS.seen, USERS);
  await tell(server.child, 'watch');
  const requests = settings.requests[mode];
  const { seconds, latenciesMs } = await send(server, REQUESTS[mode], requests);
  const { main, all, delayMs } = await tell(server.child, 'tell');
  latenciesMs.sort((one, other) => one - other);
  return {
    clock: requests / seconds,
    rate: requests / (main / 1e6),
    all: all / requests,
    delay: delayMs,
    latency: latenciesMs[Math.floor(latenciesMs.length * 0.99)],
  };
}

function toTable(title, figures, requests) {
  const base = figures.get(TRIVIAL).rate;
  const rows = [...figures].toSorted(([, one], [, other]) => median(other.rate) - median(one.rate));
  return {
    title,
    isForPage: title.endsWith('tokens seen before'),
    columns: [
      '',
      'requests/s',
      '× trivial guard',
      'by the clock',
      'processor µs',
      'p99 ms',
      'loop delay p99 ms',
    ],
    rows: rows.map(([name, { rate, clock, all, delay, latency }]) => [
      name,
      show(rate, 0),
      show(toRatios(rate, base), 2),
      summarize(clock).median.toFixed(0),
      summarize(all).median.toFixed(0),
      summarize(latency).median.toFixed(1),
      summarize(delay).median.toFixed(1),
    ]),
    note: `${requests} requests a round over ${CONNECTIONS} connections. Requests/s: of a second that the processor gave to the server's main thread, whatever else the machine did.`,
  };
}

function toGoals(subject, mode, figures) {
  const rate = (name) => figures.get(name).rate;
  const peers = [...figures.keys()].filter((name) => ![...BASES, OURS].includes(name));
  const [best] = peers.toSorted((one, other) => median(rate(other)) - median(rate(one)));
  if (mode === 'new') {
    const [ours, theirs] = [OURS, best].map((name) => median(figures.get(name).delay));
    return [
      toGoal('≥ 1.3 × node-sdk’s guard', SDK, 1.3),
      {
        subject,
        goal: 'loop delay p99 no worse than the fastest peer’s',
        measured: `${ours.toFixed(1)} ms, ${best} ${theirs.toFixed(1)} ms`,
        isMet: ours <= theirs * 1.05,
      },
    ];
  }
  return [
    toGoal('≥ 0.97 × trivial guard', TRIVIAL, 0.97),
    toGoal(`ahead of every peer (${best})`, best, 1),
    toGoal('≥ 2.5 × node-sdk’s guard', SDK, 2.5),
  ];

  // By the main thread, and beside it by the clock: the one leaves out what a thread pool works, the other counts
  // whatever the machine does meanwhile.
  function toGoal(goal, other, wanted) {
    const ratios = toRatios(rate(OURS), rate(other));
    const byClock = median(toRatios(figures.get(OURS).clock, figures.get(other).clock));
    const measured = `${show(ratios, 2)} ×, by the clock ${byClock.toFixed(2)} ×`;
    return { subject, goal, measured, isMet: median(ratios) >= wanted };
  }
}
