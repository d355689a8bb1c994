// The audit trail: notes what a request changes, and keeps it as events with their origin.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { EmulatorClock } from '../controls/clock.js';
import { LatestRecords } from '../latest-records.js';
import type { RecordChange } from '../store/project.js';
import type { AuditEvent } from './audit-event.js';
import type { AuditDraft, AuditNote, DatedDraft } from './changes.js';
import { toDrafts } from './changes.js';

/** Who causes events, and from where. */
export interface AuditOrigin {
  /** Who calls; empty where only the events tell, as at a sign-in. */
  readonly actorId: string;
  readonly remoteAddress: string;
  readonly device: string;
  /** The authentication method of a sign-in; empty for none. */
  readonly method: string;
  /** Whether one call is about several records. */
  readonly isBatch: boolean;
}

interface Work {
  method: string;
  readonly notes: AuditNote[];
}

const EVENTS = { most: 10_000, mostCharacters: 32 * 1024 * 1024 };

/** Keeps the latest events, 10 000 at most. */
export class AuditTrail {
  // Handlers and stores need not hand on who calls, and no change can be forgotten.
  readonly #work = new AsyncLocalStorage<Work>();
  #worksUnderWay = 0;
  readonly #events = new LatestRecords<AuditEvent, AuditEvent>(EVENTS);

  constructor(
    private readonly projectId: string,
    private readonly clock: EmulatorClock,
    private readonly onEvent: (event: AuditEvent) => void,
  ) {}

  /** The events that are kept, oldest first. */
  get all(): readonly AuditEvent[] {
    return this.#events.all;
  }

  /** Does some work, and keeps what it noted before the result is known; what is noted elsewhere is no event. */
  async during<T>(origin: AuditOrigin, work: () => T | Promise<T>): Promise<T> {
    const store: Work = { method: origin.method, notes: [] };
    this.#worksUnderWay += 1;
    try {
      return await this.#work.run(store, work);
    } finally {
      this.#worksUnderWay -= 1;
      // Left enabled, it makes every promise of the process dearer.
      if (this.#worksUnderWay === 0) this.#work.disable();
      for (const draft of toDrafts(store.notes, origin.isBatch)) this.#keep(draft, origin);
    }
  }

  /** Notes a change of a record. */
  noteChange(change: RecordChange): void {
    this.#work.getStore()?.notes.push({ kind: 'change', atMs: this.clock.now(), change });
  }

  /** Notes an event that changes no record. */
  note(draft: AuditDraft): void {
    const work = this.#work.getStore();
    work?.notes.push({ kind: 'draft', atMs: this.clock.now(), draft: { method: work.method, ...draft } });
  }

  /** Sets the authentication method of the work under way, where its path does not tell. */
  setMethod(method: string): void {
    const work = this.#work.getStore();
    if (work) work.method = method;
  }

  /** Deletes all events. */
  clear(): void {
    this.#events.clear();
  }

  #keep({ atMs, draft }: DatedDraft, origin: AuditOrigin): void {
    const userId = draft.userId ?? '';
    const event: AuditEvent = {
      action: draft.action,
      type: draft.type ?? 'info',
      occurredMs: atMs,
      projectId: this.projectId,
      actorId: (draft.actorId ?? origin.actorId) || userId,
      userId,
      loginIds: draft.loginIds ?? [],
      tenantIds: draft.tenantIds ?? [],
      method: draft.method ?? '',
      device: origin.device,
      remoteAddress: origin.remoteAddress,
      data: draft.data ?? {},
    };
    this.#events.put(event, event);
    this.onEvent(event);
  }
}
