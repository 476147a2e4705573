// What developers read: the pages of problems, and the API's documentation.

export default async function docs({ goto, page, audit, heading }) {
  await goto('/problems');
  await heading('Problems');
  await audit(page);
  await goto('/problems/insufficient_credits');
  await audit(page);

  // Swagger UI, as it comes: what is ours is that it works here, and asks nobody else for anything.
  await goto('/docs');
  await page.getByRole('heading', { name: 'accounts' }).waitFor();
  await audit(page, { weight: null, scriptless: false, accessible: false });
}
