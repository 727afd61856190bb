//! What a client filters by, as conditions on documents. Each knows which facet shows its values, because a facet
//! counts under all filters but its own.

use crate::{
    domain::{
        filter::{
            AttributeFilter, BookFilter, ClothesFilter, FloatRange, LaptopFilter, MobileFilter, MoneyRange,
            ProductWhere,
        },
        rules,
        status::ProductStatus,
    },
    search::Ask,
    store::containing,
};
use async_graphql::ID;
use platform::ids::{BrandId, ProductId, VendorId};
use sqlx::{Postgres, QueryBuilder};
use std::borrow::Cow;
use uuid::Uuid;

type Query = QueryBuilder<Postgres>;

/// One condition on table alias `p`.
pub struct Condition {
    /// Code of the facet of its values.
    pub facet: Option<Cow<'static, str>>,
    /// Asks for kind or stock alone, which `search_counts` has too.
    pub counted: bool,
    write: Box<dyn Fn(&mut Query) + Send + Sync>,
}

impl Condition {
    /// Adds the condition; it is true, false or null.
    pub fn push(&self, q: &mut Query) {
        (self.write)(q);
    }
}

/// All conditions of a search but its text; they hold together.
pub fn conditions(ask: &Ask) -> Vec<Condition> {
    let filter = &ask.filter;
    let mut all = Conditions::default();
    all.references(filter);
    if filter.category_id.is_some() {
        // By their values: how many products they have decides the plan.
        let categories = ask.categories.clone();
        all.bound(Some("category"), "p.category_id = any(", categories, ")");
    }
    if let Some(kinds) = &filter.kind {
        let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        all.bound(Some("kind"), "p.kind = any(", kinds, ")");
    }
    filter.price.iter().for_each(|price| all.price(price));
    if let Some(least) = filter.min_rating {
        // Thousandths, like the column; means are shown rounded to hundredths.
        all.bound(
            Some("rating"),
            "(p.rating_milli > 0 and p.rating_milli >= ",
            (least * 100.0).round() * 10.0 - 5.0,
            ")",
        );
    }
    if filter.in_stock_only == Some(true) {
        all.plain(Some("in_stock"), "p.in_stock");
    }
    if filter
        .status
        .as_ref()
        .is_some_and(|states| !states.contains(&ProductStatus::Approved))
    {
        // What is on sale is approved.
        all.plain(None, "false");
    }
    filter
        .attributes
        .iter()
        .flatten()
        .for_each(|attribute| all.attribute(attribute));
    filter.book.iter().for_each(|book| all.book(book));
    filter.laptop.iter().for_each(|laptop| all.laptop(laptop));
    filter.mobile.iter().for_each(|mobile| all.mobile(mobile));
    filter.clothes.iter().for_each(|piece| all.clothes(piece));
    all.0
}

#[derive(Default)]
struct Conditions(Vec<Condition>);

impl Conditions {
    fn add(&mut self, facet: Option<Cow<'static, str>>, write: impl Fn(&mut Query) + Send + Sync + 'static) {
        self.0.push(Condition {
            counted: matches!(facet.as_deref(), Some("kind" | "in_stock")),
            facet,
            write: Box::new(write),
        });
    }

    /// The kind that has such details.
    fn kind(&mut self, sql: &'static str) {
        self.0.push(Condition {
            facet: None,
            counted: true,
            write: Box::new(move |q| {
                q.push(sql);
            }),
        });
    }

    fn plain(&mut self, facet: Option<&'static str>, sql: &'static str) {
        self.add(facet.map(Cow::Borrowed), move |q| {
            q.push(sql);
        });
    }

