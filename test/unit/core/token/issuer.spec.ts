// Whose token is it? The issuer's forms, and everything that only looks like one.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readIssuerKind } from '#lib/core/token/claims.js';
import { PROJECT_ID as ID } from '../../../support/tokens.js';

const OTHER = 'P2otherotherotherotherother12';

describe('readIssuerKind', () => {
  it.each([
    [ID, 'session'],
    [`https://api.descope.com/${ID}`, 'session'],
    [`https://api.use1.descope.com/v1/${ID}`, 'session'],
    [`https://auth.customer.example/${ID}`, 'session'],
    [`http://127.0.0.1:4000/${ID}`, 'session'],
    [`http://[::1]:4000/${ID}`, 'session'],
    [`https://api.descope.com/v1/apps/${ID}`, 'app'],
    [`https://auth.customer.example/apps/${ID}`, 'app'],
    [`https://api.descope.com/v1/apps/agentic/${ID}/server1`, 'agent'],
    [`https://api.descope.com/v1/apps/${ID}/server1`, 'agent'],
    [`https://api.descope.com/${ID}/anything`, 'agent'],
    [`https://api.descope.com/v1/apps/agentic/${ID}`, 'agent'],
    [`https://api.descope.com/${ID}/${ID}`, 'agent'],
  ])('reads %s as %s', (issuer, kind) => expect(readIssuerKind(issuer, ID)).toBe(kind));

  it.each([
    ['another project', OTHER],
    ['another project’s URL', `https://api.descope.com/${OTHER}`],
    ['the id before another one’s', `https://api.descope.com/${ID}/v1/${OTHER}`],
    ['a prefix', ID.slice(0, -1)],
    ['a suffix', `${ID}x`],
    ['a prefix in a URL', `https://api.descope.com/${ID.slice(0, -1)}`],
    ['a suffix in a URL', `https://api.descope.com/x${ID}`],
    ['other case', ID.toLowerCase()],
    ['the id as host', `https://${ID}`],
    ['the id in the host', `https://${ID}.evil.example/`],
    ['the id as user', `https://${ID}@evil.example/x`],
    ['the id in the query', `https://evil.example/?/${ID}`],
    ['the id in the fragment', `https://evil.example/#/${ID}`],
    ['an empty query', `https://api.descope.com/${ID}?`],
    ['a trailing slash', `https://api.descope.com/${ID}/`],
    ['an empty segment', `https://api.descope.com//${ID}`],
    ['dots', `https://api.descope.com/${ID}/..`],
    ['dots before the id', `https://api.descope.com/../${ID}`],
    ['an encoded id', `https://api.descope.com/%50${ID.slice(1)}`],
    ['an encoded slash', `https://api.descope.com/a%2f${ID}`],
    ['a backslash', `https://api.descope.com\\${ID}`],
    ['white space', ` ${ID}`],
    ['a line break', `https://api.descope.com/${ID}\n`],
    ['a line break before', `x\nhttps://api.descope.com/${ID}`],
    ['another scheme', `ftp://api.descope.com/${ID}`],
    ['a script', `javascript://api.descope.com/${ID}`],
    ['no scheme', `//api.descope.com/${ID}`],
    ['a path alone', `/v1/apps/${ID}`],
    ['no host', `https:///${ID}`],
    ['nothing', ''],
  ])('reads %s as another project’s', (_, issuer) => expect(readIssuerKind(issuer, ID)).toBeUndefined());

  it('never takes a text for the project’s that does not hold its id as a whole segment', () => {
    const text = fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string());
    fc.assert(
      fc.property(text, fc.constantFrom('', ID), (start, end) => {
        const issuer = start + end;
        const isSegment = issuer === ID || issuer.split('/').slice(3).includes(ID);
        if (!isSegment) expect(readIssuerKind(issuer, ID)).toBeUndefined();
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('answers for the longest issuer that a token can hold', () => {
    expect(readIssuerKind(`https://h${'/a'.repeat(6000)}/${ID}`, ID)).toBe('session');
    expect(readIssuerKind(`https://h${'/a'.repeat(6000)}/${ID}/%`, ID)).toBeUndefined();
  });
});
