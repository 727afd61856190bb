//! What only a folder has: files that are not complete stand beside those that are.

use std::{fs, io, path::Path, time::SystemTime};

/// Deletes incomplete files below `folder` that nobody has written to since `before`.
pub fn delete_broken_off(folder: &Path, before: SystemTime) -> io::Result<usize> {
    let mut deleted = 0;
    for entry in unless_gone(fs::read_dir(folder))?.into_iter().flatten() {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            deleted += delete_broken_off(&entry.path(), before)?;
        } else if is_incomplete(&entry.file_name().to_string_lossy())
            && let Some(about) = unless_gone(entry.metadata())?
            && about.modified()? < before
        {
            unless_gone(fs::remove_file(entry.path()))?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// `name#1` is on its way to becoming `name`: so `object_store` calls them, and no name of ours has a `#`.
fn is_incomplete(name: &str) -> bool {
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Others delete here too.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
