-- Whoever was erased is not watched again.
create trigger recently_viewed_skip_erased before insert on analytics.recently_viewed
    for each row execute function analytics.skip_erased('customer_id');
create index events_tracked_actor on analytics.events (actor_id) where tracked;
create index events_tracked_age on analytics.events (recorded_at) where tracked;
