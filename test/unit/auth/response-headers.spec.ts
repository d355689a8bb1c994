// Headers that a response has already: one answer says one thing of a cookie, on both frameworks.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { ResponseWriter } from '#lib/auth/response-headers.js';
import { toResponseLike } from '#lib/auth/response-headers.js';

type Write = (writer: ResponseWriter) => void;

async function onNode(write: Write): Promise<readonly string[]> {
  const server = createServer((_request, response) => {
    write(toResponseLike(response) as ResponseWriter);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}`);
  server.close();
  return answer.headers.getSetCookie();
}

async function onFastify(write: Write): Promise<readonly string[]> {
  const fastify = new FastifyAdapter().getInstance();
  fastify.get('/', async (_request, reply) => {
    write(toResponseLike(reply) as ResponseWriter);
    return '';
  });
  const answer = await fetch(await fastify.listen({ port: 0, host: '127.0.0.1' }));
  await fastify.close();
  return answer.headers.getSetCookie();
}

describe.each([
  ['Node', onNode],
  ['Fastify', onFastify],
] as const)('A response of %s', (_name, answer) => {
  it('forgets what was to be set of one cookie, and keeps the others', async () => {
    const lines = await answer((writer) => {
      for (const line of ['DS=one', 'DSR=two', 'DS=three; Domain=example.com', 'theme=dark'])
        writer.append('Set-Cookie', line);
      writer.dropCookie('DS');
      writer.append('Set-Cookie', 'DS=; Max-Age=0');
    });
    expect(lines).toEqual(['DSR=two', 'theme=dark', 'DS=; Max-Age=0']);
  });

  it('keeps all where there is nothing to forget', async () => {
    const none = await answer((writer) => {
      writer.dropCookie('DS');
      writer.append('Set-Cookie', 'DSR=two');
      writer.dropCookie('DS');
    });
    expect(none).toEqual(['DSR=two']);
  });
});
