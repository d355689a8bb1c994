// The script of the console: buttons that copy, and rows that come while a page is open. Every page works without it.

/** The script of every page. Rows come escaped from the emulator; the script writes none itself. */
export const SCRIPT = `
'use strict';
const MAX_ROWS = 300;

for (const button of document.querySelectorAll('[data-copy]')) button.hidden = false;

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const field = button.parentElement.querySelector('input');
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    say('Copied.');
  } catch {
    say('Selected. Press Ctrl+C to copy.');
  }
});

const list = document.querySelector('[data-live]');
if (list) follow(list);

function follow(list) {
  let arrived = 0;
  let timer;
  const source = new EventSource(list.dataset.live);
  source.addEventListener('row', ({ data, lastEventId }) => {
    const row = toRow(data);
    const earlier = document.getElementById(lastEventId);
    if (earlier) earlier.replaceWith(row);
    else {
      list.prepend(row);
      arrived += 1;
    }
    while (list.children.length > MAX_ROWS) list.lastElementChild.remove();
    document.querySelector('[data-none]')?.remove();
    timer ??= setTimeout(() => {
      timer = undefined;
      if (arrived > 0) say(arrived === 1 ? 'One more has come.' : arrived + ' more have come.');
      arrived = 0;
    }, 1500);
  });
  source.addEventListener('open', () => show('Live: new ones appear here.'));
  source.addEventListener('error', () => show('Not live: the emulator does not answer.'));
}

function toRow(data) {
  const template = document.createElement('template');
  template.innerHTML = data;
  for (const button of template.content.querySelectorAll('[data-copy]')) button.hidden = false;
  return template.content.firstElementChild;
}

function say(text) {
  document.getElementById('said').textContent = text;
}

function show(text) {
  document.getElementById('live').textContent = text;
}
`;
