// The packages, from where `cargo xtask test` has put them: beside the build output, not in the sources.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const beside = fileURLToPath(new URL('../../target/tools/browser', import.meta.url));
const home = resolve(process.env.BURSAR_BROWSER_TOOLS ?? beside);
const require = createRequire(join(home, 'package.json'));

function tool(name) {
  try {
    return require(name);
  } catch (error) {
    throw new Error(`${name} isn't in ${home}: \`cargo xtask test\` puts it there (${error.code})`);
  }
}

export const { chromium } = tool('playwright-core');

/** axe-core as a script to be run in a page. */
export const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
