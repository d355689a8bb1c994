// Answers the page that plays a provider without a browser: what the form sends, and where the redirect goes.

/** Sends the form of the page; returns the URL that the browser goes back to. */
export async function answerProvider(url: string, form: Readonly<Record<string, string>>): Promise<URL> {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
  });
  const location = response.headers.get('location');
  if (location === null) throw new Error(`The page responded with ${response.status}`);
  return new URL(location);
}

/** The code of a redirect. */
export function codeOf(back: URL): string {
  const code = back.searchParams.get('code');
  if (code === null) throw new Error(`There is no code in ${back.href}`);
  return code;
}

/** The error of a redirect. */
export function errorOf(back: URL): string {
  return back.searchParams.get('err') ?? '';
}
