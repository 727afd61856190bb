-- Mails to guests have a link to the order. Words that somebody has changed stay as they are; they may name
-- `order_link`, too.
update notifications.templates set
    body_template = replace(body_template, E'\n\nAgora', E'{% if order_link %}\n\nSee your order: {{ order_link }}{% endif %}\n\nAgora'),
    variables = array_append(variables, 'order_link')
where code in ('order.placed', 'order.confirmed', 'order.canceled', 'order.shipped', 'order.delivered')
    and channel = 'EMAIL' and locale = 'en' and revision = 1;
