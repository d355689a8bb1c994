// Every command with curl in README.md and docs/ prints what the page says.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Fixture } from '../../docs/fixtures/orders.js';
import { startOrders } from '../../docs/fixtures/orders.js';
import { startQuickStart } from '../../docs/fixtures/quick-start.js';
import { readPages } from '../../support/pages.js';
import { isShown, readSteps, runSteps } from '../../support/shell-block.js';

const FIXTURES: Readonly<Record<string, () => Promise<Fixture>>> = {
  orders: startOrders,
  'quick-start': startQuickStart,
};

const blocks = readPages()
  .flatMap((page) => page.blocks)
  .filter(({ fixture }) => fixture !== undefined && fixture !== 'sample'); // test/package/sample-app.spec.ts runs those

describe('The fixture that a block names', () => {
  it('is there', () => {
    const unknown = blocks.filter(({ fixture = '' }) => !Object.hasOwn(FIXTURES, fixture));
    expect(unknown.map(({ page, line, fixture }) => `${page}:${line} ${fixture}`)).toEqual([]);
  });
});

describe.each(Object.keys(FIXTURES))('The commands for the fixture %s', (name) => {
  const own = blocks.filter(({ fixture }) => fixture === name);
  let fixture: Fixture | undefined;
  beforeAll(async () => {
    fixture = await FIXTURES[name]?.();
  });
  afterAll(() => fixture?.close());

  it('are run by this test', () => {
    expect(own.length).toBeGreaterThan(0);
  });

  it.each(own.map((block) => [`${block.page}:${block.line}`, block] as const))(
    'print what %s shows',
    async (_at, block) => {
      const steps = readSteps(block);
      expect(steps.some(({ shown }) => shown.length > 0)).toBe(true);
      const printed = await runSteps(steps, fixture as Fixture);
      for (const [index, { command, shown }] of steps.entries()) {
        const text = printed[index] ?? '';
        if (shown.length > 0 && !isShown(shown, text))
          expect({ command, printed: text.trim() }).toEqual({ command, printed: shown.join('\n') });
      }
    },
  );
});
