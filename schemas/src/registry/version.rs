//! One version of an event type: its schema in the two forms in which it is asked.

use std::fmt;

use jsonschema::Validator;
use serde_json::json;

use crate::document::{self, Node};
use crate::extract::Plan;
use crate::schema::{self, Kinds, Schema};
use crate::shortened::{shortened, shown};
use crate::types::{Field, Type};
use crate::upcast::Upcast;
use crate::violation::Violation;
use crate::{Diagnostic, SourceFile};

/// How many of the mistakes in one event are told.
const TOLD: usize = 3;

/// How much of one mistake is told: it repeats the offending value, which may be large.
const TOLD_CHARS: usize = 200;

/// One version of an event type.
pub struct Version {
    /// The number.
    pub number: u32,
    /// The file that declares it.
    pub path: String,
    /// Its schema as canonical JSON.
    pub text: String,
    pub(crate) schema: Schema,
    validator: Validator,
    /// How data of this version becomes data of the next; `None` in the newest.
    pub(crate) upcast: Option<Upcast>,
    /// The text of the file that says how, if there is one.
    pub(super) upcast_text: Option<String>,
}

// === impl Version ===

impl Version {
    /// Reads and compiles a schema.
    pub(super) fn read(number: u32, file: &SourceFile) -> Result<Version, Vec<Diagnostic>> {
        let document = document::read(file)?;
        let raw = document.to_value();
        check_form(file, &document, &raw)?;
        let mut mistakes = Vec::new();
        let schema = schema::read(&file.path, &document, &mut mistakes);
        check_root(file, &document, &schema, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let text =
            crate::json::canonical(&file.text).map_err(|error| vec![Diagnostic::of_file(&file.path, error.to_string())])?;
        let validator = compile(&raw).map_err(|message| vec![Diagnostic::of_file(&file.path, message)])?;
        Ok(Version { number, path: file.path.clone(), text, schema, validator, upcast: None, upcast_text: None })
    }

    /// The fields of the data, in the order in which they are declared.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = self.schema.fields();
        if self.schema.allows_null() {
            fields.iter_mut().for_each(|field| field.nullable = true);
        }
        fields
    }

    /// The type of the data as a whole.
    pub fn data_type(&self) -> Type {
        self.schema.column_type()
    }

    /// What the validator says of the data.
    pub(crate) fn validate(&self, data: &serde_json::Value) -> Result<(), Violation> {
        if self.validator.is_valid(data) {
            return Ok(());
        }
        let told: Vec<String> = self.validator.iter_errors(data).take(TOLD).map(|error| told(&error)).collect();
        Err(Violation::new(Violation::SCHEMA_VIOLATION, told.join("; ")))
    }

    /// Why `value` cannot be the field `name`; `None` where it can.
    pub(crate) fn refuses(&self, name: &str, value: &serde_json::Value) -> Option<String> {
        let data = json!({ name: value });
        // What else is wrong with the data as a whole is not the value's fault.
        let refused = self.validator.iter_errors(&data).find(|error| !error.instance_path().as_str().is_empty());
        let unfit = || Plan::new(&self.schema.property(name)?.schema, &[], &[]).unfit(&value.to_string());
        refused.map(|error| shortened(&error.to_string(), TOLD_CHARS).into_owned()).or_else(unfit)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version").field("number", &self.number).field("path", &self.path).finish_non_exhaustive()
    }
}

/// One mistake, with the place in the data.
fn told(error: &jsonschema::ValidationError<'_>) -> String {
    let message = error.to_string();
    let message = shortened(&message, TOLD_CHARS);
    match error.instance_path().as_str() {
        "" => message.into_owned(),
        path => format!("{}: {message}", shown(path)),
    }
}

/// Whether the schema is one, as the meta-schema has it.
fn check_form(file: &SourceFile, document: &Node, raw: &serde_json::Value) -> Result<(), Vec<Diagnostic>> {
    let meta = jsonschema::meta::validator_for(raw).map_err(|error| {
        let span = document.get("$schema").map_or(document.span.clone(), |node| node.span.clone());
        let hint = "write \"https://json-schema.org/draft/2020-12/schema\"";
        vec![Diagnostic::new(&file.path, span, format!("unknown `$schema`: {error}")).with_hint(hint)]
    })?;
    let mistakes: Vec<Diagnostic> = meta
        .iter_errors(raw)
        .map(|error| {
            let node = document.pointer(error.instance_path().as_str()).unwrap_or(document);
            Diagnostic::new(&file.path, node.span.clone(), format!("not a JSON Schema: {error}"))
        })
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

/// The data of an event is an object: only objects have fields.
fn check_root(file: &SourceFile, document: &Node, schema: &Schema, mistakes: &mut Vec<Diagnostic>) {
    if schema.possible_kinds().without(Kinds::NULL) == Kinds::OBJECT {
        return;
    }
    let span = document.get("type").map_or(document.span.start..document.span.start, |node| node.span.clone());
    let message = format!("the data of an event is an object, but the schema allows {}", schema.possible_kinds());
    mistakes.push(Diagnostic::new(&file.path, span, message).with_hint("write \"type\": \"object\""));
}

/// Formats are left alone here: those that give a column its type are checked when the column is filled.
fn compile(raw: &serde_json::Value) -> Result<Validator, String> {
    jsonschema::options().should_validate_formats(false).offline().build(raw).map_err(|error| error.to_string())
}
