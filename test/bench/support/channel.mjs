// A channel of revocations in memory, of one instance: what it costs beside the requests of a process, without a network.
import { setTimeout as sleep } from 'node:timers/promises';

/** Makes the option `channel`, whose log begins empty. */
export function createChannel() {
  const records = [];
  const readHead = () => records.at(-1)?.position ?? { epoch: '', number: 0, cursor: '0' };
  const log = {
    append: async (entries) => {
      const number = records.length + 1;
      const position = { epoch: 'bench', number, cursor: String(number) };
      records.push({ position, texts: entries.map(({ text }) => text) });
      return position;
    },
    readLiving: async () => readHead(),
    read: async ({ number }, waitMs) => {
      if (records.length === number) await sleep(waitMs, undefined, { ref: false });
      return { records: records.slice(number), hasMore: false };
    },
    renew: async () => readHead(),
    close: async () => undefined,
  };
  return { open: () => log };
}
