// Rows that are tried at a press: status and code stand in the row, the body of the response below it.
import { announce, buttons, element, onPress } from './page.js';
import { member, post, send, toMessage, toSummary } from './request.js';

export function startRows() {
  for (const row of rows())
    onPress(
      row,
      () => open(row),
      (error) => showStatus(row, toMessage(error), false),
    );
  for (const button of buttons('[data-try-all]')) onPress(button, () => tryAll(button), announceFailure);
}

const rows = () => buttons('.row');

/** @param {HTMLButtonElement} row */
async function open(row) {
  const result = await call(row);
  const list = row.closest('ul');
  for (const other of list?.querySelectorAll('.response') ?? []) other.remove();
  for (const other of list?.querySelectorAll('.row') ?? []) other.removeAttribute('aria-expanded');
  row.setAttribute('aria-expanded', 'true');
  row.after(renderResponse(row, result));
  announce(`${toName(row)}: ${toSummary(result)}`);
}

/** @param {HTMLButtonElement} button */
async function tryAll(button) {
  const own = [...(button.closest('section')?.querySelectorAll('.row') ?? [])];
  for (const row of own) if (row instanceof HTMLButtonElement) await call(row);
  announce(`${own.length} routes were tried.`);
}

/** @param {HTMLButtonElement} row */
async function call(row) {
  const request = /** @type {unknown} */ (JSON.parse(row.dataset.request ?? '{}'));
  const headers = member(request, 'credential') === 'access-key' ? await readKeyHeader() : {};
  const result = await send(String(member(request, 'method')), String(member(request, 'path')), {
    body: member(request, 'body'),
    headers,
    credentials: 'x-api-key' in headers ? 'omit' : 'same-origin',
  });
  showStatus(row, toSummary(result), result.isOk);
  return result;
}

// Each time anew: the page keeps no key.
async function readKeyHeader() {
  const { json } = await post('/embedded/access-key', {});
  return { 'x-api-key': String(member(json, 'accessKey')) };
}

/**
 * @param {HTMLButtonElement} row
 * @param {string} text
 * @param {boolean} isOk
 */
function showStatus(row, text, isOk) {
  const place = row.querySelector('.result');
  if (!(place instanceof HTMLElement)) return;
  place.textContent = text;
  place.dataset.ok = String(isOk);
}

/**
 * @param {HTMLButtonElement} row
 * @param {import('./request.js').Result} result
 */
function renderResponse(row, result) {
  const response = element('div', 'response');
  const line = element('p', '', `${toName(row)} → ${toSummary(result)}`);
  const body = element('pre', '', toPretty(result));
  body.tabIndex = 0;
  body.setAttribute('role', 'region');
  body.setAttribute('aria-label', `Response of ${toName(row)}`);
  response.append(line, body);
  return response;
}

/** @param {HTMLButtonElement} row */
function toName(row) {
  const read = (/** @type {string} */ selector) => row.querySelector(selector)?.textContent ?? '';
  return `${read('.method')} ${read('.path')}`;
}

/** @param {import('./request.js').Result} result */
function toPretty({ json, text }) {
  if (json === undefined) return text;
  return JSON.stringify(json, null, 2).replace(/\[\n[^[\]{}]*\n\s*\]/g, toOneLine);
}

// A list of plain values; a line break in it is never part of a text, where it would stand as an escape.
/** @param {string} list */
function toOneLine(list) {
  return list.replace(/\n\s*/g, ' ').replace('[ ', '[').replace(/ \]$/, ']');
}

/** @param {unknown} error */
function announceFailure(error) {
  announce(`That did not work: ${toMessage(error)}`);
}
