// A real `bursar`, on a port and a data directory of its own.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, openSync, closeSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The environment without what would configure the server. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BURSAR_')));
}

/** Starts the server in test mode and waits until it says that it is ready. */
export async function startServer(bursar, more = []) {
  const home = mkdtempSync(join(tmpdir(), 'bursar-browser-'));
  const data = join(home, 'data');
  const logFile = join(home, 'server.log');
  const log = openSync(logFile, 'a');
  const args = ['serve', '--listen', '127.0.0.1:0', '--log-format', 'json', '--data', data, ...more];
  const child = spawn(bursar, args, { stdio: ['ignore', 'pipe', log], env: environment() });
  closeSync(log);
  // However this process ends, the server doesn't outlive it.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line').then(([line]) => line), exited.then(() => null)]);
  const readLog = () => readFileSync(logFile, 'utf8');
  if (first === null) throw new Error(`the server did not start: ${readLog()}`);
  const ready = JSON.parse(first);
  return {
    url: ready.url,
    key: ready.test_key,
    data,
    log: readLog,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(end, 15_000);
      await exited;
      clearTimeout(late);
      process.off('exit', end);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
