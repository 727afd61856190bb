//! What roles allow, in words for clients that show or hide buttons. The services check for themselves.

use platform::Role;
use std::collections::BTreeSet;

fn of(role: Role) -> &'static [&'static str] {
    match role {
        Role::Guest => &["catalog:read", "cart:write", "checkout:create"],
        Role::Customer => &[
            "catalog:read",
            "cart:write",
            "checkout:create",
            "orders:read:own",
            "returns:create:own",
            "reviews:write",
            "profile:write",
        ],
        Role::Vip => &["prices:vip"],
        Role::Vendor => &[
            "products:write:own",
            "stock:write:own",
            "shipments:write:own",
            "vendor-orders:read:own",
        ],
        Role::Staff => &[
            "users:read",
            "users:suspend",
            "vendors:review",
            "products:review",
            "orders:read",
            "orders:write",
            "payments:capture",
            "loyalty:adjust",
            "stock:read",
        ],
        Role::Admin => &["roles:write", "payouts:approve", "commission:write", "audit:read"],
        Role::Service => &[],
    }
}

/// Sorted and without duplicates.
pub fn permissions(roles: &[Role]) -> Vec<String> {
    let all: BTreeSet<&str> = roles.iter().flat_map(|role| of(*role)).copied().collect();
    all.into_iter().map(str::to_owned).collect()
}
