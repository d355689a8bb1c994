// Runs the commands of a documentation's block, and compares what they print with what the block says that they print.
import { spawn } from 'node:child_process';
import type { PageBlock } from './pages.js';

/** A command of a block, and the lines that the block shows below it. */
export interface ShellStep {
  readonly command: string;
  /** Without their `# `; `…` stands for anything. Empty where the block shows nothing. */
  readonly shown: readonly string[];
}

/** What a fixture brings. */
export interface ShellSetting {
  /** What stands in a block → what is there in this run: addresses, mostly. */
  readonly replaced: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands before the block's own: functions, mostly. */
  readonly prelude?: string;
}

/** Takes a block apart. A comment line is output of the command above it; one above all commands explains. */
export function readSteps({ text }: PageBlock): readonly ShellStep[] {
  const steps: { command: string; shown: string[] }[] = [];
  let isContinued = false;
  for (const line of text.split('\n')) {
    const last = steps.at(-1);
    if (isContinued && last !== undefined) last.command += `\n${line}`;
    else if (line.startsWith('# ')) last?.shown.push(line.slice(2));
    else if (line.trim() !== '') steps.push({ command: line, shown: [] });
    if (!line.startsWith('# ')) isContinued = line.endsWith('\\');
  }
  return steps;
}

/** Runs all commands in one shell, so that variables stay; gives what each printed, errors included. */
export async function runSteps(
  steps: readonly ShellStep[],
  setting: ShellSetting,
): Promise<readonly string[]> {
  const { env = {}, prelude = '' } = setting;
  const commands = steps.map(
    ({ command }) => `{ ${replaceAll(command, setting)}\n} 2>&1; printf '\\n${MARK}\\n'`,
  );
  const child = spawn('sh', ['-c', [prelude, ...commands].join('\n')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return output.split(`\n${MARK}\n`).slice(0, steps.length);
}

/** Says whether what was printed is what is shown. Headers of HTTP may end in a carriage return. */
export function isShown(shown: readonly string[], printed: string): boolean {
  const pattern = shown.map((line) => line.split('…').map(escape).join('[^]*?')).join('\\s*\\n');
  return new RegExp(`^\\s*${pattern}\\s*$`).test(printed.replaceAll('\r', ''));
}

const MARK = '--- next command ---';

function replaceAll(command: string, { replaced }: ShellSetting): string {
  return Object.entries(replaced).reduce((text, [from, to]) => text.replaceAll(from, to), command);
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
