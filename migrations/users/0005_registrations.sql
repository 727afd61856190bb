-- Registrations whose mailbox has not answered yet. Each stands for itself: its secret makes an account with its own
-- password, so a stranger who registers the same address can neither replace nor complete somebody else's.
create table users.registrations (
    hash bytea primary key,
    email text not null,
    -- Absent where several registrations of one address disagree: then the owner of the mailbox chooses another.
    password_hash text,
    display_name text,
    locale text not null,
    marketing_opt_in boolean not null,
    -- Becomes the account's customer, if it is still a guest by then.
    guest_id uuid references users.customers on delete set null,
    created_at timestamptz not null default users.now(),
    expires_at timestamptz not null default users.now() + interval '24 hours'
);
create index registrations_of on users.registrations (lower(email), created_at desc);
create index registrations_expiry on users.registrations (expires_at);
create index registrations_guest on users.registrations (guest_id) where guest_id is not null;

-- Mails that tell what has happened to an account. Written with the change itself, gone when they are handed over.
create table users.notices (
    id uuid primary key,
    user_id uuid not null references users.users,
    -- After a change of address the old one hears of it, too.
    email text not null,
    template text not null,
    at timestamptz not null default users.now(),
    attempts int not null default 0,
    next_attempt_at timestamptz not null default pg_catalog.now()
);
create index notices_due on users.notices (next_attempt_at);
create index notices_of on users.notices (user_id);
