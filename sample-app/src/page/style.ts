// How the page looks: system fonts, one accent colour, light and dark.

export const STYLE = `
:root {
  --back: #f5f6f7; --card: #fff; --sunk: #f5f6f7; --line: #e1e4e8; --edge: #cdd3d9; --text: #1a1d21; --muted: #5c6570;
  --accent: #0f766e; --accent-soft: #e3f2f0; --bad: #b42318;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #111417; --card: #191d21; --sunk: #121518; --line: #2c3238; --edge: #3d454d; --text: #e8eaed; --muted: #9aa4af;
    --accent: #5cc8bc; --accent-soft: #16312e; --bad: #ff8f85;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 66rem; padding: 2rem 1.5rem 3rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
h1, h2, p, dl, dd, ul, pre { margin: 0; padding: 0; }
h1 { font-size: 1.125rem; font-weight: 650; letter-spacing: -0.01em; }
h1 span { color: var(--muted); font-weight: 400; }
h2 { font-size: 1.25rem; font-weight: 650; letter-spacing: -0.01em; line-height: 1.3; }
h2 + p { margin-top: 0.25rem; }
p { text-wrap: pretty; }
h2 + p + p, .notice + p, .notice + p + p { margin-top: 0.75rem; }
code, pre, .method, .path, .status { font-family: var(--mono); font-size: 0.875rem; }
.muted { color: var(--muted); }
header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.5rem 1rem; }
.source { color: var(--muted); font-size: 0.875rem; }
.source::before {
  content: ''; display: inline-block; width: 0.5rem; height: 0.5rem; margin-right: 0.5rem;
  border-radius: 50%; background: var(--accent);
}
main { display: grid; grid-template-columns: 5fr 6fr; gap: 1.25rem; align-items: start; margin-top: 1.5rem; }
.card { min-width: 0; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
button {
  font: inherit; color: inherit; text-align: left; cursor: pointer; padding: 0.5rem 0.875rem;
  background: transparent; border: 1px solid var(--edge); border-radius: 0.5rem;
}
button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
.button {
  display: inline-block; padding: 0.5rem 1.25rem; border-radius: 0.5rem; font-weight: 600; text-decoration: none;
  background: var(--accent); color: var(--card);
}
.button:hover { filter: brightness(1.08); }
.enter { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; margin-top: 1rem; }
.or { margin-top: 1.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.notice { margin-top: 0.75rem; padding: 0.625rem 0.875rem; border-left: 3px solid var(--bad); background: var(--sunk); }
.avatar {
  flex: none; display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border-radius: 50%;
  background: var(--accent-soft); color: var(--accent); font-size: 0.875rem; font-weight: 650;
}
.person { display: flex; align-items: center; gap: 0.875rem; }
.person div { min-width: 0; overflow-wrap: anywhere; }
.person .avatar { width: 3.25rem; height: 3.25rem; font-size: 1.125rem; }
.people { display: grid; gap: 0.625rem; margin-top: 0.75rem; }
.people button { display: flex; align-items: center; gap: 0.875rem; padding: 0.75rem 0.875rem; }
.people small { display: block; color: var(--muted); font-size: 0.875rem; }
dl { margin-top: 1.25rem; }
dl > div {
  display: grid; grid-template-columns: 7.5rem 1fr; gap: 0.75rem; padding: 0.5625rem 0; border-top: 1px solid var(--line);
}
dt { color: var(--muted); }
dd { min-width: 0; display: flex; flex-wrap: wrap; gap: 0.375rem; align-items: center; overflow-wrap: anywhere; }
.chip {
  padding: 0.0625rem 0.5rem; border-radius: 1rem; background: var(--accent-soft); color: var(--accent);
  font-size: 0.875rem;
}
.tenant { flex-basis: 100%; }
.switch { justify-content: space-between; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.switch, .switch div { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; }
.outbox { grid-column: 1 / -1; }
.outbox ol { margin: 1.25rem 0 0; padding: 0; list-style: none; }
.outbox li { padding: 0.875rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.outbox li + li { opacity: 0.7; }
.outbox .code { font: 600 1.75rem/1.4 var(--mono); letter-spacing: 0.12em; }
.nothing { margin-top: 1.25rem; }
.routes { display: grid; gap: 0.5rem; margin-top: 1.25rem; list-style: none; }
.routes button {
  display: grid; grid-template-columns: 3rem 10.5rem minmax(0, 1fr) auto; gap: 0.5rem; align-items: baseline; width: 100%;
}
.routes + p { margin-top: 1rem; }
.routes [aria-current] { border-color: var(--accent); background: var(--accent-soft); }
.method { color: var(--muted); }
.path { font-weight: 600; }
.asks { color: var(--muted); font-size: 0.875rem; }
.status { min-width: 2rem; text-align: right; font-weight: 600; }
[data-ok='true'] { color: var(--accent); }
[data-ok='false'] { color: var(--bad); }
.answer { margin-top: 1.25rem; }
#answer-line { font-size: 0.9375rem; scroll-margin-bottom: 12rem; }
#answer-line[data-ok] { font-family: var(--mono); font-size: 0.875rem; font-weight: 600; }
pre {
  margin-top: 0.625rem; padding: 0.875rem 1rem; max-height: 30rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--sunk); border: 1px solid var(--line); border-radius: 0.5rem;
}
@media (max-width: 48rem) {
  body { padding: 1.25rem 1rem 2rem; }
  main { grid-template-columns: minmax(0, 1fr); margin-top: 1.25rem; }
  .card { padding: 1.125rem; }
  dl > div { grid-template-columns: 6.5rem 1fr; }
  .routes button { row-gap: 0; }
  .routes button { grid-template-columns: 3rem 1fr auto; }
  .asks { grid-column: 2 / -1; grid-row: 2; }
}
`;
