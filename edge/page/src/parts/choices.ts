/** What a person chose on this browser, kept for the next visit; without storage nothing is kept. */

export function readChoice(name: string): string | null {
  try {
    return localStorage.getItem(`nearfield.${name}`);
  } catch {
    return null;
  }
}

export function writeChoice(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`nearfield.${name}`);
    else localStorage.setItem(`nearfield.${name}`, value);
  } catch {
    return;
  }
}
