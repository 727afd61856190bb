-- Whoever was erased waits for nothing any more.
create trigger topic_subscriptions_skip_erased before insert on notifications.topic_subscriptions
    for each row execute function notifications.skip_erased('user_id');
