// A finding of the doctor, and how findings are printed.

/** `skipped` where there was nothing to check; it counts as no problem. */
export type FindingStatus = 'ok' | 'warning' | 'problem' | 'skipped';

/** What one check found. */
export interface Finding {
  /** What was checked: `keys`, `clock`, `token`, … */
  readonly check: string;
  readonly status: FindingStatus;
  readonly message: string;
  /** What to do about it; every problem and every warning has it. */
  readonly advice?: string;
  /** The code that the application has for the same thing in its log or its responses. */
  readonly code?: string;
}

/** The members of a problem or a warning beside its check, its status and its message. */
export interface FindingExtras extends Pick<Finding, 'code'> {
  readonly advice: string;
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message };
}

export function skipped(check: string, message: string): Finding {
  return { check, status: 'skipped', message };
}

export function warning(check: string, message: string, extras: FindingExtras): Finding {
  return { check, status: 'warning', message, ...extras };
}

export function problem(check: string, message: string, extras: FindingExtras): Finding {
  return { check, status: 'problem', message, ...extras };
}

/** Returns the exit status: 1 where there is a problem. */
export function toExitStatus(findings: readonly Finding[]): 0 | 1 {
  return count(findings, 'problem') === 0 ? 0 : 1;
}

/** Writes findings for a person. */
export function toText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, status, message, advice, code }) => {
    const head = `${status.padEnd(9)}${check.padEnd(width)}  `;
    const texts = [code === undefined ? message : `${code}: ${message}`, ...(advice ? [`-> ${advice}`] : [])];
    return `${head}${texts.join(`\n${' '.repeat(head.length)}`)}`;
  });
  const counts = (['problem', 'warning'] as const).map((status) => toCount(count(findings, status), status));
  return `${lines.join('\n')}\n\n${counts.join(', ')}\n`;
}

/** Writes a number with its noun, whose plural ends in "s". */
export function toCount(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Writes findings for a program. */
export function toJson(findings: readonly Finding[]): string {
  const problems = count(findings, 'problem');
  const summary = { ok: problems === 0, problems, warnings: count(findings, 'warning') };
  return `${JSON.stringify({ ...summary, findings }, undefined, 2)}\n`;
}

/**
 * Removes secrets from findings: none has a place there, and this is the last one where that can be seen to. Characters that
 * control a terminal are replaced: the claims of a token, and the names of an access map, may be of anybody's making.
 */
export function toPrintable(findings: readonly Finding[], secrets: readonly string[]): Finding[] {
  const hide = (text: string) =>
    secrets
      .filter(({ length }) => length > 3)
      .reduce((left, secret) => left.replaceAll(secret, '…'), text)
      .replace(/[\p{Control}\p{Format}\u2028\u2029]/gu, '\uFFFD');
  return findings.map(({ message, advice, ...others }) => ({
    ...others,
    message: hide(message),
    ...(advice === undefined ? {} : { advice: hide(advice) }),
  }));
}

function count(findings: readonly Finding[], wanted: FindingStatus): number {
  return findings.filter(({ status }) => status === wanted).length;
}
