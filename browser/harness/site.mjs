// Another site on this machine: an origin of its own, with the pages that it is given.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves `pages`: by path a text of HTML, or `{ status, headers, body }`, or what returns one of them. */
export async function site(pages) {
  const server = createServer(async (request, response) => {
    const page = pages[new URL(request.url, 'http://x').pathname];
    const found = typeof page === 'function' ? await page(request) : page;
    const { status = 200, headers = {}, body = '' } = typeof found === 'string' ? { body: found } : found ?? {};
    if (found === undefined) response.writeHead(404).end('nothing here');
    else response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
