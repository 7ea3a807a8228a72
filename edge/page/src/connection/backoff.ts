/** How long to wait before the next try to connect. */

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * Twice as long after each failure, up to ten seconds; up to a fifth of it by chance, so that the pages of a
 * device that was away do not all come back at once.
 *
 * Args: failures so far (1 or more); a random number 0..1.
 */
export function waitMs(failures: number, chance: number): number {
  const full = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return Math.round(full * (0.8 + 0.2 * chance));
}
