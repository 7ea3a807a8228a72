/**
 * The token of the device's link: taken from the address' fragment, which no server sees, and out of it again.
 *
 * It is kept for as long as this tab lives, so that a customer screen comes back by itself after the device
 * was started anew and has forgotten its sessions.
 */

const KEY = "nearfield.token";

/** Take the token out of the address; null where there is none. */
export function takeTokenFromAddress(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

export function rememberToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    return; // a browser without storage asks for the token again
  }
}

export function rememberedToken(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
