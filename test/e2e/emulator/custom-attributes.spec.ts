// The vendor's client declares custom attributes of users, which then have values of their type only.
import { describe, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import { useEmulator } from '../../support/use-emulator.js';

const ADA = 'ada@example.com';
const bed = useEmulator({
  seed: {
    users: [
      { loginId: ADA, customAttributes: { plan: 'pro', colours: ['red', 'blue'] } },
      { loginId: 'bob@example.com', customAttributes: { plan: 'free', shoe: 41 } },
    ],
    customAttributes: [
      { name: 'plan', type: 'singleSelect', options: ['free', 'pro'] },
      { name: 'colours', type: 'multiSelect', displayName: 'Colours' },
      { name: 'shoe', type: 'number' },
    ],
  },
});
const users = () => bed.admin.management.user;
const attributesOf = async (loginId: string) => (await users().load(loginId)).data?.customAttributes;

const SHOE = { name: 'shoe', type: 2, displayName: 'shoe', options: [] };

describe('Custom attributes of users', () => {
  // node-sdk: `CustomAttribute`; go-sdk: the numbers of the types at `SSOApplicationCustomAttribute`, and
  // `CreateCustomAttributes`, which "returns the full set of custom attributes after the change".
  it('are declared, returned and deleted with their values', async () => {
    const vip = { name: 'vip', type: 3, displayName: 'VIP', options: [] };
    const { data } = await users().createCustomAttributes([{ name: 'vip', type: 3, displayName: 'VIP' }]);
    expect(data?.map(({ name, type }) => [name, type])).toEqual([
      ['plan', 4],
      ['colours', 5],
      ['shoe', 2],
      ['vip', 3],
    ]);
    expect(data?.[0]?.options).toEqual([
      { value: 'free', label: 'free' },
      { value: 'pro', label: 'pro' },
    ]);
    expect(data?.slice(2)).toMatchObject([SHOE, vip]);
    const left = await users().deleteCustomAttributes(['shoe', 'nothing']);
    expect(left.data?.map(({ name }) => name)).toEqual(['plan', 'colours', 'vip']);
    expect((await users().getCustomAttributes()).data).toEqual(left.data);
    expect(await attributesOf('bob@example.com')).toEqual({ plan: 'free' });
  });

  // descope's examples of a migration skip attributes that are rejected with E016002.
  it('are declared once, and all of a call or none', async () => {
    const call = users().createCustomAttributes([{ name: 'vip', type: 3 }, SHOE]);
    expect((await call).error?.errorCode).toBe('E016002');
    const twice = users().createCustomAttributes([{ name: 'vip' }, { name: 'vip' }]);
    expect((await twice).error?.errorCode).toBe('E016002');
    expect((await users().getCustomAttributes()).data).toHaveLength(3);
  });

  // go-sdk's README declares one without a type; python-sdk writes the names of types, and options as texts.
  it('are texts without a type, and may be written as by python-sdk', async () => {
    await users().createCustomAttributes([{ name: 'tier', displayName: 'Tier' }]);
    const response = await bed.request('/v1/mgmt/user/customattribute/create', {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.emulator.projectId}:${bed.emulator.managementKey}` },
      body: JSON.stringify({
        attributes: [
          { name: 'size', displayName: 'Size', type: 'singleSelect', options: ['S', 'L'], required: true },
          { name: 'note', displayName: 'Note', type: 'string' },
        ],
      }),
    });
    expect(response.headers.get('x-emulator-ignored')).toBe('attributes.required');
    const { data } = await users().getCustomAttributes();
    expect(data?.slice(3).map(({ type }) => type)).toEqual([1, 4, 1]);
    expect((await users().createCustomAttributes([{ name: 'x', type: 8 }])).error?.errorMessage).toContain(
      '7 (monthDay)',
    );
  });

  // go-sdk, `UpdateCustomAttribute`: a key "that was already declared", and a value of its type.
  it('are rejected where they are not declared, or have another type', async () => {
    const wrong = [
      [await users().updateCustomAttribute(ADA, 'hat', 'big'), 'There is no custom attribute hat: declare'],
      [await users().updateCustomAttribute(ADA, 'shoe', '41'), 'shoe must be a number'],
      [
        await users().create('eve', { customAttributes: { plan: 'gold' } }),
        'plan must be a text of free, pro',
      ],
      [await users().patch(ADA, { customAttributes: { colours: 'red' } }), 'colours must be a list of texts'],
      [await users().update(ADA, { customAttributes: { hat: true } }), 'declared are plan, colours, shoe'],
    ] as const;
    for (const [{ error }, message] of wrong) {
      expect(error).toMatchObject({ errorCode: 'E011003' });
      expect(error?.errorMessage).toContain(message);
    }
    expect((await users().load('eve')).error?.errorCode).toBe('E112102');
    const batch = await users().createBatch([{ loginId: 'eve', customAttributes: { shoe: true } }]);
    expect(batch.data?.failedUsers).toMatchObject([{ failure: expect.stringContaining('shoe must be') }]);
    expect(await attributesOf(ADA)).toEqual({ plan: 'pro', colours: ['red', 'blue'] });
  });

  it('are set, emptied with null, and stand in responses', async () => {
    expect((await users().updateCustomAttribute(ADA, 'shoe', 39)).data?.customAttributes).toMatchObject({
      plan: 'pro',
      shoe: 39,
    });
    expect((await users().updateCustomAttribute(ADA, 'shoe', null)).ok).toBe(true);
    await users().patch(ADA, { customAttributes: { plan: 'free' } });
    expect(await attributesOf(ADA)).toEqual({ plan: 'free' });
  });

  // go-sdk, the options of a search: a value, or a list of values.
  it('find users, by a value or one of several', async () => {
    const find = async (customAttributes: Record<string, string | number | string[]>) => {
      const { data } = await users().search({ customAttributes });
      return data?.users.map((user) => user.loginIds[0]);
    };
    expect(await find({ plan: 'pro' })).toEqual([ADA]);
    expect(await find({ plan: ['pro', 'free'] })).toEqual([ADA, 'bob@example.com']);
    expect(await find({ colours: 'blue' })).toEqual([ADA]);
    expect(await find({ plan: 'free', shoe: 40 })).toEqual([]);
  });
});

describe('A seed', () => {
  it('without custom attributes lets users have any', async () => {
    const emulator = await startEmulator({
      seed: { users: [{ loginId: ADA, customAttributes: { hat: 'big' } }] },
    });
    expect((await emulator.signIn(ADA)).sessionJwt).toMatch(/^ey/);
    await emulator.close();
  });

  it('is rejected for values that do not fit, and for a name that appears twice', async () => {
    const seed = {
      users: [{ loginId: ADA, customAttributes: { shoe: 'big' } }],
      customAttributes: [{ name: 'shoe', type: 'number' as const }, { name: 'hat' }, { name: 'hat' }],
    };
    const start = startEmulator({ seed });
    await expect(start).rejects.toThrow(
      'users[0].customAttributes: The custom attribute shoe must be a number',
    );
    await expect(start).rejects.toThrow('the custom attribute "hat" appears twice');
  });
});
