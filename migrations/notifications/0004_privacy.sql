-- Whom an account message was for, so that its remains go with the person.
alter table notifications.deliveries add column user_id uuid;
create index deliveries_of_user on notifications.deliveries (user_id) where user_id is not null;
create index deliveries_account_age on notifications.deliveries (queued_at) where notification_id is null;
create index notifications_age on notifications.notifications (created_at);

-- Whoever was erased gets no messages again.
create trigger mailboxes_skip_user before insert on notifications.mailboxes
    for each row execute function notifications.skip_erased('user_id');
create trigger mailboxes_skip_customer before insert on notifications.mailboxes
    for each row execute function notifications.skip_erased('customer_id');
create trigger preferences_skip_erased before insert on notifications.preferences
    for each row execute function notifications.skip_erased('user_id');

insert into notifications.templates (id, code, category, channel, locale, subject, body_template, variables)
select gen_random_uuid(), code, 'ACCOUNT', 'EMAIL', 'en', subject,
       E'Hello{% if name %} {{ name }}{% endif %},\n\n' || body || E'\n\nAgora', variables
from (values
    ('account.export_ready', 'Your data is ready',
     E'the copy of your data that you asked for is ready. Log in to download it within a week.'
     '{% if link %}\n\n{{ link }}{% endif %}\n\nIf you did not ask for it, change your password.',
     array['link', 'name']),
    ('account.deletion', 'Confirm that your account is to be deleted',
     E'please confirm within 30 minutes that your account and your data are to be deleted. This cannot be undone.'
     '{% if link %}\n\n{{ link }}{% endif %}{% if token %}\n\nToken: {{ token }}{% endif %}\n\nIf it was not you, change your password.',
     array['link', 'name', 'token']),
    ('account.deleted', 'Your account is deleted',
     E'your account and your data are deleted. What the law makes us keep of your invoices goes when its time is over.',
     array['name'])
) as account (code, subject, body, variables);
