// The login page's script is compiled from TypeScript and kept as a string: the two must say the same.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FLOW_SCRIPT } from '#lib/routes/browser/flow-script.js';

describe("The login page's script", () => {
  it('is what `npm run build:browser` makes of its source', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flow-script-'));
    try {
      const file = join(folder, 'flow-script.ts');
      const args = ['node_modules/.bin/rollup', '--silent', '-c', 'rollup.browser.config.js', '--file', file];
      const { stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(readFileSync('lib/routes/browser/flow-script.ts', 'utf8')).toBe(readFileSync(file, 'utf8'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has the types of a browser', () => {
    const args = ['node_modules/.bin/tsc', '-p', 'lib/routes/browser/tsconfig.json', '--noEmit'];
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([stdout, status]).toEqual(['', 0]);
  });

  it('ends no script element, and opens no comment of HTML', () => {
    expect(FLOW_SCRIPT).toContain('function startFlow(page)');
    expect(FLOW_SCRIPT).not.toMatch(/<\/|<!--|<script/i);
  });
});
