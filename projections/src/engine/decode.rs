//! From an event's bytes to what it does: which rules run, with which parameters, on which rows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::{Envelope, EventType, Extracted, Extractor, Registry, Value, Violation};
use smallvec::SmallVec;

use crate::codec::{Key, KeyBuilder};
use crate::expr::{EvalError, Frame, eval};
use crate::plan::{EVENT_ATTRIBUTES, EntityId, EventFold, Plan, Rule};

use super::duplicates::Duplicates;
use super::exchange::LogEvent;
use super::parking::Cause;
use super::subject;

/// The kind of a dead letter of which the log could make no event.
const NOT_MAPPED: &str = "not_mapped";

/// Knows what each event type does in a projection.
pub struct Decoder {
    subjects: Vec<String>,
    registry: Arc<Registry>,
    /// By event type.
    consumers: BTreeMap<String, Consumer>,
    /// Positions of events that an operator has given up.
    discarded: BTreeSet<u64>,
}

/// What the projection does with an event type.
struct Consumer {
    fold: Arc<EventFold>,
    extractor: Extractor,
}

/// What an event comes to.
pub enum Decoded<'e> {
    /// Not of this projection, or of a type without a rule.
    PassedBy,
    /// Seen before.
    Duplicate,
    /// Given up by an operator.
    Discarded,
    /// Cannot be applied.
    Refused(Refusal),
    /// To be folded.
    Apply(Effect<'e>),
}

/// Why an event cannot be applied.
pub struct Refusal {
    pub kind: &'static str,
    pub reason: String,
    pub keys: Vec<(EntityId, Key)>,
    pub cause: Cause,
}

/// What an event does.
pub struct Effect<'e> {
    pub fold: Arc<EventFold>,
    /// The parameters of the event, and after them those of the element that is looked at.
    params: Vec<Param<'e>>,
    /// How many parameters are the event's own.
    own: usize,
    /// The parameters of all elements of all loops.
    elements: Vec<Param<'e>>,
    /// The rows that rules run on, in the order of the rules and elements.
    pub targets: Vec<Target>,
}

/// A parameter as frames take it.
pub type Param<'e> = Result<Value<'e>, EvalError>;

/// Where the parameters of a loop's elements are: from where on, how many elements, and how many of each.
#[derive(Clone, Copy)]
struct Looped {
    start: usize,
    count: usize,
    width: usize,
}

/// One run of a rule.
pub struct Target {
    /// The rule's number in the fold.
    pub rule: usize,
    pub entity: EntityId,
    pub key: Key,
    /// Where the element's parameters are: from where on, and how many.
    pub element: Option<(usize, usize)>,
}

// === impl Decoder ===

impl Decoder {
    pub fn new(plan: &Plan, registry: Arc<Registry>) -> Decoder {
        let consumer = |(name, fold): (&String, &EventFold)| {
            let extractor = extractor(registry.event_type(name)?, fold);
            Some((name.clone(), Consumer { fold: Arc::new(fold.clone()), extractor }))
        };
        let consumers = plan.folds.iter().filter_map(consumer).collect();
        Decoder { subjects: plan.subjects.clone(), consumers, registry, discarded: BTreeSet::new() }
    }

    /// Decodes one event; notes it in the window of duplicates.
    pub fn decode<'e>(&self, event: &'e LogEvent, duplicates: &mut Duplicates, buffer: &mut Extracted<'e>) -> Decoded<'e> {
        if !self.is_ours(event) {
            return Decoded::PassedBy;
        }
        if let Some(flaw) = event.flaw.as_ref().filter(|_| !self.discarded.contains(&event.position)) {
            let (kind, reason) = (NOT_MAPPED, flaw.to_string());
            return Decoded::Refused(Refusal { kind, reason, keys: Vec::new(), cause: Cause::Failed });
        }
        let envelope = match Envelope::parse(&event.data) {
            Ok(envelope) if duplicates.is_repeated(event.position, &envelope.source, &envelope.id) => return Decoded::Duplicate,
            envelope => envelope,
        };
        self.judge(event, envelope, buffer)
    }

    /// Decodes an event that became a dead letter: it is ours, and no duplicate.
    pub fn decode_again<'e>(&self, event: &'e LogEvent, buffer: &mut Extracted<'e>) -> Decoded<'e> {
        self.judge(event, Envelope::parse(&event.data), buffer)
    }

    /// The event at this position is not applied.
    pub fn discard(&mut self, position: u64) {
        self.discarded.insert(position);
    }

