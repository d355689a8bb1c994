// What a page of the console is: how it is drawn, and what its forms do.
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import { Form } from './form.js';
import type { Html, HtmlValue } from './html.js';
import { html } from './html.js';

/** A page of the console. */
export interface ConsolePage {
  /** The path below the root of the console; empty for the first page. */
  readonly name: string;
  readonly title: string;
  /** What can be done here, in a sentence. */
  readonly lead?: string;
  /** The page that leads to it, where the navigation does not. */
  readonly below?: string;
  /** Draws what stands below the title. */
  readonly draw: (desk: Desk) => Html | Promise<Html>;
  /** What its forms do, by the last segment of the path that they are sent to. */
  readonly actions: Readonly<Record<string, Action>>;
}

/** Does what a form asks for; a form that is wrong is rejected with a DescopeError. */
export type Action = (form: Form, desk: Desk) => Outcome | Promise<Outcome>;

/** What a form has led to: the next page shows the notice once. */
export interface Outcome {
  readonly notice: HtmlValue;
  /** The page to go to, with its query; left out, the page of the form. */
  readonly to?: string;
}

/** What pages and actions work with. */
export interface Desk {
  readonly state: ProjectState;
  /** The path of the console, such as `/emulator`. */
  readonly root: string;
  readonly query: URLSearchParams;
  /** The form that was rejected, and is shown again with its values. */
  readonly rejected: Form | undefined;
  readonly formToken: string;
  /** Makes a call of Descope's management API, as an application does: `POST /v1/mgmt/user/create`. */
  readonly manage: (line: string, fields?: JsonObject) => Promise<JsonObject>;
}

/** Where a form is sent. */
export interface FormTarget {
  readonly page: string;
  readonly action: string;
  /** What the form is about, in fields that are not shown. */
  readonly about?: Readonly<Record<string, string>>;
}

/** Writes a form. */
export function toForm(desk: Desk, { page, action, about = {} }: FormTarget, content: HtmlValue): Html {
  const fields = Object.entries({ formToken: desk.formToken, ...about });
  return html`<form method="post" action="${toPath(desk, page)}/${action}">
    ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)} ${content}
  </form>`;
}

/** Writes a form that is only a button. */
export function toButton(desk: Desk, target: FormTarget, label: HtmlValue): Html {
  return toForm(desk, target, html`<button class="second">${label}</button>`);
}

/** The path of a page. */
export function toPath({ root }: Pick<Desk, 'root'>, page: string): string {
  return `${root}/${page}`;
}

const NO_FORM = new Form(new URLSearchParams());

/** The form that was rejected, or an empty one: where fields take their values from. */
export function toRejected({ rejected }: Desk): Form {
  return rejected ?? NO_FORM;
}
