// What the page does in the browser to sign in as a seeded person, and to sign out. Tokens are handed on, never kept.

export const SESSION_SCRIPT = String.raw`
for (const button of document.querySelectorAll('button[data-person]')) {
  button.addEventListener('click', () => change(button, async () => {
    const tokens = await post('/embedded/tokens', { person: button.dataset.person });
    await post('/auth/store_jwt', await tokens.json());
  }));
}
for (const button of document.querySelectorAll('button[data-sign-out]')) {
  button.addEventListener('click', () => change(button, () => post('/auth/logout', {})));
}

async function change(button, step) {
  const failure = document.getElementById('door-failure');
  failure.hidden = true;
  button.disabled = true;
  try {
    await step();
    location.assign('/');
  } catch (error) {
    failure.textContent = 'That did not work: ' + error.message;
    failure.hidden = false;
    button.disabled = false;
  }
}

async function post(path, content) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(content) });
  if (!response.ok) throw new Error(path + ' answered ' + response.status + '.');
  return response;
}
`;
