// The compiled browser code, as it stands in the login page: made by `npm run build:browser` from flow.ts.
export const FLOW_SCRIPT: string = `var browser = (function (exports) {
  'use strict';

  function startFlow(page) {
      const self = required(document.currentScript);
      const flow = new Flow(page, self);
      flow.start();
  }
  class Flow {
      constructor(page, self) {
          this.page = page;
          this.self = self;
          this.forgetCodes = hideCodes();
          this.isReady = false;
          this.container = required(self.parentElement);
          this.component = required(this.container.querySelector('descope-wc'));
          this.status = required(this.container.querySelector('[role=status]'));
          this.alert = required(this.container.querySelector('[role=alert]'));
          this.retry = required(this.container.querySelector('button'));
      }
      start() {
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
              void this.store(event.detail);
          });
          this.retry.addEventListener('click', () => {
              location.reload();
          });
          if (page.isSystemTheme)
              followSystemTheme(component);
          if (page.isStrict)
              this.prepareStrict();
          show(this.status, page.texts.loading);
          this.load();
      }
      load() {
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
      begin() {
          customElements.upgrade(this.component);
          this.component.customStorage = createMemoryStorage();
          this.container.insertBefore(this.component, this.status);
      }
      async store(result) {
          const { storeUrl, successRedirect, texts } = this.page;
          this.component.remove();
          show(this.status, texts.finishing);
          const response = await post(storeUrl, toTokens(result));
          clearTraces();
          if ((response === null || response === void 0 ? void 0 : response.ok) === true)
              location.replace(successRedirect);
          else
              this.giveUp(response !== undefined && response.status < 500 ? texts.rejected : texts.unavailable);
      }
      fail() {
          this.settle();
          show(this.alert, this.page.texts.failed);
          this.retry.hidden = this.isReady;
          setTimeout(() => this.component.dispatchEvent(new CustomEvent('popupclosed')), 0);
      }
      giveUp(text) {
          this.settle();
          this.component.remove();
          show(this.alert, text);
          this.retry.hidden = false;
          this.retry.focus();
      }
      settle() {
          clearTimeout(this.patience);
          this.forgetCodes();
          show(this.status, '');
          show(this.alert, '');
          this.retry.hidden = true;
      }
      prepareStrict() {
          var _a;
          const host = window;
          (_a = host.DescopeUI) !== null && _a !== void 0 ? _a : (host.DescopeUI = {});
          this.container.addEventListener('keydown', (event) => {
              var _a, _b;
              const field = event.composedPath()[0];
              if (event.key !== 'Enter' || event.isComposing || (field === null || field === void 0 ? void 0 : field.localName) !== 'input')
                  return;
              const buttons = '[data-type=button]:not([disabled])';
              (_b = (_a = this.component.shadowRoot) === null || _a === void 0 ? void 0 : _a.querySelector(buttons)) === null || _b === void 0 ? void 0 : _b.click();
          });
      }
  }
  function show(element, text) {
      element.textContent = text;
      element.hidden = text === '';
  }
  function createMemoryStorage() {
      const items = new Map();
      return {
          get length() {
              return items.size;
          },
          key: (index) => { var _a; return (_a = Array.from(items.keys())[index]) !== null && _a !== void 0 ? _a : null; },
          getItem: (name) => { var _a; return (_a = items.get(name)) !== null && _a !== void 0 ? _a : null; },
          setItem: (name, value) => {
              items.set(name, String(value));
          },
          removeItem: (name) => {
              items.delete(name);
          },
      };
  }
  function toTokens(result) {
      return Object.assign(Object.assign({}, ((result === null || result === void 0 ? void 0 : result.sessionJwt) && { sessionJwt: result.sessionJwt })), ((result === null || result === void 0 ? void 0 : result.refreshJwt) && { refreshJwt: result.refreshJwt }));
  }
  async function post(url, body) {
      try {
          return await fetch(url, {
              method: 'POST',
              credentials: 'same-origin',
              cache: 'no-store',
              redirect: 'error',
              headers: { 'content-type': 'application/json', accept: 'application/json' },
              body: JSON.stringify(body),
          });
      }
      catch (_a) {
          return undefined;
      }
  }
  function clearTraces() {
      try {
          localStorage.removeItem('DSLI');
          sessionStorage.removeItem('dls_last_submitted_login_id');
      }
      catch (_a) {
      }
  }
  function followSystemTheme(component) {
      const dark = matchMedia('(prefers-color-scheme: dark)');
      const apply = () => {
          component.setAttribute('theme', dark.matches ? 'dark' : 'light');
      };
      dark.addEventListener('change', apply);
      apply();
  }
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
  function hideCodes() {
      const url = new URL(location.href);
      const codes = new Map();
      for (const name of CODE_NAMES) {
          const value = url.searchParams.get(name);
          if (value === null)
              continue;
          codes.set(name, value);
          url.searchParams.delete(name);
      }
      if (codes.size === 0)
          return () => undefined;
      history.replaceState(history.state, '', url);
      const get = Reflect.get(URLSearchParams.prototype, 'get');
      URLSearchParams.prototype.get = function (name) {
          var _a;
          const value = get.call(this, name);
          if (value !== null || !codes.has(name))
              return value;
          const isOwnQuery = this.toString() === new URLSearchParams(location.search).toString();
          return isOwnQuery ? ((_a = codes.get(name)) !== null && _a !== void 0 ? _a : null) : null;
      };
      return () => {
          if (codes.size > 0)
              URLSearchParams.prototype.get = get;
          codes.clear();
      };
  }
  function required(value) {
      if (value === null)
          throw new TypeError('The markup of the login page is incomplete.');
      return value;
  }

  exports.startFlow = startFlow;

  return exports;

})({});`;
