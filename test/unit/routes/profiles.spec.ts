// Profiles are kept a minute, one for each user.
import { describe, expect, it } from '@jest/globals';
import type { DescopeConfig } from '../../../lib/core/config/config.js';
import { Profiles } from '../../../lib/routes/session/profiles.js';
import { createClock } from '../../support/tokens.js';

describe('Profiles', () => {
  it("keeps one user's profile, however often another is asked for and forgotten", async () => {
    const profiles = new Profiles({ clock: createClock() } as unknown as DescopeConfig);
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
});
