// The gateway, asked from the page. The browser sends the cookie when the connection is opened.
import { buttons, Log } from './page.js';

export function startSocket() {
  const log = new Log('socket-log');
  /** @type {WebSocket | undefined} */
  let socket;
  const actions = new Map([
    ['connect', () => (socket = connect(log))],
    ['orders', () => say(log, socket, { event: 'orders' })],
    ['cancel', () => say(log, socket, { event: 'cancel', data: { id: '1' } })],
    ['close', () => socket?.close(1000)],
  ]);
  for (const button of buttons('[data-socket]'))
    button.addEventListener('click', () => actions.get(button.dataset.socket ?? '')?.());
}

/** @param {Log} log */
function connect(log) {
  log.clear();
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/live`);
  log.add('Connecting to /live');
  enable(true);
  socket.addEventListener('message', ({ data }) => {
    log.add('Received', String(data), !String(data).includes('"exception"'));
  });
  socket.addEventListener('close', ({ code, reason }) => {
    log.add('Closed', `${code} ${reason}`.trim(), code === 1000);
    enable(false);
  });
  return socket;
}

/**
 * @param {Log} log
 * @param {WebSocket | undefined} socket
 * @param {object} message
 */
function say(log, socket, message) {
  const text = JSON.stringify(message);
  if (socket?.readyState !== WebSocket.OPEN) return;
  log.add('Sent', text);
  socket.send(text);
}

/** @param {boolean} isOpen */
function enable(isOpen) {
  for (const button of buttons('[data-socket]'))
    button.disabled = (button.dataset.socket === 'connect') === isOpen;
}
