-- Guests who are part of an account now. What they still had under way becomes the account's, too.
create table orders.customer_aliases (
    alias_id uuid primary key,
    customer_id uuid not null,
    at timestamptz not null default orders.now(),
    check (alias_id <> customer_id)
);
