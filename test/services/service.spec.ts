// A server that these tests need and do not find.
import { describe, expect, it } from '@jest/globals';
import { startService } from './support/service.js';

describe('A service', () => {
  it('that is not installed fails the test, and says how to install it', async () => {
    const order = { command: 'no-such-server', packageName: 'such-server', toArguments: () => [] };
    await expect(startService(order)).rejects.toThrow(
      'no-such-server is missing. Install it: apt-get update && apt-get install -y such-server',
    );
  });

  it('that ends at once fails the test with what it said', async () => {
    const toArguments = () => ['-e', 'console.error("bad option"); process.exit(3)'];
    const order = {
      command: process.execPath.split('/').at(-1) ?? 'node',
      packageName: 'nodejs',
      toArguments,
    };
    await expect(startService(order)).rejects.toThrow(/ended with code 3:\n.*bad option/);
  });
});
