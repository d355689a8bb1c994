// The examples of RFC 9449: the proof of figure 13 with its token, and the thumbprint and hash that the RFC names.
import { describe, expect, it } from '@jest/globals';
import { assertProofClaims, decodeProof, toHash } from '#lib/core/dpop/proof.js';
import { ProofKeys } from '#lib/core/dpop/proof-keys.js';
import { isSignedBy } from '#lib/core/token/signature.js';
import { codeOf } from '../../../support/tokens.js';

const HEADER =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
const RESOURCE_PROOF = [
  HEADER,
  'eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9',
  '2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA',
].join('.');
const TOKEN_PROOF = [
  HEADER,
  'eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ',
  '2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg',
].join('.');
const ACCESS_TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const TIMES = { maxAgeSeconds: 60, leewaySeconds: 5 };

const facts = {
  method: 'GET',
  url: 'https://resource.example.org/protectedresource',
  tokenHash: toHash(ACCESS_TOKEN),
  nowMs: 1_562_262_620_000,
};

describe('The examples of RFC 9449', () => {
  it('have the thumbprint of figure 9 and the hash of figure 14', () => {
    const { keyId } = new ProofKeys(['ES256']).read(HEADER, THUMBPRINT);
    expect(keyId).toBe(THUMBPRINT);
    expect(toHash(ACCESS_TOKEN)).toBe('fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo');
  });

  it.each([
    ['figure 13, at a resource', RESOURCE_PROOF],
    ['figure 5, at the token endpoint', TOKEN_PROOF],
  ])('are signed by their key (%s)', (_figure, text) => {
    const proof = decodeProof(text);
    const key = new ProofKeys(['ES256']).read(proof.header, THUMBPRINT);
    expect(isSignedBy({ ...proof, algorithm: key.algorithm }, key)).toBe(true);
    const changed = { ...proof, algorithm: key.algorithm, signingInput: `${proof.signingInput}A` };
    expect(isSignedBy(changed, key)).toBe(false);
  });

  it('hold for their request and token, and the proof of the token endpoint does not', () => {
    const { claims } = decodeProof(RESOURCE_PROOF);
    expect(codeOf(() => assertProofClaims(claims, facts, TIMES))).toBe('accepted');
    for (const change of [{ method: 'POST' }, { url: `${facts.url}/` }, { tokenHash: 'x' }, { nowMs: 0 }])
      expect(codeOf(() => assertProofClaims(claims, { ...facts, ...change }, TIMES))).toBe(
        'DPOP_PROOF_INVALID',
      );
    const other = decodeProof(TOKEN_PROOF);
    const atToken = { ...facts, method: 'POST', url: 'https://server.example.com/token' };
    expect(codeOf(() => assertProofClaims(other.claims, atToken, TIMES))).toBe('DPOP_PROOF_INVALID');
  });
});
