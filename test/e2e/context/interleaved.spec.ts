// Ten thousand requests of two hundred users at once: no service ever hears of another request's caller.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Inject, Injectable, Param, Post } from '@nestjs/common';
import { DescopeModule } from 'nestjs-descope';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

const REQUESTS = 10_000;
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

describe.each(ADAPTERS)('Of ten thousand requests that run beside each other, on %s,', (adapter) => {
  const descope = createTestDescope();
  const users = Array.from({ length: USERS }, (_item, index) => `U2caller${index}`);
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
  afterAll(() => application.close());

  it(
    'each reads its own caller, everywhere',
    async () => {
      const headers = users.map((sub) => descope.as({ sub }).bearer);
      let sent = 0;
      let read = 0;
      const mixedUp: unknown[] = [];
      const client = async () => {
        for (let number = sent++; number < REQUESTS; number = sent++) {
          const index = (number * 7) % USERS;
          const pause = number % 5;
          const init = { headers: { ...headers[index], 'content-type': 'application/json' } };
          const { body } = await (number % 3 === 0
            ? application.request('/ledger', { ...init, method: 'POST', body: JSON.stringify({ pause }) })
            : application.request(`/ledger/${pause}`, init));
          const seen = body['seen'] as readonly string[];
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
