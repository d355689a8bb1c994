// The coverage as a text for the terminal, and as a page of the documentation.
import type { TypeVerdict } from './check-types.js';
import type { Answer, Outcome } from './run-calls.js';

/** A coverage that was measured. */
export interface Coverage {
  readonly version: string;
  readonly answers: readonly Answer[];
  readonly verdicts: readonly TypeVerdict[];
}

const TEXT_OF_64_BITS =
  '`accessTokenExpiry` is a text, as in the reference of the API and in the types of go-sdk; the type here has a number';

/** Why an answer differs from the client's type all the same. */
export const KNOWN_DIFFERENCES: ReadonlyMap<string, string> = new Map([
  [
    'history',
    'the type names one sign-in; Descope returns a list of them, as the types of `management.user.history` and of its other clients say',
  ],
  ...['fetchTokenByScopes', 'fetchToken', 'fetchTenantTokenByScopes', 'fetchTenantToken'].map(
    (name) => [`management.outboundApplication.${name}`, TEXT_OF_64_BITS] as const,
  ),
]);

/** Whether nothing of it has to be explained or repaired. */
export function findFaults({ answers, verdicts }: Coverage): readonly string[] {
  return [
    ...of(answers, 'without a call').map((method) => `${method} has no call in the coverage`),
    ...verdicts
      .filter(({ method, verdict }) => verdict === 'differs' && !KNOWN_DIFFERENCES.has(method))
      .map(({ method, message }) => `${method} differs from the client's type: ${message}`),
    ...[...KNOWN_DIFFERENCES.keys()]
      .filter((method) => !verdicts.some((one) => one.method === method && one.verdict === 'differs'))
      .map((method) => `${method} does not differ from the client's type, as is said of it`),
  ];
}

/** Writes one line for each method, and the counts. */
export function toText(coverage: Coverage): string {
  const verdicts = new Map(coverage.verdicts.map((one) => [one.method, one]));
  const lines = coverage.answers.map(({ method, outcome, reason, ignored }) => {
    const verdict = verdicts.get(method)?.verdict;
    const type = verdict === undefined ? '' : `, type ${verdict}`;
    const rest = [reason.slice(0, 200), ignored.length > 0 ? `ignored: ${ignored.join(', ')}` : ''];
    return `${method.padEnd(60)} ${outcome}${type}  ${rest.filter(Boolean).join('; ')}`.trimEnd();
  });
  const faults = findFaults(coverage).map((fault) => `!!! ${fault}`);
  return [...lines, '', ...toCounts(coverage), '', ...faults, ''].join('\n');
}

/** Writes the page. */
export function toPage(coverage: Coverage): string {
  const { answers, verdicts, version } = coverage;
  const differing = verdicts.filter(({ verdict }) => verdict === 'differs');
  const rejected = answers.filter(({ outcome }) => outcome === 'rejected');
  return `# The coverage of the emulator

This page is for those who want to know which calls of \`@descope/node-sdk\` [the emulator](./emulator.md) answers. It is written by \`npm run emulator:coverage -- --write\`, which calls every method of the installed client (${version}) once, and compiles each answer against the client's own types. A test compares it with a fresh run.

${toCounts(coverage).join('\n')}

What the emulator does not have is answered with 404 and the words "The emulator does not implement". The last column of the table has these methods.

${toTable(answers)}

## Answers that differ from the types

${differing.map(({ method }) => `- \`${method}\`: ${KNOWN_DIFFERENCES.get(method) ?? 'not explained yet'}.`).join('\n') || 'There are none.'}

## Rejected calls

${rejected.map(({ method, reason }) => `- \`${method}\`: ${reason.slice(0, 120).replaceAll('|', '/')}`).join('\n') || 'There are none.'}
`;
}

function toCounts({ answers, verdicts }: Coverage): readonly string[] {
  const count = (outcome: Outcome) => of(answers, outcome).length;
  const typed = (verdict: TypeVerdict['verdict']) => verdicts.filter((one) => one.verdict === verdict).length;
  return [
    `- ${answers.length} methods: ${count('answered')} answered, ${count('not implemented')} not implemented, ` +
      `${count('rejected')} rejected, ${count('without a request')} that the client does by itself.`,
    `- ${verdicts.length} values compiled: ${typed('fits')} fit their type, ${typed('loose')} have a type that ` +
      `demands nothing, ${typed('differs')} ${typed('differs') === 1 ? 'differs' : 'differ'}.`,
  ];
}

function toTable(answers: readonly Answer[]): string {
  const groups = new Set(answers.map(({ method }) => toGroup(method)));
  const rows = [...groups].map((group) => {
    const members = answers.filter(({ method }) => toGroup(method) === group);
    const isThere = ({ outcome }: Answer) => outcome !== 'not implemented' && outcome !== 'without a call';
    const names = (some: readonly Answer[]) => some.map(({ method }) => toName(method)).join(', ') || '–';
    return [
      group === '' ? 'the client itself' : `\`${group}\``,
      `${members.filter(isThere).length} of ${members.length}`,
      names(members.filter((one) => !isThere(one))),
    ];
  });
  return toMarkdown([['part', 'answered', 'not implemented'], ...rows]);
}

// As Prettier writes it, which checks the page too.
function toMarkdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) => Math.max(3, ...[head, ...rows].map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function of(answers: readonly Answer[], outcome: Outcome): readonly string[] {
  return answers.filter((one) => one.outcome === outcome).map(({ method }) => method);
}

// `management.user`, or the first part of a name outside of management.
function toGroup(method: string): string {
  const parts = method.split('.');
  return parts.slice(0, parts[0] === 'management' ? 2 : Math.min(parts.length - 1, 1)).join('.');
}

function toName(method: string): string {
  return method.slice(toGroup(method).length).replace(/^\./, '');
}
