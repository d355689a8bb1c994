// The tests that need a real browser; `npm test` leaves them out.
import base from './jest.config.js';

export default {
  ...base,
  reporters: ['default'],
  roots: ['<rootDir>/test/browser'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testTimeout: 60_000,
  maxWorkers: 1,
};
