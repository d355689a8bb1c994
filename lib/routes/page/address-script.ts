// The part of the page's script that takes link and OAuth codes out of the address.

/** What the web component reads from the address, and takes out of it later than we want. */
const NAMES = [
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

/**
 * A function that takes the codes out of address and history, and gives back one that forgets them. In between, whoever
 * asks for one of them in the query of this page's address is told it: the component finds them where it looks.
 */
export const ADDRESS_SCRIPT = `function () {
  var taken = new Map();
  var read = URLSearchParams.prototype.get;
  var url = new URL(location.href);
  ${JSON.stringify(NAMES)}.forEach(function (name) {
    if (!url.searchParams.has(name)) return;
    taken.set(name, url.searchParams.get(name));
    url.searchParams.delete(name);
  });
  if (taken.size === 0) return function () {};
  history.replaceState(history.state, '', url);
  URLSearchParams.prototype.get = function (name) {
    var value = read.call(this, name);
    if (value !== null || !taken.has(name)) return value;
    return this.toString() === new URLSearchParams(location.search).toString() ? taken.get(name) : null;
  };
  return function () {
    if (taken.size > 0) URLSearchParams.prototype.get = read;
    taken.clear();
  };
}`;
