// Ten thousand requests of two hundred users at once: no service ever hears of another request's caller.
import type { OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MiddlewareConsumer, NestModule } from '@nestjs/common';
import { Body, Controller, Get, Inject, Injectable, Module, Param, Post } from '@nestjs/common';
import { DescopeModule } from 'nestjs-descope';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

const REQUESTS = 5_000; // on each adapter
const USERS = 200;
const AT_ONCE = 250;
const MINUTES = 60_000;

@Injectable()
class Ledger {
  constructor(@Inject(DescopeContext) private readonly context: DescopeContext) {}

  // Through a timer, a promise of its own, promises side by side, and setImmediate.
  async follow(pause: number): Promise<readonly (string | undefined)[]> {
    const first = this.#read();
    await new Promise((resolve) => setTimeout(resolve, pause));
    const later = this.#read();
    const aside = await Promise.all([1, 2, 3].map((step) => this.#readAfter(step)));
    const last = await new Promise<string | undefined>((resolve) =>
      setImmediate(() => resolve(this.#read())),
    );
    return [first, later, ...aside, last];
  }

  async #readAfter(turns: number): Promise<string | undefined> {
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    return this.#read();
  }

  #read(): string | undefined {
    return this.context.current()?.id;
  }
}

@Controller('ledger')
class LedgerController {
  constructor(@Inject(Ledger) private readonly ledger: Ledger) {}

  @Get(':pause')
  async read(@Param('pause') pause: string) {
    return { seen: await this.ledger.follow(Number(pause)) };
  }

  @Post()
  async write(@Body() { pause }: { readonly pause: number }) {
    return { seen: await this.ledger.follow(pause) };
  }
}

/** Asks on a connection that is kept, by Node's own client: `fetch` takes as long as the application. */
function askLedger(
  agent: Agent,
  url: string,
  headers: OutgoingHttpHeaders,
  pause: number,
  method: string,
): Promise<{ readonly seen: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const read = method === 'GET';
    const sent = request(url + (read ? `/ledger/${pause}` : '/ledger'), { agent, method, headers });
    sent.on('error', reject);
    sent.on('response', (response) => json(response).then(resolve as (body: unknown) => void, reject));
    sent.end(read ? undefined : JSON.stringify({ pause }));
  });
}

describe.each(ADAPTERS)('Of five thousand requests that run beside each other, on %s,', (adapter) => {
  const descope = createTestDescope();
  const users = Array.from({ length: USERS }, (_item, index) => `U2caller${index}`);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let application: RunningApplication;

  beforeAll(async () => {
    application = await start(
      adapter,
      {
        imports: [DescopeModule.forRoot(), DescopeContextModule],
        controllers: [LedgerController],
        providers: [Ledger],
      },
      { override: (builder) => descope.override(builder) },
    );
  });
  afterAll(() => {
    agent.destroy();
    return application.close();
  });

  it(
    'each reads its own caller, everywhere',
    async () => {
      const headers = users.map((sub) => descope.as({ sub }).bearer);
      let begun = 0;
      let read = 0;
      const mixedUp: unknown[] = [];
      const client = async () => {
        for (let number = begun++; number < REQUESTS; number = begun++) {
          const index = (number * 7) % USERS;
          const pause = number % 5;
          const sent = { ...headers[index], 'content-type': 'application/json' };
          const method = number % 3 === 0 ? 'POST' : 'GET';
          const { seen } = await askLedger(agent, application.url, sent, pause, method);
          if (seen.length !== 6 || seen.some((id) => id !== users[index])) mixedUp.push([users[index], seen]);
          else read++;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
      expect(mixedUp).toEqual([]);
      expect(read).toBe(REQUESTS);
    },
    5 * MINUTES,
  );
});

/** Middleware that lets two requests go on at once, both in the context of the second: a pool whose callbacks forget theirs. */
@Module({})
class PairsModule implements NestModule {
  readonly #waiting: (() => void)[] = [];

  configure(consumer: MiddlewareConsumer) {
    consumer
      .apply((_request: unknown, _response: unknown, next: () => void) => {
        this.#waiting.push(next);
        if (this.#waiting.length === 2) for (const go of this.#waiting.splice(0)) go();
      })
      .forRoutes('{*path}');
  }
}

describe.each(ADAPTERS)(
  'Behind middleware that goes on in the context of another request, on %s,',
  (adapter) => {
    it('each request reads its own caller', async () => {
      const descope = createTestDescope();
      const application = await start(
        adapter,
        {
          imports: [DescopeModule.forRoot(), DescopeContextModule, PairsModule],
          controllers: [LedgerController],
          providers: [Ledger],
        },
        { override: (builder) => descope.override(builder) },
      );
      try {
        for (let round = 0; round < 10; round++) {
          const pair = [`U2first${round}`, `U2second${round}`];
          const answers = await Promise.all(
            pair.map((sub) => application.request('/ledger/1', { headers: descope.as({ sub }).bearer })),
          );
          expect(answers.map(({ body }) => new Set(body['seen'] as string[]))).toEqual(
            pair.map((sub) => new Set([sub])),
          );
        }
      } finally {
        await application.close();
      }
    });
  },
);
