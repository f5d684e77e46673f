/** The frame of the plain pages that the server itself draws. */

/** A whole page around its body. @param body HTML; values in it must have gone through `escapeHtml` */
export function page(body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Deskbridge</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; }
  h1 { font-size: 1.6rem; margin-bottom: 0; }
  h2 { font-size: 1.1rem; margin-top: 2rem; }
  pre {
    background: color-mix(in srgb, currentColor 8%, transparent);
    padding: .75rem 1rem; border-radius: .4rem; overflow-x: auto;
  }
  dt { font-weight: 600; }
  dd { margin: 0 0 .6rem; }
  .quiet { opacity: .75; }
  .button {
    display: inline-block; padding: .55rem 1.1rem; border-radius: .4rem; text-decoration: none;
    background: #1b5fc1; color: #fff; font-weight: 600;
  }
</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** Text that is safe inside an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
