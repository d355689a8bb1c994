// Descope's component library and the screens in its elements. The paths are those which `@descope/web-component` 4.3 and
// 3.70 request: `generateLibUrls` and `staticResourcesMixin` of its `@descope/sdk-mixins`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { assertInstalled, openLibrary } from '#lib/emulator/flows/component-library.js';
import { useEmulator } from '../../support/use-emulator.js';

const { version } = createRequire(import.meta.url)('@descope/web-components-ui/package.json') as {
  version: string;
};
const bed = useEmulator({ screens: 'components' });
const FOLDER = `/npm/@descope/web-components-ui@${version}/dist/umd`;

const readFile = async (name: string) =>
  (await bed.request(`/pages/${bed.emulator.projectId}/v2-beta/${name}`)).json() as Promise<
    Record<string, { globals?: string; components?: object }>
  >;

describe('the component library', () => {
  it('is served in the version that the flows name, for browsers to keep', async () => {
    expect(await readFile('config.json')).toHaveProperty('componentsVersion', version);
    const script = await bed.request(`${FOLDER}/index.js`);
    expect(script.status).toBe(200);
    expect(Object.fromEntries(script.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    expect(await script.text()).toContain('DescopeUI');
    const etag = script.headers.get('etag') ?? '';
    const again = await bed.request(`${FOLDER}/index.js`, { headers: { 'if-none-match': `W/"x", ${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('has its chunks and fonts as they are', async () => {
    const chunk = await bed.request(`${FOLDER}/descope-button.js`);
    expect(chunk.status).toBe(200);
    const font = await bed.request(`${FOLDER}/fonts/font-1364590020.woff`);
    expect(font.headers.get('content-type')).toBe('font/woff');
    expect(
      Buffer.from(await font.arrayBuffer())
        .subarray(0, 4)
        .toString(),
    ).toBe('wOFF');
  });

  it.each([
    [`${FOLDER}/no-such.js`, /no file no-such\.js/],
    [`${FOLDER}/..%2f..%2fpackage.json`, /no file/],
    [`${FOLDER}/..%2findex.esm.js`, /no file/],
    [`${FOLDER}/%2e%2e%5c..%5cpackage.json`, /no file/],
    [`${FOLDER}/index.js.map`, /no file/],
    [`${FOLDER}/fonts/..%2findex.js`, /no file/],
    [`${FOLDER}/constructor`, /no file/],
    ['/npm/@descope/web-components-ui@1.0.0/dist/umd/index.js', /@descope\/web-components-ui@\d.* alone/],
    ['/npm/@descope/node-sdk@2.0.0/dist/umd/index.js', /alone/],
  ])('has nothing else: %s', async (path, message) => {
    const response = await bed.request(path);
    expect(response.status).toBe(404);
    expect(((await response.json()) as { errorMessage: string }).errorMessage).toMatch(message);
  });

  it('is found in the folders of the application, or not at all', () => {
    const folder = mkdtempSync(join(tmpdir(), 'library-'));
    expect(() => assertInstalled(openLibrary([folder]))).toThrow(/npm i -D @descope\/web-components-ui/);
    const build = join(folder, 'node_modules/@descope/web-components-ui/dist/umd');
    mkdirSync(build, { recursive: true });
    writeFileSync(join(build, '../../package.json'), '{"version":"9.9.9"}');
    writeFileSync(join(build, 'index.js'), 'mine');
    const library = openLibrary([join(folder, 'deeper'), '/']);
    expect([library?.version, library?.read('index.js')?.content.toString()]).toEqual(['9.9.9', 'mine']);
    rmSync(folder, { recursive: true });
  });
});

describe('the setting screens', () => {
  it('chooses between plain HTML and the elements of the library', async () => {
    const readLogin = async () =>
      (await bed.request(`/pages/${bed.emulator.projectId}/v2-beta/login.html`)).text();
    expect(await readLogin()).toMatch(/^<descope-container[^]*<descope-email-field [^>]*name="email"/);
    const theme = await readFile('theme.json');
    expect(theme['dark']?.globals).toContain('[data-theme="dark"] {--descope-colors-surface-main:');
    expect(Object.keys(theme['light']?.components ?? {})).toContain('descope-email-field');
    bed.emulator.configure({ screens: 'plain' });
    expect(await readLogin()).toMatch(/^<div class="screen">[^]*<input [^>]*name="email"/);
    expect((await readFile('theme.json'))['light']?.components).toEqual({});
  });

  it('is none of other words', () => {
    expect(() => bed.emulator.configure({ screens: 'fancy' as never })).toThrow(
      /screens must be plain, or components where @descope\/web-components-ui is installed \(npm i -D/,
    );
  });
});
