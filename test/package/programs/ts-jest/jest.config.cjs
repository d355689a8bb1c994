module.exports = {
  preset: 'ts-jest',
  testEnvironment: 'node',
  rootDir: 'test',
  globalSetup: './emulator.setup.cjs',
  globalTeardown: './emulator.teardown.cjs',
};
