//! Connections of products, wherever they hang.

use super::loaders::{ProductsOf, Reader, reader};
use crate::{
    domain::{
        filter::{ProductSort, ProductWhere},
        product::Product,
        status::ProductStatus,
    },
    store::{
        self, Scope,
        conditions::Hidden,
        list::{List, Owner},
    },
};
use async_graphql::{Context, ID};
use platform::{
    Db, Deps, Error,
    ids::{ProductId, VendorId},
    page::{CountedPage, PageArgs, TotalCount},
    viewer::viewer,
};
use std::sync::Arc;
use uuid::Uuid;

/// What a client says of a list.
#[derive(Default)]
pub struct ListArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub filter: Option<ProductWhere>,
    pub sort: Option<ProductSort>,
}

/// Place in a list: which list, sort key, ID.
pub type Key = (u64, i64, Uuid);

/// A page of products, with what is needed to make it a connection.
pub struct ProductPage {
    args: PageArgs<Key>,
    key: u64,
    pub list: Arc<List>,
    rows: Vec<store::list::Listed>,
}

/// The products of an owner; pages of several owners with equal arguments are one statement.
pub async fn page(
    ctx: &Context<'_>,
    (owner, id): (Owner, Uuid),
    args: ListArgs,
) -> Result<ProductPage, Error> {
    let filter = args.filter.unwrap_or_default();
    check(&filter)?;
    let sort = args.sort.unwrap_or(ProductSort::Newest);
    let hidden = match owner {
        Owner::Vendor => Hidden::Always,
        _ => Hidden::OnDemand,
    };
    let key = fingerprint(&(&filter, sort, owner as u8))?;
    let page = page_args(args.first, args.after.as_deref(), key)?;
    let after = page.after.map(|(_, sort_key, id)| (sort_key, id));
    let list = Arc::new(List {
        owner,
        hidden,
        filter,
        sort,
    });
    let asked = ProductsOf {
        owner: id,
        key,
        list: list.clone(),
        after,
        limit: page.limit(),
    };
    let rows = reader(ctx).load_one(asked).await?.unwrap_or_default();
    Ok(ProductPage {
        args: page,
        key,
        list,
        rows,
    })
}

/// The connection that most fields return.
pub async fn connection(
    ctx: &Context<'_>,
    owner: (Owner, Uuid),
    args: ListArgs,
) -> Result<CountedPage<Product>, Error> {
    let page = page(ctx, owner, args).await?;
    let total = total(ctx, page.list.clone(), owner.1);
    Ok(page.into_connection(total))
}

impl ProductPage {
    pub fn into_connection(self, total: TotalCount) -> CountedPage<Product> {
        let keys: std::collections::HashMap<Uuid, i64> = self
            .rows
            .iter()
            .map(|row| (row.product.id.0, row.sort_key))
            .collect();
        let rows = self.rows.into_iter().map(|row| row.product).collect();
        let key = self.key;
        self.args.counted(
            rows,
            |p: &Product| (key, keys.get(&p.id.0).copied().unwrap_or(0), p.id.0),
            total,
        )
    }
}

/// Counts the rows of a list when a client asks.
pub fn total(ctx: &Context<'_>, list: Arc<List>, owner: Uuid) -> TotalCount {
    let db: Db = ctx.data_unchecked::<Deps>().db.clone();
    let scope = Scope::from(viewer(ctx));
    TotalCount::new(move |max| {
        let (db, scope, list) = (db.clone(), scope.clone(), list.clone());
        Box::pin(async move { Ok(store::list::count(db.pool(), &scope, &list, owner, max).await?) })
    })
}

/// What a filter costs grows with its lists and texts.
pub fn check(filter: &ProductWhere) -> Result<(), Error> {
    match filter.is_modest() {
        true => Ok(()),
        false => Err(Error::BadInput(
            "where has a list of more than 100 values, more than 10 attributes, or a text of more than 200 characters"
                .to_owned(),
        )),
    }
}

/// `first` and `after` of the list with this fingerprint.
pub fn page_args(first: Option<i32>, after: Option<&str>, key: u64) -> Result<PageArgs<Key>, Error> {
    let page = PageArgs::<Key>::new(first, after)?;
    match page.after.is_some_and(|(of, ..)| of != key) {
        true => Err(Error::BadInput("after is a cursor of another list".to_owned())),
        false => Ok(page),
    }
}

/// Tells lists apart: FNV-1a of the arguments. A cursor of one list is no cursor of another.
pub fn fingerprint(arguments: &impl serde::Serialize) -> Result<u64, Error> {
    let bytes = serde_json::to_vec(arguments)?;
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Ok(hash)
}

impl Reader {
    /// A product that the viewer may see, past the batch.
    pub async fn by_slug(&self, slug: &str) -> Result<Option<Product>, Error> {
        Ok(store::products::by_slug(self.db.pool(), &self.scope, slug).await?)
    }

    /// The product of a variant that the viewer may see.
    pub async fn by_sku(&self, sku: &str) -> Result<Option<Product>, Error> {
        Ok(store::products::by_sku(self.db.pool(), &self.scope, sku).await?)
    }
}

/// Products that wait for staff, the longest waiting first.
pub async fn approval_queue(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    (vendor, status): (Option<ID>, Option<ProductStatus>),
) -> Result<CountedPage<Product>, Error> {
    viewer(ctx).require_staff()?;
    let args = PageArgs::<(i64, Uuid)>::new(first, after.as_deref())?;
    // An ID that is none names nobody.
    let vendor = vendor.map(|id| VendorId::parse(&id).map_or(Uuid::nil(), Uuid::from));
    let waiting = store::revisions::Waiting { vendor, status };
    let db = ctx.data_unchecked::<Deps>().db.clone();
    let rows = store::revisions::queue(db.pool(), waiting, args.after, args.limit()).await?;
    let known = reader(ctx)
        .load_many(rows.iter().map(|(product, ..)| ProductId(*product)))
        .await?;
    let places: std::collections::HashMap<Uuid, (i64, Uuid)> = rows
        .iter()
        .map(|(product, at, id)| (*product, (at.timestamp_micros(), *id)))
        .collect();
    let rows = rows
        .iter()
        .filter_map(|(product, ..)| known.get(&ProductId(*product)).cloned())
        .collect();
    let total = TotalCount::new(move |max| {
        let db = db.clone();
        Box::pin(async move { Ok(store::revisions::queue_length(db.pool(), waiting, max).await?) })
    });
    let place = |product: &Product| places.get(&product.id.0).copied().unwrap_or((0, product.id.0));
    Ok(args.counted(rows, place, total))
}
