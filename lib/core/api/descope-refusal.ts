// Descope's definite "no" to one of the road's own calls.

/** Descope understood the call and refused it, for instance because the refresh token was ended or superseded. */
export class DescopeRefusal extends Error {
  constructor(
    readonly status: number,
    /** Descope's own error code, `E…`, or OAuth's word for it. */
    readonly errorCode: string | undefined,
    /** Whether Descope said so before, and was not asked again. */
    readonly isRecalled = false,
  ) {
    super(`Descope refused with ${errorCode ?? status}.`);
    this.name = 'DescopeRefusal';
  }
}
