// The script of the web component is found wherever a package manager has put it.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  hasComponentScript,
  loadComponentScript,
  toComponentScript,
  toComponentScriptHeaders,
} from '#lib/routes/login.routes.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'component-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const PACKAGE = 'node_modules/@descope/web-component';

describe('loadComponentScript', () => {
  it('reads the installed package', () => {
    const expected = readFileSync(`${PACKAGE}/dist/index.js`);
    const { content, integrity } = loadComponentScript();
    expect(content.equals(expected)).toBe(true);
    expect(integrity).toBe(`sha384-${createHash('sha384').update(expected).digest('base64')}`);
  });

  it('looks in the folders above, then in the next starting folder', () => {
    write(`${PACKAGE}/dist/index.js`, 'above');
    mkdirSync(join(root, 'apps/shop'), { recursive: true });
    expect(loadComponentScript([join(root, 'apps/shop')]).content.toString()).toBe('above');
    expect(loadComponentScript([tmpdir(), join(root, 'apps')]).content.toString()).toBe('above');
  });

  it('reads the script although an exports map hides it', () => {
    write(`${PACKAGE}/package.json`, '{"exports":{".":"./dist/cjs/index.js"}}');
    write(`${PACKAGE}/dist/index.js`, 'hidden');
    expect(loadComponentScript([root]).content.toString()).toBe('hidden');
  });

  it('says how to install the package when there is none', () => {
    expect(() => loadComponentScript([root])).toThrow(/npm install @descope\/web-component/);
    expect(() => loadComponentScript([root])).toThrow(/scriptUrl.*routes: \{ login: false \}/);
    expect(() => loadComponentScript([root])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('The served script', () => {
  const script = toComponentScript(Buffer.from('one'));

  it('changes its name and tag with its content', () => {
    const other = toComponentScript(Buffer.from('two'));
    expect(script.fileName).toMatch(/^descope-wc-[0-9a-f]{16}\.js$/);
    expect([other.fileName, other.etag]).not.toEqual([script.fileName, script.etag]);
  });

  it('allows caches to keep it for ever', () => {
    expect(toComponentScriptHeaders(script)).toMatchObject({
      'Cache-Control': 'public, max-age=31536000, immutable',
      ETag: script.etag,
      'X-Content-Type-Options': 'nosniff',
    });
  });

  it.each([
    [script.etag, true],
    [`"a", W/${script.etag}`, true],
    ['*', true],
    ['"a"', false],
    [undefined, false],
    [`${'"a", '.repeat(1000)}${script.etag}`, false],
  ])('is known to a client that shows %j: %s', (header, isKnown) => {
    expect(hasComponentScript(script, header)).toBe(isKnown);
  });
});
