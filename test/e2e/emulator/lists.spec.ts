// The vendor's client manages lists of addresses and texts, and looks things up in them.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();
const list = () => bed.admin.management.list;

const create = async (type: string, data: unknown, name = 'blocked') => {
  const { data: created } = await list().create({ name, description: 'who stays out', type, data });
  return created?.id ?? '';
};

// node-sdk's list.test.ts, and go-sdk's documentation of the interface List.
describe('a list', () => {
  it('is created, replaced, found by id and name, and deleted', async () => {
    const id = await create('text', ['a']);
    const first = { id, name: 'blocked', description: 'who stays out', type: 'text', data: ['a'] };
    expect((await list().load(id)).data).toEqual(first);
    const updated = { id, name: 'banned', description: '', type: 'text', data: [] };
    expect((await list().update(id, { name: 'banned', type: 'text' })).data).toEqual(updated);
    expect((await list().loadByName('banned')).data).toEqual(updated);
    expect((await list().loadByName('blocked')).code).toBe(400);
    expect((await list().loadAll()).data).toEqual([updated]);
    await list().delete(id);
    expect((await list().load(id)).code).toBe(400);
  });

  it('has a name of its own, a known type, and data that fit it', async () => {
    await create('texts', []);
    const attempt = async (name: string, type: string, data: unknown) =>
      (await list().create({ name, type, data })).code;
    expect(await attempt('blocked', 'texts', [])).toBe(400);
    expect(await attempt('new', 'numbers', [])).toBe(400);
    expect(await attempt('new', 'ips', ['300.1.1.1'])).toBe(400);
    expect(await attempt('new', 'json', ['a'])).toBe(400);
    expect(await attempt('new', 'json', { a: { b: 1 } })).toBe(200);
  });

  it('of texts takes texts in their order, each once, and says whether it has one', async () => {
    const id = await create('texts', ['b']);
    await list().addTexts(id, ['a', 'b', 'a']);
    expect((await list().load(id)).data?.data).toEqual(['b', 'a']);
    await list().removeTexts(id, ['b', 'unknown']);
    expect([(await list().checkText(id, 'a')).data, (await list().checkText(id, 'b')).data]).toEqual([
      true,
      false,
    ]);
    expect((await list().addIPs(id, ['1.2.3.4'])).code).toBe(400);
  });

  it('of addresses takes ranges too', async () => {
    const id = await create('ip', ['1.2.3.4']);
    const has = async (ip: string) => (await list().checkIP(id, ip)).data;
    expect([await has('1.2.3.4'), await has('10.1.2.3')]).toEqual([true, false]);
    await list().addIPs(id, ['10.0.0.0/8', '2001:db8::/32']);
    expect([await has('10.1.2.3'), await has('2001:db8::1'), await has('2001:db9::1')]).toEqual([
      true,
      true,
      false,
    ]);
    await list().removeIPs(id, ['1.2.3.4']);
    expect(await has('1.2.3.4')).toBe(false);
    await list().clear(id);
    expect((await list().load(id)).data?.data).toEqual([]);
    expect(await has('10.1.2.3')).toBe(false);
    expect((await list().addIPs(id, ['localhost'])).code).toBe(400);
  });

  it('comes in an import, which replaces lists by their id, or changes nothing', async () => {
    const id = await create('texts', ['a']);
    const replaced = { id, name: 'blocked', description: '', type: 'texts', data: ['b'] };
    await list().import([replaced, { name: 'new', type: 'json', data: { a: 1 } }]);
    expect((await list().load(id)).data).toEqual(replaced);
    expect((await list().loadByName('new')).data?.data).toEqual({ a: 1 });
    const wrong = [
      { ...replaced, data: ['c'] },
      { name: 'other', type: 'numbers' },
    ];
    expect((await list().import(wrong)).code).toBe(400);
    expect((await list().load(id)).data).toEqual(replaced);
  });
});