    /// `before`, a value, `after`.
    fn bound<T>(&mut self, facet: Option<&'static str>, before: &'static str, value: T, after: &'static str)
    where
        T: Clone + Send + Sync + 'static + for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres>,
    {
        self.add(facet.map(Cow::Borrowed), move |q| {
            q.push(before).push_bind(value.clone()).push(after);
        });
    }

    /// One of these terms of the document. `prefix` names the facet too.
    fn tagged(&mut self, prefix: &'static str, values: Option<Vec<String>>) {
        if let Some(values) = values {
            let terms = values
                .iter()
                .map(|value| format!("{prefix}:{}", value.to_lowercase()));
            self.bound(Some(prefix), "p.terms && ", terms.collect::<Vec<String>>(), "");
        }
    }

    /// A part of a plain text.
    fn part(&mut self, facet: Option<&'static str>, before: &'static str, text: Option<&String>) {
        if let Some(text) = text {
            self.bound(facet, before, containing(text), ")");
        }
    }

    /// A number within a span; an absent one is not.
    fn range(
        &mut self,
        facet: Option<&'static str>,
        column: &'static str,
        range: Option<impl Into<FloatRange>>,
    ) {
        if let Some(range) = range.map(Into::into) {
            self.add(facet.map(Cow::Borrowed), move |q| between(q, column, range));
        }
    }

    /// An ID that is not one refers to nothing.
    fn ids<T: Into<Uuid>>(
        &mut self,
        facet: Option<&'static str>,
        before: &'static str,
        ids: Option<&Vec<ID>>,
        parse: impl Fn(&str) -> Option<T>,
    ) {
        if let Some(ids) = ids {
            let ids: Vec<Uuid> = ids.iter().filter_map(|id| parse(id)).map(Into::into).collect();
            self.bound(facet, before, ids, ")");
        }
    }

    fn references(&mut self, filter: &ProductWhere) {
        self.ids(None, "p.id = any(", filter.ids.as_ref(), ProductId::parse);
        self.ids(
            Some("brand"),
            "p.brand_id = any(",
            filter.brand_id.as_ref(),
            BrandId::parse,
        );
        self.ids(
            None,
            "p.vendor_id = any(",
            filter.vendor_id.as_ref(),
            VendorId::parse,
        );
    }

    fn price(&mut self, price: &MoneyRange) {
        let currency = price.currency.as_str();
        match (price.min, price.max) {
            (None, None) => self.bound(Some("price"), "p.prices ? ", currency.to_owned(), ""),
            (min, max) => {
                // A currency is three capitals, so this cannot become another path.
                let least = min.map_or(i64::MIN + 1, |min| min.0);
                let most = max.map_or(i64::MAX, |max| max.0);
                let path = format!("$.{currency}[*] ? (@ >= {least} && @ <= {most})");
                self.bound(Some("price"), "p.prices @? ", path, "::text::jsonpath");
            }
        }
    }

    fn attribute(&mut self, filter: &AttributeFilter) {
        let AttributeFilter { code, values, range } = filter.clone();
        self.add(Some(Cow::Owned(code.clone())), move |q| {
            q.push("(p.attributes ? ").push_bind(code.clone());
            q.push(" and exists (select from products.attributes a where a.filterable and a.code = ");
            q.push_bind(code.clone()).push(")");
            if let Some(values) = &values {
                let term = |value: &String| format!("attribute.{code}:{}", value.to_lowercase());
                q.push(" and p.terms && ")
                    .push_bind(values.iter().map(term).collect::<Vec<_>>());
            }
            if let Some(range) = range {
                // A case, not an `and`: only its branches are certain to be evaluated in order.
                q.push(" and case (select a.type from products.attributes a where a.code = ");
                q.push_bind(code.clone()).push(") when 'NUMBER' then ");
                q.push("(p.attributes ->> ")
                    .push_bind(code.clone())
                    .push(")::float8 between ");
                q.push_bind(range.min.unwrap_or(f64::NEG_INFINITY)).push(" and ");
                q.push_bind(range.max.unwrap_or(f64::INFINITY))
                    .push(" else false end");
            }
            q.push(")");
        });
    }

    fn book(&mut self, book: &BookFilter) {
        self.kind("p.kind = 'BOOK'");
        if let Some(isbn) = &book.isbn13 {
            let isbn = format!("isbn:{}", rules::isbn13(isbn).unwrap_or_default());
            self.bound(None, "p.terms @> ", vec![isbn], "");
        }
        self.part(
            Some("author"),
            "p.author_text like products.plain(",
            book.author.as_ref(),
        );
        self.part(
            None,
            "p.publisher_text like products.plain(",
            book.publisher.as_ref(),
        );
        self.tagged("genre", book.genre.clone());
        self.tagged(
            "language",
            book.language.as_ref().map(|l| vec![l.as_str().to_owned()]),
        );
        self.tagged("format", names(&book.format));
        self.range(None, "p.published_year", book.published_year);
    }

    fn laptop(&mut self, laptop: &LaptopFilter) {
        self.kind("p.kind = 'LAPTOP'");
        self.part(None, "p.cpu_text like products.plain(", laptop.cpu.as_ref());
        self.part(None, "p.gpu_text like products.plain(", laptop.gpu.as_ref());
        self.range(Some("ram_gb"), "p.ram_gb", laptop.ram_gb);
        self.range(Some("storage_gb"), "p.storage_gb", laptop.storage_gb);
        self.range(None, "p.screen_inches", laptop.screen_inches);
        self.tagged("storage_type", names(&laptop.storage_type));
    }

    fn mobile(&mut self, mobile: &MobileFilter) {
        self.kind("p.kind = 'MOBILE'");
        self.range(None, "p.screen_inches", mobile.screen_inches);
        self.range(None, "p.camera_mp", mobile.camera_mp);
        self.range(Some("storage_gb"), "p.storage_gb", mobile.storage_gb);
        self.range(None, "p.battery_mah", mobile.battery_mah);
        self.part(Some("os"), "p.os_text like products.plain(", mobile.os.as_ref());
        self.tagged("network", mobile.network.clone());
    }

    fn clothes(&mut self, piece: &ClothesFilter) {
        self.kind("p.kind = 'CLOTHES'");
        self.tagged("size", piece.size.clone());
        self.tagged("color", piece.color.clone());
        self.tagged("material", piece.material.clone());
        self.tagged("style", piece.style.clone().map(|style| vec![style]));
        self.tagged("gender", piece.gender.clone().map(|gender| vec![gender]));
        self.tagged("season", piece.season.clone().map(|season| vec![season]));
    }
}

fn between(q: &mut Query, column: &str, range: FloatRange) {
    q.push(column)
        .push(" between ")
        .push_bind(range.min.unwrap_or(f64::NEG_INFINITY));
    q.push(" and ").push_bind(range.max.unwrap_or(f64::INFINITY));
}

/// The stored name of an enum value.
fn names<T: serde::Serialize>(values: &Option<Vec<T>>) -> Option<Vec<String>> {
    let name = |value| {
        serde_json::to_value(value)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
    };
    values
        .as_ref()
        .map(|values| values.iter().filter_map(name).collect())
}
