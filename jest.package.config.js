// Tests of what is built: they need `npm run build`, and install packages from the registry.
import base, { BUILT } from './jest.config.js';

export default {
  ...base,
  reporters: ['default'],
  testMatch: undefined,
  testRegex: BUILT,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/programs/'],
};
