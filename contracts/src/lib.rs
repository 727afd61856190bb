//! The published language between services: commands they send each other and facts they tell. Plain structs, no
//! logic, no I/O. A change here is a change of a contract: add optional fields, never rename or remove.

pub mod events;
pub mod inventory;
pub mod notifications;
pub mod orders;
pub mod payments;
pub mod privacy;
pub mod products;
pub mod routes;
pub mod shipping;
pub mod users;

pub use routes::ROUTES;

/// Names a request, the service that answers it, and the type of the answer.
macro_rules! command {
    ($request:ident, $service:literal, $name:literal, $reply:ty) => {
        impl platform::Command for $request {
            const SERVICE: &'static str = $service;
            const NAME: &'static str = $name;
            type Reply = $reply;
        }
    };
}
pub(crate) use command;

/// The answer of a command that only has to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Done {}
