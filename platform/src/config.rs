//! What every service is told at its start. The launcher reads flags and environment once; nothing else does.

use crate::{
    client::RouterKey,
    events::Routes,
    events::bus::Bus,
    token::{KeySource, ServiceKey},
};
use std::{collections::HashMap, sync::Arc};

/// Settings shared by the services of one process.
#[derive(Clone)]
pub struct Settings {
    /// Base URL of every service, by name: `http://127.0.0.1:4003`.
    pub urls: Arc<HashMap<String, String>>,
    /// Where access tokens' public keys are found.
    pub keys: KeySource,
    /// Secret with which services call each other.
    pub service_key: ServiceKey,
    /// With it the router says who its clients are; without it services do not know.
    pub router_key: Option<RouterKey>,
    pub bus: Bus,
    /// Which services consume which topic.
    pub routes: Routes,
    /// Connections in each service's pool.
    pub pool_size: u32,
    /// URL of the router as people reach it: `http://127.0.0.1:4000`.
    pub public_url: String,
    /// URL of the storefront, for links in mails and messages: `https://shop.example`.
    pub storefront_url: String,
}

impl Settings {
    /// Where a person goes on. A secret stands in the fragment, which no browser sends anywhere: neither a log nor a
    /// `Referer` header ever has it.
    pub fn storefront_link(&self, page: &str, token: Option<&str>) -> String {
        let base = self.storefront_url.trim_end_matches('/');
        let separator = if base.contains('#') { '?' } else { '#' };
        match token {
            Some(token) => format!("{base}/{page}{separator}token={token}"),
            None => format!("{base}/{page}"),
        }
    }
}
