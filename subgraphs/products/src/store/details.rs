//! Conditions on the details of the typed kinds.

use super::containing;
use crate::domain::{
    filter::{BookFilter, ClothesFilter, FloatRange, LaptopFilter, MobileFilter},
    rules,
};
use sqlx::{Postgres, QueryBuilder};

type Query = QueryBuilder<Postgres>;

/// A number within a span; an absent one is not.
pub fn between(q: &mut Query, value: &str, range: FloatRange) {
    q.push("(").push(value).push(" is not null");
    if let Some(min) = range.min {
        q.push(" and ").push(value).push(" >= ").push_bind(min);
    }
    if let Some(max) = range.max {
        q.push(" and ").push(value).push(" <= ").push_bind(max);
    }
    q.push(")");
}

/// A number among the details.
fn number(q: &mut Query, path: &str, range: Option<impl Into<FloatRange>>) {
    if let Some(range) = range {
        q.push(" and ");
        between(q, &format!("(p.details -> {path})::float8"), range.into());
    }
}

/// A part of a text among the details.
fn part(q: &mut Query, path: &str, text: Option<&String>) {
    if let Some(text) = text {
        q.push(format!(
            " and products.plain(p.details -> {path}) like products.plain("
        ));
        q.push_bind(containing(text)).push(")");
    }
}

/// A whole text among the details, regardless of case.
fn whole(q: &mut Query, path: &str, text: Option<&String>) {
    if let Some(text) = text {
        q.push(format!(" and lower(p.details -> {path}) = lower("))
            .push_bind(text.clone())
            .push(")");
    }
}

/// A text among the details that is one of these.
fn one_of(q: &mut Query, path: &str, values: Option<Vec<String>>) {
    if let Some(values) = values {
        q.push(format!(" and lower(p.details -> {path}) = any("))
            .push_bind(lower(values))
            .push(")");
    }
}

/// A list of texts among the details that has any of these.
fn any_of(q: &mut Query, path: &str, values: Option<Vec<String>>) {
    if let Some(values) = values {
        q.push(format!(
            " and exists (select from jsonb_array_elements_text(p.details -> {path}) item where lower(item) = any("
        ));
        q.push_bind(lower(values)).push("))");
    }
}

fn lower(values: Vec<String>) -> Vec<String> {
    values.into_iter().map(|value| value.to_lowercase()).collect()
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

pub fn books(q: &mut Query, book: &BookFilter) {
    q.push(" and p.kind = 'BOOK'");
    if let Some(isbn) = &book.isbn13 {
        let isbn = rules::isbn13(isbn).unwrap_or_default();
        q.push(" and p.details -> 'book' ->> 'isbn13' = ").push_bind(isbn);
    }
    if let Some(author) = &book.author {
        q.push(
            " and exists (select from jsonb_array_elements_text(p.details -> 'book' -> 'authors') author \
             where products.plain(author) like products.plain(",
        );
        q.push_bind(containing(author)).push("))");
    }
    any_of(q, "'book' -> 'genres'", book.genre.clone());
    part(q, "'book' ->> 'publisher'", book.publisher.as_ref());
    whole(
        q,
        "'book' ->> 'language'",
        book.language.as_ref().map(|l| l.as_str().to_owned()).as_ref(),
    );
    one_of(q, "'book' ->> 'format'", names(&book.format));
    if let Some(years) = book.published_year {
        q.push(" and ");
        between(
            q,
            "left(p.details -> 'book' ->> 'published_on', 4)::float8",
            years.into(),
        );
    }
}

pub fn laptops(q: &mut Query, laptop: &LaptopFilter) {
    q.push(" and p.kind = 'LAPTOP'");
    part(q, "'laptop' ->> 'cpu'", laptop.cpu.as_ref());
    part(q, "'laptop' ->> 'gpu'", laptop.gpu.as_ref());
    number(q, "'laptop' -> 'ram_gb'", laptop.ram_gb);
    number(q, "'laptop' -> 'storage_gb'", laptop.storage_gb);
    number(q, "'laptop' -> 'screen_inches'", laptop.screen_inches);
    one_of(q, "'laptop' ->> 'storage_type'", names(&laptop.storage_type));
}

pub fn mobiles(q: &mut Query, mobile: &MobileFilter) {
    q.push(" and p.kind = 'MOBILE'");
    number(q, "'mobile' -> 'screen_inches'", mobile.screen_inches);
    number(q, "'mobile' -> 'storage_gb'", mobile.storage_gb);
    if let Some(range) = mobile.battery_mah {
        // Optional, so it may be JSON's null, which is no number.
        q.push(" and ");
        between(
            q,
            "(p.details -> 'mobile' ->> 'battery_mah')::float8",
            range.into(),
        );
    }
    if let Some(range) = mobile.camera_mp {
        q.push(" and ");
        let best =
            "(select max(mp::float8) from jsonb_array_elements(p.details -> 'mobile' -> 'camera_mp') mp)";
        between(q, best, range);
    }
    part(q, "'mobile' ->> 'os'", mobile.os.as_ref());
    any_of(q, "'mobile' -> 'network'", mobile.network.clone());
}

pub fn clothes(q: &mut Query, piece: &ClothesFilter) {
    q.push(" and p.kind = 'CLOTHES'");
    any_of(q, "'clothes' -> 'sizes'", piece.size.clone());
    any_of(q, "'clothes' -> 'colors'", piece.color.clone());
    one_of(q, "'clothes' ->> 'material'", piece.material.clone());
    whole(q, "'clothes' ->> 'style'", piece.style.as_ref());
    whole(q, "'clothes' ->> 'gender'", piece.gender.as_ref());
    whole(q, "'clothes' ->> 'season'", piece.season.as_ref());
}
