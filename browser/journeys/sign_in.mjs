// A link of the app leads in, once and for five minutes; the customer leaves by the menu.

export default async function signIn(stage) {
  const { customer, page, hand, server, watch, assert, audit, button, linkTo, heading, goto, see, link } = stage;
  const ada = await customer({ name: 'Ada Lovelace', card: 'visa', plan: 'starter' });
  const back = `${server.url}/problems`;

  const good = await link(ada.id, back);
  await page.goto(good);
  assert.equal(page.url(), `${server.url}/portal`);
  await heading('Overview');
  assert.ok(!(await page.title()).includes('code='));
  await audit(page);

  // The way past the navigation comes first.
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

  // The same link is used up, for whoever has it; who is in stays in.
  const elsewhere = await stage.visitor();
  elsewhere.watch.expect(410, '/portal/enter');
  await elsewhere.page.goto(good);
  await elsewhere.see('has been used or is too old');
  await audit(elsewhere.page, { again: false });
  await elsewhere.hand.go(elsewhere.linkTo('Back to the app'));
  assert.equal(elsewhere.page.url(), back);
  elsewhere.watch.expect(401, '/portal');
  await elsewhere.goto('/portal');
  await elsewhere.heading('You are signed out');
  await audit(elsewhere.page, { again: false });
  elsewhere.watch.judge();
  await goto('/portal');
  await heading('Overview');

  // Out, and the page behind is gone with it.
  await hand.press(page.locator('details.menu summary'));
  await audit(page, { again: false, part: 'header' });
  await hand.go(button('Sign out'));
  await heading('You have signed out');
  watch.expect(401, '/portal');
  await page.goBack();
  await heading('You are signed out');

  // A link of six minutes ago, and another one that works.
  const old = await link(ada.id, back);
  const age = 'UPDATE portal_links SET expires_at = expires_at - 360000000 WHERE used_at IS NULL';
  await server.whileDown(() => server.change(age));
  watch.expect(410, '/portal/enter');
  await page.goto(old);
  await see('has been used or is too old');
  await page.goto(await link(ada.id));
  await heading('Overview');
  await see('Ada Lovelace');
  assert.ok(await linkTo('Overview').first().isVisible());
}
