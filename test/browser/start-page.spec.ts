// How the start page of the sample app lies on the screen: nothing upon its neighbour, nothing stuck to it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { visit } from './support/browser.js';
import type { RunningSample } from './support/sample.js';
import { startRunningSample } from './support/sample.js';

let sample: RunningSample;

beforeAll(async () => {
  sample = await startRunningSample({});
});
afterAll(() => sample.close());

/** For each row the distance from its path's text to what it asks: beside it, or below. */
const DISTANCES = `[...document.querySelectorAll('.routes button')].map((row) => {
  const range = document.createRange();
  range.selectNodeContents(row.querySelector('.path'));
  const path = range.getBoundingClientRect();
  const asks = row.querySelector('.asks').getBoundingClientRect();
  return Math.max(asks.left - path.right, asks.top - path.bottom);
})`;
const BELOW_ROWS = `document.querySelector('.routes + p').getBoundingClientRect().top -
  document.querySelector('.routes').getBoundingClientRect().bottom`;

describe('The start page', () => {
  it.each([1280, 900, 375])(
    'keeps the parts of each row apart, and the paragraph below the rows at a distance: %i pixels wide',
    async (width) => {
      const visitor = await visit({ width });
      await visitor.page.goto(sample.url);
      const distances = await visitor.page.evaluate<number[]>(DISTANCES);
      const below = await visitor.page.evaluate<number>(BELOW_ROWS);
      await visitor.close();
      expect(distances.length).toBeGreaterThan(5);
      expect(Math.min(...distances)).toBeGreaterThanOrEqual(0);
      expect(below).toBeGreaterThanOrEqual(8);
    },
  );
});
