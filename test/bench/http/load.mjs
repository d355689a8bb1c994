// A client that is cheaper than any server: raw sockets, requests made ahead, answers only counted.
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';

/** Makes the bytes of a request. */
export function toRequest(token) {
  const lines = [
    'GET /orders HTTP/1.1',
    'Host: 127.0.0.1',
    'User-Agent: bench/1.0',
    'Accept: application/json',
    'Accept-Encoding: gzip, br',
    `Authorization: Bearer ${token}`,
  ];
  return Buffer.from(lines.join('\r\n') + HEAD_END, 'latin1');
}

/**
 * Sends so many requests over so many connections, one after the other on each. Rejects for any answer but 200.
 * @returns {Promise<{ seconds: number, latenciesMs: number[] }>}
 */
export async function load({ port, requests, count, connections }) {
  const state = { sent: 0, requests, count, latenciesMs: [] };
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const start = performance.now();
  await Promise.all(sockets.map((socket) => serve(socket, state)));
  const seconds = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  return { seconds, latenciesMs: state.latenciesMs };
}

function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function serve(socket, state) {
  return new Promise((resolve, reject) => {
    let answer = '';
    let startedAt = 0;
    const send = () => {
      if (state.sent === state.count) return resolve();
      startedAt = performance.now();
      socket.write(state.requests[state.sent % state.requests.length]);
      state.sent += 1;
    };
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server closed a connection.')));
    socket.on('data', (bytes) => {
      answer += bytes.latin1Slice(0, bytes.length);
      if (!isWhole(answer)) return;
      if (!answer.startsWith('HTTP/1.1 200'))
        return reject(new Error(`The server answered ${answer.slice(0, 400)}`));
      state.latenciesMs.push(performance.now() - startedAt);
      answer = '';
      send();
    });
    send();
  });
}

function isWhole(answer) {
  const headEnd = answer.indexOf(HEAD_END);
  if (headEnd === -1) return false;
  const length = /content-length: (\d+)/i.exec(answer)?.[1];
  if (length === undefined) throw new Error('An answer without Content-Length cannot be counted.');
  return answer.length >= headEnd + HEAD_END.length + Number(length);
}
