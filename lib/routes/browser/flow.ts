// The login page's script: keeps tokens in memory, posts them to the application, reports progress and errors.
import type { FlowPage } from './page.js';

/** The part of the web component that is used. */
interface FlowElement extends HTMLElement {
  customStorage?: MemoryStorage;
}

// As a browser's own, it makes a string of every value.
interface MemoryStorage extends Pick<Storage, 'length' | 'key' | 'getItem' | 'removeItem'> {
  setItem(name: string, value: unknown): void;
}

/** The detail of the component's event `success`. */
interface FlowResult {
  readonly sessionJwt?: string;
  readonly refreshJwt?: string;
}

/** Runs the flow beside the script that calls this, before the web component's own script is requested. */
export function startFlow(page: FlowPage): void {
  const self = required(document.currentScript) as HTMLScriptElement;
  const flow = new Flow(page, self);
  flow.start();
}

class Flow {
  private readonly container: HTMLElement;
  private readonly component: FlowElement;
  private readonly status: HTMLElement;
  private readonly alert: HTMLElement;
  private readonly retry: HTMLElement;
  private readonly forgetCodes = hideCodes();
  private patience: number | undefined;
  private isReady = false;

  constructor(
    private readonly page: FlowPage,
    private readonly self: HTMLScriptElement,
  ) {
    this.container = required(self.parentElement);
    this.component = required(this.container.querySelector<FlowElement>('descope-wc'));
    this.status = required(this.container.querySelector<HTMLElement>('[role=status]'));
    this.alert = required(this.container.querySelector<HTMLElement>('[role=alert]'));
    this.retry = required(this.container.querySelector<HTMLElement>('button'));
  }

  start(): void {
    const { component, page } = this;
    this.patience = setTimeout(() => {
      this.giveUp(page.texts.unavailable);
    }, page.patienceMs);
    component.addEventListener('ready', () => {
      this.isReady = true;
      this.settle();
    });
    component.addEventListener('page-updated', () => {
      this.settle();
    });
    component.addEventListener('error', () => {
      this.fail();
    });
    component.addEventListener('success', (event) => {
      this.settle();
      void this.store((event as CustomEvent<FlowResult | null>).detail);
    });
    this.retry.addEventListener('click', () => {
      location.reload();
    });
    if (page.isSystemTheme) followSystemTheme(component);
    if (page.isStrict) this.prepareStrict();
    show(this.status, page.texts.loading);
    this.load();
  }

  private load(): void {
    const { component, page, self } = this;
    if (customElements.get('descope-wc') !== undefined) {
      component.customStorage = createMemoryStorage();
      return;
    }
    const script = document.createElement('script');
    component.remove();
    script.src = page.scriptUrl;
    script.nonce = self.nonce;
    script.referrerPolicy = 'no-referrer';
    if (page.integrity !== undefined) {
      script.integrity = page.integrity;
      script.crossOrigin = 'anonymous';
    }
    script.onerror = () => {
      this.giveUp(page.texts.unavailable);
    };
    void customElements.whenDefined('descope-wc').then(() => {
      this.begin();
    });
    this.container.appendChild(script);
  }

  // A custom storage counts only if it is set before the component begins, and on an element that is upgraded already:
  // set earlier, it would hide the component's own setter.
  private begin(): void {
    customElements.upgrade(this.component);
    this.component.customStorage = createMemoryStorage();
    this.container.insertBefore(this.component, this.status);
  }

  private async store(result: FlowResult | null): Promise<void> {
    const { storeUrl, successRedirect, texts } = this.page;
    this.component.remove();
    show(this.status, texts.finishing);
    const response = await post(storeUrl, toTokens(result));
    clearTraces();
    if (response?.ok === true) location.replace(successRedirect);
    else this.giveUp(response !== undefined && response.status < 500 ? texts.rejected : texts.unavailable);
  }

  // After an error the component leaves its screen locked; the event that a popup was closed unlocks it.
  private fail(): void {
    this.settle();
    show(this.alert, this.page.texts.failed);
    this.retry.hidden = this.isReady;
    setTimeout(() => this.component.dispatchEvent(new CustomEvent('popupclosed')), 0);
  }

