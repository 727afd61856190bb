-- Erasure finds shipments by their customer.
create index shipments_of_customer on shipping.shipments (customer_id);
create index orders_of_customer on shipping.orders (customer_id);
