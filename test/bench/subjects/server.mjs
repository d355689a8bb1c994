// What the guard costs where it is paid: its own functions in the profile of a server, and processor time a request.
import { toRequest } from '../http/load.mjs';
import { CONNECTIONS, send, startServer, tell, USERS } from '../http/servers.mjs';
import { median, show, toDifferences } from '../support/figures.mjs';
import { createIssuer } from '../support/issuer.mjs';
import { toOrder } from '../support/measure.mjs';
import { hand, isQuick, settings } from '../support/settings.mjs';

const ADAPTERS = {
  express: { title: 'Nest + Express', goalMicros: 15 },
  'express, one hidden class': { title: 'Nest + Express, one hidden class', goalMicros: 15 },
  fastify: { title: 'Nest + Fastify', goalMicros: 8 },
};
const OURS = 'nestjs-descope';
const TRIVIAL = 'trivial guard';
const REMEMBERING = 'fast-jwt, cache';
const WARM_UP = isQuick ? 4000 : 6000;
const HEAVIEST = 10;
const { rounds, requests: COUNT } = settings.server;

const issuer = createIssuer('RS256');
const requests = Array.from({ length: USERS }, (_, index) => toRequest(issuer.mintSession(index)));

const tables = [];
const goals = [];
for (const [adapter, { title, goalMicros }] of Object.entries(ADAPTERS)) {
  const times = await measureTimes(adapter);
  const frames = await measureFrames(adapter);
  tables.push(toTimeTable(title, times), toFrameTable(title, frames));
  goals.push(...toGoals(title, { times, frames, goalMicros }));
}
hand({ tables, goals });

function start(adapter, variant, isProfiled) {
  return startServer({
    adapter,
    variant,
    published: issuer.published,
    requests,
    warmUp: WARM_UP,
    isProfiled,
  });
}

// Unprofiled, one server after another in every round.
async function measureTimes(adapter) {
  const names = [TRIVIAL, OURS, REMEMBERING];
  const servers = await Promise.all(names.map(async (name) => [name, await start(adapter, name, false)]));
  const times = new Map(names.map((name) => [name, { main: [], all: [] }]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, server] of toOrder(servers, round)) {
      const { main, all } = await watch(server);
      if (round < 0) continue;
      times.get(name).main.push(main / COUNT);
      times.get(name).all.push(all / COUNT);
    }
  }
  for (const [, { child }] of servers) child.disconnect();
  return times;
}

// A share of the samples is taken for that share of the processor's time, so that what else the machine does counts for
// nothing.
async function measureFrames(adapter) {
  const server = await start(adapter, OURS, true);
  const own = [];
  const byPlace = new Map();
  for (let round = 0; round < rounds; round += 1) {
    const { main, frames } = await watch(server);
    const micros = frames.map(([place, share]) => [place, (share * main) / COUNT]);
    own.push(micros.reduce((sum, [, value]) => sum + value, 0));
    for (const [place, value] of micros) byPlace.set(place, (byPlace.get(place) ?? 0) + value / rounds);
  }
  server.child.disconnect();
  return { own, byPlace };
}

async function watch(server) {
  await send(server, requests, USERS);
  await tell(server.child, 'watch');
  await send(server, requests, COUNT);
  return tell(server.child, 'tell');
}

function toTimeTable(title, times) {
  const base = times.get(TRIVIAL).main;
  const rows = [...times].map(([name, { main, all }]) => [
    name,
    show(main),
    show(toDifferences(main, base)),
    show(all),
  ]);
  return {
    title: `Server, ${title}: processor time a request, tokens seen before`,
    isForPage: true,
    columns: ['', 'main thread, µs', 'µs beyond true', 'whole process, µs'],
    rows,
    note: `${rounds} rounds of ${COUNT} requests over ${CONNECTIONS} connections, ${USERS} users, RS256, production mode.`,
  };
}

function toFrameTable(title, { own, byPlace }) {
  const heaviest = [...byPlace].toSorted(([, one], [, other]) => other - one).slice(0, HEAVIEST);
  return {
    title: `Server, ${title}: the package's own functions in the profile`,
    columns: ['itself, without what it calls', 'µs a request'],
    rows: [['all', show(own)], ...heaviest.map(([place, micros]) => [place, micros.toFixed(2)])],
    note: `The heaviest ${HEAVIEST} of ${byPlace.size}.`,
  };
}

function toGoals(subject, { times, frames, goalMicros }) {
  const [trivial, ours, theirs] = [TRIVIAL, OURS, REMEMBERING].map((name) => median(times.get(name).main));
  const [added, theirsAdded] = [ours - trivial, theirs - trivial];
  return [
    {
      subject: `${subject}, tokens seen before`,
      goal: `own functions ≤ ${goalMicros} µs a request`,
      measured: `${show(frames.own)} µs`,
      isMet: median(frames.own) <= goalMicros,
    },
    {
      subject: `${subject}, tokens seen before`,
      goal: '≤ half of what a guard with fast-jwt’s cache adds to true',
      measured: `${added.toFixed(1)} µs, ${theirsAdded.toFixed(1)} µs`,
      isMet: added <= theirsAdded / 2,
    },
  ];
}
