// Step: a WebSocket that is accepted with a session, and lasts as long as it.
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';

export function toSocketStep(_page: StartPage): Step {
  return {
    id: 'socket',
    title: 'WebSocket',
    lead: html`The gateway at <code>/live</code> closes a client without a session, and says why. Each message
      has its own demand: cancelling an order takes the role admin.`,
    content: html`<div class="buttons">
        <button type="button" data-socket="connect">Connect</button>
        <button type="button" data-socket="orders" disabled>Ask for orders</button>
        <button type="button" data-socket="cancel" disabled>Cancel an order</button>
        <button type="button" data-socket="close" disabled>Disconnect</button>
      </div>
      <div role="log" aria-label="WebSocket"><ol class="log" id="socket-log"></ol></div>`,
    code: `async handleConnection(client: object, request: IncomingMessage) {
  await this.sockets.accept(client, request);
}`,
  };
}
