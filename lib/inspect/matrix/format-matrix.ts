// The access matrix as a table for terminals and as Markdown, and what changed between two of them.
import { toPlain } from '../access-map.js';
import type { AccessMatrix, AccessMatrixRow } from './access-matrix.js';
import type { AccessVerdict } from './verdict.js';

/**
 * Formats an access matrix: one line for each endpoint, one column for each persona.
 * @param form `'table'` for a terminal, `'markdown'` for a review
 * @returns the lines, separated by `\n`
 * @defaultValue `'table'`
 * @example `console.log(formatMatrix(await accessMatrix(app, { anonymous: 'anonymous', ada })))`
 */
export function formatMatrix({ personas, rows }: AccessMatrix, form: 'table' | 'markdown' = 'table'): string {
  const head = ['METHOD', 'PATH', ...personas];
  const lines = rows.map((row) => [
    toMethod(row),
    toPath(row),
    ...personas.map((name) => toVerdictText(row.verdicts[name])),
  ]);
  return form === 'markdown' ? toMarkdown(head, lines) : toTable([head, ...lines]);
}

/** Describes a verdict: `allowed`, `403 ACCESS_ROLE_MISSING`, `depends on param:id`. */
export function toVerdictText(verdict: AccessVerdict | undefined): string {
  if (verdict === undefined) return '-';
  const { outcome, rejections, on } = verdict;
  if (outcome === 'allowed') return 'allowed';
  if (outcome === 'depends') return `depends on ${on.join(', ')}`;
  return rejections.map(({ status, code }) => `${status} ${code}`).join(' or ');
}

function toMethod({ kind, method }: AccessMatrixRow): string {
  return kind === 'http' || kind === 'graphql' ? method : `${kind} ${method}`;
}

function toPath({ namespace, path, hosts = [], versions = [] }: AccessMatrixRow): string {
  const details = [...hosts, ...versions.map((version) => `version ${version}`)];
  return [namespace, path, details.length === 0 ? undefined : `(${details.join(', ')})`]
    .filter((part) => part !== undefined)
    .join(' ');
}

function toTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(toPlain));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toMarkdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const toRow = (cells: readonly string[]) => `| ${cells.map(toCell).join(' | ')} |`;
  return [toRow(head), `| ${head.map(() => '---').join(' | ')} |`, ...lines.map(toRow)].join('\n');
}

// Nothing of a path or a name may end a cell or start markup.
function toCell(text: string): string {
  return toPlain(text).replace(/[\\`*_{}[\]<>|]/g, '\\$&');
}

// Changes between two matrices.

/** A verdict that differs between two access matrices. */
export interface AccessChange {
  /** The endpoint: `'DELETE /orders/:id'`. */
  readonly endpoint: string;
  /** The name of the persona. */
  readonly persona: string;
  /** The verdict before; `undefined` if the endpoint or the persona is new. */
  readonly before: AccessVerdict | undefined;
  /** The verdict after; `undefined` if the endpoint or the persona is gone. */
  readonly after: AccessVerdict | undefined;
}

/**
 * Compares two access matrices.
 * @returns the verdicts that differ, in the order of the matrices; those of new and removed endpoints, too
 * @example `expect(diffMatrix(JSON.parse(readFileSync('access.json', 'utf8')), matrix)).toEqual([])`
 */
export function diffMatrix(before: AccessMatrix, after: AccessMatrix): readonly AccessChange[] {
  const earlier = toVerdicts(before);
  const later = toVerdicts(after);
  return [...new Set([...later.keys(), ...earlier.keys()])].flatMap((key) => {
    const [endpoint = '', persona = ''] = JSON.parse(key) as string[];
    const change = { endpoint, persona, before: earlier.get(key), after: later.get(key) };
    return toVerdictText(change.before) === toVerdictText(change.after) ? [] : [change];
  });
}

/**
 * Formats changes for a review, one line each: `DELETE /orders/:id: bob 403 ACCESS_ROLE_MISSING → allowed`.
 * @returns the lines, separated by `\n`; an empty string without changes
 */
export function formatMatrixDiff(changes: readonly AccessChange[]): string {
  return changes
    .map(({ endpoint, persona, before, after }) => {
      const texts = [before, after].map((verdict) =>
        verdict === undefined ? 'none' : toVerdictText(verdict),
      );
      return toPlain(`${endpoint}: ${persona} ${texts.join(' → ')}`);
    })
    .join('\n');
}

function toVerdicts({ personas, rows }: AccessMatrix): ReadonlyMap<string, AccessVerdict> {
  return new Map(
    rows.flatMap((row) =>
      personas.flatMap((name) => {
        const verdict = row.verdicts[name];
        const key = JSON.stringify([`${toMethod(row)} ${toPath(row)}`, name]);
        return verdict === undefined ? [] : [[key, verdict] as const];
      }),
    ),
  );
}
