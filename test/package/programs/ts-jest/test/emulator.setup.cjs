// Starts the emulator once for all test files; plain CommonJS, so that nothing transforms the import.
module.exports = async () => {
  const { startEmulator } = await import('nestjs-descope/emulator');
  const emulator = await startEmulator({
    seed: { users: [{ loginId: 'anna@example.com', password: 'Correct-horse-1' }] },
  });
  globalThis.emulator = emulator; // for the teardown; test files see the environment alone
  process.env.DESCOPE_PROJECT_ID = emulator.projectId;
  process.env.DESCOPE_BASE_URI = emulator.url;
  process.env.DESCOPE_MANAGEMENT_KEY = emulator.managementKey;
};
