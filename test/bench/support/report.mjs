// Tables and goals → text for a terminal, Markdown for docs/benchmarks.md.

/**
 * @typedef {object} Table
 * @property {string} title
 * @property {readonly string[]} columns
 * @property {readonly (readonly string[])[]} rows
 * @property {string} [note]
 * @property {boolean} [isForPage]
 *
 * @typedef {object} Goal
 * @property {string} subject
 * @property {string} goal
 * @property {string} measured
 * @property {boolean | undefined} isMet `undefined` where this version has nothing to measure.
 */

/** @param {Table} table */
export function toText({ title, columns, rows, note }) {
  const widths = columns.map((column, index) =>
    Math.max(...[column, ...rows.map((row) => row[index])].map(length)),
  );
  const toLine = (cells) =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index]) : cell.padStart(widths[index])))
      .join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const lines = [`\n${title}`, toLine(columns), rule, ...rows.map(toLine)];
  return [...lines, ...(note === undefined ? [] : [note])].join('\n');
}

/** @param {Table} table */
export function toMarkdown({ title, columns, rows, note }) {
  const toLine = (cells) => `| ${cells.join(' | ')} |`;
  const rule = toLine(columns.map((_, index) => (index === 0 ? '---' : '---:')));
  const lines = [`### ${title}`, '', toLine(columns), rule, ...rows.map(toLine), ''];
  return [...lines, ...(note === undefined ? [] : [note, ''])].join('\n');
}

/** @param {readonly Goal[]} goals @returns {Table} */
export function toGoalTable(goals) {
  const rows = goals.map(({ subject, goal, measured, isMet }) => [subject, goal, measured, toWord(isMet)]);
  return { title: 'Goals', columns: ['subject', 'goal', 'measured', 'met'], rows };
}

/** The chapter of docs/benchmarks.md: what a reader compares, and every goal. */
export function toChapter({ tables, goals, machine, command }) {
  const intro = `Measured on ${machine.date} with Node ${machine.node} on ${machine.cpus} CPUs (${machine.platform}), by \`${command}\`.
Medians of interleaved rounds, with their quartiles; ratios are taken round by round, so they say more than the absolute figures.`;
  return [
    '## Results',
    '',
    intro,
    '',
    ...[...tables.filter(({ isForPage }) => isForPage), toGoalTable(goals)].map(toMarkdown),
  ].join('\n');
}

function toWord(isMet) {
  if (isMet === undefined) return '–';
  return isMet ? 'yes' : 'NO';
}

function length(text) {
  return text.length;
}
