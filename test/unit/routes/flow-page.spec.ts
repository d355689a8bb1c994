// The page as text: what stands in it, and that nothing in it is more than text.
import { Script } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DescopeFlowOptions } from '#lib/routes/flow-options.js';
import { createNonce } from '#lib/routes/flow-page.js';
import { renderDescopeFlow, renderLoginPage } from '#lib/routes/flow-page.js';
import { anyText } from '../../support/any-text.js';

const OPTIONS: DescopeFlowOptions = {
  projectId: 'P2emulator00000000000000000A',
  flowId: 'sign-up-or-in',
  baseUrl: 'https://auth.example.com',
  scriptUrl: '/auth/descope-wc.js',
  nonce: createNonce(),
  successRedirect: '/home',
  storeUrl: '/auth/store_jwt',
};

const readScript = (html: string): string => /<script[^>]*>(.*?)<\/script>/s.exec(html)?.[1] ?? '';
const readElement = (html: string): string => /<descope-wc[^>]*>/.exec(html)?.[0] ?? '';

describe('renderDescopeFlow', () => {
  it('holds the component with its attributes, and one script with the nonce', () => {
    const html = renderDescopeFlow({ ...OPTIONS, tenant: 'acme', locale: 'de', theme: 'dark' });
    const element = readElement(html);
    expect(element).toContain('project-id="P2emulator00000000000000000A"');
    expect(element).toContain('flow-id="sign-up-or-in" base-url="https://auth.example.com"');
    expect(element).toContain('theme="dark" locale="de" tenant="acme"');
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain(`<script nonce="${OPTIONS.nonce}">`);
    expect(() => new Script(readScript(html))).not.toThrow();
  });

  it('loads files from a base URL of one’s own, and not from the cloud', () => {
    expect(readElement(renderDescopeFlow(OPTIONS))).toContain(
      'base-static-url="https://auth.example.com/pages"',
    );
    const cloud = { ...OPTIONS, baseUrl: 'https://api.descope.com' };
    expect(readElement(renderDescopeFlow(cloud))).not.toContain('base-static-url');
    const lookalike = { ...OPTIONS, baseUrl: 'https://evildescope.com/' };
    expect(readElement(renderDescopeFlow(lookalike))).toContain('"https://evildescope.com/pages"');
    const own = {
      ...cloud,
      baseStaticUrl: 'https://files.example.com/x',
      baseCdnUrl: 'https://cdn.example.com',
    };
    expect(readElement(renderDescopeFlow(own))).toMatch(
      /files\.example\.com\/x".*base-cdn-url="https:\/\/cdn/,
    );
  });

  it('escapes any text, in HTML and in the script', () => {
    const hostile = fc.oneof(
      anyText(),
      fc.constantFrom(
        '</script><script>x',
        '<!--<script>',
        '"><img src=x>',
        "'+x+'",
        '\u2028',
        '${x}',
        '&quot;',
      ),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const html = renderDescopeFlow({ ...OPTIONS, tenant: text, texts: { failed: text, again: text } });
        expect(html.match(/<\/?(script|img)/g)).toEqual(['<script', '</script']);
        expect(html.match(/<!--/)).toBeNull();
        expect(readElement(html).match(/"/g)?.length).toBe(
          readElement(renderDescopeFlow({ ...OPTIONS, tenant: '' })).match(/"/g)?.length,
        );
        expect(() => new Script(readScript(html))).not.toThrow();
      }),
    );
  });

  it.each<[string, unknown, object?]>([
    ['successRedirect', 'https://evil.com'],
    ['successRedirect', '//evil.com'],
    ['successRedirect', 'javascript:alert(1)'],
    ['storeUrl', 'https://evil.com/store'],
    ['scriptUrl', 'javascript:alert(1)'],
    ['scriptUrl', 'data:text/javascript,x'],
    ['baseUrl', 'javascript:alert(1)'],
    ['baseUrl', undefined],
    ['baseStaticUrl', 'nowhere'],
    ['baseCdnUrl', "https://x; script-src 'unsafe-inline'"],
    ['nonce', "x' 'unsafe-inline"],
    ['nonce', 'short'],
    ['integrity', 'md5-abc'],
    ['projectId', '"><script>'],
    ['projectId', 'P2short'],
    ['projectId', 'X2emulator00000000000000000A'],
    ['projectId', 'P2emulator00000000000000000A1'],
    ['integrity', undefined, { scriptUrl: 'https://cdn.example.com/x.js' }],
    ['scriptUrl', 'http://cdn.example.com/x.js', { integrity: `sha384-${'a'.repeat(64)}` }],
    ['baseCdnUrl', 'http://cdn.example.com'],
    ['baseStaticUrl', 'http://files.example.com'],
    ['baseUrl', 'https://a;script-src.example'],
    ['baseUrl', "https://a'b.example"],
    ['baseUrl', 'https://*.example.com'],
    ['locale', 7],
    ['tenant', {}],
    ['flowId', ''],
    ['theme', 'pink'],
    ['mode', 'loose'],
  ])('rejects %s %j', (name, value, beside = {}) => {
    const wrong = { ...OPTIONS, ...beside, [name]: value };
    expect(() => renderDescopeFlow(wrong)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => renderLoginPage(wrong)).toThrow(name);
  });
});

describe('renderLoginPage', () => {
  it('renders a whole document in the language of its flow', () => {
    const html = renderLoginPage({ ...OPTIONS, locale: 'de', texts: { heading: 'Anmelden' } });
    expect(html).toMatch(/^<!doctype html>\n<html lang="de" data-theme="os">/);
    expect(html).toContain('<title>Anmelden</title>');
    expect(html).toContain('name="viewport"');
    expect(html).toContain(`<style nonce="${OPTIONS.nonce}">`);
  });

  it('shows its heading only where the screens have none of their own', () => {
    expect(renderLoginPage({ ...OPTIONS, mode: 'strict' })).toContain('<h1>Sign in</h1>');
    expect(renderLoginPage(OPTIONS)).toContain('<h1 class="unseen">Sign in</h1>');
  });

  it('loads nothing by itself: the script asks for the component once the address is clean', () => {
    expect(renderLoginPage(OPTIONS)).not.toMatch(/<script[^>]* src|<link[^>]* href="(?!data:)|<img/);
  });
});
