// What a key set tells of its fetches: events for machines, lines for people.
import { publishKeysFetched, publishKeysStale, publishOutage } from '../events.js';
import { readProjectId } from '../notice.js';
import type { Notify } from '../notice.js';
import { toReason } from '../reason.js';

/** A fetch that ended; `keyCount` and `keyAgeMs` are of the keys in memory. */
export interface FetchReport {
  readonly keyCount: number;
  readonly keyAgeMs: number;
  readonly durationMs: number;
}

/** A fetch that failed; `isStale` when keys are in memory that may be used. */
export interface FailureReport extends FetchReport {
  readonly isStale: boolean;
  readonly retryAfterSeconds: number;
  readonly cause: unknown;
}

/** Tells that keys were fetched, and that an outage is over if there was one. */
export function tellFetched(report: FetchReport, wasFailing: boolean, notify: Notify): void {
  publishKeysFetched(report.keyCount, report.durationMs, readProjectId(notify));
  if (wasFailing) notify({ code: 'KEYS_RECOVERED', level: 'log', message: RECOVERED });
}

/** Tells that keys could not be fetched. */
export function tellFailed(report: FailureReport, notify: Notify): void {
  const { keyCount, keyAgeMs, durationMs, cause } = report;
  const why = toReason(cause);
  const projectId = readProjectId(notify);
  if (report.isStale) {
    publishKeysStale({ projectId, keyCount, keyAgeMs, durationMs });
    return notify({ code: 'KEYS_STALE', level: 'warn', message: `${STALE} (${why})` });
  }
  publishOutage('KEYS_UNAVAILABLE', report.retryAfterSeconds, projectId);
  notify({ code: 'KEYS_UNAVAILABLE', level: 'error', message: `${DOWN} (${why})` });
}

const RECOVERED = "Descope's keys can be fetched again.";
const STALE =
  "Descope's keys cannot be refreshed; requests go on with those in memory, for the time that keyFetch.maxStaleSeconds says. If this lasts, check the way to baseUrl.";
const DOWN =
  "Descope's keys cannot be fetched, and none are in memory; tokens are answered with 503 until they can. If this lasts, check projectId and baseUrl.";
