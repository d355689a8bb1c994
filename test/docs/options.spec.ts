// The tables of docs/options.md, and of the page of an option of its own, name every option and variable, and no other.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { readEnvironment } from '#lib/core/config/environment.js';
import type { OptionGroup, Rule } from '#lib/core/config/option-reader.js';
import { OptionReader, STATIC_OPTIONS } from '#lib/core/config/option-reader.js';
import { KNOWN_OPTIONS, OPTIONS } from '#lib/core/config/options.js';
import { isProjectId } from '#lib/core/http/base-url.js';
import { reportRouteMistakes } from '#lib/routes/routes.options.js';
import { readCodes, readPage, readRows } from './support/page-tables.js';

type Rules = Readonly<Record<string, Rule<unknown> | OptionGroup>>;

const GUARD_OPTIONS = ['globalGuard.register', 'globalGuard.before'];
const page = ['options.md', 'protected-resources.md'].map(readPage).join('\n');
const rows = new Map(readRows(page, 'option').map((row) => [readCodes(row['option'])[0], row]));
const rules = new Map(readRules(OPTIONS));
const known = new Set([...rules.keys(), ...STATIC_OPTIONS, ...GUARD_OPTIONS, ...readRouteOptions()]);
const groups = [...known].flatMap((name) =>
  name.includes('.') ? [name.slice(0, name.lastIndexOf('.'))] : [],
);

describe('The page of options', () => {
  it('names every option', () => {
    expect(known.size).toBeGreaterThan(60);
    expect([...known].filter((name) => !rows.has(name))).toEqual([]);
  });

  it('names no option that does not exist', () => {
    expect([...rows.keys()].filter((name = '') => !known.has(name) && !groups.includes(name))).toEqual([]);
  });

  it('gives the range of each number', () => {
    const bounded = [...rules].filter(([, { wants }]) => / from \d+ to \d+$/.test(wants));
    const wanted = bounded.map(([name, { wants }]) => [name, /from (\d+ to \d+)$/.exec(wants)?.[1]]);
    const given = bounded.map(([name]) => [
      name,
      rows.get(name)?.['type and range']?.replace('`maxAgeSeconds`', '0'),
    ]);
    expect(bounded.length).toBeGreaterThan(8);
    expect(given).toEqual(wanted);
  });

  it('gives the default of each option that has a plain one', () => {
    const plain = [...rules].filter(([, rule]) => !['undefined', 'function'].includes(typeof rule.default));
    const given = plain.map(([name]) => [name, evaluate(readCodes(rows.get(name)?.['default'])[0])]);
    expect(plain.length).toBeGreaterThan(20);
    expect(given).toEqual(plain.map(([name, rule]) => [name, rule.default]));
  });

  it('names every variable of the environment beside the option that it sets, and no other', () => {
    const given = readRows(page, 'variable').map((row) => [
      readCodes(row['variable'])[0],
      readCodes(row['option'])[0],
    ]);
    expect(given.length).toBeGreaterThan(5);
    expect(new Map(given as [string, string][])).toEqual(readVariables());
  });
  it('shows project ids of the right shape only', () => {
    const ids = page.match(/\bP2[a-zA-Z0-9]{10,}/g) ?? [];
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.filter((id) => !isProjectId(id))).toEqual([]);
  });
});

function readRules(table: object, prefix = ''): [string, Rule<unknown>][] {
  return Object.entries(table as Rules).flatMap(([name, row]) =>
    'rows' in row ? readRules(row.rows, `${prefix}${name}.`) : [[prefix + name, row]],
  );
}

// An unknown name is answered with a list of those that are known, for each group.
function readRouteOptions(): string[] {
  const options = new OptionReader({}, []);
  reportRouteMistakes(options, { wrong: 1, login: { wrong: 1 }, check: { wrong: 1 } });
  return readMessage(options)
    .split('\n')
    .flatMap((line) => {
      const [, group, names = ''] = /^Known options of (.+): (.+)\.$/.exec(line) ?? [];
      return group === undefined ? [] : names.split(', ').map((name) => `${group}.${name}`);
    });
}

function readMessage(options: OptionReader): string {
  try {
    options.assertFaultless();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

function readVariables(): Map<string, string> {
  const asked = new Set<string>();
  readEnvironment((name) => void asked.add(name));
  return new Map([...asked].map((name) => [name, findOption(name)]));
}

function findOption(variable: string): string {
  const options = readEnvironment((name) => (name === variable ? 'true' : undefined));
  return KNOWN_OPTIONS.find((name) => options[name as keyof typeof options] !== undefined) ?? '';
}

function evaluate(code = 'undefined'): unknown {
  const value: unknown = runInNewContext(`(${code})`);
  return typeof value === 'object' ? structuredClone(value) : value; // of this context
}
