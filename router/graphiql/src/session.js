// The access token of the last login, kept for this browser tab only (sessionStorage).
const KEY = 'agora.accessToken';
const listeners = new Set();

export const token = () => sessionStorage.getItem(KEY);

export function remember(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
  listeners.forEach((listener) => listener());
}

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Notices tokens in a result of guestSessionCreate, userRegister, login, tokenRefresh; forgets on logout. */
export function observe(result) {
  for (const [field, payload] of Object.entries(result?.data ?? {})) {
    if (payload?.tokens?.accessToken) remember(payload.tokens.accessToken);
    if (field === 'logout' && payload?.ok) remember(null);
  }
}
