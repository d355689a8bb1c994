// Makes a worker's first RSA keys, and hands them out again in turn: a run asks for hundreds, each of which takes as long
// as starting an application. Two that are asked for one after the other always differ.
import type { KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const SIZE = 8; // more than a test has in use at once
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
    return (pool[index] ??= makeSync('rsa', { modulusLength: 2048 }) as KeyPair);
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
