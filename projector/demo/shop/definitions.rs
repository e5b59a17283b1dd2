//! The shop's definitions and schemas as they were when the program was built, so that the demo runs in any folder.

use schemas::SourceFile;

macro_rules! files {
    ($folder:literal: $($path:literal)*) => {
        &[$((concat!($folder, "/", $path), include_str!(concat!("../../../", $folder, "/", $path)))),*]
    };
}

/// The folder of the definitions, as messages name it.
pub const FOLDER: &str = "projections/shop";
/// The folder of the schemas.
pub const SCHEMAS: &str = "schemas/shop";

const DEFINITION_FILES: &[(&str, &str)] = files!("projections/shop":
    "customer_summary.sql"
    "daily_revenue.sql"
    "order_overview.sql"
    "product_sales.sql"
    "projection.toml"
);

const SCHEMA_FILES: &[(&str, &str)] = files!("schemas/shop":
    "catalog/PriceChanged.v1.json"
    "catalog/ProductAdded.v1.json"
    "catalog/ProductDiscontinued.v1.json"
    "catalog/ProductRemoved.v1.json"
    "catalog/ProductRetitled.v1.json"
    "customers/CustomerDeleted.v1.json"
    "customers/CustomerEmailChanged.v1.json"
    "customers/CustomerRegistered.v1.json"
    "customers/CustomerRenamed.v1.json"
    "orders/OrderCancelled.v1.json"
    "orders/OrderLineAdjusted.v1.json"
    "orders/OrderLineRemoved.v1.json"
    "orders/OrderPlaced.v1-to-v2.toml"
    "orders/OrderPlaced.v1.json"
    "orders/OrderPlaced.v2.json"
    "payments/PaymentCaptured.v1.json"
    "payments/PaymentRefunded.v1.json"
    "shipping/OrderDelivered.v1.json"
    "shipping/OrderShipped.v1.json"
);

/// The projection's files.
pub fn definition_files() -> Vec<SourceFile> {
    sources(DEFINITION_FILES)
}

/// The files of its event types.
pub fn schema_files() -> Vec<SourceFile> {
    sources(SCHEMA_FILES)
}

fn sources(files: &[(&str, &str)]) -> Vec<SourceFile> {
    files.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn no_file_is_forgotten() {
        let built_in: BTreeSet<String> =
            [definition_files(), schema_files()].concat().into_iter().map(|file| file.path).collect();
        let mut there = BTreeSet::new();
        files_in(Path::new(FOLDER), &mut there);
        files_in(Path::new(SCHEMAS), &mut there);
        there.retain(|path| !path.contains("/tests/"));
        assert_eq!(built_in, there);
    }

    fn files_in(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).is_dir() {
                files_in(&path, found);
            } else {
                found.insert(path.display().to_string());
            }
        }
    }
}