    fn judge<'e>(&self, event: &LogEvent, envelope: Result<Envelope<'e>, Violation>, buffer: &mut Extracted<'e>) -> Decoded<'e> {
        if self.discarded.contains(&event.position) {
            return Decoded::Discarded;
        }
        let envelope = match envelope {
            Ok(envelope) => envelope,
            Err(violation) => return Decoded::Refused(violation.into()),
        };
        match self.extract(&envelope, buffer) {
            Err(violation) => Decoded::Refused(self.refusal(violation, envelope, event.time, buffer)),
            Ok(None) => Decoded::PassedBy,
            Ok(Some(fold)) => effect(fold, envelope, event.time, buffer),
        }
    }

    /// Data that violates its schema may still say which rows it is about: later events of these have to wait. Where the source, or
    /// the version, is not what it should be, nothing that it says counts.
    fn refusal<'e>(&self, violation: Violation, envelope: Envelope<'e>, logged: i64, buffer: &mut Extracted<'e>) -> Refusal {
        let mut refusal = Refusal::from(violation);
        if let (Violation::SCHEMA_VIOLATION, Some(Consumer { fold, extractor })) =
            (refusal.kind, self.consumers.get(&*envelope.ty))
            && extractor.salvage(&envelope, buffer)
        {
            refusal.keys = effect(fold, envelope, logged, buffer).into_keys();
        }
        refusal
    }

    /// The wanted fields of the event, and what to do with them, if anything.
    fn extract<'e>(&self, envelope: &Envelope<'e>, buffer: &mut Extracted<'e>) -> Result<Option<&Arc<EventFold>>, Violation> {
        let event_type = self.registry.resolve(envelope)?;
        let Some(Consumer { fold, extractor }) = self.consumers.get(&event_type.name) else { return Ok(None) };
        extractor.extract(envelope, buffer)?;
        Ok(Some(fold))
    }

    /// Notes an event that a commit before this run dealt with.
    pub fn remember(&self, event: &LogEvent, duplicates: &mut Duplicates) {
        if self.is_ours(event)
            && event.flaw.is_none()
            && let Ok(envelope) = Envelope::parse(&event.data)
        {
            duplicates.is_repeated(event.position, &envelope.source, &envelope.id);
        }
    }

    fn is_ours(&self, event: &LogEvent) -> bool {
        match &event.subject {
            None => true,
            Some(subject) => self.subjects.iter().any(|pattern| subject::matches(pattern, subject)),
        }
    }
}

fn extractor(event_type: &Arc<EventType>, fold: &EventFold) -> Extractor {
    let loops: Vec<_> = fold.loops.iter().map(|each| (each.path.clone(), each.fields.clone())).collect();
    Extractor::new(event_type, &fold.fields, &loops)
}

impl Decoded<'_> {
    /// The keys of the rows that the event touches, as far as they are known.
    fn into_keys(self) -> Vec<(EntityId, Key)> {
        match self {
            Decoded::Apply(effect) => effect.keys(),
            Decoded::Refused(refusal) => refusal.keys,
            Decoded::PassedBy | Decoded::Duplicate | Decoded::Discarded => Vec::new(),
        }
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Refusal {
        Refusal { kind: violation.kind, reason: violation.reason, keys: Vec::new(), cause: Cause::Failed }
    }
}

// === effects ===

fn effect<'e>(fold: &Arc<EventFold>, envelope: Envelope<'e>, logged: i64, buffer: &mut Extracted<'e>) -> Decoded<'e> {
    // With room for an element's.
    let width = buffer.loops.iter().map(|elements| elements.width).max().unwrap_or_default();
    let mut params: Vec<Param<'e>> = Vec::with_capacity(buffer.fields.len() + EVENT_ATTRIBUTES.len() + width);
    params.extend(buffer.fields.drain(..).map(Ok));
    params.extend(attributes(envelope, logged).map(Ok));
    let own = params.len();
    let elements = buffer.loops.iter().map(|elements| elements.values.len()).sum();
    let targets = Vec::with_capacity(fold.rules.len() + buffer.loops.iter().map(|elements| elements.count).sum::<usize>());
    let mut effect = Effect { fold: fold.clone(), params, own, elements: Vec::with_capacity(elements), targets };
    let loops = effect.take_elements(buffer);
    match effect.find_targets(&loops) {
        Ok(()) => Decoded::Apply(effect),
        Err(refusal) => Decoded::Refused(refusal),
    }
}

