// An error says what follows from it, also to another copy of the package.
import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { toHttpError } from '#lib/auth/http-error.js';
import * as here from '#lib/core/errors.js';
import { loadCopy } from '../../support/library-copy.js';

const loadErrors = () => loadCopy<typeof here>('core/errors');

describe('An error of another copy of the package', () => {
  it.each([
    [401, (copy: typeof here) => new copy.DescopeCredentialError('TOKEN_EXPIRED', 'expired')],
    [403, (copy: typeof here) => new copy.DescopeAccessError('ACCESS_ROLE_MISSING', 'missing')],
    [
      503,
      (copy: typeof here) =>
        new copy.DescopeUnavailableError('KEYS_UNAVAILABLE', 'down', { retryAfterSeconds: 1 }),
    ],
  ])('is a rejection here too: %s', async (status, create) => {
    const error = create(await loadErrors());
    expect(Object.getPrototypeOf(error)).not.toBe(here.DescopeCredentialError.prototype);
    expect(error).toBeInstanceOf(here.DescopeError);
    const ours = [here.DescopeCredentialError, here.DescopeAccessError, here.DescopeUnavailableError];
    expect(ours.map((type) => type.name).filter((_, at) => error instanceof (ours[at] ?? Object))).toEqual([
      error.constructor.name,
    ]);
    const exception = toHttpError(error)?.exception;
    expect(exception).toBeInstanceOf(HttpException);
    expect([exception?.getStatus(), exception?.getResponse()]).toEqual([
      status,
      expect.objectContaining({ code: error.code }),
    ]);
  });

  it('is none when it is a mistake in the set-up, or not ours', async () => {
    const copy = await loadErrors();
    const others = [new copy.DescopeConfigError('CONFIG_INVALID', 'wrong'), new Error('other'), null, 'text'];
    for (const error of others) expect(toHttpError(error)).toBeUndefined();
  });
});
