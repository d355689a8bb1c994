// What one request costs as sessions and tenants get many.
import { toContextSource } from '../support/contexts.mjs';
import { median, show, toRatios } from '../support/figures.mjs';
import { OrdersController, handlers } from '../support/handlers.mjs';
import { createIssuer } from '../support/issuer.mjs';
import { measure, toSequentialRun } from '../support/measure.mjs';
import { createOurs, toOptions } from '../support/ours.mjs';
import { hand, settings } from '../support/settings.mjs';

const TENANTS = [1, 10, 50, 200];
const USERS = 200;
const FLAT = 1.5; // caches of the processor alone account for some of it
const on = { type: OrdersController, handler: handlers.get('a signed-in user') };

// ES256: a hundred thousand RSA signatures take minutes to make. What is remembered is not verified again.
const issuer = createIssuer('ES256');
const sessions = await measureSessions();
const tenants = await measureTenants();
hand({ tables: [toSessionTable(), toTenantTable()], goals: toGoals() });

async function measureSessions() {
  const candidates = [];
  const all = Array.from({ length: Math.max(...settings.sessions) }, (_, index) => issuer.mintSession(index));
  for (const count of settings.sessions) candidates.push(await toCandidate(`${count}`, all.slice(0, count)));
  return measure(candidates, { rounds: Math.min(settings.rounds, 11), slices: 10 });
}

async function measureTenants() {
  const candidates = [];
  for (const count of TENANTS) {
    const tokens = Array.from({ length: USERS }, (_, index) => issuer.mintSession(index, count));
    candidates.push(await toCandidate(`${count}`, tokens));
  }
  return measure(candidates, { rounds: Math.min(settings.rounds, 11), slices: 10 });
}

async function toCandidate(name, tokens) {
  const { guard } = await createOurs(toOptions(issuer.published));
  const next = toContextSource(tokens, on);
  for (let shown = 0; shown < tokens.length; shown += 1) await guard.canActivate(next());
  return { name, operations: 10, run: toSequentialRun(next, (context) => guard.canActivate(context)) };
}

function toSessionTable() {
  return toTable('Scale: remembered sessions, each asking in turn', 'sessions', sessions);
}

function toTenantTable() {
  return toTable(`Scale: tenants in a token, ${USERS} users`, 'tenants', tenants);
}

function toTable(title, what, series) {
  const [first] = series.values();
  const rows = [...series].map(([name, { wall }]) => [
    name,
    show(wall, 2),
    show(toRatios(wall, first.wall), 2),
  ]);
  return { title, columns: [what, 'µs a request', '× the first'], rows };
}

function toGoals() {
  return [
    toGoal(`1 to ${Math.max(...settings.sessions)} remembered sessions`, sessions),
    toGoal(`1 to ${Math.max(...TENANTS)} tenants`, tenants),
  ];
}

function toGoal(what, series) {
  const all = [...series.values()];
  const ratios = toRatios(all.at(-1).wall, all[0].wall);
  return {
    subject: 'scale',
    goal: `flat: ${what}`,
    measured: `${show(ratios, 2)} ×`,
    isMet: median(ratios) <= FLAT,
  };
}
