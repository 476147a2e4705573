// A real `bursar`, on a port and a data directory of its own.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How long a server may take to stop before it is ended, in milliseconds. */
const STOPPING_MAX = 15_000;

/** The environment without what would configure the server. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BURSAR_')));
}

const SHIPPED = new URL('../../catalogs/scriptkit.toml', import.meta.url);

/**
 * Starts a server in test mode, and waits until it says that it is ready.
 *
 * `catalog` makes another catalog of the text of the shipped one.
 */
export async function startServer(bursar, { catalog, more = [] } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'bursar-browser-'));
  if (catalog !== undefined) {
    const file = join(home, 'catalog.toml');
    writeFileSync(file, catalog(readFileSync(SHIPPED, 'utf8')));
    more = [...more, '--catalog', file];
  }
  const server = new Server(bursar, more, home);
  await server.start('127.0.0.1:0');
  return server;
}

class Server {
  constructor(bursar, more, home) {
    Object.assign(this, { bursar, more, home, data: join(home, 'data'), logFile: join(home, 'server.log') });
  }

  async start(listen) {
    const args = ['serve', '--listen', listen, '--log-format', 'json', '--data', this.data, ...this.more];
    const log = openSync(this.logFile, 'a');
    this.child = spawn(this.bursar, args, { stdio: ['ignore', 'pipe', log], env: environment() });
    closeSync(log);
    // However this process ends, the server doesn't outlive it.
    this.end = () => this.child.kill('SIGKILL');
    process.once('exit', this.end);
    this.exited = once(this.child, 'exit');
    const lines = createInterface({ input: this.child.stdout });
    const line = once(lines, 'line').then(([first]) => first);
    const first = await Promise.race([line, this.exited.then(() => null)]);
    if (first === null) throw new Error(`the server did not start: ${this.log()}`);
    const ready = JSON.parse(first);
    this.url = ready.url;
    this.key = ready.test_key;
  }

  log = () => readFileSync(this.logFile, 'utf8');

  async #halt() {
    this.child.kill('SIGTERM');
    const late = setTimeout(this.end, STOPPING_MAX);
    await this.exited;
    clearTimeout(late);
    process.off('exit', this.end);
  }

  /** Stops, does something meanwhile, and starts again at the same address. */
  async whileDown(act) {
    await this.#halt();
    await act();
    await this.start(new URL(this.url).host);
  }

  /** Changes the plain tables of a server that is down. */
  change(sql) {
    const script = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); n = c.execute(sys.argv[2]).rowcount; c.commit(); print(n)';
    const done = spawnSync('python3', ['-c', script, join(this.data, 'journal.db'), sql], { encoding: 'utf8' });
    if (done.status !== 0 || done.stdout.trim() === '0') throw new Error(`${sql}: ${done.stdout}${done.stderr}`);
  }

  async stop() {
    await this.#halt();
    rmSync(this.home, { recursive: true, force: true });
  }
}
