// The packed package in a program of Nest 12, which is made of ES modules.
import { describe } from '@jest/globals';
import { stateFacts } from './program-facts.js';

describe('Installed into a program of Nest 12, the package', () => {
  const jest = { NODE_OPTIONS: '--experimental-vm-modules' };
  const compiler = ['typescript-newest', 'tsconfig.json'] as const;
  stateFacts({ name: 'nest-12-esm', configs: ['tsconfig.json'], compiler, jest });
});
