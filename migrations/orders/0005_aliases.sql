-- Whether a checkout's customer has taken a guest over meanwhile.
create index customer_aliases_of on orders.customer_aliases (customer_id, at);
