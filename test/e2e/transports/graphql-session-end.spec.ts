// A running subscription that ends with its session, by the function of the page about GraphQL.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import type { DescopeSession } from 'nestjs-descope';
import { CurrentSession, DescopeRevocations, Public } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { Sessions } from '#lib/core/session/auto-refresh.js';
import { askUntil } from '../../support/ask-until.js';
import { endWithSession } from '../../support/end-with-session.js';
import { ENGINES, openSocket, startGraphql } from '../../support/graphql-application.js';
import { findBlock } from '../../support/page-program.js';

// One event, and then none for ever: `return()` of a generator waits for the next one.
async function* createEvents() {
  yield { news: 'open' };
  await new Promise(() => undefined);
}

@Resolver()
class NewsResolver {
  @Public()
  @Query(() => String)
  name() {
    return 'news';
  }

  @Subscription(() => String)
  news(@CurrentSession() session: DescopeSession) {
    return endWithSession(createEvents(), session);
  }
}

it('is the function that docs/graphql.md shows', () => {
  const shown = findBlock('docs/graphql.md', 'function endWithSession');
  expect(shown.trim()).toBe(readFileSync('test/support/end-with-session.ts', 'utf8').trim());
});

describe.each(ENGINES)('A subscription that ends with its session, behind $name', (engine) => {
  const descope = createTestDescope();
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const boot = async () => {
    const application = await startGraphql(engine, descope, {
      resolvers: [NewsResolver],
      descope: { audience: null },
    });
    stops.push(() => application.close());
    const { revocations } = application.app.get<Sessions>('nestjs-descope:sessions');
    const open = (sub: string) => {
      const { authorization } = descope.as({ sub }).bearer;
      const socket = openSocket(application, { connectionParams: { authorization } });
      stops.push(() => socket.close());
      return socket;
    };
    const countWatched = (wanted: number) =>
      askUntil(
        async () => revocations.watchedCount,
        (count) => count === wanted,
      );
    return { application, open, countWatched };
  };

  it('is completed when the session is revoked, while it waits for an event', async () => {
    const { application, open, countWatched } = await boot();
    const running = open('ann').run('subscription { news }');
    expect(await countWatched(1)).toBe(1);
    await application.app.get(DescopeRevocations).revokeUser('ann');
    expect(await running).toMatchObject([{ data: { news: 'open' } }]);
    expect(await countWatched(0)).toBe(0);
  });

  it('goes on when the session of another user is revoked, and leaves no watch behind', async () => {
    const { application, open, countWatched } = await boot();
    const bob = open('bob').run('subscription { news }', 2);
    expect(await countWatched(1)).toBe(1);
    await application.app.get(DescopeRevocations).revokeUser('ann');
    expect(await open('cleo').run('subscription { news }', 1)).toMatchObject([{ data: { news: 'open' } }]);
    expect(await countWatched(1)).toBe(1); // cleo has left, and bob is still there
    stops.splice(1).forEach((stop) => stop());
    await bob;
    expect(await countWatched(0)).toBe(0);
  });
});
