// Texts as people read them.

/** What keeps the direction of a name to itself, and is not seen. */
const UNSEEN = '[\u2066-\u2069]*';

/** Matches a text wherever it stands and however its letters are cased; patterns stay as they are. */
export function words(text) {
  if (text instanceof RegExp) return text;
  const letters = [...text].map((letter) => (letter === ' ' ? '\\s+' : letter.replace(/[.*+?^${}()|[\]\\]/, '\\$&')));
  return new RegExp(UNSEEN + letters.join(UNSEEN), 'i');
}
