// Why did something fail? The innermost cause with its code, as text that may stand in a log.

const MAX_DEPTH = 10;
const MAX_REASONS = 3;
const MAX_CHARACTERS = 200;

/** A request that brought nothing of use. Its message names the host, the status where there was one, and the reason. */
export class RequestFailure extends Error {
  constructor(input: {
    readonly url: string;
    readonly status?: number | undefined;
    readonly cause?: unknown;
    /** In place of a cause: what the answer itself says, such as Descope's own code. */
    readonly detail?: string | undefined;
    /** What was sent as a credential, and may stand in no message. */
    readonly secrets?: readonly string[];
  }) {
    const { url, status, cause, detail, secrets = [] } = input;
    const why = cause === undefined ? detail : hide(toReason(cause), secrets);
    const where = [toHost(url), ...(status === undefined ? [] : [`status ${status}`])].join(', ');
    super(why === undefined ? where : `${where}: ${why}`, cause === undefined ? undefined : { cause });
    this.name = 'RequestFailure';
  }
}

/** Says why something failed, for the message of a notice: the innermost cause, with its code. */
export function toReason(cause: unknown): string {
  const reasons = new Set(findInnermost(cause, undefined, MAX_DEPTH));
  return [...reasons].slice(0, MAX_REASONS).join('; ');
}

/** Names the host of a URL, with its port where that is not the usual one. */
export function toHost(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'a host without a name';
}

// A connection that was tried at several addresses fails with an error for each (RFC 8305), and has no message of its own.
function findInnermost(error: unknown, outerCode: string | undefined, depth: number): readonly string[] {
  if (error instanceof RequestFailure) return [error.message];
  const { message, cause, errors, code } = toMembers(error);
  const ownCode = readCode(code) ?? outerCode;
  if (depth > 0 && Array.isArray(errors) && errors.length > 0)
    return errors.flatMap((inner: unknown) => findInnermost(inner, ownCode, depth - 1));
  if (depth > 0 && isTelling(cause)) return findInnermost(cause, ownCode, depth - 1);
  const text = typeof error === 'string' ? error : message;
  return [toText(typeof text === 'string' ? text : '', ownCode)];
}

function isTelling(cause: unknown): boolean {
  if (typeof cause === 'string') return cause !== '';
  const { message, code, errors } = toMembers(cause);
  return typeof message === 'string' || readCode(code) !== undefined || Array.isArray(errors);
}

function toText(message: string, code: string | undefined): string {
  const text = toSafe(message);
  if (code === undefined || text.includes(code)) return text === '' ? 'unknown reason' : text;
  return text === '' ? code : `${text} [${code}]`;
}

// Node's and ours are capitals; a number, as of a DOMException, says nothing to anybody.
function readCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
}

// Somebody else's words: on one line, and without what may be a credential, in whatever place it stands.
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
