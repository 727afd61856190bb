-- Whoever was erased gets no purchases, reviews, votes or wishlists again.
create trigger purchases_skip_erased before insert on products.purchases
    for each row execute function products.skip_erased('customer_id');
create trigger reviews_skip_erased before insert on products.reviews
    for each row execute function products.skip_erased('customer_id');
create trigger review_votes_skip_erased before insert on products.review_votes
    for each row execute function products.skip_erased('customer_id');
create trigger wishlists_skip_erased before insert on products.wishlists
    for each row execute function products.skip_erased('customer_id');
create index review_votes_of_customer on products.review_votes (customer_id);
