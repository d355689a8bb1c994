// Removes the tarball that the specs have installed.
import { rmSync } from 'node:fs';

export default function teardown() {
  rmSync(process.env.PACKED_FOLDER ?? '', { recursive: true, force: true });
}
