// The pages that people read: README.md and docs/, with the code blocks and headings in them.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A code block of a page. */
export interface PageBlock {
  /** `docs/access.md`. */
  readonly page: string;
  /** The line on which it begins, from 1. */
  readonly line: number;
  /** What stands behind the fence: `ts`, `sh`, … */
  readonly language: string;
  /** The fixture that its commands need, from `<!-- run: orders -->` above it. */
  readonly fixture: string | undefined;
  readonly text: string;
}

/** A page of the documentation. */
export interface Page {
  readonly path: string;
  readonly text: string;
  /** Without code blocks and comments. */
  readonly prose: string;
  readonly blocks: readonly PageBlock[];
  /** The anchors of its headings. */
  readonly anchors: readonly string[];
}

/** Reads all pages, README.md first. */
export function readPages(): readonly Page[] {
  const names = readdirSync('docs').filter((name) => name.endsWith('.md'));
  return ['README.md', ...names.sort().map((name) => join('docs', name))].map(readPage);
}

/** Reads one page. */
export function readPage(path: string): Page {
  const text = readFileSync(path, 'utf8');
  const prose = text.replaceAll(FENCE, '').replaceAll(/<!--[^]*?-->/g, '');
  return { path, text, prose, blocks: readBlocks(path, text), anchors: readAnchors(prose) };
}

/** Lists the targets of the links and images in a page's prose. */
export function readLinks({ prose }: Page): readonly string[] {
  const withoutCode = prose.replaceAll(/`[^`\n]*`/g, '');
  return [...withoutCode.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target = '']) => target);
}

/** Resolves a relative link of a page to a path from the root, and its anchor. */
export function resolveLink(page: Page, target: string): { readonly path: string; readonly anchor: string } {
  const [file = '', anchor = ''] = target.split('#');
  const path = file === '' ? page.path : join(dirname(page.path), file);
  return { path, anchor };
}

/** Counts the words of a page as `wc -w` does. */
export function countWords({ text }: Page): number {
  return text.split(/\s+/).filter(Boolean).length;
}

const FENCE = /^( *)```(\S*)[^\n]*\n([^]*?)^ *```$/gm;
const FIXTURE = /<!-- run: (\S+) -->\n+ *$/;

function readBlocks(page: string, text: string): PageBlock[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [, , language = '', body = ''] = match;
    const before = text.slice(0, match.index);
    const fixture = FIXTURE.exec(before)?.[1];
    return { page, line: before.split('\n').length, language, fixture, text: body };
  });
}

// As GitHub makes them, and the site too, which is configured to.
function readAnchors(prose: string): string[] {
  const taken = new Map<string, number>();
  return [...prose.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, title = '']) => {
    const slug = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-');
    const count = taken.get(slug) ?? 0;
    taken.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}
