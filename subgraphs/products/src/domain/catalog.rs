//! What products are sorted by: categories, brands, attributes.

use async_graphql::SimpleObject;
use platform::{
    UserError,
    address::text,
    ids::{AttributeId, BrandId, CategoryId},
};

/// A node of the tree of categories.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Category {
    #[graphql(skip)]
    pub id: CategoryId,
    /// Unique, for addresses of pages.
    pub slug: String,
    /// Name in lists.
    pub name: String,
    #[graphql(skip)]
    pub parent_id: Option<CategoryId>,
}

/// Who makes a product.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Brand {
    #[graphql(skip)]
    pub id: BrandId,
    /// Unique, for addresses of pages.
    pub slug: String,
    /// Name in lists.
    pub name: String,
}

/// A property that products may have beyond the details of their kind.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Attribute {
    #[graphql(skip)]
    pub id: AttributeId,
    /// Unique, for filters.
    pub code: String,
    /// Name for people.
    pub label: String,
    /// TEXT, NUMBER or BOOLEAN.
    #[graphql(name = "type")]
    pub data_type: String,
    /// Unit of a NUMBER.
    pub unit: Option<String>,
    /// May be used in `where.attributes` and as a facet.
    pub filterable: bool,
    #[graphql(skip)]
    pub kinds: Vec<String>,
}

/// Value of an attribute.
#[derive(Clone, Debug, SimpleObject)]
pub struct AttributeValue {
    /// What it is a value of.
    pub attribute: Attribute,
    /// The value; numbers with a decimal point, booleans as `true` and `false`.
    pub value: String,
}

impl Attribute {
    /// The value as it is stored, or the rule it breaks.
    pub fn validate(&self, kind: &str, value: &str) -> Result<String, UserError> {
        let refused = |rule: &str| UserError::invalid(&["input", "attributes", &self.code], rule);
        if !self.kinds.is_empty() && !self.kinds.iter().any(|fits| fits == kind) {
            return Err(refused("an attribute of this kind of product"));
        }
        match self.data_type.as_str() {
            "NUMBER" => number(value).ok_or_else(|| refused("a number")),
            "BOOLEAN" => match value {
                "true" | "false" => Ok(value.to_owned()),
                _ => Err(refused("true or false")),
            },
            _ => text(value.to_owned(), 200).ok_or_else(|| refused("1..200 characters")),
        }
    }
}

/// A plain decimal number, as the database reads it.
fn number(value: &str) -> Option<String> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| (1..=12).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (plain(whole) && plain(fraction)).then(|| value.to_owned())
}

/// Lower-case words and digits joined by underscores, beginning with a letter.
pub fn attribute_code(value: &str) -> Option<String> {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let fits = value.len() <= 50
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && value.split('_').all(word);
    fits.then(|| value.to_owned())
}

/// Lower-case words joined by hyphens, 1 to 100 characters.
pub fn slug(path: &[&str], value: &str) -> Result<String, UserError> {
    let value = value.trim();
    let words = value
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    match words && value.len() <= 100 {
        true => Ok(value.to_owned()),
        false => Err(UserError::invalid(
            path,
            "lower-case words and digits joined by hyphens",
        )),
    }
}

/// A slug made of a name; empty if the name has no ASCII letter or digit.
pub fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            '\'' | '’' => {}
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(80);
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        assert_eq!(slug_of("The Clockmaker's  Ledger!"), "the-clockmakers-ledger");
        assert_eq!(slug_of("日本"), "");
        assert!(slug(&["slug"], "a-b2").is_ok());
        for bad in ["", "-a", "a--b", "A", "a b", "ä"] {
            assert!(slug(&["slug"], bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn attribute_values_fit_their_type_and_kind() {
        let mut attribute = Attribute {
            id: AttributeId::new(),
            code: "warranty_months".to_owned(),
            label: "Warranty".to_owned(),
            data_type: "NUMBER".to_owned(),
            unit: None,
            filterable: true,
            kinds: vec!["LAPTOP".to_owned()],
        };
        assert!(attribute.validate("LAPTOP", "24.5").is_ok());
        assert!(attribute.validate("BOOK", "24").is_err());
        for bad in ["", "1e5", "NaN", "1.", "--1"] {
            assert!(attribute.validate("LAPTOP", bad).is_err(), "{bad}");
        }
        attribute.data_type = "BOOLEAN".to_owned();
        assert!(attribute.validate("LAPTOP", "yes").is_err());
    }
}
