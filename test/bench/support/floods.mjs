// Requests that are rejected, by what is wrong with them: first a bad bearer token, then bound tokens with bad proofs.
import { createIssuer } from './issuer.mjs';
import { createOurs, toOptions } from './ours.mjs';
import { createClient, createLargeKey, ORIGIN, prove, toBound, toRequest, withProof } from './proofs.mjs';

/**
 * Makes the floods; each is asserted once to be rejected for what it says.
 * @returns {Promise<{ name: string, code: string, toNext: (place: number) => object, operate: (request: object) => void }[]>}
 */
export async function toFloods({ issuer, holders, authenticator }) {
  const bearers = { ES256: issuer, RS256: createIssuer('RS256') };
  const forgers = { ES256: createIssuer('ES256'), RS256: createIssuer('RS256') };
  const plain = {};
  for (const [name, by] of Object.entries(bearers)) plain[name] = await createOurs(toOptions(by.published));
  const toBearer = (name) => (place) =>
    toRequest({ authorization: `Bearer ${forgers[name].mintSession(place)}` });
  const toForged = (place) => {
    const { cnf } = holders[place];
    return { ...holders[place], token: forgers.ES256.mintSession(place, 3, { cnf }) };
  };
  const of = (toNext) => (place) => toNext(holders[place], place);
  const bound = (name, code, toNext) => ({ name, code, toNext, authenticator });
  const [SIGNATURE, PROOF] = ['TOKEN_SIGNATURE_INVALID', 'DPOP_PROOF_INVALID'];
  const floods = [
    { name: 'forged bearer token', code: SIGNATURE, toNext: toBearer('ES256'), ...plain.ES256 },
    {
      name: 'forged bearer token, the largest',
      code: SIGNATURE,
      toNext: (place) => toRequest({ authorization: `Bearer ${forgers.ES256.mint(LARGEST(place))}` }),
      ...plain.ES256,
    },
    { name: 'forged bearer token, RS256', code: SIGNATURE, toNext: toBearer('RS256'), ...plain.RS256 },
    bound('forged token, with a proof', SIGNATURE, (place) => withProof(toForged(place))),
    bound('forged token, with the largest proof', SIGNATURE, (place) => withLargest(toForged(place))),
    bound(
      'known token, no proof',
      'DPOP_PROOF_MISSING',
      of(({ token }) => toBound(token)),
    ),
    bound('known token, a new key in the largest proof', 'DPOP_KEY_MISMATCH', of(withLargestKey)),
    bound('known token, a new key', 'DPOP_KEY_MISMATCH', of(withNewKey)),
    bound('known token, a new key of RSA 4096', 'DPOP_KEY_MISMATCH', of(withLargeKey)),
    bound('known token and key, for another URL', PROOF, of(forOtherUrl)),
    bound(
      'known token and key, forged signature',
      PROOF,
      of((holder) => withProof(toForger(holder))),
    ),
    bound(
      'known token and key, forged signature of the largest proof',
      PROOF,
      of((holder) => withLargest(toForger(holder))),
    ),
    bound('known token and key, the largest proof, nested', PROOF, of(withNested)),
    bound('known token and key, proof used before', 'DPOP_PROOF_REPLAYED', (place) => {
      const request = withProof(holders[place]);
      authenticator.authenticate(request);
      return request;
    }),
  ];
  for (const flood of floods) assertHonest(flood);
  return floods.map(({ authenticator: by, ...flood }) => ({
    ...flood,
    operate: (request) => reject(by, request),
  }));
}

const FORGER = createClient();
// Nested, so that it takes longest to read: 16 384 characters in all.
const LARGEST = (place) => ({
  sub: `U2user${place}`,
  nested: Array.from({ length: 6 }, () => toNested(980)),
});

function reject(authenticator, request) {
  try {
    authenticator.authenticate(request);
  } catch (error) {
    return error.code;
  }
  throw new Error('A bad request must be rejected, and at once.');
}

function assertHonest({ name, code, toNext, authenticator }) {
  const found = reject(authenticator, toNext(0));
  if (found !== code)
    throw new Error(`“${name}” is rejected with ${found}; this benchmark sets it up wrongly.`);
}

function withNewKey({ token }) {
  return toBound(token, prove(createClient(), token));
}

function withLargeKey(holder) {
  return withProof(holder, { header: { alg: 'RS256', jwk: createLargeKey() } });
}

function forOtherUrl(holder) {
  return withProof(holder, { claims: { htu: `${ORIGIN}/other` } });
}

function toForger(holder) {
  return { ...holder, privateKey: FORGER.privateKey };
}

function withLargestKey(holder) {
  const { privateKey, jwk } = createClient();
  return withLargest({ ...holder, privateKey, jwk });
}

// As long as a proof may be, and with nearly as many values as it may have.
function withLargest(holder) {
  const text = 'x'.repeat(1200);
  const nested = toNested(50);
  return withProof(holder, { header: { nested, text }, claims: { nested, text } });
}

// Its header and its claims each nested, so that they would take longest to parse.
function withNested(holder) {
  const nested = toNested(650);
  return withProof(holder, { header: { nested }, claims: { nested } });
}

function toNested(depth) {
  return JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
}
