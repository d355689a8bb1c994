// Every link of README.md and docs/ leads somewhere.
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readLinks, readPage, readPages, resolveLink } from '../support/pages.js';

const pages = readPages();
const byPath = new Map(pages.map((page) => [page.path, page]));

// Pages that are not of this project: those of standards, of Nest, of Descope and of the packages that it works with.
const FOREIGN =
  /^https:\/\/(?:www\.rfc-editor\.org|openid\.net|docs\.nestjs\.com|docs\.descope\.com|app\.descope\.com|www\.descope\.com|nestjs\.com|nodejs\.org|github\.com|www\.npmjs\.com|jestjs\.io|vitest\.dev|opentelemetry\.io|fetch\.spec\.whatwg\.org|keepachangelog\.com|semver\.org|stryker-mutator\.io|redis\.io|modelcontextprotocol\.io)(?:\/|$)/;

describe.each(pages.map((page) => [page.path, page] as const))('The page %s', (_path, page) => {
  it('links to files and headings that are there', () => {
    const broken = readLinks(page)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const { path, anchor } = resolveLink(page, target);
        if (!existsSync(path)) return true;
        return anchor !== '' && !readPage(path).anchors.includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it('links elsewhere only by https, to places that are known', () => {
    const unknown = readLinks(page).filter((target) => /^[a-z]+:/.test(target) && !FOREIGN.test(target));
    expect(unknown).toEqual([]);
  });
});

describe('The pages together', () => {
  it('can all be reached from README.md', () => {
    const reached = new Set(['README.md']);
    for (const path of reached) {
      const page = byPath.get(path);
      if (page === undefined) continue;
      for (const target of readLinks(page)) reached.add(resolveLink(page, target).path);
    }
    expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });
});
