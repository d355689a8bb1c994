// Prints what the faults led to, one row each.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const COLUMNS = ['fault', 'seen', 'upstream', 'recovery', 'verdict'];
const TITLES = { fault: 'fault', seen: 'what clients saw', upstream: 'upstream calls', recovery: 'recovery' };

export default function teardown() {
  const folder = process.env.FAULTS_FOLDER ?? '';
  const file = join(folder, 'rows.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const rows = lines.map((line) => JSON.parse(line));
  rmSync(folder, { recursive: true, force: true });
  if (rows.length > 0) process.stderr.write(`\n${toTable([{ verdict: 'verdict', ...TITLES }, ...rows])}\n`);
}

function toTable(rows) {
  const widths = COLUMNS.map((name) => Math.max(...rows.map((row) => (row[name] ?? '–').length)));
  const toLine = (row) => COLUMNS.map((name, index) => (row[name] ?? '–').padEnd(widths[index])).join(' | ');
  return rows.map(toLine).join('\n');
}
