// Profiles are kept a minute, one for each user.
import { describe, expect, it } from '@jest/globals';
import { Profiles } from '#lib/routes/me.routes.js';
import { createClock } from '../../support/tokens.js';

describe('Profiles', () => {
  it("keeps one user's profile, however often another is asked for and forgotten", async () => {
    const profiles = new Profiles({ clock: createClock() });
    const asked: string[] = [];
    const get = (userId: string) =>
      profiles.get(userId, async () => {
        asked.push(userId);
        return { userId };
      });
    await get('U2anna');
    for (let count = 0; count < 2_000; count += 1) {
      profiles.forget('U2mallory');
      await get('U2mallory');
    }
    expect([await get('U2anna'), asked.filter((userId) => userId === 'U2anna')]).toEqual([
      { userId: 'U2anna' },
      ['U2anna'],
    ]);
  });

  it('asks again a minute later, and not a moment before', async () => {
    const { clock, ask, profiles } = create();
    await ask('U2anna');
    clock.advance(59_999);
    expect(await ask('U2anna')).toBe(1);
    clock.advance(1);
    expect(await ask('U2anna')).toBe(2);
    expect(await ask('U2anna')).toBe(2);
    profiles.forget('U2anna');
    expect(await ask('U2anna')).toBe(3);
  });

  it('keeps a thousand profiles, and drops the one that was loaded first', async () => {
    const { ask } = create();
    for (let count = 1; count <= 1_000; count += 1) await ask(`U2user${count}`);
    expect([await ask('U2user1'), await ask('U2user1000')]).toEqual([1, 1000]);
    await ask('U2another');
    expect(await ask('U2user2')).toBe(2); // still there
    expect(await ask('U2user1')).toBe(1002); // asked for again, in the place of the second
    expect(await ask('U2user2')).toBe(1003);
  });

  it('caches no failure, nor a late one of a profile that was forgotten', async () => {
    const { profiles, ask } = create();
    let fail: (error: Error) => void = () => undefined;
    const late = profiles.get('U2anna', () => new Promise((_, reject) => (fail = reject)));
    const joined = profiles.get('U2anna', async () => 'never asked');
    profiles.forget('U2anna');
    expect(await ask('U2anna')).toBe(1);
    fail(new Error('gone'));
    await expect(Promise.allSettled([late, joined])).resolves.toEqual([
      { status: 'rejected', reason: new Error('gone') },
      { status: 'rejected', reason: new Error('gone') },
    ]);
    expect(await ask('U2anna')).toBe(1);
    await expect(profiles.get('U2bob', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await ask('U2bob')).toBe(2);
  });
});

// What is asked for is the number of the question.
function create() {
  const clock = createClock();
  const profiles = new Profiles({ clock });
  let asked = 0;
  return { clock, profiles, ask: (userId: string) => profiles.get(userId, async () => (asked += 1)) };
}
