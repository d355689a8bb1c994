// The headers of a login page: what it may load, and that nobody frames, sniffs or keeps it.
import { checkFlow } from './flow-options.js';
import type { CheckedFlow, DescopeFlowOptions } from './flow-options.js';
import { toCdnOrigins, toStaticOrigins } from './places.js';

/** The headers of the page that the same options render, for the same nonce. */
export function toLoginPageHeaders(options: DescopeFlowOptions): Record<string, string> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': toContentSecurityPolicy(checkFlow(options)),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // The address may carry a code until the page's script has taken it out.
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  };
}

function toContentSecurityPolicy(flow: CheckedFlow): string {
  const statics = toStaticOrigins(flow);
  const cdn = toCdnOrigins(flow);
  const files = [...statics, ...cdn];
  const nonce = `'nonce-${flow.nonce}'`;
  // The UI library writes style elements without a nonce, and beside one 'unsafe-inline' would not count.
  const styles = flow.mode === 'strict' ? [nonce] : ["'unsafe-inline'"];
  return [
    toDirective('default-src', ["'none'"]),
    toDirective('script-src', ["'self'", nonce, ...cdn]),
    toDirective('style-src', ["'self'", ...styles]),
    toDirective('connect-src', ["'self'", new URL(flow.baseUrl).origin, ...files]),
    toDirective('img-src', ["'self'", 'data:', ...files]),
    toDirective('font-src', ["'self'", 'data:', ...files]),
    toDirective('form-action', ["'self'"]),
    toDirective('base-uri', ["'none'"]),
    toDirective('frame-ancestors', ["'none'"]),
  ].join('; ');
}

function toDirective(name: string, sources: readonly string[]): string {
  return `${name} ${[...new Set(sources)].join(' ')}`;
}
