// The seed and the function of the page about the emulator's authorization server do what the page says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import { decodeJwt } from 'jose';
import type { EmulatorSeed } from 'nestjs-descope/emulator';
import * as oauth from 'oauth4webapi';
import { COMPILER } from '../../support/compiled-library.js';
import { discover, redeem, start } from '../../support/oauth-flow.js';
import { readPage } from '../../support/pages.js';
import { useEmulator } from '../../support/use-emulator.js';

const { blocks } = readPage('docs/emulator-oauth.md');
const textOf = (wanted: string) => blocks.find(({ language }) => language === wanted)?.text ?? '';

describe('The page about the authorization server of the emulator', () => {
  const bed = useEmulator({ seed: JSON.parse(textOf('json')) as EmulatorSeed });

  it('shows a seed and a function with which a person signs in', async () => {
    const { url, projectId } = bed.emulator;
    const as = await discover(`${url}/v1/apps/agentic/${projectId}/MS2notes`);
    const redirectUri = 'http://127.0.0.1:3000/callback';
    const party = { as, client: { client_id: 'desk' }, auth: oauth.None(), redirectUri };
    const started = await start(party, { scope: 'notes:write' });
    const callback = await (await loadAllow())(started.url.href, 'ada@example.com');
    const { access_token: token } = await redeem(party, started, new URL(callback));
    expect(decodeJwt(token)).toMatchObject({ aud: 'http://127.0.0.1:3000/mcp', scope: 'notes:write' });
  });
});

async function loadAllow(): Promise<(url: string, loginId: string) => Promise<string>> {
  const folder = mkdtempSync(join(tmpdir(), 'allow-'));
  try {
    const path = join(folder, 'allow.mjs');
    writeFileSync(path, transformSync(textOf('ts'), COMPILER).code);
    const module = (await import(pathToFileURL(path).href)) as {
      readonly allow: Awaited<ReturnType<typeof loadAllow>>;
    };
    return module.allow;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
