// How a page lies on the screen: text over text, text outside of the window, and what axe finds.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { askUntil } from '../../support/ask-until.js';

/** Waits until nothing of a screen is yet to come or still moves, in Descope's elements too. */
export async function standStill(page: Page): Promise<void> {
  // The policy of the login page forbids what `page.waitForFunction` does.
  const isStill = await askUntil(() => page.evaluate<boolean>(IS_STILL), Boolean);
  if (!isStill) throw new Error('The screen does not stand still.');
}

const IS_STILL = `(() => {
  const roots = [document];
  for (const root of roots)
    for (const { shadowRoot } of root.querySelectorAll('*')) if (shadowRoot) roots.push(shadowRoot);
  const moves = ({ playState, effect }) =>
    playState === 'running' && Number.isFinite(effect.getComputedTiming().endTime);
  const isComing = (root) => root.querySelector(':not(:defined), .fade-out') || root.getAnimations().some(moves);
  return document.fonts.status === 'loaded' && !roots.some(isComing);
})()`;

/** Pairs of texts that lie upon one another. */
export function findOverlaps(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    ${READ_BOXES}
    const overlaps = [];
    for (const [index, one] of boxes.entries())
      for (const other of boxes.slice(index + 1)) {
        if (one.owner === other.owner) continue;
        const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (width > 1 && height > 1) overlaps.push(one.text + ' | ' + other.text);
      }
    return overlaps;
  })()`);
}

/** Texts that stick out of the window, or of a box that does not scroll. */
export function findCutTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    ${READ_BOXES}
    return boxes
      .filter(({ left, right, frame }) =>
        left < -1 || right > document.documentElement.clientWidth + 1 || (frame && (left < frame.left - 1 || right > frame.right + 1)))
      .map(({ text }) => text);
  })()`);
}

/** How many texts were compared. */
export function countTexts(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => { ${READ_BOXES} return boxes.length; })()`);
}

// A box for each line of text that can be seen: its height is that of the letters, not of the line.
const READ_BOXES = `
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const owner = node.parentElement;
    if (node.data.trim() === '' || !owner.checkVisibility()) continue;
    if (owner.closest('.visually-hidden, .skip, [aria-hidden]')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const pre = owner.closest('pre');
    const frame = (owner.closest('button, pre, section') ?? document.body).getBoundingClientRect();
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const trim = (bottom - top) / 5;
      const box = { left, right, top: top + trim, bottom: bottom - trim };
      if (pre && (box.bottom > frame.bottom || box.top < frame.top)) continue; // scrolled away
      if (right - left > 1) boxes.push({ ...box, frame, owner, text: node.data.trim().slice(0, 40) });
    }
  }`;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds, a line for each element. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate<string[]>(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`);
}
