// The policy of the page names exactly the origins that were configured.
import { describe, expect, it } from '@jest/globals';
import type { DescopeFlowOptions } from '#lib/routes/flow-options.js';
import { createNonce } from '#lib/routes/flow-page.js';
import { toLoginPageHeaders } from '#lib/routes/flow-page.js';

const nonce = createNonce();
const OPTIONS: DescopeFlowOptions = {
  projectId: 'P2emulator00000000000000000A',
  flowId: 'sign-up-or-in',
  baseUrl: 'https://auth.example.com/api',
  scriptUrl: '/auth/descope-wc.js',
  nonce,
  successRedirect: '/home',
  storeUrl: '/auth/store_jwt',
};

function readPolicy(changes: Partial<DescopeFlowOptions> = {}): Record<string, string> {
  const policy = toLoginPageHeaders({ ...OPTIONS, ...changes })['Content-Security-Policy'] ?? '';
  return Object.fromEntries(policy.split('; ').map((line) => line.split(/ (.*)/s, 2) as [string, string]));
}

describe('The Content-Security-Policy of the login page', () => {
  it('allows only its own scripts and styles for screens of plain HTML', () => {
    expect(readPolicy({ mode: 'strict' })).toEqual({
      'default-src': "'none'",
      'script-src': `'self' 'nonce-${nonce}'`,
      'style-src': `'self' 'nonce-${nonce}'`,
      'connect-src': "'self' https://auth.example.com",
      'img-src': "'self' data: https://auth.example.com",
      'font-src': "'self' data: https://auth.example.com",
      'form-action': "'self'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
    });
  });

  it('allows the UI library otherwise, from its configured origin', () => {
    const policy = readPolicy({
      baseStaticUrl: 'https://files.example.com/pages',
      baseCdnUrl: 'https://cdn.example.com',
    });
    expect(policy['script-src']).toBe(`'self' 'nonce-${nonce}' https://cdn.example.com`);
    expect(policy['style-src']).toBe("'self' 'unsafe-inline'");
    expect(policy['connect-src']).toBe(
      "'self' https://auth.example.com https://files.example.com https://cdn.example.com",
    );
  });

  it('names the origins of Descope’s cloud', () => {
    const policy = readPolicy({ baseUrl: 'https://api.use1.descope.com' });
    expect(policy['connect-src']).toBe(
      "'self' https://api.use1.descope.com https://static.descope.com https://static2.descope.com https://descopecdn.com",
    );
    expect(policy['script-src']).toContain('https://descopecdn.com');
  });

  it('never allows eval, any origin, or scripts without the nonce', () => {
    for (const mode of ['standard', 'strict'] as const) {
      const { 'script-src': scripts } = readPolicy({ mode });
      expect(scripts).not.toMatch(/unsafe|\*|https:(?!\/\/)|data:/);
    }
  });
});

describe('The other headers of the login page', () => {
  it('forbid to frame, sniff and cache the page, and to send its address on', () => {
    expect(toLoginPageHeaders(OPTIONS)).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
  });

  it('are not returned for a nonce that is not base64', () => {
    expect(() => toLoginPageHeaders({ ...OPTIONS, nonce: "a'; script-src *" })).toThrow(/nonce/);
  });

  it('come with a different nonce each time', () => {
    expect(new Set(Array.from({ length: 100 }, createNonce)).size).toBe(100);
  });
});
