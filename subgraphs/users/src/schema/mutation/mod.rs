//! What can be done.

mod account;
mod admin;
mod privacy;
mod profile;
mod vendor;

use async_graphql::MergedObject;

/// The root of all writes.
#[derive(MergedObject, Default)]
pub struct Mutation(
    account::AccountMutation,
    profile::ProfileMutation,
    vendor::VendorMutation,
    admin::AdminMutation,
    privacy::PrivacyMutation,
);
