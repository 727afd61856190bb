// Where links of mails lead while the shop has no storefront of its own: #/activate?token=… opens the operation that
// uses the secret. A fragment is sent to no server.
const result = 'userErrors { code message }';

export const operations = {
  activate: `mutation Activate($token: String!) {
  userActivate(token: $token) { user { email } tokens { accessToken refreshToken } ${result} }
}`,
  'reset-password': `mutation ResetPassword($token: String!, $newPassword: String!) {
  passwordResetConfirm(token: $token, newPassword: $newPassword) { ok ${result} }
}`,
  'change-email': `mutation ChangeEmail($token: String!) {
  emailChangeConfirm(token: $token) { user { email } ${result} }
}`,
  'delete-account': `mutation DeleteAccount($token: String!) {
  accountDeletionConfirm(token: $token) { ok ${result} }
}`,
};

/** The operation that a fragment asks for, and its variables; null for all others. */
export function linked(hash) {
  const [page, query] = hash.replace(/^#\//, '').split('?');
  const token = new URLSearchParams(query).get('token');
  if (!Object.hasOwn(operations, page) || !token) return null;
  const variables = page === 'reset-password' ? { token, newPassword: '' } : { token };
  return { query: operations[page], variables: JSON.stringify(variables, null, 2) };
}
