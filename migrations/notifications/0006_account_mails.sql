-- Mails that tell what has happened to an account. They hold no secret: whoever reads them can do nothing with them.
insert into notifications.templates (id, code, category, channel, locale, subject, body_template, variables)
select gen_random_uuid(), code, 'ACCOUNT', 'EMAIL', 'en', subject,
       E'Hello{% if name %} {{ name }}{% endif %},\n\n' || body || E'\n\nAgora', variables
from (values
    ('account.exists', 'You have an account already',
     E'somebody, hopefully you, wanted to register with this address. It has an account already: log in with it'
     '{% if login %}:\n\n{{ login }}{% else %}.{% endif %}\n\nIf you do not know its password any more, set a new one'
     '{% if reset %}:\n\n{{ reset }}{% else %}.{% endif %}\n\nIf it was not you, ignore this mail: nothing has changed.',
     array['login', 'name', 'reset']),
    ('account.password_changed', 'Your password was changed',
     E'the password of your account was changed{% if at %} on {{ at }}{% endif %}. All other devices are logged out.\n\n'
     'If it was not you, set a new password at once{% if reset %}:\n\n{{ reset }}{% else %}.{% endif %}',
     array['at', 'name', 'reset']),
    ('account.email_changed', 'The address of your account was changed',
     E'the address of your account was changed{% if at %} on {{ at }}{% endif %}; this mail goes to the old and to the'
     ' new one.\n\nIf it was not you, tell us at once.',
     array['at', 'name']),
    ('account.logins_reset', 'You are logged out everywhere',
     E'all devices were logged out of your account{% if at %} on {{ at }}{% endif %}. Your password is still the same.\n\n'
     'If it was not you, set a new password{% if reset %}:\n\n{{ reset }}{% else %}.{% endif %}',
     array['at', 'name', 'reset']),
    ('account.vendor_invitation', 'You are invited to work for a vendor',
     E'a vendor of this shop asks you to become one of its members. Log in, or make an account with this address, and accept'
     '{% if link %}:\n\n{{ link }}{% else %}.{% endif %}{% if vendor %}\n\nVendor: {{ vendor }}{% endif %}\n\n'
     'If you do not know what this is about, ignore this mail.',
     array['link', 'name', 'vendor'])
) as account (code, subject, body, variables);
