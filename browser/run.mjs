// Runs one journey: node browser/run.mjs --journey NAME --by mouse|keyboard [--bursar FILE] [--failures DIR]

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { run } from './harness/journey.mjs';

/** Longer than any journey takes on a busy machine, so that one that hangs says where. In milliseconds. */
const DEADLINE = 240_000;
/** What may be needed after that to keep the evidence, and to close. In milliseconds. */
const CLOSING = 60_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    journey: { type: 'string' },
    folder: { type: 'string', default: 'journeys' },
    by: { type: 'string', default: 'mouse' },
    bursar: { type: 'string', default: process.env.BURSAR_BINARY ?? here('../target/debug/bursar') },
    failures: { type: 'string', default: here('../target/browser-failures') },
  },
});

const { journey: name, folder, by, bursar, failures } = values;
const journey = await import(`./${folder}/${name}.mjs`);
const late = new Promise((_, reject) => {
  setTimeout(() => reject(new Error(`not done after ${DEADLINE / 1_000} seconds`)), DEADLINE).unref();
});
// A browser that doesn't even close must not hold up the whole run; what was started ends with us.
setTimeout(() => {
  console.error(`${name} by ${by} neither ended nor closed`);
  process.exit(1);
}, DEADLINE + CLOSING).unref();
try {
  await run(journey, { name, by, bursar, failures, late });
} catch (error) {
  console.error(error.stack ?? error);
  process.exitCode = 1;
}
process.exit();
