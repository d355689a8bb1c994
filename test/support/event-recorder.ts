// Listens on the package's diagnostics channels, as an operator's tracing would.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { DescopeEvents } from 'nestjs-descope';
import { DESCOPE_CHANNELS } from 'nestjs-descope';

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

  /** The messages of a channel, but for what all of them say: `projects` tells that. */
  of<Name extends EventName>(wanted: Name): Omit<DescopeEvents[Name], 'projectId'>[] {
    return this.messages.flatMap(({ name, message }) => {
      if (name !== wanted) return [];
      const { projectId: _, ...others } = message as DescopeEvents[Name];
      return [others];
    });
  }

  /** The projects of all messages, each once. */
  get projects(): string[] {
    return [...new Set(this.messages.map(({ message }) => (message as DescopeEvents[EventName]).projectId))];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}
