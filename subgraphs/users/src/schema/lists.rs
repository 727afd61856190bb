//! Lists of logins, customers and vendors: newest first, with what they can be asked for.

use crate::{
    app,
    domain::{
        vendor::VendorStatus,
        vip::{CustomerType, VipTier},
    },
    schema::{
        customer::Customer,
        loaders::{AnyCustomer, Reader, VisibleVendor, eyes},
        user::User,
        vendor::Vendor,
    },
    store,
};
use async_graphql::{Context, InputObject};
use chrono::{DateTime, Utc};
use platform::{
    Error, Role,
    page::{CountedPage, PageArgs, TotalCount},
    scalars::DateTimeRange,
    viewer::viewer,
};
use std::{collections::HashMap, hash::Hash};
use uuid::Uuid;

/// Sort key of all lists here.
type Newest = (DateTime<Utc>, Uuid);

/// Which logins. Everything given must hold.
#[derive(InputObject, Default)]
pub struct UserWhere {
    /// Has this role.
    role: Option<Role>,
    /// Has exactly this address, in whatever capitals.
    email: Option<String>,
    /// Is not locked, or is.
    is_active: Option<bool>,
}

/// Which customers. Everything given must hold.
#[derive(InputObject, Default)]
pub struct CustomerWhere {
    /// Is of this type.
    #[graphql(name = "type")]
    kind: Option<CustomerType>,
    /// Has this tier.
    tier: Option<VipTier>,
    /// Start of the name or of the address.
    search: Option<String>,
    /// Was created in this span.
    created_at: Option<DateTimeRange>,
}

/// Which vendors. Everything given must hold.
#[derive(InputObject, Default)]
pub struct VendorWhere {
    /// Has one of these statuses.
    status: Option<Vec<VendorStatus>>,
    /// Start of the name or of the slug.
    search: Option<String>,
}

pub async fn users(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: UserWhere,
) -> Result<CountedPage<User>, Error> {
    viewer(ctx).require_staff()?;
    let args = PageArgs::<Newest>::new(first, after.as_deref())?;
    let filter = store::users::Filter {
        role: filter.role.map(role_name),
        email: filter.email,
        active: filter.is_active,
    };
    let pool = app(ctx).deps.db.pool();
    let ids = store::users::page(pool, &filter, args.after, args.limit()).await?;
    let rows = store::users::rows(pool, &ids, &[]).await?;
    let users = in_order(&ids, rows, |row| row.id)
        .into_iter()
        .map(User::own)
        .collect();
    let pool = pool.clone();
    let total = TotalCount::new(move |bound| {
        let (pool, filter) = (pool.clone(), filter.clone());
        Box::pin(async move { Ok(length(&store::users::page(&pool, &filter, None, bound).await?)) })
    });
    Ok(args.counted(
        users,
        |user: &User| (user.row().created_at, user.row().id.0),
        total,
    ))
}

pub async fn customers(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: CustomerWhere,
) -> Result<CountedPage<Customer>, Error> {
    viewer(ctx).require_staff()?;
    let args = PageArgs::<Newest>::new(first, after.as_deref())?;
    let span = filter.created_at.unwrap_or_default();
    let filter = store::customers::Filter {
        kind: filter.kind,
        tier: filter.tier,
        search: filter.search.filter(|text| !text.is_empty()),
        from: span.from,
        to: span.to,
    };
    let pool = app(ctx).deps.db.pool();
    let ids = store::customers::page(pool, &filter, args.after, args.limit()).await?;
    let rows = load_all(ctx, ids.iter().map(|id| AnyCustomer(*id)).collect()).await?;
    let pool = pool.clone();
    let total = TotalCount::new(move |bound| {
        let (pool, filter) = (pool.clone(), filter.clone());
        Box::pin(async move {
            Ok(length(
                &store::customers::page(&pool, &filter, None, bound).await?,
            ))
        })
    });
    Ok(args.counted(rows, |row: &Customer| (row.created_at, row.id.0), total))
}

pub async fn vendors(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: VendorWhere,
) -> Result<CountedPage<Vendor>, Error> {
    let args = PageArgs::<Newest>::new(first, after.as_deref())?;
    let filter = store::vendors::Filter {
        status: filter
            .status
            .map(|all| all.into_iter().map(|status| status.as_str().to_owned()).collect()),
        search: filter.search.filter(|text| !text.is_empty()),
    };
    let (pool, eyes) = (app(ctx).deps.db.pool().clone(), eyes(viewer(ctx)));
    let ids = store::vendors::page(&pool, eyes, &filter, args.after, args.limit()).await?;
    let rows = load_all(ctx, ids.iter().map(|id| VisibleVendor(*id)).collect()).await?;
    let total = TotalCount::new(move |bound| {
        let (pool, filter) = (pool.clone(), filter.clone());
        Box::pin(async move {
            Ok(length(
                &store::vendors::page(&pool, eyes, &filter, None, bound).await?,
            ))
        })
    });
    Ok(args.counted(rows, |row: &Vendor| (row.created_at, row.id.0), total))
}

/// Values in the order of their keys.
async fn load_all<K, V>(ctx: &Context<'_>, keys: Vec<K>) -> Result<Vec<V>, Error>
where
    K: Send + Sync + Hash + Eq + Copy + 'static,
    V: Send + Sync + Clone + 'static,
    Reader: async_graphql::dataloader::Loader<K, Value = V, Error = Error>,
{
    let loader = ctx.data_unchecked::<platform::loader::Batch<Reader>>();
    let mut found = loader.load_many(keys.clone()).await?;
    Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
}

fn in_order<K: Copy + Eq + Hash, V>(keys: &[K], rows: Vec<V>, key: impl Fn(&V) -> K) -> Vec<V> {
    let mut found: HashMap<K, V> = rows.into_iter().map(|row| (key(&row), row)).collect();
    keys.iter().filter_map(|key| found.remove(key)).collect()
}

fn length<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Guest => "GUEST",
        Role::Customer => "CUSTOMER",
        Role::Vip => "VIP",
        Role::Vendor => "VENDOR",
        Role::Staff => "STAFF",
        Role::Admin => "ADMIN",
        Role::Service => "SERVICE",
    }
}
