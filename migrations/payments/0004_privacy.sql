-- Finds the webhooks about a payment, which may carry what the provider knows of the payer.
create function payments.webhook_subject(payload jsonb) returns text language sql immutable as
$$ select coalesce(payload #>> '{data,object,payment_intent}', payload #>> '{data,object,id}') $$;
create index webhook_inbox_subject on payments.webhook_inbox (payments.webhook_subject(payload));
create index webhook_inbox_age on payments.webhook_inbox (processed_at);
create index payments_of_customer on payments.payments (customer_id);
