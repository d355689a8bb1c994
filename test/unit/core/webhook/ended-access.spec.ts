// Whose access an event ends, by its action and by each name that an id may have.
import { describe, expect, it } from '@jest/globals';
import { readAuditEvents } from '#lib/core/webhook/audit-event.js';
import { ENDING_ACTIONS, readEndedAccess } from '#lib/core/webhook/ended-access.js';
import { NOW_MS, PROJECT_ID } from '../../../support/tokens.js';

const LEEWAY_MS = 5_000;
const read = (event: object, projectId = PROJECT_ID) => {
  const [received] = readAuditEvents(JSON.stringify({ occurred: NOW_MS - 1_000, ...event }), NOW_MS);
  if (received === undefined) throw new Error('There is one.');
  return readEndedAccess(received, { nowMs: NOW_MS, leewayMs: LEEWAY_MS, projectId });
};
const idsOf = (event: object) => read(event).ended.map(({ scope, id }) => `${scope} ${id ?? ''}`.trim());

describe('readEndedAccess', () => {
  it.each([
    [{ action: 'UserDeleted', userId: 'U1' }, ['user U1']],
    [{ action: 'UserDeleted', userId: 'U1', data: { userId: 'U1', actor: 'U2' } }, ['user U1']],
    [{ action: 'UserDeleted', data: { user: { userId: 'U1' } } }, ['user U1']],
    [{ action: 'UsersDeleted', data: { user_ids: ['U1', 'U2', 7, ''] } }, ['user U1', 'user U2']],
    [{ action: 'UsersDeleted', data: { ids: ['U1'] } }, ['user U1']],
    [{ action: 'LoginExceedMaxAttempts', userId: 'U1' }, ['user U1']],
    [{ action: 'UserModified', userId: 'U1', data: { Change: { status: 'disabled' } } }, ['user U1']],
    [{ action: 'UserModified', userId: 'U1', data: { user_status: 'DISABLED' } }, ['user U1']],
    [{ action: 'UsersModified', data: { userIds: ['U1'], status: 'disabled' } }, ['user U1']],
    [{ action: 'AccessKeyDeleted', userId: 'U1', actorId: 'K0', data: { id: 'K1' } }, ['accessKey K1']],
    [{ action: 'AccessKeyDeleted', data: { accessKeyId: 'K1' } }, ['accessKey K1']],
    [{ action: 'AccessKeyDeleted', data: { access_key: { id: 'K1' } } }, ['accessKey K1']],
    [{ action: 'AccessKeyDeleted', data: { id: 'K1', user: { id: 'U1' } } }, ['accessKey K1']],
    [{ action: 'TenantDeleted', tenants: ['T1'], projectId: PROJECT_ID }, ['tenant T1']],
    [{ action: 'AccessKeysDeleted', data: { key_ids: ['K1', 'K2'] } }, ['accessKey K1', 'accessKey K2']],
    [{ action: 'AccessKeyDeactivated', data: { keyId: 'K1' } }, ['accessKey K1']],
    [{ action: 'AccessKeyModified', data: { id: 'K1', status: 'inactive' } }, ['accessKey K1']],
    [{ action: 'TenantDeleted', tenants: ['T1'] }, ['tenant T1']],
    [{ action: 'TenantDeleted', data: { tenant_id: 'acme.inc' } }, ['tenant acme.inc']],
    [{ action: 'ProjectDeleted', projectId: PROJECT_ID }, ['project']],
  ])('reads it from %j', (event, ids) => {
    expect(idsOf(event)).toEqual(ids);
    expect(read(event).lacksId).toBe(false);
  });

  it('ends nothing by another action, or without the status that ends access', () => {
    for (const event of [
      { action: 'UserCreated', userId: 'U1' },
      { action: 'userdeleted', userId: 'U1' },
      { action: 'constructor', userId: 'U1' },
      { action: 'UserModified', userId: 'U1' },
      { action: 'UserModified', userId: 'U1', data: { Change: { status: 'enabled' } } },
      { action: 'UserModified', userId: 'U1', data: { Change: { custom_attribute_status: 'disabled' } } },
      { action: 'UserModified', userId: 'U1', data: { status: ['disabled'] } },
      { action: 'AccessKeyModified', data: { id: 'K1', status: 'active' } },
      { action: 'TenantDeleted', tenants: ['T1'], projectId: 'P2another' }, // whose tenant may have the same id
      { action: 'ProjectDeleted', projectId: 'P2another' },
    ])
      expect([event, read(event)]).toEqual([event, { ended: [], lacksId: false, isRepeatable: true }]);
  });

  it('says where an event that ends access names nobody', () => {
    const modified = { data: { status: 'disabled' } };
    for (const action of ENDING_ACTIONS) {
      const event = { action, actorId: 'U1', externalIds: ['a@example.com'], ...modified };
      const wanted = action === 'AccessKeyModified' ? { ...event, data: { status: 'inactive' } } : event;
      expect([action, read(wanted)]).toEqual([action, { ended: [], lacksId: true, isRepeatable: true }]);
    }
    expect(read({ action: 'UserDeleted', userId: 7, data: ['U1'] }).lacksId).toBe(true);
  });

  it('ends what was issued before the event, by the clock of Descope', () => {
    const [ended] = read({ action: 'UserDeleted', userId: 'U1' }).ended;
    expect(ended).toEqual({
      scope: 'user',
      id: 'U1',
      issuedBeforeMs: NOW_MS - 1_000,
      isByDescopesClock: true,
    });
  });

  it('ends what may have been accepted by now, if the event is of the future', () => {
    const at = (occurred: unknown) => read({ action: 'UserDeleted', userId: 'U1', occurred }).ended[0];
    expect(at(NOW_MS + 4_000)?.issuedBeforeMs).toBe(NOW_MS + 4_000);
    expect(at(NOW_MS + 60_000)?.issuedBeforeMs).toBe(NOW_MS + LEEWAY_MS);
    expect(at('9999-01-01T00:00:00Z')?.issuedBeforeMs).toBe(NOW_MS + LEEWAY_MS);
  });

  it('ends what was issued before its arrival, if it has no time that can be read', () => {
    for (const occurred of ['', 'x', null, 0, 1_577_836_799_999, 9e15, true, [NOW_MS], '1e12'])
      expect([occurred, read({ action: 'UserDeleted', userId: 'U1', occurred }).ended[0]]).toEqual([
        occurred,
        { scope: 'user', id: 'U1', issuedBeforeMs: NOW_MS, isByDescopesClock: false },
      ]);
  });
});
