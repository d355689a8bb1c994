// The tables of docs/errors.md name every code in the section of its class and status, and no other.
import { describe, expect, it } from '@jest/globals';
import { toHttpError } from '#lib/auth/http-error.js';
import type { DescopeCredentialCode, DescopeRequestCode } from '#lib/core/errors.js';
import {
  DescopeAccessError,
  DescopeCredentialError,
  DescopeRequestError,
  DescopeUnavailableError,
} from '#lib/core/errors.js';
import { readCodes, readRows, readSections } from './support/page-tables.js';
import { readStringUnions } from './support/source-types.js';

interface Section {
  readonly heading: string;
  /** The type in lib/core/error-codes.ts that lists the codes of the section. */
  readonly type: string;
  /** Creates an error of the class; none if it has no status. */
  readonly create?: (code: never) => Error;
}

const SECTIONS: readonly Section[] = [
  {
    heading: 'Credential: 401',
    type: 'DescopeCredentialCode',
    create: (code: DescopeCredentialCode) => new DescopeCredentialError(code, 'For the table.'),
  },
  {
    heading: 'Access: 403',
    type: 'DescopeAccessCode',
    create: (code) => new DescopeAccessError(code, 'For the table.'),
  },
  {
    heading: 'Request: 400',
    type: 'DescopeRequestCode',
    create: (code: DescopeRequestCode) => new DescopeRequestError(code, 'For the table.'),
  },
  {
    heading: 'Outage: 503',
    type: 'DescopeUnavailableCode',
    create: (code) => new DescopeUnavailableError(code, 'For the table.', { retryAfterSeconds: 1 }),
  },
  { heading: 'Errors at boot', type: 'DescopeConfigCode' },
  { heading: 'Errors of your own calls', type: 'DescopeM2mCode' },
];
const sections = readSections('errors.md');
const unions = readStringUnions('lib/core/error-codes.ts');

describe('The page of errors', () => {
  it.each(SECTIONS)('has the codes of $type under "$heading", each once', ({ heading, type }) => {
    const given = readCodeRows(heading).map(({ code }) => code);
    expect(given.sort()).toEqual([...(unions.get(type) ?? ['no such type'])].sort());
  });

  it.each(SECTIONS.filter(({ create }) => create))(
    'gives the status of each code under "$heading"',
    ({ heading, create = () => new Error() }) => {
      const rows = readCodeRows(heading);
      const actual = rows.map(({ code }) => toHttpError(create(code as never))?.exception.getStatus());
      expect(rows.map(({ status }) => status)).toEqual(actual);
    },
  );

  it('has a section for every type of codes', () => {
    const types = [...unions.keys()].filter((name) => /^Descope\w+Code$/.test(name));
    expect(types.filter((name) => name !== 'DescopeErrorCode').sort()).toEqual(
      SECTIONS.map(({ type }) => type).sort(),
    );
  });

  it('says of each code why it happens and what to do', () => {
    const rows = SECTIONS.flatMap(({ heading }) => readRows(sections.get(heading) ?? '', 'code'));
    expect(rows.length).toBeGreaterThan(70);
    expect(rows.filter((row) => !row['cause'] || !row['what to do'])).toEqual([]);
  });
});

// The status of a section is in its heading; that of a single code, behind it.
function readCodeRows(heading: string): { readonly code: string; readonly status: number }[] {
  return readRows(sections.get(heading) ?? '', 'code').map(({ code: cell = '' }) => {
    const [code = ''] = readCodes(cell);
    return { code, status: Number(/\((\d+)\)$/.exec(cell)?.[1] ?? /\d+$/.exec(heading)?.[0]) };
  });
}
