-- An export finds movements by whoever made them.
create index inventory_transactions_actor on inventory.inventory_transactions (actor);
