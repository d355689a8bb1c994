// What a shared store keeps can be read by the holder of the token alone.
import { describe, expect, it } from '@jest/globals';
import { decryptToken, encryptToken, toTokenDigest } from '#lib/core/store/token-encryption.js';

describe('Encryption with a key from a token', () => {
  it('opens for the same token, and looks different every time', () => {
    const [one, two] = [encryptToken('grüße', 'token', 'refresh'), encryptToken('grüße', 'token', 'refresh')];
    expect(one).not.toBe(two);
    expect([decryptToken(one, 'token', 'refresh'), decryptToken(two, 'token', 'refresh')]).toEqual([
      'grüße',
      'grüße',
    ]);
  });

  it('shows nothing of text or token', () => {
    const box = encryptToken('eyJsecret', 'eyJtoken', 'refresh');
    const raw = Buffer.from(box, 'base64url').toString('latin1') + box + toTokenDigest('eyJtoken');
    expect(raw).not.toMatch(/secret|token/);
  });

  it('stays closed for another token or use, a changed byte, half a box and none', () => {
    const box = encryptToken('text', 'token', 'refresh');
    expect(decryptToken(box, 'tokem', 'refresh')).toBeUndefined();
    expect(decryptToken(box, 'token', 'exchange')).toBeUndefined();
    const bytes = Buffer.from(box, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(decryptToken(changed.toString('base64url'), 'token', 'refresh')).toBeUndefined();
    }
    for (const text of [undefined, 7, '', 'x', box.slice(0, 20), box.slice(0, -4), '{"sessionToken":"x"}'])
      expect(decryptToken(text, 'token', 'refresh')).toBeUndefined();
  });
});
