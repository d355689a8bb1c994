// The command `nestjs-descope matrix`: prints what every endpoint of an application answers several callers, or what has changed.
import { writeFileSync } from 'node:fs';
import type { AccessMatrix, AccessPersonas } from '../../inspect/matrix/access-matrix.js';
import type { AccessPersona, TokenHolder } from '../../inspect/matrix/persona.js';
import type { LoadedApplication } from './load-application.js';
import { loadApplication } from './load-application.js';
import type { MatrixInput } from './matrix-arguments.js';
import { MATRIX_USAGE, MatrixUsageError, readMatrixInput } from './matrix-arguments.js';

/** What the command prints, and its exit status. */
export interface MatrixResult {
  readonly exitStatus: 0 | 1 | 2;
  readonly output: string;
  /** What went wrong, for the standard error. */
  readonly problem: string;
}

/** Runs the command. */
export async function runMatrix(args: readonly string[], folder: string): Promise<MatrixResult> {
  let input: MatrixInput | 'help';
  try {
    input = readMatrixInput(args, folder);
  } catch (error) {
    if (!(error instanceof MatrixUsageError)) throw error;
    return { exitStatus: 2, output: '', problem: `${error.message}\n\n${MATRIX_USAGE}` };
  }
  if (input === 'help') return { exitStatus: 0, output: MATRIX_USAGE, problem: '' };
  try {
    return await print(input);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { exitStatus: 1, output: '', problem: `The application cannot be judged: ${reason}\n` };
  }
}

async function print(input: MatrixInput): Promise<MatrixResult> {
  const loaded = await loadApplication(input.file, input.exportName);
  const { values, assumedGuards, before, output: file } = input;
  try {
    const personas = toPersonas(input, loaded);
    const matrix = await loaded.inspect.accessMatrix(loaded.app, personas, { values, assumedGuards });
    const { output, exitStatus } =
      before === undefined
        ? { output: `${format(matrix, input, loaded)}\n`, exitStatus: 0 as const }
        : compare(before as AccessMatrix, matrix, loaded);
    if (file === undefined) return { exitStatus, output, problem: '' };
    writeFileSync(file, output);
    return { exitStatus, output: '', problem: '' };
  } finally {
    await loaded.app.close();
  }
}

// An identity gets a session of its own, whose user is what is judged; a token is verified by the application.
function toPersonas({ personas }: MatrixInput, { testing }: LoadedApplication): AccessPersonas {
  const descope = testing.createTestDescope();
  const toPersona = (identity: object | null): AccessPersona => {
    if (identity === null) return 'anonymous';
    return 'token' in identity ? (identity as TokenHolder) : descope.session({ ...identity });
  };
  return Object.fromEntries(Object.entries(personas).map(([name, identity]) => [name, toPersona(identity)]));
}

function format(matrix: AccessMatrix, { format: form }: MatrixInput, { inspect }: LoadedApplication): string {
  return form === 'json' ? JSON.stringify(matrix, null, 2) : inspect.formatMatrix(matrix, form);
}

function compare(before: AccessMatrix, after: AccessMatrix, { inspect }: LoadedApplication) {
  const changes = inspect.diffMatrix(before, after);
  if (changes.length === 0) return { output: 'No verdict has changed.\n', exitStatus: 0 as const };
  return { output: `${inspect.formatMatrixDiff(changes)}\n`, exitStatus: 1 as const };
}
