// Somebody who calls in a test: a token, in the headers that supertest and app.inject take.

/** A signed token and the headers that send it. */
export interface TestCaller {
  /** The session token. */
  readonly token: string;
  /** `{ authorization: 'Bearer …' }` */
  readonly bearer: { readonly authorization: string };
  /** `{ cookie: 'DS=…' }` */
  readonly cookie: { readonly cookie: string };
}

/** Makes the headers of a token. */
export function toTestCaller(token: string, cookieName: string): TestCaller {
  return {
    token,
    bearer: { authorization: `Bearer ${token}` },
    cookie: { cookie: `${cookieName}=${token}` },
  };
}
