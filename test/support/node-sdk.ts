// The vendor's client, unmodified, pointed at an emulator: the witness of the contract tests.
import DescopeClient from '@descope/node-sdk';
import type { Emulator } from 'nestjs-descope/emulator';

/** The vendor's client. */
export type NodeSdk = ReturnType<typeof DescopeClient>;

/** Makes an authentication client; with `management` one that may also manage the project, by any key. */
export function createSdk(
  emulator: Emulator,
  management?: 'management',
  managementKey = emulator.managementKey,
): NodeSdk {
  return DescopeClient({
    projectId: emulator.projectId,
    baseUrl: emulator.url,
    ...(management ? { managementKey } : {}),
  });
}
