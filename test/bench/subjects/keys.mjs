// How often Descope is asked for its keys, by those who fetch them.
import { createServer } from 'node:http';
import descopeSdk from '@descope/node-sdk';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createIssuer, ISSUER, PROJECT_ID } from '../support/issuer.mjs';
import { createOurs } from '../support/ours.mjs';
import { hand } from '../support/settings.mjs';

const COUNT = 1000;
const { published, mint, mintSession } = createIssuer('ES256');
const tokens = Array.from({ length: COUNT }, (_, index) => mintSession(index));
const unknown = Array.from({ length: COUNT }, (_, index) =>
  mint({ sub: 'U2nobody', iss: ISSUER, exp: 4e9 }, `SK${index}`),
);

const OURS = 'nestjs-descope';
let aheadMs = 0; // by which the clock is put forward, past the cool-down of the first fetch
const VERIFIERS = {
  [OURS]: async (baseUrl) => {
    const { verifier, close } = await createOurs({
      projectId: PROJECT_ID,
      algorithms: ['ES256'],
      audience: null,
      baseUrl,
      clock: () => Date.now() + aheadMs,
    });
    return { verify: async (token) => verifier.verify(token), close };
  },
  jose: (baseUrl) => {
    const keys = createRemoteJWKSet(new URL(`${baseUrl}/v2/keys/${PROJECT_ID}`));
    return { verify: (token) => jwtVerify(token, keys, { issuer: ISSUER }) };
  },
  '@descope/node-sdk': (baseUrl) => {
    const client = descopeSdk({ projectId: PROJECT_ID, baseUrl });
    return { verify: (token) => client.validateSession(token) };
  },
};

const figures = new Map();
for (const [name, create] of Object.entries(VERIFIERS)) figures.set(name, await count(create));
const rows = [...figures].map(([name, { cold, atOnce, inTurn }]) => [
  name,
  ...[cold, atOnce, inTurn].map(String),
]);
const columns = ['', `${COUNT} cold requests`, `${COUNT} unknown key ids at once`, `${COUNT} more in turn`];
const note =
  'nestjs-descope’s cool-down of ten seconds has passed before the unknown ids come; the peers’ has not.';
hand({ tables: [{ title: 'Keys: fetches', columns, rows, note }], goals: toGoals() });

async function count(create) {
  let fetches = 0;
  aheadMs = 0;
  const server = createServer((_, response) => {
    fetches += 1;
    // Slow enough for all to come before the answer does.
    setTimeout(
      () =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [published.jwk] })),
      100,
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { verify, close } = await create(`http://127.0.0.1:${server.address().port}`);
  const since = (before) => fetches - before;
  const good = await Promise.all(tokens.map((token) => isAccepted(verify, token)));
  if (!good.every(Boolean)) throw new Error('A good token was rejected.');
  const cold = fetches;
  aheadMs = 60_000;
  const bad = await Promise.all(unknown.map((token) => isAccepted(verify, token)));
  if (bad.some(Boolean)) throw new Error('A token of an unknown key was accepted.');
  const atOnce = since(cold);
  const before = fetches;
  for (const token of unknown) {
    await isAccepted(verify, token);
    if (since(before) >= 20) break; // one fetch each; no need to wait for the rest
  }
  const inTurn = since(before) >= 20 ? 'one each' : since(before);
  await close?.();
  server.closeAllConnections();
  server.close();
  return { cold, atOnce, inTurn };
}

function isAccepted(verify, token) {
  return Promise.resolve(token)
    .then(verify)
    .then(
      () => true,
      () => false,
    );
}

function toGoals() {
  const { cold, atOnce, inTurn } = figures.get(OURS);
  const unknownFetches = inTurn === 'one each' ? COUNT : atOnce + inTurn;
  return [
    { subject: 'keys', goal: `${COUNT} cold requests → 1 fetch`, measured: String(cold), isMet: cold === 1 },
    {
      subject: 'keys',
      goal: `${COUNT} unknown key ids → ≤ 2`,
      measured: String(unknownFetches),
      isMet: unknownFetches <= 2,
    },
  ];
}
