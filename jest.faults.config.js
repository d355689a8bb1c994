// The tests of an application in a process of its own while Descope misbehaves; `npm test` leaves them out.
// `npm run test:faults` is the short form, `npm run faults` the long one.
import base from './jest.config.js';

export default {
  ...base,
  reporters: ['default'],
  roots: ['<rootDir>/test/faults'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  globalSetup: '<rootDir>/test/faults/setup.js',
  globalTeardown: '<rootDir>/test/faults/teardown.js',
  testTimeout: process.env.FAULTS === 'long' ? 3_600_000 : 300_000,
  maxWorkers: 2, // the tests of an outage mostly wait
};
