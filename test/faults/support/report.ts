// The rows that are printed at the end, one for each fault.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a row tells besides its verdict; what a test does not set stays empty. */
export interface Row {
  readonly fault: string;
  seen?: string;
  upstream?: string;
  recovery?: string;
}

/** Runs what proves a row, and keeps the row with the verdict either way. */
export async function report(fault: string, prove: (row: Row) => Promise<void> | void): Promise<void> {
  const row: Row = { fault };
  let verdict = 'FAILS';
  try {
    await prove(row);
    verdict = 'holds';
  } finally {
    const line = JSON.stringify({ ...row, verdict });
    appendFileSync(join(process.env['FAULTS_FOLDER'] ?? '', 'rows.jsonl'), `${line}\n`);
  }
}

/** Whether this run may take its time. */
export const IS_LONG = process.env['FAULTS'] === 'long';