/// In the order of [`EVENT_ATTRIBUTES`].
fn attributes<'e>(envelope: Envelope<'e>, logged: i64) -> [Value<'e>; 5] {
    let text = |text: Option<Cow<'e, str>>| text.map_or(Value::Null, Value::Text);
    [
        Value::Text(envelope.id),
        Value::Text(envelope.source),
        Value::Text(envelope.ty),
        text(envelope.subject),
        Value::Timestamp(envelope.time.unwrap_or(logged)),
    ]
}

impl Looped {
    /// Where the parameters of element `at` are: from where on, and how many.
    fn element(self, at: usize) -> (usize, usize) {
        (self.start + at * self.width, self.width)
    }
}

impl<'e> Effect<'e> {
    /// Takes over the parameters of all elements; where each loop's are.
    fn take_elements(&mut self, buffer: &mut Extracted<'e>) -> SmallVec<[Looped; 2]> {
        let take = |elements: &mut schemas::Elements<'e>| {
            let looped = Looped { start: self.elements.len(), count: elements.count, width: elements.width };
            self.elements.extend(elements.values.drain(..).map(Ok));
            looped
        };
        buffer.loops.iter_mut().map(take).collect()
    }

    /// Finds the rows that the rules run on. Where a key cannot be computed the others still can: their events have to wait.
    fn find_targets(&mut self, loops: &[Looped]) -> Result<(), Refusal> {
        let fold = self.fold.clone();
        let mut failure = None;
        for (number, rule) in fold.rules.iter().enumerate() {
            let runs = match rule.for_each {
                None => self.find_target(number, rule, None),
                Some(each) => loops.get(each).map_or(Ok(()), |each| {
                    let elements = (0..each.count).map(|at| self.find_target(number, rule, Some(each.element(at))));
                    // All of them are looked at, whatever becomes of the first.
                    elements.fold(Ok(()), Result::and)
                }),
            };
            failure = failure.or(runs.err());
        }
        match failure {
            None => Ok(()),
            Some(reason) => Err(Refusal { kind: "expression_failed", reason, keys: self.keys(), cause: Cause::Failed }),
        }
    }

    /// Finds the row of one run of a rule, if its guard lets it through; the error says what cannot be computed.
    fn find_target(&mut self, number: usize, rule: &Rule, element: Option<(usize, usize)>) -> Result<(), String> {
        let guarded = match self.is_let_through(rule, element) {
            Ok(false) => return Ok(()),
            Ok(true) => Ok(()),
            Err(error) => Err(format!("when: {error}")),
        };
        let key = self.key(rule, element).map_err(|error| format!("the key cannot be computed: {error}"));
        let found = key.map(|key| self.targets.push(Target { rule: number, entity: rule.entity, key, element }));
        guarded.and(found)
    }

    /// Whether the rule's guard, if it has one, is true.
    fn is_let_through(&mut self, rule: &Rule, element: Option<(usize, usize)>) -> Result<bool, EvalError> {
        let Some(guard) = &rule.guard else { return Ok(true) };
        Ok(eval(guard, &Frame { rows: &[None], params: self.params_of(element) })? == Value::Bool(true))
    }

    fn key(&mut self, rule: &Rule, element: Option<(usize, usize)>) -> Result<Key, EvalError> {
        let frame = Frame { rows: &[None], params: self.params_of(element) };
        let mut builder = KeyBuilder::default();
        for expr in &rule.key {
            let value = eval(expr, &frame)?;
            if value.is_null() {
                return Err(EvalError::Invalid("it is null".to_owned()));
            }
            builder.push(&value);
        }
        Ok(builder.finish())
    }

    /// A target, and the parameters that its rule sees.
    pub fn run(&mut self, number: usize) -> (&Target, &[Param<'e>]) {
        self.params_of(self.targets[number].element);
        (&self.targets[number], &self.params)
    }

    /// The parameters that a rule sees: the event's own, then those of the element.
    fn params_of(&mut self, element: Option<(usize, usize)>) -> &[Param<'e>] {
        self.params.truncate(self.own);
        if let Some((start, width)) = element {
            self.params.extend_from_slice(&self.elements[start..start + width]);
        }
        &self.params
    }

    /// The entities and keys of the rows that the event touches.
    pub fn targets(&self) -> impl Iterator<Item = (EntityId, &Key)> {
        self.targets.iter().map(|target| (target.entity, &target.key))
    }

    /// The same as keys of their own.
    pub fn keys(&self) -> Vec<(EntityId, Key)> {
        self.targets.iter().map(|target| (target.entity, target.key.clone())).collect()
    }
}
