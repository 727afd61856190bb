//! Types and rules: no database, no network, no clock.

pub mod cart;
pub mod delivery;
pub mod order;
pub mod quote;
pub mod refund;
pub mod saga;
pub mod vendor_order;

/// A state machine whose states are written as in GraphQL.
macro_rules! machine {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal => [$($next:ident),*],)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum, sqlx::Type)]
        #[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// States that may follow.
            pub const fn next(self) -> &'static [Self] {
                match self { $(Self::$variant => &[$(Self::$next),*],)* }
            }

            /// As in GraphQL and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Refuses what the machine does not have.
            pub fn check(self, to: Self) -> Result<(), platform::UserError> {
                if self.next().contains(&to) {
                    Ok(())
                } else {
                    Err(platform::UserError::invalid_transition(self, to, self.next()))
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use machine;
