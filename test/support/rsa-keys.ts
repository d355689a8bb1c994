// Hands out the same few RSA keys in turn: a run asks for hundreds, each of which takes as long as starting an
// application. Two that are asked for one after the other always differ. They are made once, and kept for all workers.
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const SIZE = 8; // more than a test has in use at once
const FOLDER = join(process.cwd(), 'node_modules/.cache/nestjs-descope-rsa-keys');
const POOLED = Symbol.for('nestjs-descope-tests:pooled-rsa-keys');

// Node's own module, which all test files of a worker share: the first file sets it up. It is not imported, because
// Jest copies the functions of a module when it is.
const node = process.getBuiltinModule('node:crypto') as unknown as {
  generateKeyPair: (...parameters: unknown[]) => void;
  generateKeyPairSync: (type: string, options: object) => unknown;
  [POOLED]?: boolean;
};

if (node[POOLED] !== true) {
  node[POOLED] = true;
  const pool: KeyPair[] = [];
  let drawn = 0;
  const makeSync = node.generateKeyPairSync;
  const make = promisify(node.generateKeyPair) as typeof makeSync;
  const draw = (): KeyPair => {
    const index = drawn++ % SIZE;
    return (pool[index] ??=
      readKept(index) ?? keep(index, makeSync('rsa', { modulusLength: 2048 }) as KeyPair));
  };
  const isPooled = (type: string, options: object) =>
    type === 'rsa' && JSON.stringify(options) === '{"modulusLength":2048}';
  node.generateKeyPairSync = (type, options) => (isPooled(type, options) ? draw() : makeSync(type, options));
  node.generateKeyPair = Object.assign(() => undefined, {
    [promisify.custom]: async (type: string, options: object) =>
      isPooled(type, options) ? draw() : make(type, options),
  });
  syncBuiltinESMExports();
}

function readKept(index: number): KeyPair | undefined {
  try {
    const privateKey = createPrivateKey(readFileSync(join(FOLDER, `${index}.pem`)));
    return { privateKey, publicKey: createPublicKey(privateKey) };
  } catch {
    return undefined; // not made yet
  }
}

// Under a name of its own first: another worker finds a whole file, or none.
function keep(index: number, pair: KeyPair): KeyPair {
  const own = join(FOLDER, `${index}-${process.pid}`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(own, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  renameSync(own, join(FOLDER, `${index}.pem`));
  return pair;
}
