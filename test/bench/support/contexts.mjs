// Requests as Nest hands them to a guard: a new one each time, its header line a text of its own.
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';

const OTHERS = { host: 'orders.example.com', 'user-agent': 'bench/1.0', accept: 'application/json' };

/** Makes contexts around requests that carry these tokens, one after the other. */
export function toContextSource(tokens, { type, handler, toHeader = toBearer }) {
  const lines = tokens.map((token) => {
    const [name, line] = toHeader(token);
    return { name, bytes: Buffer.from(line, 'latin1') };
  });
  const response = { setHeader() {}, appendHeader() {} };
  let index = 0;
  return () => {
    const { name, bytes } = lines[index];
    index = index + 1 === lines.length ? 0 : index + 1;
    const request = toRequest(name, bytes.latin1Slice(0, bytes.length));
    const context = new ExecutionContextHost([request, response], type, handler);
    context.setType('http');
    return context;
  };
}

export function toBearer(token) {
  return ['authorization', `Bearer ${token}`];
}

export function toCookie(token) {
  return ['cookie', `theme=dark; DS=${token}; locale=en`];
}

function toRequest(name, line) {
  const headers = { ...OTHERS, [name]: line };
  const rawHeaders = [
    'Host',
    OTHERS.host,
    'User-Agent',
    OTHERS['user-agent'],
    'Accept',
    OTHERS.accept,
    name,
    line,
  ];
  return {
    method: 'GET',
    url: '/orders',
    originalUrl: '/orders',
    headers,
    rawHeaders,
    params: { tenantId: 'T2tenant0001' },
  };
}
