// What one request costs as sessions and tenants get many.
import { toContextSource } from '../support/contexts.mjs';
import { median, show, toDifferences, toRatios } from '../support/figures.mjs';
import { handlers, OrdersController } from '../support/handlers.mjs';
import { createIssuer } from '../support/issuer.mjs';
import { measure, toSequentialRun } from '../support/measure.mjs';
import { createOurs, toOptions } from '../support/ours.mjs';
import { hand, settings } from '../support/settings.mjs';

const TENANTS = [1, 10, 50, 200];
const USERS = 200;
const ROOM = { maxTokens: 200_000, maxBytes: 2 ** 30 };
// A request that finds its session in memory rather than in the processor's cache pays a few microseconds at most.
const FLAT = { times: 1.5, micros: 3 };
const on = { type: OrdersController, handler: handlers.get('a signed-in user') };

// ES256: a hundred thousand RSA signatures take minutes to make. What is remembered is not verified again.
const issuer = createIssuer('ES256');
const sessions = await measureSessions();
const tenants = await measureTenants();
hand({ tables: [toSessionTable(), toTenantTable()], goals: toGoals() });

async function measureSessions() {
  const all = Array.from({ length: Math.max(...settings.sessions) }, (_, index) => issuer.mintSession(index));
  return measureEach(settings.sessions, (count) => all.slice(0, count));
}

async function measureTenants() {
  return measureEach(TENANTS, (count) =>
    Array.from({ length: USERS }, (_, index) => issuer.mintSession(index, count)),
  );
}

// Beyond a guard that returns true for the very same requests: longer header lines, and more of them, are not its cost.
async function measureEach(counts, toTokens) {
  const candidates = [];
  for (const count of counts) {
    const tokens = toTokens(count);
    const { guard } = await createOurs({ ...toOptions(issuer.published), tokenCache: ROOM });
    const next = toContextSource(tokens, on);
    for (let shown = 0; shown < 3 * tokens.length; shown += 1) await guard.canActivate(next());
    candidates.push(toCandidate(`${count}`, next, (context) => guard.canActivate(context)));
    candidates.push(toCandidate(`${count}, true`, next, () => true));
  }
  const series = await measure(candidates, { rounds: Math.min(settings.rounds, 11), slices: 10 });
  return new Map(
    counts.map((count) => [
      `${count}`,
      toDifferences(series.get(`${count}`).wall, series.get(`${count}, true`).wall),
    ]),
  );
}

function toCandidate(name, next, operate) {
  return { name, operations: 10, run: toSequentialRun(next, operate) };
}

function toSessionTable() {
  return toTable('Scale: remembered sessions, each asking in turn', 'sessions', sessions);
}

function toTenantTable() {
  return toTable(`Scale: tenants in a token, ${USERS} users`, 'tenants', tenants);
}

function toTable(title, what, series) {
  const [first] = series.values();
  const rows = [...series].map(([name, beyond]) => [name, show(beyond, 2), show(toRatios(beyond, first), 2)]);
  return { title, columns: [what, 'µs a request beyond true', '× the first'], rows };
}

function toGoals() {
  return [
    toGoal(`1 to ${Math.max(...settings.sessions)} remembered sessions`, sessions),
    toGoal(`1 to ${Math.max(...TENANTS)} tenants`, tenants),
  ];
}

function toGoal(what, series) {
  const all = [...series.values()];
  const ratios = toRatios(all.at(-1), all[0]);
  const extra = toDifferences(all.at(-1), all[0]);
  return {
    subject: 'scale',
    goal: `flat (≤ ${FLAT.times} ×, or ≤ ${FLAT.micros} µs more): ${what}`,
    measured: `${show(ratios, 2)} ×, ${show(extra, 2)} µs more`,
    isMet: median(ratios) <= FLAT.times || median(extra) <= FLAT.micros,
  };
}
