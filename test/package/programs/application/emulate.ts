// Runs the package's own emulator, and signs a user in on it.
import { startEmulator } from 'nestjs-descope/emulator';

async function emulate(): Promise<void> {
  const emulator = await startEmulator({ seed: { users: [{ loginId: 'ada@example.com' }] } });
  const { sessionJwt } = await emulator.signIn('ada@example.com');
  await emulator.close();
  console.log(sessionJwt.split('.').length);
}

void emulate();
