//! Where the files of imports and exports are in the store.

use super::job::Format;
use platform::{
    ids::{CatalogExportId, CatalogImportId},
    storage::Key,
};
use uuid::Uuid;

/// Folder of files on their way in: who has the URL can still replace them.
pub const UPLOADS: &str = "uploads/imports";
/// Folder of files that imports read. No URL leads there.
pub const READING: &str = "imports";
/// Folder of files that were written for vendors.
pub const EXPORTS: &str = "exports";

/// Bytes of a file.
pub const MAX_FILE: u64 = 512 << 20;

/// Where the file of an import is sent.
pub fn upload(id: CatalogImportId) -> Option<Key> {
    Key::new(&format!("{UPLOADS}/{}", id.0.simple()))
}

/// Where it is read.
pub fn reading(id: CatalogImportId) -> Option<Key> {
    Key::new(&format!("{READING}/{}", id.0.simple()))
}

/// Where an export is written; the last part is what browsers save it as.
pub fn export(id: CatalogExportId, format: Format) -> Option<Key> {
    let ending = format.as_str().to_lowercase();
    Key::new(&format!("{EXPORTS}/{}/catalog.{ending}", id.0.simple()))
}

/// Whose file this is in one of the folders, by its name.
pub fn owner(folder: &str, key: &Key) -> Option<Uuid> {
    let inside = key.as_str().strip_prefix(folder)?.strip_prefix('/')?;
    Uuid::try_parse(inside.split('/').next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_an_owner_and_no_file_is_public() {
        let (import, of_export) = (CatalogImportId::new(), CatalogExportId::new());
        for (folder, key, id) in [
            (UPLOADS, upload(import), import.0),
            (READING, reading(import), import.0),
            (EXPORTS, export(of_export, Format::Csv), of_export.0),
        ] {
            let key = key.unwrap();
            assert_eq!(owner(folder, &key), Some(id));
            assert!(!key.is_public() && !key.is_inline());
        }
        assert_eq!(owner(EXPORTS, &upload(import).unwrap()), None);
        let jsonl = export(of_export, Format::Jsonl).unwrap();
        assert!(jsonl.as_str().ends_with("/catalog.jsonl"));
        assert_eq!(jsonl.content_type(), "application/jsonl");
    }
}
