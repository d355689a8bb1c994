// The tables of a documentation page, as rows of cells.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row: its cells by the name of their column. */
export type Row = Readonly<Record<string, string>>;

/** Reads a page of docs/. */
export function readPage(page: string): string {
  return readFileSync(join('docs', page), 'utf8');
}

/** Reads the sections of a page by their headings of the second level. */
export function readSections(page: string): Map<string, string> {
  const [, ...sections] = readPage(page).split(/^## /m);
  return new Map(sections.map((section) => [section.split('\n', 1)[0] ?? '', section]));
}

/** Reads the rows of every table of a text whose first column has this name. */
export function readRows(text: string, firstColumn: string): Row[] {
  const lines = text.split('\n');
  let columns: readonly string[] = [];
  return lines.flatMap((line) => {
    if (!line.startsWith('|')) columns = [];
    const cells = toCells(line);
    if (columns.length === 0) {
      columns = cells;
      return [];
    }
    const isRule = cells.every((cell) => /^:?-+:?$/.test(cell));
    if (isRule || columns[0] !== firstColumn) return [];
    return [Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))];
  });
}

/** Reads what stands in backticks. */
export function readCodes(text = ''): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function toCells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
