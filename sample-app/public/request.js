// Calls of this application, and what a response says in a few words.

/**
 * @typedef {object} Result
 * @property {number} status
 * @property {string} text the body
 * @property {unknown} json the body as a value, where it is JSON
 * @property {string | undefined} code why it was rejected
 * @property {boolean} isOk neither a status nor a GraphQL error says otherwise
 */

/**
 * Sends a request; the browser adds its cookies, unless `init` says otherwise.
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown, headers?: Record<string, string>, credentials?: RequestCredentials }} [init]
 * @returns {Promise<Result>}
 */
export async function send(method, path, { body, headers, credentials = 'same-origin' } = {}) {
  const response = await fetch(path, {
    method,
    credentials,
    headers: { accept: 'application/json', ...(body === undefined ? {} : JSON_TYPE), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = toJson(text);
  const code = readCode(json);
  return { status: response.status, text, json, code, isOk: response.ok && code === undefined };
}

/**
 * Posts, and throws unless all went well.
 * @param {string} path
 * @param {unknown} body
 */
export async function post(path, body) {
  const result = await send('POST', path, { body });
  if (!result.isOk) throw new Error(`${path} responded ${toSummary(result)}.`);
  return result;
}

/**
 * Says status and code: `403 ACCESS_ROLE_MISSING`.
 * @param {Result} result
 */
export function toSummary({ status, code }) {
  return code === undefined ? String(status) : `${status} ${code}`;
}

/**
 * Reads a member of a value that came from outside.
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown}
 */
export function member(value, name) {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return /** @type {Record<string, unknown>} */ (value)[name];
}

/** @param {unknown} error */
export function toMessage(error) {
  return error instanceof Error ? error.message : String(error);
}

const JSON_TYPE = { 'content-type': 'application/json' };

// Of a GraphQL error, the guard's own code says more than GraphQL's.
/** @param {unknown} json */
function readCode(json) {
  const errors = member(json, 'errors');
  const extensions = member(Array.isArray(errors) ? errors[0] : undefined, 'extensions');
  const candidates = [json, member(extensions, 'originalError'), extensions];
  const codes = candidates.map((one) => member(one, 'code'));
  return codes.find((code) => typeof code === 'string');
}

/** @param {string} text */
function toJson(text) {
  try {
    return /** @type {unknown} */ (JSON.parse(text));
  } catch {
    return undefined;
  }
}
