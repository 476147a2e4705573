// What a visitor sees: no session, the figures of the catalog, by the month and by the year.

export default async function pricing(stage) {
  const { page, goto, hand, see, heading, audit, assert, visitor, watch } = stage;
  await goto('/pricing');
  await heading('Plans and pricing');
  assert.deepEqual(await page.context().cookies(), []);
  for (const price of ['$29', '$89', '$199']) await see(price);
  await audit(page);

  await hand.choose(page.getByRole('radio', { name: /^Yearly/ }));
  for (const price of ['$26', '$80', '$179', '$313', '$961', '$2,149']) await see(price);
  await audit(page, { again: false });

  await hand.press(page.locator('summary').filter({ hasText: 'rate' }));
  await see('tempera-2');
  await audit(page, { again: false });
  const row = page.getByRole('table').first().getByRole('row').filter({ hasText: 'Video Editor' });
  assert.deepEqual(await row.getByRole('cell').allInnerTexts().then((all) => all.map((it) => it.replace(/\W/g, ''))), ['No', 'Yes', 'Yes']);

  // The same by the year for who has no script: it is an address, too.
  const plain = await visitor({ javaScriptEnabled: false });
  await plain.goto('/pricing?interval=year');
  await plain.see('$313');
  watch.judge();
}
