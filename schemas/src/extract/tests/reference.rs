//! The reference schemas are read wholly by the pass: none of their events needs the validator.

use std::path::{Path, PathBuf};

use crate::SourceFile;
use crate::schema::{Additional, Rest, Schema};

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn is_understood(schema: &Schema) -> bool {
    schema.rest == Rest::Nothing
        && schema.properties.iter().all(|property| is_understood(&property.schema))
        && schema.items.as_ref().is_none_or(|items| is_understood(items))
        && !matches!(&schema.additional, Additional::Schema(others) if !is_understood(others))
}

#[test]
fn reference_schemas_are_understood_wholly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = ["shop", "auction"].iter().flat_map(|folder| files(&root.join(folder)));
    let schemas: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    assert!(schemas.len() > 15);
    for path in schemas {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = SourceFile { path: path.display().to_string(), text };
        let mut mistakes = Vec::new();
        let schema = crate::schema::read(&file.path, &crate::document::read(&file).unwrap(), &mut mistakes);
        assert!(mistakes.is_empty() && is_understood(&schema), "{}", file.path);
    }
}
