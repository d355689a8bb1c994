// A delivery: access ends before handlers run, and what fails is asked for again.
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DescopeUnavailableError } from '#lib/core/errors.js';
import type { Notice } from '#lib/core/logging.js';
import type { EventHandler } from '#lib/core/webhook/event-delivery.js';
import { EventDelivery } from '#lib/core/webhook/event-delivery.js';
import { EventMemory } from '#lib/core/webhook/event-memory.js';
import { codeLater, NOW_MS, PROJECT_ID } from '../../../support/tokens.js';

const notStored = () =>
  new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', 'Not stored yet.', { retryAfterSeconds: 1 });

function create() {
  const steps: string[] = [];
  const notices: Notice[] = [];
  const failures: Error[] = [];
  const changes: string[] = [];
  const revocations = {
    revokeBefore: async ({ id = '' }: { readonly id?: string }) => {
      await Promise.resolve();
      steps.push(`ended ${id}`);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
    },
    announceChange: async (id: string) => void changes.push(`${id} after ${steps.length} steps`),
  };
  const clock = () => NOW_MS;
  const notify = (notice: Notice) => void notices.push(notice);
  const memory = new EventMemory(clock, undefined);
  const input = { memory, revocations, notify, clock, leewayMs: 5_000, projectId: PROJECT_ID };
  const delivery = new EventDelivery(input);
  const handler: EventHandler = {
    name: 'Accounts.forget',
    actions: ['*'],
    handle: ({ action }) => void steps.push(`handled ${action}`),
  };
  const deliver = (content: unknown, handlers = [handler]) => {
    const text = JSON.stringify(content);
    return delivery.deliver(
      { text, signature: createHash('sha256').update(text).digest('base64') },
      handlers,
    );
  };
  return { steps, notices, failures, changes, deliver };
}

describe('EventDelivery', () => {
  it('ends the access of all events before the first handler runs', async () => {
    const { steps, deliver } = create();
    const events = ['U1', 'U2'].map((userId) => ({ action: 'UserDeleted', userId }));
    expect(await deliver(events)).toBe(true);
    expect(steps).toEqual(['ended U1', 'ended U2', 'handled UserDeleted', 'handled UserDeleted']);
  });

  it('has users forgotten who may have changed, before anything else and again after the handlers', async () => {
    const { changes, deliver } = create();
    const event = { action: 'UsersModified', userId: 'U1', data: { user_ids: ['U1', 'U2'] } };
    expect(await deliver([event, { action: 'UserModified', userId: 'U3' }])).toBe(true);
    const all = ['U1', 'U2', 'U3'];
    expect(changes).toEqual([
      ...all.map((id) => `${id} after 0 steps`),
      ...all.map((id) => `${id} after 2 steps`),
    ]);
  });

  it('has users forgotten also when a handler fails', async () => {
    const { changes, deliver } = create();
    const handle = () => {
      throw new Error('Not this time.');
    };
    const failing = { name: 'Accounts.fail', actions: ['*'], handle };
    expect(await deliver({ action: 'UserModified', userId: 'U1' }, [failing])).toBe(false);
    expect(changes).toHaveLength(2);
  });

  it('has users forgotten once for an event without a handler', async () => {
    const { changes, deliver } = create();
    expect([await deliver({ action: 'UserModified', userId: 'U1' }, []), changes]).toEqual([
      true,
      ['U1 after 0 steps'],
    ]);
  });

  it.each(['LoginSucceed', 'LoginStarted', 'UserRefresh', 'UserCreated', 'UsersCreated', 'RoleModified'])(
    'has nobody forgotten for %s',
    async (action) => {
      const { changes, deliver } = create();
      const userId = action === 'RoleModified' ? undefined : 'U1';
      expect([await deliver({ action, userId }), changes]).toEqual([true, []]);
    },
  );

  it('asks for another delivery while the end is not stored for all instances, and runs handlers once', async () => {
    const { steps, failures, deliver } = create();
    const event = { action: 'UserDeleted', userId: 'U1', occurred: NOW_MS };
    failures.push(notStored(), notStored());
    expect(await codeLater(() => deliver(event))).toBe('SIGN_OUTS_UNAVAILABLE');
    expect(await codeLater(() => deliver(event))).toBe('SIGN_OUTS_UNAVAILABLE');
    expect(await deliver(event)).toBe(true);
    expect(steps).toEqual(['ended U1', 'handled UserDeleted', 'ended U1', 'ended U1']);
  });

  it.each([undefined, 1_790_000_000, NOW_MS + 3_600_000])(
    'ends access once by an event whose time does not count (%j), so that a replay signs nobody out',
    async (occurred) => {
      const { steps, failures, deliver } = create();
      const event = { action: 'UserDeleted', userId: 'U1', occurred };
      failures.push(notStored());
      expect(await codeLater(() => deliver(event, []))).toBe('SIGN_OUTS_UNAVAILABLE');
      expect([await deliver(event, []), await deliver(event, [])]).toEqual([true, true]);
      expect(steps).toEqual(['ended U1', 'ended U1']);
    },
  );

  it('tells events with one id apart by their action and time, and knows one that is written in another way', async () => {
    const { steps, deliver } = create();
    const event = { id: 'E1', action: 'LoginSucceed', occurred: NOW_MS };
    const others = [
      { ...event, action: 'LoginFailed' },
      { ...event, occurred: NOW_MS + 1_000 },
    ];
    for (const one of [event, ...others, { ...event, occurred: String(NOW_MS) }]) await deliver(one);
    expect(steps).toEqual(['handled LoginSucceed', 'handled LoginFailed', 'handled LoginSucceed']);
  });

  it('takes the exception of a handler as its failure, also if it looks like an outage', async () => {
    const { notices, deliver } = create();
    const failing: EventHandler = { name: 'A.b', actions: ['*'], handle: () => Promise.reject(notStored()) };
    expect(await deliver({ action: 'Bad\nname' }, [failing])).toBe(false);
    expect(notices).toEqual([
      {
        code: 'EVENT_HANDLER_FAILED',
        level: 'error',
        message: expect.stringMatching(/^A\.b.*"Bad\?name": Not stored yet/),
      },
    ]);
  });

  it('says where an event names nobody whose access could end', async () => {
    const { steps, notices, deliver } = create();
    expect(await deliver({ action: 'UserDeleted' })).toBe(true);
    expect(steps).toEqual(['handled UserDeleted']);
    expect(notices.map(({ code, level }) => `${level} ${code}`)).toEqual(['warn EVENT_WITHOUT_ID']);
  });

  it('takes a thousand events at once, and not one more', async () => {
    const { deliver } = create();
    const toList = (length: number) => Array.from({ length }, () => ({ action: 'UserCreated' }));
    expect(await deliver(toList(1_000))).toBe(true);
    expect(await codeLater(() => deliver(toList(1_001)))).toBe('REQUEST_BODY_INVALID');
    expect(await codeLater(() => deliver([{ action: 'UserDeleted', userId: 'U1' }, {}]))).toBe(
      'REQUEST_BODY_INVALID',
    );
  });
});
