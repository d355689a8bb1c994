// What is tested as others meet it: built, and from outside. Needs "npm run build" first.
import config from './jest.config.js';

export default {
  ...config,
  roots: ['<rootDir>/test/package'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/programs/'],
};
