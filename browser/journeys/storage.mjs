// Files are listed and looked at, taken along, and deleted after a second look; a vault that is full
// says so everywhere, with the two ways out.

import { readFileSync } from 'node:fs';

const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
const NAME = '<b>sunset</b> غروب 🌅.png';

export default async function storage(stage) {
  const { customer, page, portal, hand, see, heading, goto, section, button, linkTo, audit, assert, until } = stage;
  const ada = await customer({ card: 'visa', plan: 'starter' });
  await ada.upload({ kind: 'image', name: NAME, media_type: 'image/png' }, PICTURE);
  await ada.post('/assets', { kind: 'video', name: 'long-take.mp4', size: 1_400_000_000, media_type: 'video/mp4', external: true });

  await portal(ada.id);
  await section('Storage');
  await heading('Storage');
  const file = page.getByRole('listitem').filter({ hasText: '.png' });
  assert.equal((await file.locator('b').first().textContent()).trim(), NAME);
  await audit(page);
  const taken = await hand.download(file.getByRole('link', { name: /Download/ }));
  assert.deepEqual(readFileSync(await taken.path()), PICTURE);
  await hand.go(linkTo('Newest first'));
  await heading('Storage');

  // Full.
  await ada.post('/assets', { kind: 'export', name: 'final-cut.mp4', size: 599_000_000, media_type: 'video/mp4', external: true });
  const rest = 2_000_000_000 - (await ada.get()).storage.used_bytes;
  await ada.post('/assets', { kind: 'vault', name: 'rest.zip', size: rest, media_type: 'application/zip', external: true });
  await goto('/portal');
  await see('Your storage is full');
  await assert.rejects(ada.post('/holds', { operation: 'image', units: 3 }), /storage/);
  await hand.go(linkTo('Make room'));
  await see('There is no room left');
  await audit(page);

  // Deleted after a second look: what it takes is free at once.
  const large = page.getByRole('listitem').filter({ hasText: 'long-take.mp4' });
  await hand.press(large.locator('summary'));
  await audit(page, { again: false, part: 'main' });
  await hand.go(large.getByRole('button', { name: 'Delete for good' }));
  await heading('Storage');
  await page.getByText('long-take.mp4').first().waitFor({ state: 'detached' }).catch(() => {});
  await until('the room', async () => (await ada.get()).storage.used_bytes < 700_000_000);
  await page.getByText('Your storage is full').waitFor({ state: 'detached' });
  const hold = await ada.post('/holds', { operation: 'image', units: 3 });
  await ada.post(`/holds/${hold.id}/release`);
}
