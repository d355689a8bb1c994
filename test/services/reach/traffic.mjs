// Requests to all instances, with living and with revoked tokens, and what came back.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECTIONS = 4; // to each instance
const PAUSE_MS = 4;
const RECENT = 200; // of the revoked tokens, those that may still be accepted somewhere
const REVOKED_SHARE = 0.6;
const CHECKED = 500; // at each instance, at the end
const RECENT_SHARE = 0.8;
const now = () => performance.timeOrigin + performance.now();

/** What becomes of the tokens of one scenario. */
export class Traffic {
  #isOver = false;
  #loops = [];
  /** Revoked tokens, by their indexes, with the moment of the response which said that this is stored for all. */
  revoked = [];
  /** Those of which the response said that it is not stored yet. */
  pending = [];
  counts = {
    requests: 0,
    revokedRequests: 0,
    rejectedLiving: 0,
    unavailable: 0,
    refusedSignOuts: 0,
    failed: 0,
  };
  /** For each instance the longest time after the response in which a revoked token was still accepted, in ms. */
  late = new Map();
  /** From this moment on a token that was revoked before counts as revoked anew: a server came back without it. */
  anewAt = 0;

  constructor(tokens, { first, count }) {
    this.tokens = tokens;
    this.agent = new Agent({ keepAlive: true, maxSockets: Infinity });
    this.first = first;
    this.living = Array.from(
      { length: Math.max(50, Math.floor(count / 10)) },
      (_, index) => first + count + index,
    );
  }

  /** Sends requests to an instance until the end. */
  join(instance) {
    this.late.set(instance.name, 0);
    for (let index = 0; index < CONNECTIONS; index += 1) this.#loops.push(this.#askOn(instance));
  }

  /** Signs a token out at an instance. */
  async signOut(instance, index) {
    const { status, body } = await this.ask(instance, 'POST', '/sign-out', index);
    if (status !== 201)
      this.counts.refusedSignOuts += 1; // an isolated instance answers 503, and nobody is signed out
    else if (JSON.parse(body).reach === 'shared') this.revoked.push([index, now()]);
    else this.pending.push(index);
  }

  async end() {
    this.#isOver = true;
    await Promise.all(this.#loops);
    this.agent.destroy();
  }

  /**
   * Asks every instance for revoked tokens, evenly chosen among many, until all are rejected or a round that began after
   * `limitMs` is over; returns how many were not rejected then.
   */
  async countNotRejected(instances, limitMs) {
    const all = [...this.revoked.map(([index]) => index), ...this.pending];
    const step = Math.ceil(all.length / CHECKED);
    const chosen = all.filter((_, place) => place % step === 0);
    let left = instances.flatMap((instance) => chosen.map((index) => [instance, index]));
    const endAt = now() + limitMs;
    for (let isLast = false; left.length > 0 && !isLast;) {
      isLast = now() > endAt;
      left = await this.#keepNotRejected(left);
      await sleep(100);
    }
    return left.length;
  }

  async #keepNotRejected(asked) {
    const kept = [];
    for (let start = 0; start < asked.length; start += 20) {
      const part = asked.slice(start, start + 20);
      const answers = await Promise.all(
        part.map(([instance, index]) => this.ask(instance, 'GET', '/me', index)),
      );
      kept.push(...part.filter((_, place) => answers[place].status !== 401));
    }
    return kept;
  }

  ask({ port }, method, path, index) {
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${this.tokens[index]}` };
      const outgoing = request({ port, method, path, headers, agent: this.agent }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode, body }));
      });
      outgoing.on('error', () => resolve({ status: 0, body: '' }));
      outgoing.end();
    });
  }

  async #askOn(instance) {
    while (!this.#isOver) {
      const [index, answeredAt] = this.#choose();
      const sentAt = now();
      const { status } = await this.ask(instance, 'GET', '/me', index);
      this.#note(instance, { status, sentAt, answeredAt });
      await sleep(PAUSE_MS);
    }
  }

  // A living token, or a revoked one: mostly of a moment ago, now and then any.
  #choose() {
    const { living, revoked } = this;
    if (revoked.length === 0 || Math.random() > REVOKED_SHARE)
      return [toAny(living, living.length), undefined];
    return toAny(revoked, Math.random() < RECENT_SHARE ? RECENT : revoked.length);
  }

  #note({ name, listeningAt }, { status, sentAt, answeredAt }) {
    this.counts.requests += 1;
    if (status === 503) this.counts.unavailable += 1;
    if (status === 0) this.counts.failed += 1;
    if (answeredAt === undefined) {
      if (status === 401) this.counts.rejectedLiving += 1;
      return;
    }
    this.counts.revokedRequests += 1;
    if (status !== 200) return;
    const sinceMs = sentAt - Math.max(answeredAt, listeningAt, this.anewAt);
    this.late.set(name, Math.max(this.late.get(name), sinceMs));
  }
}

// One of the last so many.
function toAny(items, last) {
  return items[items.length - 1 - Math.floor(Math.random() * Math.min(last, items.length))];
}
