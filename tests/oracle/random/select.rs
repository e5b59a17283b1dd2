//! Writes random SELECTs: plain views, GROUP BY views, sub-selects.

use super::kind::{Kind, SHOWN};
use super::model::{DOMAIN, EntityModel, domain_value};
use super::writer::{Leaf, Scope, Writer};

/// How deep the expressions of a SELECT list are.
const DEPTH: usize = 3;

/// FROM, its joins, and what they make visible.
struct From {
    text: String,
    scope: Scope,
    /// The columns of the root alone.
    root: Vec<Leaf>,
}

impl Writer<'_> {
    /// The SELECT of a view.
    pub fn view(&mut self) -> String {
        if self.random.chance(35) { self.group_view() } else { self.plain_view() }
    }

    fn plain_view(&mut self) -> String {
        let from = self.from(2, 3);
        let mut items: Vec<_> = self.key_of(&from).iter().enumerate().map(|(i, key)| format!("{key} AS id{i}")).collect();
        for place in 0..self.random.between(2, 6) {
            let kind = SHOWN[self.random.below(SHOWN.len())];
            items.push(format!("{} AS x{place}", self.expression(kind, &from.scope, DEPTH)));
        }
        if self.random.chance(10)
            && let Some(column) = self.column(Kind::Int, &from.scope)
        {
            // For some documents it fails.
            items.push(format!("100 / {column} AS divided"));
        }
        let filter = self.filter(&from.scope, 40);
        self.used.insert("plain view");
        format!("SELECT {}\nFROM {}{filter}", items.join(",\n       "), from.text)
    }

    fn group_view(&mut self) -> String {
        let from = self.from(1, 2);
        let mut groups: Vec<Leaf> = (0..self.random.between(1, 2)).map(|_| self.group(&from.scope)).collect();
        groups.dedup_by(|a, b| a.text == b.text);
        let mut scope = Scope { columns: groups.clone(), key: String::new(), levels: 0, aggregated: None };
        scope.aggregated = Some(Box::new(from.scope.clone()));
        let mut items: Vec<_> = groups.iter().enumerate().map(|(i, group)| format!("{} AS g{i}", group.text)).collect();
        for place in 0..self.random.between(1, 4) {
            let kind = SHOWN[self.random.below(SHOWN.len())];
            let value = self.expression(kind, &scope, 2);
            self.note_subselect(&value, "sub-select in an aggregate");
            items.push(format!("{value} AS x{place}"));
        }
        if self.random.chance(10) {
            items.push("100 / (count(*) - 2) AS divided".to_owned());
        }
        let filter = self.filter(&from.scope, 40);
        let keys: Vec<_> = groups.into_iter().enumerate().map(|(place, group)| self.group_key(place, group)).collect();
        let mut text = format!("SELECT {}\nFROM {}{filter}\nGROUP BY {}", items.join(",\n       "), from.text, keys.join(", "));
        if self.random.chance(40) {
            self.used.insert("HAVING");
            text += &format!("\nHAVING {}", self.expression(Kind::Bool, &scope, 2));
        }
        self.used.insert("GROUP BY view");
        text
    }

    /// How GROUP BY names what stands at this place of the SELECT list.
    fn group_key(&mut self, place: usize, group: Leaf) -> String {
        match self.random.below(10) {
            0 => {
                self.used.insert("GROUP BY a name");
                format!("g{place}")
            }
            1 => {
                self.used.insert("GROUP BY a position");
                (place + 1).to_string()
            }
            _ => group.text,
        }
    }

    fn note_subselect(&mut self, text: &str, construct: &'static str) {
        if text.contains("(SELECT ") {
            self.used.insert(construct);
        }
    }

    /// What to group by: a column, or an expression over columns. Equal values must look equal: no decimals, no doubles.
    fn group(&mut self, scope: &Scope) -> Leaf {
        const GROUPS: [Kind; 6] = [Kind::Text, Kind::Int, Kind::Date, Kind::Bool, Kind::Time, Kind::Uuid];
        let kind = GROUPS[self.random.below(GROUPS.len())];
        let columns: Vec<_> = scope.columns.iter().filter(|leaf| leaf.kind == kind).collect();
        if columns.is_empty() || self.random.chance(30) {
            self.used.insert("GROUP BY an expression");
            // A constant is no group to PostgreSQL: at least one column.
            let column = &scope.columns[self.random.below(scope.columns.len())].text;
            return Leaf { text: format!("({column} IS NULL)"), kind: Kind::Bool, domain: None };
        }
        Leaf { domain: None, ..columns[self.random.below(columns.len())].clone() }
    }

    /// An aggregate, or an expression over aggregates, of the rows of another entity that belong to the row at hand.
    pub fn subselect(&mut self, kind: Kind, outer: &Scope, depth: usize) -> Option<String> {
        if self.random.chance(20) {
            return self.scalar(kind, outer, depth);
        }
        let mut from = self.from(outer.levels - 1, 1);
        let correlation = self.correlation(&from, outer)?;
        let filter = self.inner_filter(&from, outer);
        if from.text.contains("JOIN") {
            self.used.insert("JOIN in a sub-select");
        }
        self.note_subselect(&filter, "sub-select in a sub-select");
        if kind == Kind::Bool && self.random.chance(40) {
            let (not, construct) = if self.random.chance(50) { ("", "EXISTS") } else { ("NOT ", "NOT EXISTS") };
            self.used.insert(construct);
            return Some(format!("({not}EXISTS (SELECT 1 FROM {} WHERE {correlation}{filter}))", from.text));
        }
        from.scope.key = self.key_of(&from).join(", ");
        if !self.random.chance(30) || depth == 0 {
            let aggregate = self.aggregate(kind, &from.scope)?;
            self.used.insert("sub-select");
            return Some(format!("(SELECT {aggregate} FROM {} WHERE {correlation}{filter})", from.text));
        }
        let scope = Scope { aggregated: Some(Box::new(from.scope.clone())), ..Scope::default() };
        let value = self.expression(kind, &scope, 1);
        if !value.contains('(') || !templates_aggregate(&value) {
            // Without an aggregate the sub-select could yield several rows.
            return None;
        }
        self.used.insert("expression over aggregates");
        Some(format!("(SELECT {value} FROM {} WHERE {correlation}{filter})", from.text))
    }

    /// A value of the one row of another entity that the row at hand refers to.
    fn scalar(&mut self, kind: Kind, outer: &Scope, depth: usize) -> Option<String> {
        let entity = &self.model.entities[self.random.below(self.model.entities.len())];
        let (table, columns) = self.aliased(entity);
        let mut conditions = Vec::new();
        for part in &columns[..entity.key_len] {
            conditions.push(self.equality(part, &outer.columns)?);
        }
        let scope = Scope { columns, levels: outer.levels - 1, ..Scope::default() };
        if self.random.chance(30) {
            conditions.push(self.expression(Kind::Bool, &scope, 1));
        }
        let value = self.expression(kind, &scope, depth);
        self.used.insert("sub-select by key");
        Some(format!("(SELECT {value} FROM {table} WHERE {})", conditions.join(" AND ")))
    }

    fn inner_filter(&mut self, from: &From, outer: &Scope) -> String {
        if !self.random.chance(35) {
            return String::new();
        }
        let mut scope = from.scope.clone();
        if self.random.chance(25) {
            self.used.insert("outer column in a sub-select's WHERE");
            scope.columns.extend(outer.columns.iter().cloned());
        }
        format!(" AND {}", self.expression(Kind::Bool, &scope, 1))
    }

    fn filter(&mut self, scope: &Scope, percent: u64) -> String {
        if !self.random.chance(percent) {
            return String::new();
        }
        self.used.insert("WHERE");
        let condition = self.expression(Kind::Bool, scope, 2);
        self.note_subselect(&condition, "sub-select in WHERE");
        format!("\nWHERE {condition}")
    }

    /// A root and up to so many joins.
    fn from(&mut self, levels: usize, joins: usize) -> From {
        let entity = &self.model.entities[self.random.below(self.model.entities.len())];
        let (mut text, root) = self.aliased(entity);
        let mut scope = Scope { columns: root.clone(), levels, ..Scope::default() };
        let mut seen = vec![entity.name.clone()];
        if joins > 0
            && self.random.chance(10)
            && let Some(lookup) = self.lookup_in_front(entity, &mut scope, &mut seen)
        {
            text = lookup.replace("ROOT", &text);
        }
        for _ in 0..self.random.below(joins + 1) {
            if let Some(join) = self.join(&mut scope, &mut seen) {
                text += &join;
            }
        }
        let key: Vec<_> = root.iter().take(entity.key_len).map(|leaf| leaf.text.clone()).collect();
        scope.key = key.join(", ");
        From { text, scope, root }
    }

    /// `lookup JOIN ROOT ON …`: the root of the documents need not come first.
    fn lookup_in_front(&mut self, root: &EntityModel, scope: &mut Scope, seen: &mut Vec<String>) -> Option<String> {
        let entity = &self.model.entities[self.random.below(self.model.entities.len())];
        let (table, columns) = self.aliased(entity);
        // Only references: with its key in the condition, the root could be found from the lookup as well.
        let references = &scope.columns[root.key_len..];
        let mut conditions = Vec::new();
        for part in &columns[..entity.key_len] {
            conditions.push(self.equality(part, references)?);
        }
        self.used.insert("root behind a lookup");
        seen.push(entity.name.clone());
        scope.columns.extend(columns);
        Some(format!("{table} JOIN ROOT ON {}", conditions.join(" AND ")))
    }

    fn aliased(&mut self, entity: &EntityModel) -> (String, Vec<Leaf>) {
        let alias = format!("t{}", self.aliases);
        self.aliases += 1;
        let leaf = |column: &super::model::ColumnModel| Leaf {
            text: format!("{alias}.{}", column.name),
            kind: column.kind,
            domain: column.domain,
        };
        (format!("{} {alias}", entity.name), entity.columns.iter().map(leaf).collect())
    }

    /// A many-to-one join: for each part of the key a column of what is there already.
    fn join(&mut self, scope: &mut Scope, seen: &mut Vec<String>) -> Option<String> {
        let entity = &self.model.entities[self.random.below(self.model.entities.len())];
        let (table, columns) = self.aliased(entity);
        let mut conditions = Vec::new();
        for part in &columns[..entity.key_len] {
            let constant = if self.random.chance(8) { self.constant_key(part) } else { None };
            conditions.push(constant.or_else(|| self.equality(part, &scope.columns))?);
        }
        let kind = if self.random.chance(60) { "LEFT JOIN" } else { "JOIN" };
        self.used.insert(kind);
        if seen.contains(&entity.name) {
            self.used.insert("self-join");
        }
        if !seen.is_empty() && seen.len() > 1 {
            self.used.insert("second hop");
        }
        seen.push(entity.name.clone());
        scope.columns.extend(columns);
        if self.random.chance(15) {
            self.used.insert("condition in ON");
            let narrow = Scope { levels: 0, ..scope.clone() };
            conditions.push(self.expression(Kind::Bool, &narrow, 1));
        }
        Some(format!("\n{kind} {table} ON {}", conditions.join(" AND ")))
    }

    /// `a = 7`: the part of the key is the same for every row.
    fn constant_key(&mut self, part: &Leaf) -> Option<String> {
        let value = domain_value(part.kind, self.random.below(DOMAIN)).replace('"', "'");
        let literal = match part.kind {
            Kind::Int | Kind::Decimal => value,
            Kind::Date | Kind::Uuid | Kind::Time => format!("{value}::{}", part.kind.ty()),
            // Texts have escapes of their own in JSON and in SQL.
            _ => return None,
        };
        self.used.insert("constant in the key of a join");
        Some(format!("{} = {literal}", part.text))
    }

    /// `a = b` between a column and one of the others with the same domain.
    fn equality(&mut self, column: &Leaf, others: &[Leaf]) -> Option<String> {
        let fitting: Vec<_> = others.iter().filter(|other| other.domain == column.domain && column.domain.is_some()).collect();
        if fitting.is_empty() {
            return None;
        }
        let other = fitting[self.random.below(fitting.len())];
        let sides = if self.random.chance(50) { [&column.text, &other.text] } else { [&other.text, &column.text] };
        Some(format!("{} = {}", sides[0], sides[1]))
    }

    /// Ties the rows of a sub-select to the row outside by one or two equalities.
    fn correlation(&mut self, from: &From, outer: &Scope) -> Option<String> {
        let start = self.random.below(from.root.len());
        let rotated = from.root[start..].iter().chain(&from.root[..start]);
        let mut equalities: Vec<_> = Vec::new();
        for column in rotated {
            if equalities.len() < 2 && column.domain.is_some() {
                equalities.extend(self.equality(column, &outer.columns));
            }
        }
        if equalities.is_empty() {
            return None;
        }
        if equalities.len() > 1 && self.random.chance(60) {
            equalities.pop();
        }
        if equalities.len() > 1 {
            self.used.insert("correlation on two columns");
        }
        Some(equalities.join(" AND "))
    }

    fn key_of(&self, from: &From) -> Vec<String> {
        from.scope.key.split(", ").map(str::to_owned).collect()
    }
}

/// Whether one of the aggregates occurs in the text.
fn templates_aggregate(text: &str) -> bool {
    super::templates::aggregates().iter().any(|template| {
        let name = template.text.split('(').next().unwrap_or_default();
        text.contains(&format!("{name}("))
    })
}
