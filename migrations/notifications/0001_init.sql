-- Where a person's messages are counted. A guest has a customer only, an employee perhaps a user only; when both are
-- known to be one person, the two boxes become one.
create table notifications.mailboxes (
    id uuid primary key,
    user_id uuid unique,
    customer_id uuid unique,
    -- Position of the last message; given out under the row's lock, so readers see no gaps.
    last_seq bigint not null default 0,
    check (user_id is not null or customer_id is not null)
);

create table notifications.notifications (
    id uuid primary key,
    mailbox_id uuid not null references notifications.mailboxes,
    -- The fact it tells of: one message per fact and person.
    event_id uuid not null,
    code text not null,
    category text not null check (category in
        ('ORDER', 'PAYMENT', 'SHIPPING', 'RETURN', 'ACCOUNT', 'SECURITY', 'PROMOTION', 'LOW_STOCK', 'VENDOR', 'SYSTEM')),
    title text not null,
    body text not null,
    -- What templates may use. IDs, numbers and amounts, never names or addresses.
    variables jsonb not null default '{}',
    subject_type text check (subject_type in ('ORDER', 'SHIPMENT', 'VARIANT', 'VENDOR')),
    subject_id uuid,
    order_id uuid,
    -- Absent where the person does not want it in the app.
    seq bigint,
    read_at timestamptz,
    created_at timestamptz not null default notifications.now(),
    unique (event_id, mailbox_id),
    unique (mailbox_id, seq) deferrable initially immediate
);
create index notifications_unread on notifications.notifications (mailbox_id) where read_at is null and seq is not null;
create index notifications_order on notifications.notifications (order_id, created_at) where order_id is not null;

-- One way of one message to its reader outside the app.
create table notifications.deliveries (
    id uuid primary key,
    -- Absent for messages of the account itself.
    notification_id uuid references notifications.notifications on delete cascade,
    channel text not null check (channel in ('IN_APP', 'EMAIL')),
    status text not null default 'QUEUED' check (status in ('QUEUED', 'SENDING', 'SENT', 'FAILED', 'SUPPRESSED')),
    -- Makes account messages unique.
    message_key text unique,
    -- A rendered account message with its address; gone as soon as it is sent or given up.
    message jsonb,
    provider text,
    provider_message_id text,
    attempts int not null default 0,
    last_error text,
    queued_at timestamptz not null default notifications.now(),
    -- When a worker may take it: the next try, or the end of the lease of a worker that died.
    due_at timestamptz not null default pg_catalog.now(),
    sent_at timestamptz,
    unique (notification_id, channel)
);
create index deliveries_due on notifications.deliveries (due_at) where status in ('QUEUED', 'SENDING');
create index deliveries_status on notifications.deliveries (status, queued_at desc);

-- Messages to a vendor whose members still have to be asked for.
create table notifications.vendor_messages (
    event_id uuid primary key,
    vendor_id uuid not null,
    draft jsonb not null,
    attempts int not null default 0,
    due_at timestamptz not null default pg_catalog.now()
);
create index vendor_messages_due on notifications.vendor_messages (due_at);

create table notifications.preferences (
    user_id uuid not null,
    category text not null,
    channel text not null check (channel in ('IN_APP', 'EMAIL')),
    enabled boolean not null,
    updated_at timestamptz not null default notifications.now(),
    primary key (user_id, category, channel)
);

create table notifications.templates (
    id uuid primary key,
    code text not null,
    category text not null,
    channel text not null check (channel in ('IN_APP', 'EMAIL')),
    locale text not null,
    subject text,
    body_template text not null,
    variables text[] not null,
    revision int not null default 1,
    active boolean not null default true,
    updated_at timestamptz not null default notifications.now(),
    constraint templates_key unique (code, channel, locale)
);

create table notifications.announcements (
    id uuid primary key,
    title text not null,
    body text not null,
    audience text not null check (audience in ('ALL', 'CUSTOMERS', 'VIP', 'VENDORS', 'STAFF')),
    severity text not null,
    starts_at timestamptz not null default notifications.now(),
    ends_at timestamptz,
    published_at timestamptz not null default notifications.now(),
    retracted_at timestamptz,
    check (ends_at > starts_at)
);
create index announcements_current on notifications.announcements (starts_at desc) where retracted_at is null;

