// The tests that need Redis and nginx; `npm test` leaves them out.
import base from './jest.config.js';

export default {
  ...base,
  reporters: ['default'],
  roots: ['<rootDir>/test/services'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testTimeout: 60_000,
  maxWorkers: 1,
};
