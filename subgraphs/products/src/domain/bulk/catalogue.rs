//! The products that a part of a file is about, as they are after each of its lines. Nothing is written here.

use super::{
    apply::{Change, apply},
    entry::Entry,
    item::{Item, Names},
    job::{LineError, LineStatus, Stage},
};
use crate::domain::catalog::{Attribute, Brand, Category};
use platform::{
    UserError, UserErrorCode,
    ids::{BrandId, CategoryId, ProductId},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What documents refer to.
#[derive(Debug, Default)]
pub struct References {
    categories: HashMap<String, CategoryId>,
    paths: HashMap<CategoryId, String>,
    brands: HashMap<String, BrandId>,
    brand_slugs: HashMap<BrandId, String>,
    pub attributes: HashMap<String, Attribute>,
    /// Who has a slug.
    pub slugs: HashMap<String, ProductId>,
}

/// Slugs from the top down.
fn path(category: &Category, by_id: &HashMap<CategoryId, &Category>) -> String {
    let mut slugs = vec![category.slug.as_str()];
    let mut above = category.parent_id;
    while let Some(category) = above.and_then(|id| by_id.get(&id))
        && slugs.len() < 100
    {
        slugs.push(&category.slug);
        above = category.parent_id;
    }
    slugs.reverse();
    slugs.join("/")
}

impl References {
    pub fn new(categories: Vec<Category>, brands: Vec<Brand>, attributes: Vec<Attribute>) -> Self {
        let by_id: HashMap<CategoryId, &Category> = categories.iter().map(|c| (c.id, c)).collect();
        let paths = categories.iter().map(|c| (c.id, path(c, &by_id))).collect();
        let names = brands
            .iter()
            .rev()
            .map(|brand| (brand.name.to_lowercase(), brand.id));
        // Slugs after names: they win.
        let slugs = brands.iter().map(|brand| (brand.slug.clone(), brand.id));
        Self {
            paths,
            brands: names.chain(slugs).collect(),
            brand_slugs: brands
                .iter()
                .map(|brand| (brand.id, brand.slug.clone()))
                .collect(),
            categories: categories.into_iter().map(|c| (c.slug, c.id)).collect(),
            attributes: attributes.into_iter().map(|a| (a.code.clone(), a)).collect(),
            slugs: HashMap::new(),
        }
    }

    /// By its slug, or by a path that ends in it.
    pub fn category(&self, path: &str) -> Option<CategoryId> {
        let path = path.trim();
        let id = *self.categories.get(path.rsplit('/').next()?)?;
        let full = self.paths.get(&id)?;
        let fits = full == path || full.strip_suffix(path).is_some_and(|above| above.ends_with('/'));
        fits.then_some(id)
    }

    /// By its slug, else by its name.
    pub fn brand(&self, name: &str) -> Option<BrandId> {
        let name = name.trim();
        self.brands
            .get(name)
            .or_else(|| self.brands.get(&name.to_lowercase()))
            .copied()
    }

    /// Whether a product may have a slug.
    pub fn is_free(&self, slug: &str, id: ProductId) -> bool {
        self.slugs.get(slug).is_none_or(|owner| *owner == id)
    }
}

impl Names for References {
    fn category_path(&self, id: CategoryId) -> Option<String> {
        self.paths.get(&id).cloned()
    }

    fn brand_slug(&self, id: BrandId) -> Option<String> {
        self.brand_slugs.get(&id).cloned()
    }
}

/// A line of the report.
#[derive(Debug)]
pub struct Reported {
    pub line: i32,
    pub status: LineStatus,
    pub sku: Option<String>,
    pub product: Option<ProductId>,
    pub errors: Vec<LineError>,
}

/// Products by slug and SKU.
#[derive(Debug)]
pub struct Catalogue {
    pub items: Vec<Item>,
    by_slug: HashMap<String, usize>,
    by_sku: HashMap<String, usize>,
    /// SKUs of other vendors.
    foreign: HashSet<String>,
    references: References,
    stage: Stage,
}

impl Catalogue {
    pub fn new(items: Vec<Item>, foreign: HashSet<String>, references: References, stage: Stage) -> Self {
        let mut catalogue = Self {
            items: Vec::new(),
            by_slug: HashMap::new(),
            by_sku: HashMap::new(),
            foreign,
            references,
            stage,
        };
        items.into_iter().for_each(|item| catalogue.put(None, item));
        catalogue
    }

    fn put(&mut self, at: Option<usize>, item: Item) {
        let at = at.unwrap_or(self.items.len());
        self.by_slug.insert(item.stored.slug.clone(), at);
        self.references.slugs.insert(item.stored.slug.clone(), item.id);
        for variant in &item.variants {
            self.by_sku.insert(variant.data.sku.to_lowercase(), at);
        }
        match self.items.get_mut(at) {
            Some(old) => {
                if old.stored.slug != item.stored.slug {
                    self.by_slug.remove(&old.stored.slug);
                    self.references.slugs.remove(&old.stored.slug);
                }
                *old = item;
            }
            None => self.items.push(item),
        }
    }

    /// Gives an entry its effect on the products, and says so for each of its lines. `earlier` has the lines in which
    /// SKUs occurred before.
    pub fn take(&mut self, entry: Entry, earlier: &HashMap<String, i32>) -> Vec<Reported> {
        let first = entry.first_line();
        let result = self.result(&entry, earlier);
        let lines = entry.lines.into_iter();
        let report = |line, status, sku, product, errors| Reported {
            line,
            status,
            sku,
            product,
            errors,
        };
        match result {
            Ok((status, id)) => lines
                .map(|line| report(line.number, status, line.sku, Some(id), Vec::new()))
                .collect(),
            Err((at, error)) => lines
                .map(|line| {
                    let error = match at.unwrap_or(first) {
                        at if at == line.number => error.clone(),
                        at => UserError::refused(
                            UserErrorCode::Conflict,
                            format!("line {at}, which is about the same product, is refused"),
                        ),
                    };
                    report(
                        line.number,
                        LineStatus::Refused,
                        line.sku,
                        None,
                        vec![error.into()],
                    )
                })
                .collect(),
        }
    }

    fn result(
        &mut self,
        entry: &Entry,
        earlier: &HashMap<String, i32>,
    ) -> Result<(LineStatus, ProductId), (Option<i32>, UserError)> {
        let patch = entry
            .patch
            .as_ref()
            .map_err(|(line, error)| (Some(*line), error.clone()))?;
        no_repetition(entry, earlier)?;
        let at = self.find(entry).map_err(|error| (None, error))?;
        let old = at.and_then(|at| self.items.get(at));
        let change =
            apply(old, patch.clone(), &self.references, self.stage).map_err(|error| (None, error))?;
        match change {
            Change::None(id) => Ok((LineStatus::Unchanged, id)),
            Change::To(item) => {
                let (id, is_new) = (item.id, at.is_none());
                self.put(at, *item);
                let status = if is_new {
                    LineStatus::Created
                } else {
                    LineStatus::Updated
                };
                Ok((status, id))
            }
        }
    }

    /// The product that an entry is about; none if it is new.
    fn find(&self, entry: &Entry) -> Result<Option<usize>, UserError> {
        let conflict = |message: String| Err(UserError::refused(UserErrorCode::Conflict, message));
        let skus = entry.skus();
        if let Some(sku) = skus.iter().find(|sku| self.foreign.contains(*sku)) {
            return conflict(format!("the SKU {sku} is in use"));
        }
        let by_slug = entry.slug().and_then(|slug| self.by_slug.get(slug)).copied();
        let found: BTreeSet<usize> = skus
            .iter()
            .filter_map(|sku| self.by_sku.get(sku).copied())
            .chain(by_slug)
            .collect();
        match found.len() {
            0 | 1 => Ok(found.first().copied()),
            _ => conflict("the slug and the SKUs are those of different products".to_owned()),
        }
    }
}

/// A SKU stands in one place of a file: else the result would depend on which comes last.
fn no_repetition(entry: &Entry, earlier: &HashMap<String, i32>) -> Result<(), (Option<i32>, UserError)> {
    let mut seen: HashMap<String, i32> = HashMap::new();
    // A line of CSV has one SKU, a line of JSON is an entry.
    let numbers = entry
        .lines
        .iter()
        .map(|line| line.number)
        .chain(std::iter::repeat(entry.first_line()));
    for (sku, number) in entry.skus().into_iter().zip(numbers) {
        let before = earlier
            .get(&sku)
            .filter(|line| **line < entry.first_line())
            .or_else(|| seen.get(&sku));
        if let Some(line) = before {
            let message = format!("the SKU {sku} stands in line {line} already");
            return Err((Some(number), UserError::refused(UserErrorCode::Conflict, message)));
        }
        seen.insert(sku, number);
    }
    Ok(())
}
