// The sample application on its embedded Descope, and the means to forge tokens for it.
import type { KeyObject } from 'node:crypto';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { Emulator } from 'nestjs-descope/emulator';
import { EmbeddedDescope } from '../../../../sample-app/src/embedded/embedded-descope.js';
import { createApplication } from '../../../../sample-app/src/start/application.js';
import { readSettings } from '../../../../sample-app/src/start/settings.js';
import type { AdapterName } from '../../../support/application.js';
import { signBytes, toPart } from '../../../support/tokens.js';

/** What a token shall look like; members are added to those of a sound one, and text or bytes replace a whole part. */
export interface Forgery {
  readonly header?: Record<string, unknown> | string | Buffer;
  readonly claims?: Record<string, unknown> | string | Buffer;
  /** The algorithm that really signs. Default: RS256. */
  readonly signedWith?: string;
  readonly key?: KeyObject;
}

export interface Tokens {
  readonly session: string;
  readonly refresh: string;
}

export interface Stage {
  readonly url: string;
  readonly emulator: Emulator;
  readonly ada: Tokens;
  readonly bob: Tokens;
  readonly keyId: string;
  /** Ada's claims as Descope wrote them. */
  readonly claims: Record<string, unknown>;
  readonly now: number;
  /** Signs with Descope's own key, unless another is given. */
  forge(forgery?: Forgery): string;
  /** Signs with an HMAC. */
  forgeHmac(algorithm: string, secret: string | Buffer): string;
  close(): Promise<void>;
}

/** A key pair of the attacker's own. */
export const THEIRS = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Starts the two; `prepare` does to Descope what shall be so before the application asks it for keys. */
export async function startStage(
  adapter: AdapterName,
  prepare: (emulator: Emulator) => unknown = () => undefined,
): Promise<Stage> {
  const embedded = await EmbeddedDescope.start(600);
  const { emulator } = embedded;
  const { kid, privateKey } = emulator.signingKey; // before `prepare`, which may rotate it
  const [ada, bob] = [await signIn(emulator, 'ada@example.com'), await signIn(emulator, 'bob@example.com')];
  await prepare(emulator);
  const app = await createApplication(readSettings({ HTTP_ADAPTER: adapter }), { embedded });
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  const claims = JSON.parse(decode(ada.session.split('.')[1])) as Record<string, unknown>;
  const toInput = ({ header = {}, claims: own = {} }: Forgery, algorithm: string) =>
    `${toPart(merge({ alg: algorithm, kid, typ: 'JWT' }, header))}.${toPart(merge(claims, own))}`;
  return {
    ...{ url: await app.getUrl(), emulator, ada, bob, claims, keyId: kid },
    now: Math.floor(emulator.clock.now() / 1000),
    forge: ({ signedWith = 'RS256', key = privateKey, ...parts } = {}) => {
      const input = toInput(parts, signedWith);
      return `${input}.${signBytes(signedWith, key, input).toString('base64url')}`;
    },
    forgeHmac: (algorithm, secret) => {
      const input = toInput({}, algorithm);
      return `${input}.${createHmac(`sha${algorithm.slice(2)}`, secret)
        .update(input)
        .digest('base64url')}`;
    },
    close: () => app.close(),
  };
}

async function signIn(emulator: Emulator, loginId: string): Promise<Tokens> {
  const { sessionJwt, refreshJwt } = await emulator.signIn(loginId);
  return { session: sessionJwt, refresh: refreshJwt };
}

function merge(base: object, own: Record<string, unknown> | string | Buffer): object | string | Buffer {
  return typeof own === 'string' || Buffer.isBuffer(own) ? own : { ...base, ...own };
}

export function decode(part = ''): string {
  return Buffer.from(part, 'base64url').toString();
}
