// One fetcher for queries, mutations and subscriptions. Subscriptions go over graphql-transport-ws
// with the same headers, sent as the payload of connection_init.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { observe, token } from './session.js';

const url = new URL('/graphql', location.href);
const socket = new URL('/graphql', location.href);
socket.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

const send = createGraphiQLFetcher({
  url: url.href,
  subscriptionUrl: socket.href,
  // Forces a CORS preflight from foreign pages; the router refuses simple requests without it.
  headers: { 'apollo-require-preflight': 'true' },
  fetch: async (...request) => {
    const response = await fetch(...request);
    response.clone().json().then(observe, () => {});
    return response;
  },
});

/** Headers of the editor, without blank ones; the remembered token when there is no Authorization. */
function headersOf(editor = {}) {
  const headers = Object.fromEntries(
    Object.entries(editor).filter(([, value]) => value && String(value).trim() !== 'Bearer'),
  );
  const given = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  return given || !token() ? headers : { ...headers, Authorization: `Bearer ${token()}` };
}

export const fetcher = (params, options) =>
  send(params, { ...options, headers: headersOf(options?.headers) });
