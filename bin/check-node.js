/** Plain JavaScript that any Node can read: refuses a Node that cannot run the TypeScript behind it. */
import module from 'node:module';

const major = Number(process.versions.node.split('.')[0]);
if (!(major >= 24)) {
  console.error(
    `Deskbridge needs Node.js 24 or later and this is ${process.versions.node}: run it by "npm start" or "npx deskbridge" after "npm install", which brings the right one on Linux and Windows.`,
  );
  process.exit(2);
}

// Compiled code is kept beside the packages: the next start takes half the time. Where that folder cannot be written,
// nothing is kept.
module.enableCompileCache?.(new URL('../node_modules/.cache/deskbridge/', import.meta.url).pathname);
