// A Redis server, and instances in processes of their own, each with a wire to it that can be blocked.
import { fork } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from './redis-server.mjs';
import { startWire } from './wire.mjs';

const PROJECT_ID = 'P2reachreachreachreachreachr';

/** Makes everything that the instances of one run have in common. */
export async function openWorld({ users, program, shared }) {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-descope-reach-'));
  const { jwk, tokens } = mintTokens(users);
  const tokensFile = join(folder, 'tokens.json');
  writeFileSync(tokensFile, JSON.stringify(tokens));
  const options = { projectId: PROJECT_ID, audience: null, algorithms: ['ES256'], keys: [jwk], shared };
  const redis = await startRedis();
  const instances = [];
  const start = async (name, { isBlocked = false } = {}) => {
    const wire = await startWire(redis.port);
    wire.isBlocked = isBlocked;
    const instance = await startInstance({ name, program, wire, order: { options, tokensFile } });
    instances.push(instance);
    return instance;
  };
  const stop = async () => {
    for (const { stop: stopInstance } of instances) stopInstance();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { tokens, redis, instances, start, stop };
}

// ES256, which signs ten thousand tokens in a second. The index of a token is in the id of its user.
function mintTokens(users) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'SK2reach', use: 'sig' };
  const toPart = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = toPart({ alg: 'ES256', kid: 'SK2reach', typ: 'JWT' });
  const iat = Math.floor(Date.now() / 1000) - 5;
  const tokens = Array.from({ length: users }, (_, index) => {
    const sub = `U2reach${index}`;
    const input = `${header}.${toPart({ iss: PROJECT_ID, sub, drn: 'DS', amr: ['email'], iat, exp: iat + 3600 })}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  });
  return { jwk, tokens };
}

async function startInstance({ name, program, wire, order }) {
  const redisUrl = `redis://127.0.0.1:${wire.port}`;
  const env = { ...process.env, REACH_INSTANCE: JSON.stringify({ ...order, redisUrl }), NODE_OPTIONS: '' };
  const child = fork(program, [], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ask = async () => {
    const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit').then(fail)]);
    return answer;
  };
  const fail = () => {
    throw new Error(`The instance "${name}" ended.`);
  };
  const { port } = await ask();
  return {
    name,
    port,
    wire,
    listeningAt: performance.timeOrigin + performance.now(),
    report: () => {
      child.send('report');
      return ask();
    },
    stop: () => {
      child.kill('SIGKILL');
      wire.stop();
    },
  };
}
