//! The eight services: the only place that knows all of them.

use crate::settings::ServiceSettings;
use anyhow::Result;
use platform::service::{Deps, Service};
use sqlx::migrate::Migrator;

/// How one service is built and migrated.
pub struct Entry {
    pub name: &'static str,
    pub migrator: &'static Migrator,
    pub build: fn(Deps, &ServiceSettings) -> Result<Service>,
}

/// In the order of their default ports: 4001 to 4008.
pub static SERVICES: [Entry; 8] = [
    Entry {
        name: users::NAME,
        migrator: &users::MIGRATOR,
        build: |deps, settings| users::service(deps, settings.users()?),
    },
    Entry {
        name: products::NAME,
        migrator: &products::MIGRATOR,
        build: |deps, settings| {
            let storage = settings.place.open(&deps.settings.service_key)?;
            products::service(deps, storage)
        },
    },
    Entry {
        name: orders::NAME,
        migrator: &orders::MIGRATOR,
        build: |deps, settings| orders::service(deps, settings.orders()),
    },
    Entry {
        name: payments::NAME,
        migrator: &payments::MIGRATOR,
        build: |deps, settings| payments::service(deps, settings.payments()),
    },
    Entry {
        name: shipping::NAME,
        migrator: &shipping::MIGRATOR,
        build: |deps, _| shipping::service(deps),
    },
    Entry {
        name: inventory::NAME,
        migrator: &inventory::MIGRATOR,
        build: |deps, _| inventory::service(deps),
    },
    Entry {
        name: notifications::NAME,
        migrator: &notifications::MIGRATOR,
        build: |deps, settings| notifications::service(deps, settings.notifications()),
    },
    Entry {
        name: analytics::NAME,
        migrator: &analytics::MIGRATOR,
        build: |deps, _| analytics::service(deps),
    },
];

/// The service of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    SERVICES.iter().find(|entry| entry.name == name)
}

/// Distance of a service's port from the router's: 1 to 8.
pub fn port_offset(name: &str) -> u16 {
    SERVICES
        .iter()
        .zip(1..)
        .find(|(entry, _)| entry.name == name)
        .map_or(0, |(_, offset)| offset)
}
