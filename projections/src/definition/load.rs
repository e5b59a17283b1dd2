//! From the files of a projection to its plan. All mistakes of all files are found before it gives up.

use std::collections::BTreeMap;

use schemas::{Diagnostic, Registry, SourceFile};

use super::entities::EntityDraft;
use super::file::{self, ProjectionFile};
use super::fingerprint;
use super::fold_scope::EventReads;
use super::report::Report;
use super::syntax;
use super::views::{self, ViewDraft};
use crate::plan::{Entity, EventFold, Plan, View};
use crate::planner::Planner;

/// Reads, checks and plans the projection in `folder`, whose files are among `files`.
pub fn load_projection(folder: &str, files: &[SourceFile], registry: &Registry) -> Result<Plan, Vec<Diagnostic>> {
    let folder = match folder.trim_end_matches('/') {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let path = format!("{folder}projection.toml");
    let Some(file) = files.iter().find(|file| file.path == path) else {
        return Err(vec![Diagnostic::of_file(path, "the file is missing")]);
    };
    let mut report = Report::new(file);
    let table = syntax::parse(&file.text, &mut report);
    if !report.is_clean() {
        return Err(report.finish());
    }
    let written = file::read(&table, &mut report);
    Loader { folder: &folder, files, registry, report }.load(&written)
}

struct Loader<'f> {
    folder: &'f str,
    files: &'f [SourceFile],
    registry: &'f Registry,
    report: Report<'f>,
}

impl Loader<'_> {
    fn load(mut self, written: &ProjectionFile<'_>) -> Result<Plan, Vec<Diagnostic>> {
        let drafts = self.entities(written);
        let entities: Vec<Entity> = drafts.iter().map(EntityDraft::entity).collect();
        let folds = self.folds(&drafts, &entities);
        let mut planner = Planner::new(&entities);
        let (views, mut mistakes) = self.views(written, &mut planner);
        mistakes.splice(0..0, self.report.finish());
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let finished = planner.finish();
        let mut plan = Plan {
            name: written.name.clone(),
            subjects: written.subjects.clone(),
            indexes: finished.indexes,
            folds,
            blocks: finished.blocks,
            rollups: finished.rollups,
            views,
            dead_letters: written.dead_letters,
            duplicate_window: written.duplicate_window,
            fingerprint: 0,
            rows_fingerprint: 0,
            entities,
        };
        plan.fingerprint = fingerprint::of(&plan, self.registry);
        plan.rows_fingerprint = fingerprint::of_rows(&plan, self.registry);
        Ok(plan)
    }

    fn entities<'w>(&mut self, written: &'w ProjectionFile<'w>) -> Vec<EntityDraft<'w>>
    where
        Self: 'w,
    {
        let registry = self.registry;
        let mut drafts: Vec<EntityDraft<'w>> =
            written.entities.iter().map(|def| EntityDraft::new(def, registry, &mut self.report)).collect();
        for draft in &mut drafts {
            draft.infer();
            draft.check_types(&mut self.report);
        }
        drafts
    }

    /// What each event type does. Rules are in the order of their entities.
    fn folds(&mut self, drafts: &[EntityDraft<'_>], entities: &[Entity]) -> BTreeMap<String, EventFold> {
        let mut reads_of: BTreeMap<String, EventReads> = BTreeMap::new();
        let mut rules = Vec::new();
        for (number, (draft, entity)) in drafts.iter().zip(entities).enumerate() {
            rules.extend(draft.compile(number, entity, &mut reads_of, &mut self.report));
        }
        let mut folds: BTreeMap<String, EventFold> =
            reads_of.iter().map(|(event, reads)| (event.clone(), reads.clone().into_fold())).collect();
        for mut compiled in rules {
            if let (Some(reads), Some(fold)) = (reads_of.get(&compiled.event), folds.get_mut(&compiled.event)) {
                compiled.number(reads);
                fold.rules.push(compiled.rule);
            }
        }
        folds
    }

    fn views(&mut self, written: &ProjectionFile<'_>, planner: &mut Planner<'_>) -> (Vec<View>, Vec<Diagnostic>) {
        let (mut views, mut mistakes) = (Vec::new(), Vec::new());
        for (number, def) in written.views.iter().enumerate() {
            match views::parse(def, self.folder, self.files, &mut self.report) {
                Ok(mut draft) => {
                    views.extend(ViewDraft::plan(&mut draft, number, planner, &mut self.report));
                    mistakes.extend(draft.report.finish());
                }
                Err(report) => mistakes.extend(report.into_iter().flat_map(Report::finish)),
            }
        }
        (views, mistakes)
    }
}
