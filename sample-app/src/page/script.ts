// What the page does in the browser: calls a route, and shows status and JSON. Text only, never HTML.

export const SCRIPT = String.raw`
const line = document.getElementById('answer-line');
const body = document.getElementById('answer-body');
let latest = 0;

for (const button of document.querySelectorAll('button[data-path]')) {
  button.addEventListener('click', () => call(button));
}
for (const time of document.querySelectorAll('time')) showLocally(time);
for (const origin of document.querySelectorAll('[data-origin]')) origin.textContent = location.origin;

async function call(button) {
  const { method, path } = button.dataset;
  const turn = (latest += 1);
  const note = { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: 'Hello' }) };
  try {
    const response = await fetch(path, { method, ...(method === 'POST' ? note : {}) });
    const text = await response.text();
    if (turn === latest) show(button, response.status + ' ' + response.statusText, text, response.ok);
  } catch {
    if (turn === latest) show(button, 'no answer', '', false);
  }
}

function show(button, status, text, isOk) {
  const { method, path } = button.dataset;
  for (const other of document.querySelectorAll('button[data-path]')) other.removeAttribute('aria-current');
  button.setAttribute('aria-current', 'true');
  const mark = button.querySelector('.status');
  mark.textContent = /^\d+/.exec(status)?.[0] ?? 'none';
  for (const element of [mark, line]) element.dataset.ok = String(isOk);
  line.textContent = method + ' ' + path + ' \u2192 ' + status;
  body.hidden = text === '';
  body.textContent = toPretty(text);
  line.scrollIntoView({ block: 'nearest' });
}

function toPretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2).replace(/\[\n[^[\]{}]*\n\s*\]/g, toOneLine);
  } catch {
    return text;
  }
}

// A list of plain values; a line break in it is never part of a text, where it would stand as an escape.
function toOneLine(list) {
  return list.replace(/\n\s*/g, ' ').replace('[ ', '[').replace(/ \]$/, ']');
}

function showLocally(time) {
  const end = new Date(time.dateTime);
  const clock = end.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const minutes = Math.round((end - Date.now()) / 60000);
  time.textContent = clock + (minutes >= 1 && minutes <= 120 ? ', in ' + minutes + ' min' : '');
}
`;
