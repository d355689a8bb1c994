// What a channel takes in Redis and on the wire: `node test/services/reach/footprint.mjs`, after `npm run build:package`.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { redisChannel } from 'nestjs-descope/redis';
import { createClient } from 'redis';
import { startRedis } from './redis-server.mjs';

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } });
const PROJECT_ID = 'P2reachreachreachreachreachr';
const TIMES = 20;
const ENTRIES = Number(values.entries);
const until = Math.floor(Date.now() / 1000) + 3600;
const redis = await startRedis();
const client = createClient({ url: redis.url });
await client.connect();
const log = redisChannel(client).open(PROJECT_ID);
await log.append(toEntries(1)); // the script is known from here on
for (const size of [0, 1, 20, 1000]) await measureRecord(size);
await measureIdleRead();
await measureStream();
await measureLiving();
await log.close();
client.destroy();
await redis.stop();

function toEntries(count) {
  return Array.from({ length: count }, () => ({ text: randomBytes(25).toString('base64url'), until }));
}

// What an append of so many entries takes, and what each reader receives of it: alone, and as one of ten records.
async function measureRecord(size) {
  const append = await measureTraffic(TIMES, () => log.append(toEntries(size)));
  let position = await log.readLiving(() => undefined);
  const read = async () => {
    const { records } = await log.read(position, 100);
    position = records.at(-1).position;
  };
  const alone = { in: 0, out: 0 };
  for (let index = 0; index < TIMES; index += 1) {
    await log.append(toEntries(size));
    const once = await measureTraffic(1, read);
    alone.in += once.in / TIMES;
    alone.out += once.out / TIMES;
  }
  for (let index = 0; index < 10; index += 1) await log.append(toEntries(size));
  const ten = await measureTraffic(1, read);
  const text = `append ${show(append)}; a read of one record ${show(alone)}, of ten ${show(ten)}`;
  console.log(`a record of ${size} entries: ${text}`);
}

async function measureIdleRead() {
  const position = await log.readLiving(() => undefined);
  console.log(`a read without a record: ${show(await measureTraffic(TIMES, () => log.read(position, 20)))}`);
}

// The stream keeps the records of a minute.
async function measureStream() {
  for (const size of [0, 1, 20]) {
    await redis.run('FLUSHALL');
    for (let done = 0; done < 2000; done += 1) await log.append(toEntries(size));
    const [key] = await redis.run('KEYS', '*:log');
    const bytes = (await redis.run('MEMORY', 'USAGE', key, 'SAMPLES', '0')) / 2000;
    console.log(`the stream: ${bytes.toFixed(0)} bytes a record of ${size} entries`);
  }
}

async function measureLiving() {
  for (const count of [1_000, 10_000, 100_000, 1_000_000].filter((one) => one <= ENTRIES)) {
    await redis.run('FLUSHALL');
    const before = await readUsed();
    for (let done = 0; done < count; done += 1000) await log.append(toEntries(1000));
    const keys = await redis.run('KEYS', '*');
    const sizes = await Promise.all(
      keys.map(async (key) => [
        key.split(':').at(-1),
        await redis.run('MEMORY', 'USAGE', key, 'SAMPLES', '0'),
      ]),
    );
    let [found, startedAt] = [0, performance.now()];
    const traffic = await measureTraffic(1, () => log.readLiving((texts) => (found += texts.length)));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
    console.log(
      `${count} entries: ${sizes.map(([key, size]) => `${key} ${(size / count).toFixed(1)} bytes an entry`).join(', ')}; used_memory ${(((await readUsed()) - before) / count).toFixed(1)} an entry; read whole: ${found} in ${seconds} s, ${(traffic.out / count).toFixed(1)} bytes an entry`,
    );
  }
}

// Bytes into and out of Redis by one of so many calls, without those of the questions about it.
async function measureTraffic(times, run) {
  const readings = [await readTraffic(), await readTraffic()];
  for (let index = 0; index < times; index += 1) await run();
  readings.push(await readTraffic());
  const [first, second, last] = readings;
  const toBytes = (name) => (last[name] - second[name] - (second[name] - first[name])) / times;
  return { in: toBytes('in'), out: toBytes('out') };
}

function show({ in: received, out }) {
  return `${received.toFixed(0)} bytes in, ${out.toFixed(0)} out`;
}

async function readTraffic() {
  const info = await redis.run('INFO', 'stats');
  const read = (name) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]);
  return { in: read('total_net_input_bytes'), out: read('total_net_output_bytes') };
}

async function readUsed() {
  return Number(/used_memory:(\d+)/.exec(await redis.run('INFO', 'memory'))?.[1]);
}
