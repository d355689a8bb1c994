// The tables of docs/operations.md name every line of the log and every event, and its redaction hides what it should.
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import ts from 'typescript';
import { DESCOPE_CHANNELS } from '#lib/core/events.js';
import { readCodes, readPage, readRows, readSections } from './support/page-tables.js';
import { readStringUnions } from './support/source-types.js';

const sections = readSections('operations.md');

describe('The page of operations', () => {
  it('names every code of a line in the log, each once', () => {
    const given = readRows(sections.get('Log lines') ?? '', 'code').flatMap(({ code }) => readCodes(code));
    const known = readStringUnions('lib/core/logging.ts').get('Notice.code') ?? [];
    expect(known.length).toBeGreaterThan(20);
    expect(given.sort()).toEqual([...known].sort());
  });

  it('names every channel, and the members and outcomes of its messages', () => {
    const rows = readRows(sections.get('Events') ?? '', '`DESCOPE_CHANNELS`');
    expect(rows.map((row) => readCodes(row['`DESCOPE_CHANNELS`'])[0])).toEqual(Object.keys(DESCOPE_CHANNELS));
    const messages = readFileSync('lib/core/events.ts', 'utf8');
    for (const row of rows) {
      const [channel = ''] = readCodes(row['`DESCOPE_CHANNELS`']);
      const codes = readCodes(row['members of the message, beside `projectId`']);
      const own = new RegExp(`readonly ${channel}: DescopeEvent & \\{([^}]*)\\}`).exec(messages)?.[1] ?? '';
      const members = [...own.matchAll(/readonly (\w+):/g)].map(([, name]) => name);
      expect(members.length).toBeGreaterThan(0);
      expect(codes).toEqual(expect.arrayContaining(members));
    }
    const unions = readStringUnions('lib/core/events.ts');
    const outcomes = new Map(rows.map((row) => [readCodes(row['`DESCOPE_CHANNELS`'])[0], row]));
    for (const [channel, type] of [
      ['refresh', 'DescopeRefreshOutcome'],
      ['exchange', 'DescopeExchangeOutcome'],
    ] as const) {
      const text = Object.values(outcomes.get(channel) ?? {}).join(' ');
      expect(readCodes(text)).toEqual(expect.arrayContaining([...(unions.get(type) ?? ['no such type'])]));
    }
  });

  it('gives settings of pino that hide credentials and nothing else', () => {
    const [, block = ''] = /```ts\n([^`]*LoggerOptions[^`]*)```/.exec(readPage('operations.md')) ?? [];
    const lines: string[] = [];
    const logger = pino(evaluate(block), { write: (line: string) => void lines.push(line) });
    logger.info({
      req: {
        headers: { authorization: 'Bearer s1', cookie: 'DS=s2', 'x-api-key': 's3', accept: 'text/html' },
      },
      res: { headers: { 'set-cookie': ['DS=s4'], vary: 'Cookie' } },
    });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      req: {
        headers: {
          authorization: '[Redacted]',
          cookie: '[Redacted]',
          'x-api-key': '[Redacted]',
          accept: 'text/html',
        },
      },
      res: { headers: { 'set-cookie': '[Redacted]', vary: 'Cookie' } },
    });
  });
});

function evaluate(block: string): { redact: string[] } {
  const exports = {} as { options: { redact: string[] } };
  const { outputText } = ts.transpileModule(block, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  runInNewContext(outputText, { exports });
  return { redact: [...exports.options.redact] };
}
