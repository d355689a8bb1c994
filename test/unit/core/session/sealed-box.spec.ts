// What a shared store keeps can be read by the holder of the token alone.
import { describe, expect, it } from '@jest/globals';
import { seal, toTokenDigest, unseal } from '#lib/core/session/refresh-cache.js';

describe('A sealed box', () => {
  it('opens for the same token, and looks different every time', () => {
    const [one, two] = [seal('grüße', 'token'), seal('grüße', 'token')];
    expect(one).not.toBe(two);
    expect([unseal(one, 'token'), unseal(two, 'token')]).toEqual(['grüße', 'grüße']);
  });

  it('shows nothing of text or token', () => {
    const box = seal('eyJsecret', 'eyJtoken');
    const raw = Buffer.from(box, 'base64url').toString('latin1') + box + toTokenDigest('eyJtoken');
    expect(raw).not.toMatch(/eyJ|secret|token/);
  });

  it('stays closed for another token, a changed byte, half a box and none', () => {
    const box = seal('text', 'token');
    expect(unseal(box, 'tokem')).toBeUndefined();
    const bytes = Buffer.from(box, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(unseal(changed.toString('base64url'), 'token')).toBeUndefined();
    }
    for (const text of ['', 'x', box.slice(0, 20), box.slice(0, -4), '{"sessionToken":"x"}'])
      expect(unseal(text, 'token')).toBeUndefined();
  });
});
