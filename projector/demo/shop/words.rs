//! What the shop's people and products are called.

pub(super) const FIRST_NAMES: [&str; 16] = [
    "Ada", "Bashir", "Chloé", "Dmitri", "Elif", "Femi", "Greta", "Hiro", "Inês", "Jack", "Kasia", "Lam", "Mireille", "Noor",
    "Óscar", "Priya",
];
pub(super) const LAST_NAMES: [&str; 16] = [
    "Abara",
    "Berg",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "García",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalska",
    "Lindqvist",
    "Müller",
    "Nguyễn",
    "O'Brien",
    "Petrov",
];
pub(super) const COUNTRIES: [&str; 8] = ["DE", "ES", "FR", "GB", "IT", "NL", "PL", "SE"];
pub(super) const CATEGORIES: [&str; 8] = ["audio", "books", "garden", "kitchen", "lighting", "office", "sports", "toys"];
pub(super) const ADJECTIVES: [&str; 12] = [
    "brushed",
    "compact",
    "everyday",
    "folding",
    "heavy",
    "little",
    "oak",
    "quiet",
    "recycled",
    "spare",
    "striped",
    "weatherproof",
];
pub(super) const THINGS: [&str; 16] = [
    "basket",
    "bottle",
    "clock",
    "desk lamp",
    "frame",
    "kettle",
    "ladder",
    "mat",
    "notebook",
    "pan",
    "rope",
    "shelf",
    "speaker",
    "stool",
    "tent",
    "vase",
];
pub(super) const LABELS: [&str; 6] = ["new", "sale", "organic", "fragile", "bulky", "gift"];
pub(super) const CARRIERS: [&str; 4] = ["bluebird", "ferry & sons", "northline", "parcelo"];
pub(super) const REASONS: [&str; 4] = ["changed my mind", "found it cheaper", "ordered twice", "takes too long"];
pub(super) const NOTES: [&str; 4] = ["Happy birthday!", "  ", "With love from us all", "Good luck \\\"over there\\\""];
