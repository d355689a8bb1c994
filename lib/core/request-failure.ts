// A request that failed, and the reason of any failure: the innermost cause with its code, as a string that is safe in a log.
const MAX_DEPTH = 10;
const MAX_REASONS = 3;
const MAX_CHARACTERS = 200;

/** A request that failed. Its message has the host, the status if there was one, and the reason. */
export class RequestFailure extends Error {
  /** The status of the response; `undefined` if there was none. */
  readonly status: number | undefined;

  constructor(input: {
    readonly url: string;
    readonly status?: number | undefined;
    readonly cause?: unknown;
    /** In place of a cause: a part of the response, such as Descope's error code. */
    readonly detail?: string | undefined;
    /** The credentials that were sent; they are removed from the message. */
    readonly secrets?: readonly string[];
  }) {
    const { url, status, cause, detail, secrets = [] } = input;
    const why = cause === undefined ? detail : hide(toReason(cause), secrets);
    const where = [toHost(url), ...(status === undefined ? [] : [`status ${status}`])].join(', ');
    super(why === undefined ? where : `${where}: ${why}`, cause === undefined ? undefined : { cause });
    this.name = 'RequestFailure';
    this.status = status;
  }
}

/** Returns the reason of a failure, for the message of a notice: the innermost cause, with its code. */
export function toReason(cause: unknown): string {
  const reasons = new Set(findInnermost(cause, undefined, MAX_DEPTH));
  return [...reasons].slice(0, MAX_REASONS).join('; ');
}

/** Returns the host of a URL, with its port if that is not the default. */
export function toHost(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'a host without a name';
}

// A connection that was tried at several addresses fails with an error for each (RFC 8305), and the outer error has no
// message.
function findInnermost(error: unknown, outerCode: string | undefined, depth: number): readonly string[] {
  if (error instanceof RequestFailure) return [error.message];
  const { message, cause, errors, code } = toMembers(error);
  const ownCode = readCode(code) ?? outerCode;
  if (depth > 0 && Array.isArray(errors) && errors.length > 0)
    return errors.flatMap((inner: unknown) => findInnermost(inner, ownCode, depth - 1));
  if (depth > 0 && hasReason(cause)) return findInnermost(cause, ownCode, depth - 1);
  const text = typeof error === 'string' ? error : message;
  return [toText(typeof text === 'string' ? text : '', ownCode)];
}

function hasReason(cause: unknown): boolean {
  if (typeof cause === 'string') return cause !== '';
  const { message, code, errors } = toMembers(cause);
  return typeof message === 'string' || readCode(code) !== undefined || Array.isArray(errors);
}

function toText(message: string, code: string | undefined): string {
  const text = toSafe(message);
  if (code === undefined || text.includes(code)) return text === '' ? 'unknown reason' : text;
  return text === '' ? code : `${text} [${code}]`;
}

// The codes of Node and of this package are in capitals; the number of a DOMException explains nothing.
function readCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
}

// A message of other software: on one line, without any possible credential.
function toSafe(message: string): string {
  return message
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#@]*@)?([^\s/?#'"<>)]*)[^\s'"<>)]*/gi, '$1$2')
    .replace(/\beyJ[\w-]+(?:\.[\w-]*)*/g, '…')
    .replace(/\b(Bearer|Basic|DPoP)\s+[^\s"',]+/gi, '$1 …')
    .trim()
    .slice(0, MAX_CHARACTERS);
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(({ length }) => length > 3)
    .reduce((left, secret) => left.replaceAll(secret, '…'), text);
}

function toMembers(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
