-- Erasure of people: what is left of an address where only the country matters, and who may not come back.
create function orders.country_only(address jsonb) returns jsonb language sql immutable as
$$ select jsonb_build_object('full_name', '', 'line1', '', 'city', '', 'country', address -> 'country') $$;

create trigger carts_skip_erased before insert on orders.carts
    for each row execute function orders.skip_erased('customer_id');
create index sagas_of_customer on orders.sagas (customer_id);
create index carts_of_customer on orders.carts (customer_id);
create index tasks_of_order on orders.tasks (order_id);
