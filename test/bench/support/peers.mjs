// Other ways to check a token, each as its own documentation shows it: keys at hand, issuer and algorithm asked for.
import { createServer } from 'node:http';
import descopeSdk from '@descope/node-sdk';
import { JwtVerifier } from 'aws-jwt-verify';
import { auth } from 'express-oauth2-jwt-bearer';
import { createVerifier } from 'fast-jwt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { ISSUER, PROJECT_ID } from './issuer.mjs';

/** @typedef {(token: string) => unknown} Verify Throws or rejects for a token that is no good. */

/** By name, functions that make a `Verify`, or the promise of one, from what an issuer publishes. */
export const PEERS = {
  '@descope/node-sdk': ({ jwk }) => {
    const client = descopeSdk({ projectId: PROJECT_ID, publicKey: JSON.stringify(jwk) });
    return (token) => client.validateSession(token);
  },
  jose: ({ algorithm, jwk }) => {
    const keys = createLocalJWKSet({ keys: [jwk] });
    return (token) => jwtVerify(token, keys, { issuer: ISSUER, algorithms: [algorithm] });
  },
  'fast-jwt': ({ algorithm, pem }) =>
    createVerifier({ key: pem, algorithms: [algorithm], allowedIss: ISSUER }),
  'aws-jwt-verify': ({ jwk }) => {
    const verifier = JwtVerifier.create({ issuer: ISSUER, audience: null, jwksUri: `${ISSUER}/keys` });
    verifier.cacheJwks({ keys: [jwk] });
    return (token) => verifier.verifySync(token);
  },
  jsonwebtoken: ({ algorithm, pem }) => {
    return (token) => jsonwebtoken.verify(token, pem, { issuer: ISSUER, algorithms: [algorithm] });
  },
  'express-oauth2-jwt-bearer': async ({ algorithm, jwk }) => {
    const handle = auth({
      issuer: ISSUER,
      jwksUri: await serveKeys(jwk),
      audience: PROJECT_ID,
      tokenSigningAlg: algorithm,
    });
    return (token) => callMiddleware(handle, toRequest(token));
  },
};

/** The one that remembers, as it comes: by digest, 1000 tokens. */
export const PEER_WITH_MEMORY = 'fast-jwt, cache';
export const toRemembering = ({ algorithm, pem }, size = 1000) =>
  createVerifier({ key: pem, algorithms: [algorithm], allowedIss: ISSUER, cache: size });

/** Runs a middleware to its end. */
export function callMiddleware(handle, request, response = {}) {
  return new Promise((resolve, reject) => {
    handle(request, response, (error) => (error === undefined ? resolve(true) : reject(error)));
  });
}

// The parts of Express's request that it reads.
function toRequest(token) {
  const headers = { host: '127.0.0.1', authorization: `Bearer ${token}` };
  const get = (name) => headers[name.toLowerCase()];
  return {
    method: 'GET',
    protocol: 'http',
    url: '/',
    headers,
    query: {},
    get,
    is: () => false,
    app: { get },
  };
}

/** Gives an address for those who take keys from one only; they fetch them once. */
export async function serveKeys(jwk) {
  const server = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}/keys`;
}
