// The harness itself: it finds what is wrong, and only that. A check that can't fail would let
// everything pass.

import { hands } from '../harness/hands.mjs';
import { site } from '../harness/site.mjs';
import { Watch } from '../harness/watch.mjs';

const page = (main, head = '') => `<!doctype html><html lang="en"><head><title>A page</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="icon" href="data:,">
  <style>:root { color-scheme: light dark } body { background: Canvas; color: CanvasText }
  button, a { display: inline-block; min-height: 24px }</style>${head}</head>
  <body><main><h1>A page</h1>${main}</main></body></html>`;

const PAGES = {
  '/good': page('<p>Fine.</p><a href="/good">Again</a> <button>First</button> <label><input type="radio" name="r" checked> One</label> <label><input type="radio" name="r" id="two"> Two</label>'),
  '/pale': page('<p style="color: #aaa; background: #fff">Too pale.</p>'),
  '/dark-only': page('<p class="p">Too dark in the dark.</p>', '<style>@media (prefers-color-scheme: dark) { .p { color: #333 } }</style>'),
  '/nameless': page('<button></button>'),
  '/wide': page('<div style="width: 400px">Wide.</div>'),
  '/heavy': page(`<p>Heavy.</p><script>/* ${'x'.repeat(60_000)} */</script>`),
  '/framed': page('<iframe title="Another" src="/good"></iframe>'),
  '/redirected': { status: 302, headers: { location: '/good' } },
  '/script-only': '<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,"></head><body><script>document.body.innerHTML = "<main><h1>Here</h1></main>"</script></body></html>',
  '/loud': page('<script>console.error("oh no")</script>'),
  '/broken': page('<script>nothing.there()</script>'),
  '/abroad': page('<img alt="" src="http://127.0.0.1:9/pixel.png">'),
  '/missing-part': page('<img alt="" src="/not-there.png">'),
  '/unreachable': page('<button>First</button><div role="button" id="it">It</div>'),
  '/unmarked': page('<button>First</button><button id="it" style="outline: none">It</button>'),
  '/shadow': page('<button>First</button><button id="it">It</button>', '<style>#it { outline: none } #it:focus { box-shadow: 0 0 0 3px #00f }</style>'),
  '/decorated': page('<button>First</button><button id="it">It</button>', '<style>#it { outline: none; box-shadow: 0 0 3px #00f }</style>'),
  '/covered': page('<button>First</button><button id="it" style="position: fixed; top: 0">It</button><div style="position: fixed; inset: 0; background: Canvas"></div>'),
};

export default async function harness({ browser, audit, assert }) {
  const there = await site(PAGES);
  try {
    await audits(there, browser, audit, assert);
    await watching(there, browser, assert);
    await byKeyboard(there, browser, assert);
  } finally {
    there.close();
  }
}

async function visit(there, browser, path, what, origins = [there.url]) {
  const context = await browser.newContext();
  context.setDefaultTimeout(10_000);
  try {
    const watch = new Watch(context, origins);
    const opened = await context.newPage();
    if (path !== null) await opened.goto(there.url + path);
    return await what(opened, watch);
  } finally {
    await context.close();
  }
}

async function audits(there, browser, audit, assert) {
  await visit(there, browser, '/good', (page) => audit(page));
  const wrong = {
    '/pale': /320 px, light: color-contrast/,
    '/dark-only': /1280 px, dark: color-contrast/,
    '/nameless': /button-name/,
    '/wide': /320 px, light: the page scrolls sideways/,
    '/heavy': /it weighs 6\d{4} bytes/,
    '/framed': /it takes 2 documents/,
    '/script-only': /without script it has no heading/,
  };
  for (const [path, finding] of Object.entries(wrong)) {
    await visit(there, browser, path, (page) => assert.rejects(audit(page), finding, path));
  }
  await visit(there, browser, '/good', async (page) => {
    await page.evaluate(() => history.replaceState(null, '', '/redirected'));
    await assert.rejects(audit(page), /through a redirect/);
  });
}

async function watching(there, browser, assert) {
  const wrong = {
    '/loud': /oh no/,
    '/broken': /nothing is not defined/,
    '/abroad': /left the site: GET http:\/\/127.0.0.1:9\/pixel.png/,
    '/missing-part': /not-there.png answered 404/,
  };
  for (const [path, fault] of Object.entries(wrong)) {
    await visit(there, browser, path, (_, watch) => assert.throws(() => watch.judge(), fault, path));
  }
  await visit(there, browser, '/good', (_, watch) => watch.judge());
  await visit(there, browser, null, async (page, watch) => {
    watch.expect(404, '/not-there.png');
    assert.throws(() => watch.judge(), /no 404 came/);
    await page.goto(`${there.url}/missing-part`);
    watch.judge();
  });
}

async function byKeyboard(there, browser, assert) {
  const reach = (path) => visit(there, browser, path, (page) => hands('keyboard', page).reach(page.locator('#it')));
  await assert.rejects(reach('/unreachable'), /not to be reached by keyboard/);
  await assert.rejects(reach('/unmarked'), /focus can't be seen on: It/);
  await assert.rejects(reach('/decorated'), /focus can't be seen on: It/);
  await assert.rejects(reach('/covered'), /hidden/);
  await reach('/shadow');
  await visit(there, browser, '/good', async (page) => {
    const hand = hands('keyboard', page);
    await hand.choose(page.locator('#two'));
    assert.equal(await page.locator('#two').isChecked(), true);
    await hand.go(page.getByRole('link'));
    assert.equal(await page.locator('#two').isChecked(), false);
  });
}
