// The packed package in a program of Nest 11, CommonJS and resolved in both ways.
import { describe } from '@jest/globals';
import { stateFacts } from './program-facts.js';

describe('Installed into a program of Nest 11, the package', () => {
  stateFacts({
    name: 'nest-11-commonjs',
    configs: ['tsconfig.json', 'tsconfig.nodenext.json', 'tsconfig.node16.json'],
    compiler: ['typescript-oldest', 'tsconfig.oldest.json'],
    jest: {},
  });
});
