// Unmodified clients of both eras of MCP, from a 401 to a tool's answer, and to a second scope.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startClientDocument } from '../../support/client-document.js';
import { consent } from '../../support/consent.js';
import type { McpSession } from '../../support/mcp-clients.js';
import { ERAS, Person } from '../../support/mcp-clients.js';
import type { RunningNotes } from '../../support/mcp-notes.js';
import { FLAVOURS, startNotes } from '../../support/mcp-notes.js';

const REDIRECT_URI = 'http://127.0.0.1:3999/callback';
const UNAUTHORIZED = /unauthorized/i;

let notes: RunningNotes;
let document: Awaited<ReturnType<typeof startClientDocument>>;

const allow = async (session: McpSession, person: Person) =>
  session.finish(await consent(person.authorizationUrl, { loginId: 'ada@example.com' }));

describe.each(FLAVOURS)('An application with $name', (flavour) => {
  beforeAll(async () => {
    notes = await startNotes(flavour);
    document = await startClientDocument({ client_name: 'Desk', redirect_uris: [REDIRECT_URI] });
  });
  afterEach(() => notes.emulator.reset());
  afterAll(async () => {
    document.close();
    await notes.close();
  });

  describe.each(ERAS)('lets $name', (era) => {
    let session: McpSession;
    afterEach(() => session.close());

    const toMachine = (clientId: string) => {
      const scope = clientId === 'batch' ? 'notes:read notes:write' : 'notes:read';
      return { clientId, clientSecret: `${clientId}-secret`, issuer: notes.issuer, scope };
    };

    it('call a tool as a machine, with client credentials', async () => {
      session = era.asMachine(notes.url, toMachine('batch'));
      await session.connect();
      expect(await session.list()).toEqual(['read_notes', 'write_note']);
      expect(await session.call('read_notes')).toMatch(/^notes of TPA/);
      expect(await session.call('write_note')).toMatch(/^written by TPA/);
    });

    it('call no tool as a machine that cannot have its scope', async () => {
      session = era.asMachine(notes.url, toMachine('reader'));
      await session.connect();
      expect(await session.call('read_notes')).toMatch(/^notes of TPA/);
      await expect(session.call('write_note')).rejects.toThrow(/403|scope/);
    });

    it('register, ask a person for the scope of the challenge, and call a tool', async () => {
      const person = new Person({ redirectUri: REDIRECT_URI });
      session = era.asPerson(notes.url, person);
      await expect(session.connect()).rejects.toThrow(UNAUTHORIZED);
      expect(Object.fromEntries(person.authorizationUrl.searchParams)).toMatchObject({
        resource: notes.url.href,
        scope: 'notes:read',
        code_challenge_method: 'S256',
        redirect_uri: REDIRECT_URI,
      });
      await allow(session, person);
      await session.connect();
      expect(await session.call('read_notes')).toBe('notes of U2ada');
      expect(notes.emulator.requests.count('/v1/mgmt/mcp/client')).toBe(1);
    });

    it('show its metadata document in place of a registration', async () => {
      const person = new Person({ redirectUri: REDIRECT_URI, documentUrl: document.url });
      session = era.asPerson(notes.url, person);
      await expect(session.connect()).rejects.toThrow(UNAUTHORIZED);
      expect(person.authorizationUrl.searchParams.get('client_id')).toBe(document.url);
      await allow(session, person);
      await session.connect();
      expect(await session.call('read_notes')).toBe('notes of U2ada');
      expect(notes.emulator.requests.count('/v1/mgmt/mcp/client')).toBe(0);
    });

    it('find the authorization server where Descope documents it, too', async () => {
      notes.emulator.faults.add({ path: '/.well-known', status: 404 });
      const person = new Person({ redirectUri: REDIRECT_URI });
      session = era.asPerson(notes.url, person);
      await expect(session.connect()).rejects.toThrow(UNAUTHORIZED);
      await allow(session, person);
      await session.connect();
      expect(await session.list()).toContain('read_notes');
    });

    it('refresh its token when it has expired', async () => {
      const person = new Person({ redirectUri: REDIRECT_URI });
      session = era.asPerson(notes.url, person);
      await expect(session.connect()).rejects.toThrow(UNAUTHORIZED);
      await allow(session, person);
      await session.connect();
      notes.emulator.clock.advance(11 * 60 * 1000);
      expect(await session.call('read_notes')).toBe('notes of U2ada');
      expect(person.askedScopes).toHaveLength(1);
    });

    it('get a second scope when a tool requires it, by asking the person again', async () => {
      // The client of the first era refreshes where it should ask, if it has a refresh token.
      const person = new Person({ redirectUri: REDIRECT_URI, grantTypes: era.stepUpGrants });
      session = era.asPerson(notes.url, person);
      await expect(session.connect()).rejects.toThrow(UNAUTHORIZED);
      await allow(session, person);
      await session.connect();
      await expect(session.call('write_note')).rejects.toThrow(UNAUTHORIZED);
      expect(person.askedScopes).toEqual([['notes:read'], ['notes:read', 'notes:write']]);
      await allow(session, person);
      expect(await session.call('write_note')).toBe('written by U2ada');
    });
  });
});
