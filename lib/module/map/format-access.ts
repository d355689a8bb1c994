// The access map as a table for terminals.
import type { AccessMap, AccessMapEntry } from './access-map.js';
import { toDemandText } from './demand-view.js';

const HEAD = ['METHOD', 'PATH', 'ACCESS', 'DEMANDS', 'GUARD', 'HANDLER'];

/** Writes the map as a table, a line for each way in. `NONE` under `GUARD` is where no guard keeps what is demanded. */
export function formatAccess(map: AccessMap): string {
  const rows = [HEAD, ...map.map(toRow)].map((row) => row.map(toPlain));
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(toLine).join('\n');
}

function toRow(entry: AccessMapEntry): string[] {
  const { kind, method, path, namespace, hosts = [], versions = [], handler, access, demands, guard } = entry;
  const place = [
    ...(namespace === undefined ? [] : [namespace]),
    path,
    ...(hosts.length === 0 ? [] : [`(${hosts.join(', ')})`]),
    ...(versions.length === 0 ? [] : [`(version ${versions.join(', ')})`]),
  ].join(' ');
  const isOpen = guard === 'none' && access !== 'public';
  return [
    kind === 'http' || kind === 'graphql' ? method : `${kind} ${method}`,
    place,
    access,
    demands.map(toDemandText).join('; ') || '-',
    isOpen ? 'NONE' : guard,
    handler,
  ];
}

// A name must not move the cursor of a terminal.
function toPlain(text: string): string {
  return text.replace(/\p{Control}/gu, '\uFFFD');
}