  private giveUp(text: string): void {
    this.settle();
    this.component.remove();
    show(this.alert, text);
    this.retry.hidden = false;
    this.retry.focus();
  }

  private settle(): void {
    clearTimeout(this.patience);
    this.forgetCodes();
    show(this.status, '');
    show(this.alert, '');
    this.retry.hidden = true;
  }

  // Screens of plain HTML need no UI library, and have no Enter key of their own: it presses their first button.
  private prepareStrict(): void {
    const host: Window & { DescopeUI?: object } = window;
    host.DescopeUI ??= {};
    this.container.addEventListener('keydown', (event) => {
      const field = event.composedPath()[0] as Partial<Element> | undefined;
      if (event.key !== 'Enter' || event.isComposing || field?.localName !== 'input') return;
      const buttons = '[data-type=button]:not([disabled])';
      this.component.shadowRoot?.querySelector<HTMLElement>(buttons)?.click();
    });
  }
}

function show(element: HTMLElement, text: string): void {
  element.textContent = text;
  element.hidden = text === '';
}

// In place of localStorage, where any script of the page could read tokens.
function createMemoryStorage(): MemoryStorage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => Array.from(items.keys())[index] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => {
      items.set(name, String(value));
    },
    removeItem: (name) => {
      items.delete(name);
    },
  };
}

// In cookie mode both are empty: Descope has set cookies instead.
function toTokens(result: FlowResult | null): FlowResult {
  return {
    ...(result?.sessionJwt && { sessionJwt: result.sessionJwt }),
    ...(result?.refreshJwt && { refreshJwt: result.refreshJwt }),
  };
}

// `undefined` where the application cannot be reached.
async function post(url: string, body: object): Promise<Response | undefined> {
  try {
    return await fetch(url, {
      method: 'POST',
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    return undefined;
  }
}

// The component writes there, past customStorage, that a user signed in, and which.
function clearTraces(): void {
  try {
    localStorage.removeItem('DSLI');
    sessionStorage.removeItem('dls_last_submitted_login_id');
  } catch {
    // a browser without storage has no traces
  }
}

function followSystemTheme(component: HTMLElement): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    component.setAttribute('theme', dark.matches ? 'dark' : 'light');
  };
  dark.addEventListener('change', apply);
  apply();
}

// What the web component reads from the address, and removes from it later than is safe.
const CODE_NAMES = [
  'descope-login-flow',
  't',
  'code',
  'err',
  'redirect_mode',
  'state_id',
  'saml_idp_state_id',
  'wsfed_idp_state_id',
  'saml_idp_username',
  'descope_idp_initiated',
  'sso_app_id',
  'custom_app_id',
  'third_party_app_id',
  'third_party_app_state_id',
  'application_scopes',
  'oidc_login_hint',
  'oidc_prompt',
  'oidc_error_redirect_uri',
  'oidc_resource',
];

// Takes link and OAuth codes out of address and history, and returns a function that forgets them. Until then, a query
// that is the page's own still returns them: the component finds them where it looks.
function hideCodes(): () => void {
  const url = new URL(location.href);
  const codes = new Map<string, string>();
  for (const name of CODE_NAMES) {
    const value = url.searchParams.get(name);
    if (value === null) continue;
    codes.set(name, value);
    url.searchParams.delete(name);
  }
  if (codes.size === 0) return () => undefined;
  history.replaceState(history.state, '', url);
  const get = Reflect.get(URLSearchParams.prototype, 'get');
  URLSearchParams.prototype.get = function (name) {
    const value = get.call(this, name);
    if (value !== null || !codes.has(name)) return value;
    const isOwnQuery = this.toString() === new URLSearchParams(location.search).toString();
    return isOwnQuery ? (codes.get(name) ?? null) : null;
  };
  return () => {
    if (codes.size > 0) URLSearchParams.prototype.get = get;
    codes.clear();
  };
}

function required<T>(value: T | null): T {
  if (value === null) throw new TypeError('The markup of the login page is incomplete.');
  return value;
}