-- The key that signs unsubscribe tokens: 244 random bits of this database's own.
create table notifications.secrets (
    name text primary key,
    value bytea not null
);
insert into notifications.secrets (name, value)
values ('unsubscribe', decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- Templates are data: `templateUpsert` changes them. In-app and mail share their words; a mail adds a greeting.
with words (code, category, subject, body, variables) as (values
    ('order.placed', 'ORDER', 'Order {{ order_number }} received',
     'We have received your order {{ order_number }} over {{ total }}. It is confirmed as soon as the payment is.',
     array['order_number', 'total']),
    ('order.confirmed', 'ORDER', 'Order {{ order_number }} confirmed',
     'Your order {{ order_number }} over {{ total }} is confirmed. We tell you when it is on its way.',
     array['order_number', 'total']),
    ('order.on_hold', 'ORDER', 'Order {{ order_number }} is on hold',
     'We are checking your order {{ order_number }}. You need not do anything.', array['order_number']),
    ('order.canceled', 'ORDER', 'Order {{ order_number }} canceled',
     'Your order {{ order_number }} over {{ total }} was canceled. Money that was taken is paid back.',
     array['order_number', 'total']),
    ('order.expired', 'ORDER', 'Order {{ order_number }} expired',
     'Your order {{ order_number }} was not paid in time and has expired.', array['order_number']),
    ('order.part_rejected', 'ORDER', 'A part of order {{ order_number }} cannot be delivered',
     'A vendor could not accept its part of your order {{ order_number }}. Money that was taken for it is paid back.',
     array['order_number']),
    ('order.shipped', 'SHIPPING', 'Shipment {{ shipment_number }} is on its way',
     'Shipment {{ shipment_number }} of your order has left the warehouse.', array['shipment_number']),
    ('order.out_for_delivery', 'SHIPPING', 'Shipment {{ shipment_number }} comes today',
     'Shipment {{ shipment_number }} of your order is out for delivery.', array['shipment_number']),
    ('order.delivered', 'SHIPPING', 'Shipment {{ shipment_number }} delivered',
     'Shipment {{ shipment_number }} of your order was delivered.', array['shipment_number']),
    ('order.delivery_failed', 'SHIPPING', 'Shipment {{ shipment_number }} could not be delivered',
     'The carrier could not deliver shipment {{ shipment_number }} of your order.', array['shipment_number']),
    ('order.returned_to_sender', 'SHIPPING', 'Shipment {{ shipment_number }} goes back',
     'Shipment {{ shipment_number }} of your order goes back to its sender.', array['shipment_number']),
    ('order.lost', 'SHIPPING', 'Shipment {{ shipment_number }} is lost',
     'The carrier has lost shipment {{ shipment_number }} of your order. We take care of it.', array['shipment_number']),
    ('refund.succeeded', 'PAYMENT', 'Refund for order {{ order_number }}',
     '{{ total }} of your order {{ order_number }} were paid back.', array['order_number', 'total']),
    ('refund.rejected', 'PAYMENT', 'Refund for order {{ order_number }} rejected',
     'Your request for a refund of {{ total }} of order {{ order_number }} was rejected.', array['order_number', 'total']),
    ('vendor_order.new', 'VENDOR', 'New order {{ order_number }}',
     'Order {{ order_number }} waits for you to accept it.', array['order_number']),
    ('vendor_order.canceled', 'VENDOR', 'Order {{ order_number }} canceled',
     'Your part of order {{ order_number }} was canceled.', array['order_number']),
    ('vendor.approved', 'VENDOR', 'Your shop is approved', 'Your shop is approved: you may sell now.', array[]::text[]),
    ('vendor.rejected', 'VENDOR', 'Your shop was not approved', 'Your application was rejected.', array[]::text[]),
    ('vendor.changes_requested', 'VENDOR', 'Your application needs changes',
     'Please change your application and submit it again.', array[]::text[]),
    ('vendor.suspended', 'VENDOR', 'Your shop is suspended', 'Your shop is suspended and sells nothing for now.',
     array[]::text[]),
    ('vendor.closed', 'VENDOR', 'Your shop is closed', 'Your shop is closed.', array[]::text[]),
    ('low_stock', 'LOW_STOCK', 'Low stock: {{ available }} left',
     'Only {{ available }} pieces of variant {{ variant }} are left; the reorder point is {{ threshold }}.',
     array['available', 'threshold', 'variant'])
), both_channels as (
    select code, category, 'IN_APP' as channel, subject, body, variables from words
    union all
    select code, category, 'EMAIL', subject,
           E'Hello{% if name %} {{ name }}{% endif %},\n\n' || body || E'\n\nAgora', array_append(variables, 'name') from words
    union all
    select code, 'ACCOUNT', 'EMAIL', subject, E'Hello{% if name %} {{ name }}{% endif %},\n\n' || body || E'\n\nAgora', variables
    from (values
        ('account.activate', 'Activate your account',
         E'please confirm your address to activate your account.'
         '{% if link %}\n\n{{ link }}{% endif %}{% if token %}\n\nToken: {{ token }}{% endif %}{% if uid %}\n\nUser: {{ uid }}{% endif %}\n\nIf you did not ask for an account, ignore this mail.',
         array['link', 'name', 'token', 'uid']),
        ('account.password_reset', 'Reset your password',
         E'somebody, hopefully you, wants to set a new password.'
         '{% if link %}\n\n{{ link }}{% endif %}{% if token %}\n\nToken: {{ token }}{% endif %}{% if uid %}\n\nUser: {{ uid }}{% endif %}\n\nIf it was not you, ignore this mail: nothing changes.',
         array['link', 'name', 'token', 'uid']),
        ('account.email_change', 'Confirm your new address',
         E'please confirm that this is your new address.'
         '{% if link %}\n\n{{ link }}{% endif %}{% if token %}\n\nToken: {{ token }}{% endif %}{% if uid %}\n\nUser: {{ uid }}{% endif %}\n\nIf you did not ask for it, ignore this mail.',
         array['link', 'name', 'token', 'uid'])
    ) as account (code, subject, body, variables)
)
insert into notifications.templates (id, code, category, channel, locale, subject, body_template, variables)
select gen_random_uuid(), code, category, channel, 'en', subject, body, variables from both_channels;
