//! `EventRecord` and its connection.

use crate::store::events::Row;
use async_graphql::ID;
use async_graphql::{
    OutputType, SimpleObject,
    connection::{Connection, ConnectionNameType, Edge, EdgeNameType, EmptyFields},
};
use chrono::{DateTime, Utc};
use platform::{ids::EventRecordId, page::Page};

/// Something that happened: a fact of a service, or what a storefront tracked. Never changed.
#[derive(Clone, SimpleObject)]
pub struct EventRecord {
    /// Opaque ID.
    pub id: EventRecordId,
    /// `service.fact`, or a storefront's own word without a dot.
    #[graphql(name = "type")]
    pub kind: String,
    /// When it happened; for imported history, when it happened there.
    pub occurred_at: DateTime<Utc>,
    /// The customer or login it concerns.
    pub actor_id: Option<ID>,
    /// The storefront's session, for tracked events.
    pub session_id: Option<ID>,
    /// What it is about.
    pub subject_id: Option<ID>,
    /// Everything it says, as a JSON object.
    pub payload: String,
}

impl From<Row> for EventRecord {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            occurred_at: row.occurred_at,
            actor_id: row.actor_id.map(ID),
            session_id: row.session_id.map(ID),
            subject_id: row.subject_id.map(ID),
            payload: row.payload.to_string(),
        }
    }
}

macro_rules! names {
    ($connection:ident $connection_name:literal, $edge:ident $edge_name:literal) => {
        /// Name in the schema.
        pub struct $connection;
        impl ConnectionNameType for $connection {
            fn type_name<T: OutputType>() -> String {
                $connection_name.to_owned()
            }
        }
        /// Name in the schema.
        pub struct $edge;
        impl EdgeNameType for $edge {
            fn type_name<T: OutputType>() -> String {
                $edge_name.to_owned()
            }
        }
    };
}

names!(EventNames "EventConnection", EventEdgeNames "EventEdge");
names!(AuditNames "AuditConnection", AuditEdgeNames "AuditEdge");

/// A page under names of its own.
pub type Named<T, N, E> = Connection<String, T, EmptyFields, EmptyFields, N, E>;

/// The same page under other names.
pub fn named<T: OutputType, N: ConnectionNameType, E: EdgeNameType>(page: Page<T>) -> Named<T, N, E> {
    let mut named = Connection::new(page.has_previous_page, page.has_next_page);
    named.edges.extend(
        page.edges
            .into_iter()
            .map(|edge| Edge::new(edge.cursor, edge.node)),
    );
    named
}
