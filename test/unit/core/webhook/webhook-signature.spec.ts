// The signature of a webhook: which texts it may be of, and that only the text that was signed is used.
import { describe, expect, it } from '@jest/globals';
import type { ReceivedBody } from '#lib/core/webhook/webhook-signature.js';
import { hasSignature, requireSignature, verifyBody } from '#lib/core/webhook/webhook-signature.js';
import { signBody, WEBHOOK_SECRET } from '../../../support/descope-webhook.js';
import { codeOf } from '../../../support/tokens.js';

const OTHER = 'the-other-secret-of-two';
const toRequest = (signature: string | string[] | undefined) => ({
  headers: { 'x-descope-webhook-s256': signature },
});
const verify = (
  body: ReceivedBody | string,
  signature: string,
  secrets: readonly string[] = [WEBHOOK_SECRET],
) => {
  const received = typeof body === 'string' ? { bytes: Buffer.from(body) } : body;
  return verifyBody(received, requireSignature(toRequest(signature)), secrets).text;
};

describe('requireSignature', () => {
  it('tells a signature that is missing from one that is none', () => {
    const good = signBody('{}');
    expect(codeOf(() => requireSignature(toRequest(good)))).toBe('accepted');
    for (const none of [undefined, ''])
      expect(codeOf(() => requireSignature(toRequest(none)))).toBe('WEBHOOK_SIGNATURE_MISSING');
    for (const wrong of [' ', good.slice(1), `${good} `, [good, good], good.replace(/.$/, 'A'), `${good}\n`])
      expect(codeOf(() => requireSignature(toRequest(wrong)))).toBe('WEBHOOK_SIGNATURE_INVALID');
    expect([good, 'x', undefined].map((value) => hasSignature(toRequest(value)))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('verifyBody', () => {
  it('returns the body if it was signed as it was sent', () => {
    for (const body of ['{"a":1}', ' {"a" : 1}\n', 'no JSON', '', '{"é":"€"}'])
      expect(verify(body, signBody(body))).toBe(body);
  });

  it('returns the JSON that is made of the body again if that was signed', () => {
    const body = '{ "b" : "\\u00e9", "a":1.0 }\n';
    const remade = '{"b":"é","a":1}';
    expect(verify(body, signBody(remade))).toBe(remade);
  });

  it("returns it with the escapes of Go's encoder if that was signed", () => {
    const body = JSON.stringify({ text: '<a href="?b&c">\u2028\u2029' });
    const go = '{"text":"\\u003ca href=\\"?b\\u0026c\\"\\u003e\\u2028\\u2029"}';
    expect(verify(body, signBody(go))).toBe(go);
    expect(JSON.parse(go)).toEqual(JSON.parse(body));
  });

  it('returns the text that was signed, and never another reading of the body', () => {
    const body = '{"userId":"U2first","userId":"U2last"}';
    const text = verify(body, signBody('{"userId":"U2last"}'));
    expect(JSON.parse(text)).toEqual({ userId: 'U2last' });
    expect(codeOf(() => verify(body, signBody('{"userId":"U2first"}')))).toBe('WEBHOOK_SIGNATURE_INVALID');
  });

  it('accepts any of the secrets, and the same signature for the same text', () => {
    const signature = signBody('{}', OTHER);
    expect(verify('{}', signature, [WEBHOOK_SECRET, OTHER])).toBe('{}');
    for (const secrets of [[WEBHOOK_SECRET], [], [`${OTHER}x`]])
      expect(codeOf(() => verify('{}', signature, secrets))).toBe('WEBHOOK_SIGNATURE_INVALID');
    const results = ['{}', '{ }'].map((body) =>
      verifyBody({ bytes: Buffer.from(body) }, Buffer.from(signature, 'base64'), [OTHER]),
    );
    expect(results[0]).toEqual(results[1]);
  });

  it('takes what a parser made of the body, where the bytes are gone', () => {
    expect(verify({ bytes: undefined, value: { a: 1 } }, signBody('{"a":1}'))).toBe('{"a":1}');
    for (const value of [undefined, null, 'text', { a: 2 }])
      expect(codeOf(() => verify({ bytes: undefined, value }, signBody('{"a":1}')))).toBe(
        'WEBHOOK_SIGNATURE_INVALID',
      );
  });

  it('rejects what is not signed, whatever it does to a parser', () => {
    const deep = '['.repeat(300_000) + ']'.repeat(300_000);
    for (const body of [deep, '{', '"\\ud800"', `"${'x'.repeat(2_000_000)}"`])
      expect(codeOf(() => verify(body, signBody('{}')))).toBe('WEBHOOK_SIGNATURE_INVALID');
    const latin = Buffer.from('"\xe4"', 'latin1');
    expect(codeOf(() => verify({ bytes: latin }, signBody('{}')))).toBe('WEBHOOK_SIGNATURE_INVALID');
    expect(codeOf(() => verify({ bytes: latin }, signBody(latin)))).toBe('REQUEST_BODY_INVALID');
  });
});
