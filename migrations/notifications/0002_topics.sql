-- Who wants to hear of a variant on one channel, beside what wishlists ask for.
create table notifications.topic_subscriptions (
    id uuid primary key,
    user_id uuid not null,
    topic text not null check (topic in ('BACK_IN_STOCK', 'PRICE_DROP')),
    channel text not null check (channel in ('IN_APP', 'EMAIL')),
    variant_id uuid not null,
    created_at timestamptz not null default notifications.now(),
    unique (user_id, topic, variant_id, channel)
);
create index topic_subscriptions_of on notifications.topic_subscriptions (topic, variant_id, id);

-- News that is still being told to its subscribers, from one to the next.
create table notifications.topic_news (
    id uuid primary key,
    topic text not null,
    variant_id uuid not null,
    draft jsonb not null,
    at timestamptz not null default notifications.now(),
    -- The last subscription that was told.
    told uuid
);
create index topic_news_next on notifications.topic_news (at, id);

with words (code, subject, body, variables) as (values
    ('product.back_in_stock', '{{ product }} is back in stock',
     '{{ product }}, which you are waiting for, can be ordered again.', array['product']),
    ('product.price_drop', '{{ product }} costs less',
     'The price of {{ product }}, which you are waiting for, has fallen from {{ before }} to {{ price }}.',
     array['before', 'price', 'product'])
)
insert into notifications.templates (id, code, category, channel, locale, subject, body_template, variables)
select gen_random_uuid(), code, 'PROMOTION', 'IN_APP', 'en', subject, body, variables from words
union all
select gen_random_uuid(), code, 'PROMOTION', 'EMAIL', 'en', subject,
    E'Hello{% if name %} {{ name }}{% endif %},\n\n' || body || E'\n\nAgora', array_append(variables, 'name')
from words
on conflict do nothing;
