// A guess, as somebody typed it, beside what is right: the one rule for all questions.

const yes_or_no = { yes: true, y: true, true: true, no: false, n: false, false: false };
const number_pattern = /(?<![\w.])[-+]?(?:\d+(?:\.(\d+))?|\.(\d+))(?:e([-+]?\d+))?/gi;
const half = 0.5 + 1e-9; // of the last digit: 57.812 and 57.813 are 57.8125 rounded

/** The verdict on a guess: what is `right` (see `is_right`), and how it is written. */
export function judge(guess, right, shown) {
  const agrees = is_right(guess, right);
  return { right: agrees, text: agrees ? `${shown}: right` : `you said ${guess.trim()}; it is ${shown}` };
}

/**
 * Whether a guess says what is right: a list of truth values, texts or numbers, or a text with numbers in it.
 * Whole numbers must be exact. Of others a guess may give the first digits, rounded: 58 or 57.8 for 57.8125. Six are
 * always enough. `check` in course/questions.py does the same for values of Python's.
 */
export function is_right(guess, right) {
  if (typeof right === "string") {
    const shown = numbers_of(together(right));
    return says(guess, shown.map(({ value }) => value), shown.map(({ unit }) => unit));
  }
  if (right.every((value) => typeof value === "boolean")) return same(words_of(guess).map((word) => yes_or_no[word]), right);
  if (right.some((value) => typeof value === "string")) return same(words_of(guess), words_of(right.join(" ")));
  return says(guess, right, right.map(() => 0));
}

/** Whether the numbers in a guess are those that are right, which are known to within half a `unit` each. */
function says(guess, right, units) {
  const percent = guess.includes("%");
  return readings_of(guess).some((reading) => {
    const found = numbers_of(reading);
    const all = spread(found, right.length);
    return all.length === right.length && all.every((number, n) => is_near(number, right[n], units[n], percent));
  });
}

/** One number where there are several equal ones: 3, or 3 x 3, for 3 on every axis. */
function spread(found, length) {
  const alike = found.length > 0 && found.every(({ value }) => value === found[0].value);
  return alike ? Array.from({ length }, () => found[0]) : found;
}

function is_near({ value, unit }, right, known, percent) {
  if (Number.isInteger(right)) return value === right;
  const shares = percent && right > 0 && right < 1 ? [right, 100 * right] : [right]; // 25 % for 0.25
  const tolerance = half * Math.max(unit, known);
  return shares.some((share) => unit <= Math.abs(share) && Math.abs(value - share) <= Math.max(tolerance, 1e-6 * Math.abs(share)));
}

/** What typed numbers may mean: 3,000 is one number or two, 57,8 one or two. */
function readings_of(guess) {
  const text = guess.replaceAll("\u2212", "-").replace(/(?<=\d)\s*[x×*]\s*(?=\d)/g, " "); // 3 x 3 x 3
  return [text, together(text), text.replace(/(?<=\d),(?=\d)/g, ".")];
}

/** Join the thousands of a number: 3,000. */
function together(text) {
  return text.replace(/(?<=\d)[,\s'_](?=\d{3}(?!\d))/g, "");
}

/** The numbers in a text, and the unit of the last digit of each. */
function numbers_of(text) {
  return [...text.matchAll(number_pattern)].map(([digits, after_digits = "", alone = "", exponent = 0]) => {
    return { value: Number(digits), unit: 10 ** (Number(exponent) - after_digits.length - alone.length) };
  });
}

function words_of(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function same(some, others) {
  return some.length === others.length && some.every((item, n) => item === others[n]);
}
