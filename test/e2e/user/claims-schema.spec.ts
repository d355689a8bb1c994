// claimsSchema checks and types the claims of a token, by whichever library made the schema.
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { StandardSchema } from 'nestjs-descope';
import { DescopeModule, DescopeService } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import * as v from 'valibot';
import { z } from 'zod';

const descope = createTestDescope();
const boot = async (claimsSchema: StandardSchema) => {
  const builder = Test.createTestingModule({ imports: [DescopeModule.forRoot({ claimsSchema })] });
  return (await descope.override(builder).compile()).get(DescopeService);
};
const tokenOf = (claims: Record<string, unknown>) =>
  descope.as(claims).bearer.authorization.replace('Bearer ', '');

const asynchronous: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      const { plan, seats = 1 } = value as { plan?: unknown; seats?: unknown };
      if (plan !== 'free' && plan !== 'pro')
        return { issues: [{ message: `not ${String(plan)}`, path: ['plan'] }] };
      return { value: { plan, seats } };
    },
  },
};
const SCHEMAS: [string, StandardSchema][] = [
  ['zod', z.object({ plan: z.enum(['free', 'pro']), seats: z.number().default(1) })],
  ['valibot', v.object({ plan: v.picklist(['free', 'pro']), seats: v.optional(v.number(), 1) })],
  ['a schema that answers later', asynchronous],
];

describe.each(SCHEMAS)('claimsSchema of %s', (_library, schema) => {
  it("gives the claims as the schema makes them, frozen, beside the token's own", async () => {
    const { user } = await (await boot(schema)).validateSession(tokenOf({ plan: 'pro' }));
    expect(user?.customClaims).toEqual({ plan: 'pro', seats: 1 });
    expect(Object.isFrozen(user?.customClaims)).toBe(true);
    expect([user?.claims['plan'], user?.claims['seats']]).toEqual(['pro', undefined]);
    expect(JSON.stringify(user)).not.toContain('seats');
  });

  it('rejects a token that does not match, and names the claim without its value', async () => {
    const answer = (await boot(schema)).validateSession(tokenOf({ plan: 'a secret plan' }));
    await expect(answer).rejects.toMatchObject({
      code: 'CLAIMS_REFUSED',
      message: expect.not.stringContaining('a secret plan'),
      details: { paths: ['plan'] },
    });
  });
});

describe('claimsSchema', () => {
  it('is not asked again for a token that is remembered, as from its second proof', async () => {
    let asked = 0;
    const counting = z.object({}).transform(() => ({ asked: (asked += 1) }));
    const service = await boot(counting);
    const token = tokenOf({});
    const ask = async () => (await service.validateSession(token)).user?.customClaims;
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual(
      [1, 2, 2, 2].map((asked) => ({ asked })),
    );
  });

  it('must give an object', async () => {
    const answer = (await boot(z.any().transform(() => 'text'))).validateSession(tokenOf({}));
    await expect(answer).rejects.toMatchObject({ code: 'CLAIMS_REFUSED' });
  });

  it('is rejected at boot where it is no schema', async () => {
    const none = { '~standard': { version: 2 } } as unknown as StandardSchema;
    await expect(boot(none)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('left out leaves the claims as they are', async () => {
    const builder = Test.createTestingModule({ imports: [DescopeModule.forRoot()] });
    const service = (await descope.override(builder).compile()).get(DescopeService);
    const { user } = await service.validateSession(tokenOf({ plan: 'any' }));
    expect(user?.customClaims).toBe(user?.claims);
  });
});
