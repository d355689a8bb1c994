// Listens on the package's diagnostics channels, as an operator's tracing would.
import { DESCOPE_CHANNELS } from 'nestjs-descope';
import type { DescopeEvents } from 'nestjs-descope';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

type EventName = keyof DescopeEvents;

/** What was told, in order, while it listened. */
export class EventRecorder {
  readonly messages: { readonly name: EventName; readonly message: unknown }[] = [];
  readonly #stops: (() => void)[] = [];

  constructor() {
    for (const [name, channel] of Object.entries(DESCOPE_CHANNELS)) {
      const keep = (message: unknown) => void this.messages.push({ name: name as EventName, message });
      subscribe(channel, keep);
      this.#stops.push(() => unsubscribe(channel, keep));
    }
  }

  of<Name extends EventName>(wanted: Name): DescopeEvents[Name][] {
    return this.messages
      .filter(({ name }) => name === wanted)
      .map(({ message }) => message as DescopeEvents[Name]);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}
