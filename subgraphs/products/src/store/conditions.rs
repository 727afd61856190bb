//! The `where` of lists of products, written once for rows and counts.

use super::{Scope, details};
use crate::domain::filter::{AttributeFilter, MoneyRange, ProductWhere};
use platform::ids::{BrandId, CategoryId, ProductId, VendorId};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

type Query = QueryBuilder<Postgres>;

/// What of the rows outside the shop window the list shows to those who may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hidden {
    /// Nothing, ever.
    Never,
    /// What `where.status` asks for.
    OnDemand,
    /// Everything but what is archived, and what `where.status` asks for.
    Always,
}

/// Adds the conditions on table alias `p`, beginning with the first one.
pub fn push(q: &mut Query, scope: &Scope, hidden: Hidden, filter: &ProductWhere) {
    visibility(q, scope, hidden, filter);
    references(q, filter);
    if let Some(kinds) = &filter.kind {
        let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        q.push(" and p.kind = any(").push_bind(kinds).push(")");
    }
    if let Some(price) = &filter.price {
        priced(q, price);
    }
    if let Some(least) = filter.min_rating {
        // Thousandths, like the column; means are shown rounded to hundredths.
        q.push(" and p.rating_count > 0 and p.rating_milli >= ")
            .push_bind((least * 100.0).round() * 10.0 - 5.0);
    }
    if filter.in_stock_only == Some(true) {
        q.push(" and p.in_stock");
    }
    filter
        .attributes
        .iter()
        .flatten()
        .for_each(|attribute| has_attribute(q, attribute));
    filter.book.iter().for_each(|book| details::books(q, book));
    filter
        .laptop
        .iter()
        .for_each(|laptop| details::laptops(q, laptop));
    filter
        .mobile
        .iter()
        .for_each(|mobile| details::mobiles(q, mobile));
    filter.clothes.iter().for_each(|piece| details::clothes(q, piece));
}

fn visibility(q: &mut Query, scope: &Scope, hidden: Hidden, filter: &ProductWhere) {
    let all = match hidden {
        Hidden::Never => false,
        Hidden::OnDemand => filter.status.is_some(),
        Hidden::Always => true,
    };
    if !all || scope.is_public() {
        q.push("p.visible");
    } else {
        q.push("(p.visible or ")
            .push_bind(scope.staff)
            .push(" or p.vendor_id = any(");
        q.push_bind(scope.vendors.clone()).push("))");
    }
    match &filter.status {
        Some(states) => {
            let states: Vec<String> = states.iter().map(ToString::to_string).collect();
            q.push(" and p.status = any(").push_bind(states).push(")");
        }
        None if all => {
            q.push(" and p.status <> 'ARCHIVED'");
        }
        None => {}
    }
}

/// An ID that is not one refers to nothing.
fn references(q: &mut Query, filter: &ProductWhere) {
    if let Some(ids) = &filter.ids {
        let ids: Vec<Uuid> = ids
            .iter()
            .filter_map(|id| ProductId::parse(id))
            .map(Into::into)
            .collect();
        q.push(" and p.id = any(").push_bind(ids).push(")");
    }
    if let Some(ids) = &filter.brand_id {
        let ids: Vec<Uuid> = ids
            .iter()
            .filter_map(|id| BrandId::parse(id))
            .map(Into::into)
            .collect();
        q.push(" and p.brand_id = any(").push_bind(ids).push(")");
    }
    if let Some(ids) = &filter.vendor_id {
        let ids: Vec<Uuid> = ids
            .iter()
            .filter_map(|id| VendorId::parse(id))
            .map(Into::into)
            .collect();
        q.push(" and p.vendor_id = any(").push_bind(ids).push(")");
    }
    if let Some(id) = &filter.category_id {
        let id = CategoryId::parse(id).map_or(Uuid::nil(), Into::into);
        q.push(" and p.category_id in (select products.subtree(")
            .push_bind(id)
            .push("))");
    }
}

fn priced(q: &mut Query, price: &MoneyRange) {
    q.push(
        " and exists (select from products.variants v join products.variant_prices c on c.variant_id = v.id \
         where v.product_id = p.id and v.active and c.customer_tier = '' and c.min_quantity = 1 and c.currency = ",
    );
    q.push_bind(price.currency.as_str().to_owned());
    if let Some(min) = price.min {
        q.push(" and c.amount >= ").push_bind(min.0);
    }
    if let Some(max) = price.max {
        q.push(" and c.amount <= ").push_bind(max.0);
    }
    q.push(")");
}

fn has_attribute(q: &mut Query, filter: &AttributeFilter) {
    q.push(" and exists (select from products.attributes a where a.filterable and a.code = ");
    q.push_bind(filter.code.clone());
    if let Some(values) = &filter.values {
        q.push(" and p.attributes ->> a.code = any(")
            .push_bind(values.clone())
            .push(")");
    }
    if let Some(range) = filter.range {
        // A case, not an `and`: only its branches are certain to be evaluated in order.
        q.push(" and case when a.type = 'NUMBER' then ");
        details::between(q, "(p.attributes ->> a.code)::float8", range);
        q.push(" else false end");
    }
    q.push(" and p.attributes ? a.code)");
}
